"""Averages of weights along the way of training, which often test better than the last ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np

from .. import ops
from ..errors import SettingError
from ..graph import during, no_grad
from ..tensor import Tensor
from .group import Bounds
from .state import State, matched


class AveragedWeights:
    """A second set of weights: the average of those that the training goes through.

    update() after optimizer.step(), in the step itself (a compiled one too) or between steps, takes the weights in:

    average ← w the first time;  after n of them  average ← average · n / (n + 1) + w / (n + 1)
    with decay:  average ← decay · average + (1 - decay) · w

    Inside `with averaged:` the weights are the averages; after it, they are their own again.

    weights:  tensors: model.parameters(); buffers too, where they are to be averaged.  What is no float is copied
    decay:  None for the equal average (SWA), or 0 ≤ … < 1 for an exponential moving average
    Raises SettingError for no weights, what is no tensor, and another decay.
    Source: Polyak & Juditsky 1992; Izmailov et al. 2018 (SWA), §3.2.

    >>> w = Tensor([1.0], requires_grad=True, name="w")
    >>> averaged = AveragedWeights([w])
    >>> for number in (2.0, 3.0, 7.0):
    ...     w.assign(np.array([number], "float32"))
    ...     averaged.update()
    >>> with averaged:
    ...     w.tolist()
    [4.0]
    >>> w.tolist()
    [7.0]
    """

    def __init__(self, weights: Iterable[Tensor], decay: float | None = None) -> None:
        self.who = type(self).__name__
        if isinstance(weights, Tensor) or not isinstance(weights, Iterable):
            came = f"a {type(weights).__name__} as weights"
            raise SettingError(self.who, came, "several tensors", "model.parameters()")
        self.weights = list({id(w): w for w in weights}.values())
        strange = [w for w in self.weights if not isinstance(w, Tensor)]
        if strange or not self.weights:
            came = f"a {type(strange[0]).__name__} among the weights" if strange else "an empty list"
            raise SettingError(self.who, came, "tensors", "model.parameters()")
        if decay is not None:
            Bounds(below=1.0, usual=0.999).check(self.who, "decay", decay)
        self.incoming = None if decay is None else Tensor(np.asarray(1.0 - decay), name="average/incoming")
        self.averages = [
            Tensor(w.numpy().copy(), name=f"average/{w.name or k}") for k, w in enumerate(self.weights)
        ]
        self.count = Tensor(np.zeros((), np.int64), weak=True, name="average/count")
        self._own: list[Any] = []

    def update(self) -> None:
        """Take the weights as they are now into the averages."""
        if self._own:
            came = "update() inside of `with averaged:`"
            raise SettingError(self.who, came, "weights of the training", "call it after the block")
        with no_grad(), during("update"):
            share = self.share()
            rest = 1 - share
            for weight, average in zip(self.weights, self.averages, strict=True):
                if average.dtype.kind == "f":
                    average.assign(
                        average * rest.astype(average.dtype) + weight * share.astype(average.dtype)
                    )
                else:
                    average.assign(weight)
            self.count.assign(self.count + 1)

    def share(self) -> Tensor:
        """How much of the weights comes in, float64: all of it the first time."""
        if self.incoming is None:
            every: Tensor = 1 / (self.count.astype("float64") + 1)
            return every
        moving: Tensor = ops.where(ops.equal(self.count, 0), 1.0, self.incoming)
        return moving

    def __enter__(self) -> Self:
        if self._own:
            raise SettingError(
                self.who, "`with averaged:` twice", "one block at a time", "leave the outer one"
            )
        self._own = [weight.numpy().copy() for weight in self.weights]  # compiled steps write in place
        for weight, average in zip(self.weights, self.averages, strict=True):
            weight.assign(average)
        return self

    def __exit__(self, *_: object) -> None:
        for weight, own in zip(self.weights, self._own, strict=True):
            weight.assign(own)
        self._own = []

    def state_dict(self) -> State:
        """The averages and their count, as contiguous copies."""
        return {t.name: np.array(t.numpy(), order="C") for t in (self.count, *self.averages)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where state_dict() was called; on a mismatch StateError, and nothing changes."""
        arrays = matched(self.who, self.state_dict(), state)
        for tensor in (self.count, *self.averages):
            tensor.assign(arrays[tensor.name])
