"""Scores to probabilities: softmax, its logarithm, and the soft maximum."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import ShapeError
from ..graph import Gate, Spec, Value, apply, check_axes, gate, reduced_shape, require_kind
from .arguments import Axis, Operand, axes, checked_shape, flag, one_axis
from .elementary import abs, exp, log
from .reduction import max, spread, sum
from .selection import greater, where
from .shape import reshape


def shifted(x: np.ndarray, axis: int | tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The largest x, and x less it, so that exp cannot overflow; a row of -infinity is left where it is."""
    largest = np.max(x, axis=axis, keepdims=True)
    largest = np.where(np.isinf(largest), 0, largest).astype(x.dtype)
    return largest, x - largest


def lowered(x: Value, axis: int | tuple[int, ...]) -> tuple[Any, Any]:
    """The same as `shifted`, made of gates."""
    largest = max(x, axis=axis, keepdims=True)
    infinite = greater(abs(largest), float(np.finfo(x.dtype).max))
    largest = where(infinite, 0.0, largest)
    return largest, x - largest


def check(who: str, x: Spec, axis: tuple[int, ...]) -> None:
    require_kind(who, "x", x, "float")
    check_axes(who, x, axis)
    if 0 in (x.shape[a] for a in axis):
        raise ShapeError(who, f"x {x} has no element along axis {axis}", "at least one score", "another axis")


@gate
class Logsumexp(Gate):
    """out = ln Σ exp x;  d out/dx = exp(x - out)"""

    pattern: ClassVar[str] = "shares"
    axis: tuple[int, ...]
    keepdims: bool = False

    def spec(self, x: Spec) -> Spec:
        check(self.label, x, self.axis)
        return x.with_shape(reduced_shape(x.shape, self.axis, self.keepdims))

    def forward(self, x: np.ndarray) -> Any:
        largest, rest = shifted(x, self.axis)
        total = np.log(np.sum(np.exp(rest), axis=self.axis, keepdims=True)) + largest
        return total.reshape(reduced_shape(x.shape, self.axis, self.keepdims))

    def backward(self, upstream: Value, *, x: Value, out: Value) -> Any:
        return spread(upstream, x.spec, self.axis) * exp(x - spread(out, x.spec, self.axis))

    def parts(self, x: Value) -> Any:
        largest, rest = lowered(x, self.axis)
        total = log(sum(exp(rest), axis=self.axis, keepdims=True)) + largest
        return reshape(total, reduced_shape(x.shape, self.axis, self.keepdims))


@gate
class Softmax(Gate):
    """out = exp x / Σ exp x;  downstream = out · (upstream - Σ upstream · out)"""

    pattern: ClassVar[str] = "shares"
    axis: int

    def spec(self, x: Spec) -> Spec:
        check(self.label, x, (self.axis,))
        return x

    def forward(self, x: np.ndarray) -> Any:
        weights = np.exp(shifted(x, self.axis)[1])
        return weights / np.sum(weights, axis=self.axis, keepdims=True)

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return out * (upstream - sum(upstream * out, axis=self.axis, keepdims=True))

    def parts(self, x: Value) -> Any:
        weights = exp(lowered(x, self.axis)[1])
        return weights / sum(weights, axis=self.axis, keepdims=True)


@gate
class LogSoftmax(Gate):
    """out = x - ln Σ exp x;  downstream = upstream - exp(out) · Σ upstream"""

    pattern: ClassVar[str] = "shares"
    axis: int

    def spec(self, x: Spec) -> Spec:
        check(self.label, x, (self.axis,))
        return x

    def forward(self, x: np.ndarray) -> Any:
        _, rest = shifted(x, self.axis)
        return rest - np.log(np.sum(np.exp(rest), axis=self.axis, keepdims=True))

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return upstream - exp(out) * sum(upstream, axis=self.axis, keepdims=True)

    def parts(self, x: Value) -> Any:
        _, rest = lowered(x, self.axis)
        return rest - log(sum(exp(rest), axis=self.axis, keepdims=True))


def logsumexp(x: Operand, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """ln Σ exp x along axes, without overflow: a soft maximum.

    Raises ShapeError where there is no score, IndexingError for an axis that x does not have, SettingError for a
    keepdims that is neither True nor False, DTypeError unless x holds floats.

    >>> from chainrule import Tensor, logsumexp
    >>> logsumexp(Tensor([[1000.0, 1000.0]]), axis=1)
    Tensor([1000.6932])
    """
    ndim = len(checked_shape("logsumexp", x))
    return apply(Logsumexp(axes("logsumexp", axis, ndim), flag("logsumexp", "keepdims", keepdims)), x)


def softmax(x: Operand, *, axis: int = -1) -> Any:
    """exp x / Σ exp x along an axis: positive, with sum 1.

    Raises ShapeError where there is no score, IndexingError for an axis that x does not have, DTypeError unless x
    holds floats.

    >>> from chainrule import Tensor, softmax
    >>> softmax(Tensor([[0.0, 0.0]]))
    Tensor([[0.5, 0.5]])
    """
    return apply(Softmax(one_axis("softmax", axis, len(checked_shape("softmax", x)))), x)


def log_softmax(x: Operand, *, axis: int = -1) -> Any:
    """ln softmax x, without loss of small probabilities.

    Raises ShapeError where there is no score, IndexingError for an axis that x does not have, DTypeError unless x
    holds floats.

    >>> from chainrule import Tensor, log_softmax
    >>> log_softmax(Tensor([0.0, 1000.0]))
    Tensor([-1000.,     0.])
    """
    return apply(LogSoftmax(one_axis("log_softmax", axis, len(checked_shape("log_softmax", x)))), x)
