"""Dropout: a random part of the numbers is set to zero, the same part whenever it is asked for again."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..errors import DTypeError, ShapeError
from ..graph import Gate, Spec, Value, apply, gate, require_kind
from ..random import random_bits
from .arguments import Operand, at_least, checked_shape, dtype_of, fraction, named, with_axes
from .arithmetic import add, multiply, subtract
from .rectifier import SATURATED
from .shape import astype


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
        if step.dtype != np.int64:
            raise DTypeError(self.label, f"step {step}", "an integer, int64", "a counter of int64")
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
    setting = settings("dropout", p, seed, layer)
    return apply(setting, x, counted("dropout", step))


@named
def channel_dropout(x: Operand, step: Operand, *, p: float = 0.5, seed: int, layer: int = 0) -> Any:
    """Zero whole channels, each with probability p, and divide the others by 1 - p: one draw for each of N·C.

    Neighbouring pixels say much the same: dropping some of them alone would hide little.

    x:  (N, C, …) float
    step, p, seed, layer:  as in `dropout`
    Raises SettingError for other settings, DTypeError unless x is float and step an integer, ShapeError unless x has
    channels and step is one number.
    Source: Tompson et al. 2015, §3.2.  Also: nn.Dropout1d, nn.Dropout2d.

    >>> import numpy as np
    >>> out = channel_dropout(np.ones((2, 3, 4, 5)), np.asarray(1), p=0.5, seed=0)
    >>> np.unique(out.sum(axis=(2, 3))).tolist()  # all of a channel, twice as large, or nothing of it
    [0.0, 40.0]
    """
    who = "channel_dropout"
    setting, shape = settings(who, p, seed, layer), with_axes(who, "x", x, "N, C, …")
    dtype = dtype_of(x)
    require_kind(who, "x", Spec(shape, dtype), "float")
    ones = np.ones((*shape[:2], *(1 for _ in shape[2:])), dtype)
    return multiply(x, apply(setting, ones, counted(who, step)))


@named
def alpha_dropout(x: Operand, step: Operand, *, p: float = 0.5, seed: int, layer: int = 0) -> Any:
    """Put each number with probability p where selu saturates, and rescale all: mean 0 and variance 1 stay.

    out = a · (x or low) + b with low = -λα of selu, a = 1 / √((1 - p) · (1 + p · low²)), b = -a · p · low.

    x:  any shape, float, with mean 0 and variance 1, as selu makes it
    step, p, seed, layer:  as in `dropout`
    Raises SettingError for other settings, DTypeError unless x is float and step an integer, ShapeError unless step
    is one number.
    Source: Klambauer et al. 2017, §3.  Also: nn.AlphaDropout.

    >>> import numpy as np
    >>> out = alpha_dropout(np.zeros(1000), np.asarray(1), p=0.5, seed=0)
    >>> np.unique(out.round(3)).tolist()
    [-0.779, 0.779]
    """
    setting, counter = settings("alpha_dropout", p, seed, layer), counted("alpha_dropout", step)
    scale = 1 / math.sqrt((1 - p) * (1 + p * SATURATED**2))
    above = apply(setting, subtract(x, SATURATED), counter)  # 0 is dropped, and stands for low
    return add(multiply(above, (1 - p) * scale), scale * SATURATED * (1 - p))


def settings(who: str, p: float, seed: int, layer: int) -> Dropout:
    """The gate, if there is one with these settings."""
    return Dropout(fraction(who, "p", p), at_least(who, "seed", seed, 0), at_least(who, "layer", layer, 0))


def counted(who: str, step: Operand) -> Any:
    """The step as the gate wants it, in int64: a Python number would be weak."""
    checked_shape(who, step, "step")
    counter = step if isinstance(step, Value) else np.asarray(step)
    if counter.dtype.kind not in "iu":
        raise DTypeError(
            who, f"step {Spec(counter.shape, counter.dtype)}", "an integer", "a counter of int64"
        )
    return astype(counter, np.int64)
