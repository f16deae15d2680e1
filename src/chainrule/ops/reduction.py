"""Many numbers to fewer: sum, mean, variance, the largest and the smallest, and where they stand."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Gate, Reduction, Spec, Value, apply, check_axes, gate, reduced_shape, require_kind
from .arguments import Axis, Operand, axes, checked_shape, flag, named, one_axis
from .elementary import sqrt
from .indexing import scatter_along_axis
from .shape import broadcast_to, permute_dims, reshape


def spread(upstream: Value, x: Spec, axis: tuple[int, ...]) -> Any:
    """The upstream gradient of a reduction, copied to all elements that went into each total."""
    return broadcast_to(reshape(upstream, reduced_shape(x.shape, axis, True)), x.shape)


@gate
class Sum(Reduction):
    """out = Σ x;  hands the upstream gradient to every element."""

    pattern: ClassVar[str] = "spreads"

    def backward(self, upstream: Value, *, x: Spec) -> Any:
        return spread(upstream, x, self.axis)


@gate
class Mean(Reduction):
    """out = Σ x / n;  hands the upstream gradient / n to every element."""

    pattern: ClassVar[str] = "spreads"
    takes: ClassVar[str] = "float"

    def finish(self, xp: Any, total: Any, count: int) -> Any:
        return total / count

    def backward(self, upstream: Value, *, x: Spec) -> Any:
        count = int(np.prod([x.shape[a] for a in self.axis], dtype=np.int64))
        return spread(upstream / count, x, self.axis)


class Extreme(Reduction):
    """What the largest and the smallest share: along one axis one number wins, and takes the whole gradient."""

    pattern: ClassVar[str] = "routes"

    def spec(self, x: Spec) -> Spec:
        if len(self.axis) != 1:
            hint = f"{self.label}(), which takes several"
            raise SettingError(self.label, f"axis {self.axis}", "one axis", hint)
        return super().spec(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        (axis,) = self.axis
        winner = (argmax if self.combine == "maximum" else argmin)(x, axis=axis, keepdims=True)
        up = reshape(upstream, winner.shape)
        return scatter_along_axis(up, winner, axis=axis, size=x.shape[axis])


@gate
class Max(Extreme):
    """out = the largest x along one axis;  routes the upstream gradient to the first winner."""

    combine: ClassVar[str] = "maximum"


@gate
class Min(Extreme):
    """out = the smallest x along one axis;  routes the upstream gradient to the first winner."""

    combine: ClassVar[str] = "minimum"


@gate
class Var(Gate):
    """out = Σ (x - mean)² / (n - correction);  d out/dx = 2 · (x - mean) / (n - correction)"""

    pattern: ClassVar[str] = "scales"
    axis: tuple[int, ...]
    keepdims: bool = False
    correction: float = 0.0

    def count(self, shape: tuple[int, ...]) -> float:
        return float(np.prod([shape[a] for a in self.axis], dtype=np.int64)) - self.correction

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "float")
        check_axes(self.label, x, self.axis)
        if self.count(x.shape) < 0 or (self.correction and self.count(x.shape) == 0):
            came = f"x {x} along axis {self.axis} with correction {self.correction:g}"
            raise ShapeError(self.label, came, "more numbers than the correction", "correction=0")
        return x.with_shape(reduced_shape(x.shape, self.axis, self.keepdims))

    def forward(self, x: np.ndarray) -> Any:
        n = np.asarray(size(x.shape, self.axis), x.dtype)
        apart = x - np.sum(x, axis=self.axis, keepdims=True) / n  # np.mean would warn of no numbers
        total = np.sum(apart * apart, axis=self.axis, keepdims=self.keepdims)
        return total / np.asarray(self.count(x.shape), x.dtype)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        apart = x - mean(x, axis=self.axis, keepdims=True)
        return spread(upstream * 2 / self.count(x.shape), x.spec, self.axis) * apart

    def parts(self, x: Value) -> Any:
        apart = x - mean(x, axis=self.axis, keepdims=True)
        return sum(apart * apart, axis=self.axis, keepdims=self.keepdims) / self.count(x.shape)


@gate
class Argmax(Gate):
    """out = the index of the first largest x along one axis, int64; no gradient"""

    pattern: ClassVar[str] = "compares"
    axis: int
    keepdims: bool = False

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "number")
        check_axes(self.label, x, (self.axis,))
        if x.shape[self.axis] == 0:
            came = f"x {x} has no element along axis {self.axis}"
            raise ShapeError(self.label, came, "at least one", "skip empty batches")
        return Spec(reduced_shape(x.shape, (self.axis,), self.keepdims), np.dtype(np.int64))

    def forward(self, x: np.ndarray) -> Any:
        return np.argmax(x, axis=self.axis, keepdims=self.keepdims)


@gate
class Argmin(Argmax):
    """out = the index of the first smallest x along one axis, int64; no gradient"""

    def forward(self, x: np.ndarray) -> Any:
        return np.argmin(x, axis=self.axis, keepdims=self.keepdims)


def sum(x: Operand, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum along axes, over all of them for axis=None, in the dtype of x.

    Raises IndexingError for an axis that x does not have, SettingError for a keepdims that is neither True nor False,
    DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).sum(axis=0)
    Tensor([4., 6.])
    """
    return apply(Sum(axes("sum", axis, len(checked_shape("sum", x))), flag("sum", "keepdims", keepdims)), x)


