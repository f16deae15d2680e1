"""Dropout: a random part of the numbers is set to zero, the same part whenever it is asked for again."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import DTypeError, SettingError, ShapeError
from ..graph import Gate, Spec, Value, apply, gate, require_kind
from ..random import random_bits
from .arguments import Operand, at_least


@gate
class Dropout(Gate):
    """out = x / keep where bits(seed, layer, step, position) < keep · 2³², else 0.

    Backward draws the same bits again, so nothing is kept.  Positions count in the order of N, C, H, W.
    """

    pattern: ClassVar[str] = "draws"
    p: float
    seed: int
    layer: int = 0

    def spec(self, x: Spec, step: Spec) -> Spec:
        require_kind(self.label, "x", x, "float")
        if step.shape != ():
            raise ShapeError(self.label, f"step {step}", "one number", "a counter")
        if step.dtype.kind not in "iu":
            raise DTypeError(self.label, f"step {step}", "an integer", "a counter of int64")
        return x

    def forward(self, x: np.ndarray, step: np.ndarray) -> Any:
        bits = random_bits(self.seed, self.layer, int(step), x.size).reshape(x.shape)
        keep = 1 - self.p
        kept = bits < np.uint64(keep * 2.0**32)
        return np.where(kept, x * np.asarray(1 / keep, x.dtype), np.zeros((), x.dtype))

    def backward(self, upstream: Value, *, step: Value) -> Any:
        return apply(self, upstream, step), None


def dropout(x: Operand, step: Operand, *, p: float = 0.5, seed: int, layer: int = 0) -> Any:
    """Zero each number with probability p and divide the others by 1 - p, so that the mean stays.

    x:  any shape, float
    step:  an integer that counts the calls; the same seed, layer and step give the same mask
    p:  from 0 to below 1
    seed, layer:  whole numbers ≥ 0
    Raises SettingError for other settings, DTypeError unless x is float and step an integer, ShapeError unless step
    is one number.
    Source: Srivastava et al. 2014 (inverted dropout).  Also: nn.Dropout.

    >>> import numpy as np
    >>> dropout(np.ones(6), np.asarray(1), p=0.5, seed=0).shape
    (6,)
    """
    if not (isinstance(p, int | float | np.number) and 0 <= p < 1):
        raise SettingError("dropout", f"p {p!r}", "0 ≤ p < 1", "p=0.5")
    at_least("dropout", "seed", seed, 0)
    at_least("dropout", "layer", layer, 0)
    counter = step if isinstance(step, Value) else np.asarray(step)  # a Python number would be weak
    return apply(Dropout(float(p), int(seed), int(layer)), x, counter)
