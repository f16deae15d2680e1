"""Many numbers to fewer: sum, mean, variance, maximum, and where the maximum stands."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Gate, Reduction, Spec, Value, apply, check_axes, gate, reduced_shape, require_kind
from .arguments import Axis, Operand, axes, one_axis, shape_of
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


@gate
class Max(Reduction):
    """out = the largest x along one axis;  routes the upstream gradient to the first winner."""

    pattern: ClassVar[str] = "routes"
    combine: ClassVar[str] = "maximum"

    def spec(self, x: Spec) -> Spec:
        if len(self.axis) != 1:
            raise SettingError(self.label, f"axis {self.axis}", "one axis", "max(), which takes several")
        return super().spec(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        (axis,) = self.axis
        winner = argmax(x, axis=axis, keepdims=True)
        up = reshape(upstream, winner.shape)
        return scatter_along_axis(up, winner, axis=axis, size=x.shape[axis])


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


def sum(x: Operand, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum along axes, over all of them for axis=None, in the dtype of x.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).sum(axis=0)
    Tensor([4., 6.])
    """
    return apply(Sum(axes("sum", axis, len(shape_of(x))), keepdims), x)


def mean(x: Operand, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean along axes, over all of them for axis=None; NaN of nothing."""
    return apply(Mean(axes("mean", axis, len(shape_of(x))), keepdims), x)


def var(x: Operand, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The variance along axes: the mean squared distance from the mean.

    correction:  subtracted from the count; 1 gives the unbiased estimate
    Raises ShapeError if the correction leaves nothing to divide by.
    """
    return apply(Var(axes("var", axis, len(shape_of(x))), keepdims, float(correction)), x)


def max(x: Operand, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element along axes; NaN if there is one.  The gradient is routed to the first winner.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 5.0], [7.0, 2.0]]).max(axis=1)
    Tensor([5., 7.])
    """
    shape = shape_of(x)
    along = axes("max", axis, len(shape))
    if len(along) == 1:
        return apply(Max(along, keepdims), x)
    if not along:
        return reshape(x, shape)
    rest = tuple(a for a in range(len(shape)) if a not in along)
    flat = reshape(permute_dims(x, rest + along), tuple(shape[a] for a in rest) + (size(shape, along),))
    return reshape(apply(Max((len(rest),)), flat), reduced_shape(shape, along, keepdims))


def size(shape: tuple[int, ...], along: tuple[int, ...]) -> int:
    """How many elements lie along these axes."""
    return int(np.prod([shape[a] for a in along], dtype=np.int64))


def argmax(x: Operand, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the first largest element along an axis, int64; NaN counts as largest.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 5.0], [7.0, 2.0]]).argmax(axis=1)
    Tensor([1, 0])
    """
    if axis is None:
        if keepdims:
            raise SettingError("argmax", "keepdims=True without an axis", "an axis", "axis=-1")
        return apply(Argmax(0), reshape(x, (-1,)))
    return apply(Argmax(one_axis("argmax", axis, len(shape_of(x))), keepdims), x)