def mean(x: Operand, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean along axes, over all of them for axis=None; NaN of nothing.

    Raises IndexingError for an axis that x does not have, SettingError for a keepdims that is neither True nor False,
    DTypeError unless x holds floats.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).mean(axis=1)
    Tensor([1.5, 3.5])
    """
    return apply(
        Mean(axes("mean", axis, len(checked_shape("mean", x))), flag("mean", "keepdims", keepdims)), x
    )


def var(x: Operand, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The variance along axes: the mean squared distance from the mean.

    correction:  subtracted from the count; 1 gives the unbiased estimate
    Raises ShapeError if the correction leaves nothing to divide by, SettingError for one that is no number,
    IndexingError for an axis that x does not have, DTypeError unless x holds floats.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 2.0], [3.0, 5.0]]).var(axis=1)
    Tensor([0.25, 1.  ])
    """
    along, kept = axes("var", axis, len(checked_shape("var", x))), flag("var", "keepdims", keepdims)
    return apply(Var(along, kept, correction_of("var", correction)), x)


def correction_of(who: str, correction: float) -> float:
    """What is subtracted from the count: a finite number ≥ 0."""
    number = isinstance(correction, int | float | np.number) and not isinstance(correction, bool)
    if not number or not 0 <= correction < np.inf:
        raise SettingError(who, f"correction {correction!r}", "a number ≥ 0", "correction=1")
    return float(correction)


@named
def std(x: Operand, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The standard deviation along axes: √var, with the slope (x - mean) / ((n - correction) · out).

    Where all numbers are equal it has no slope, and the gradient is NaN: `sqrt(var(x) + 1e-5)` has one everywhere.
    correction:  subtracted from the count; 1 gives the unbiased estimate
    Raises ShapeError, SettingError, IndexingError and DTypeError as `var` does.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 2.0], [3.0, 5.0]]).std(axis=1)
    Tensor([0.5, 1. ])
    """
    along = axes("std", axis, len(checked_shape("std", x)))
    return sqrt(apply(Var(along, flag("std", "keepdims", keepdims), correction_of("std", correction)), x))


def max(x: Operand, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element along axes; NaN if there is one.  The gradient is routed to the first winner.

    Raises ShapeError where there is no element, IndexingError for an axis that x does not have, SettingError for a
    keepdims that is neither True nor False, DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 5.0], [7.0, 2.0]]).max(axis=1)
    Tensor([5., 7.])
    """
    return extreme(Max, x, axis, keepdims)


def min(x: Operand, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest element along axes; NaN if there is one.  The gradient is routed to the first winner.

    Raises ShapeError where there is no element, IndexingError for an axis that x does not have, SettingError for a
    keepdims that is neither True nor False, DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 5.0], [7.0, 2.0]]).min(axis=1)
    Tensor([1., 2.])
    """
    return extreme(Min, x, axis, keepdims)


def extreme(kind: type[Extreme], x: Operand, axis: Axis, keepdims: bool) -> Any:
    """The winner along axes: several become one first, so that one number wins."""
    shape = checked_shape(kind.label, x)
    along, keepdims = axes(kind.label, axis, len(shape)), flag(kind.label, "keepdims", keepdims)
    if len(along) == 1:
        return apply(kind(along, keepdims), x)
    rest = tuple(a for a in range(len(shape)) if a not in along)
    flat = reshape(permute_dims(x, rest + along), (*(shape[a] for a in rest), size(shape, along)))
    return reshape(apply(kind((len(rest),)), flat), reduced_shape(shape, along, keepdims))


def size(shape: tuple[int, ...], along: tuple[int, ...]) -> int:
    """How many elements lie along these axes."""
    return int(np.prod([shape[a] for a in along], dtype=np.int64))


def argmax(x: Operand, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the first largest element along an axis, int64; NaN counts as largest.

    Without an axis, the index in row-major order.
    Raises ShapeError where there is no element, IndexingError for an axis that x does not have, SettingError for
    keepdims without an axis, DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 5.0], [7.0, 2.0]]).argmax(axis=1)
    Tensor([1, 0])
    """
    return winner(Argmax, x, axis, keepdims)


def argmin(x: Operand, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the first smallest element along an axis, int64; NaN counts as smallest.

    Without an axis, the index in row-major order.
    Raises ShapeError where there is no element, IndexingError for an axis that x does not have, SettingError for
    keepdims without an axis, DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 5.0], [7.0, 2.0]]).argmin(axis=1)
    Tensor([0, 1])
    """
    return winner(Argmin, x, axis, keepdims)


def winner(kind: type[Argmax], x: Operand, axis: int | None, keepdims: bool) -> Any:
    """Where the winner along an axis stands; without one, among all elements."""
    ndim, keepdims = len(checked_shape(kind.label, x)), flag(kind.label, "keepdims", keepdims)
    if axis is not None:
        return apply(kind(one_axis(kind.label, axis, ndim), keepdims), x)
    if keepdims:
        raise SettingError(kind.label, "keepdims=True without an axis", "an axis", "axis=-1")
    return apply(kind(0), reshape(x, (-1,)))
