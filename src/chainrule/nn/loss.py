"""Losses: one number for how wrong a network is; and penalties on its weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import ops
from ..errors import DataError
from .module import Module
from .settings import positive


class CrossEntropyLoss(Module):
    """The mean of -ln softmax(scores)[label], in nats; ln C for a network that knows nothing.

    scores (N, C, …) float, labels (N, …) integers from 0 to C - 1.

    >>> import numpy as np
    >>> from chainrule import Tensor, nn
    >>> nn.CrossEntropyLoss()(Tensor(np.zeros((2, 10), "float32")), np.array([3, 7]))
    Tensor(2.3025851)
    """

    def forward(self, scores: Any, labels: Any) -> Any:
        return mean_of(self, ops.softmax_cross_entropy(scores, labels))


class MulticlassHingeLoss(Module):
    """The mean over the batch of Σ over wrong classes of max(0, score - score of the label + margin).

    Source: Weston and Watkins 1999; the sum over the classes, as in the course (PyTorch averages over them).
    """

    def __init__(self, margin: float = 1.0) -> None:
        self.margin = positive("MulticlassHingeLoss", "margin", margin, 1.0)

    def forward(self, scores: Any, labels: Any) -> Any:
        return mean_of(self, ops.multiclass_hinge(scores, labels, margin=self.margin))

    def extra_repr(self) -> str:
        return f"margin={self.margin:g}"


class MSELoss(Module):
    """The mean squared error of two values of equal shape."""

    def forward(self, x: Any, target: Any) -> Any:
        require_some(self, x)
        return ops.mse(x, target)


def mean_of(loss: Module, each: Any) -> Any:
    """The mean over the batch, which is not empty: the mean of nothing would be NaN."""
    require_some(loss, each)
    return ops.mean(each)


def require_some(loss: Module, x: Any) -> None:
    """At least one number, or a DataError."""
    if 0 in getattr(x, "shape", ()):
        came = f"an empty batch of shape {tuple(x.shape)}"
        raise DataError(type(loss).__name__, came, "at least one picture", "leave the empty batch out")


class Penalty(Module):
    """What weight penalties share: a strength λ ≥ 0; called with parameters, to be added to the loss."""

    def __init__(self, strength: float) -> None:
        self.strength = positive(type(self).__name__, "strength", strength, 1e-4)

    def extra_repr(self) -> str:
        return f"{self.strength:g}"


class L1(Penalty):
    """λ · Σ |w|, which pulls small weights to zero."""

    def forward(self, weights: Iterable[Any]) -> Any:
        return ops.l1(weights, self.strength)


class L2(Penalty):
    """λ · Σ w², which prefers many small weights to a few large ones.

    >>> from chainrule import nn
    >>> nn.L2(0.5)([nn.Parameter([1.0, 2.0])])
    Tensor(2.5, made by multiply)
    """

    def forward(self, weights: Iterable[Any]) -> Any:
        return ops.l2(weights, self.strength)
