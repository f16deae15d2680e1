"""The same numbers in another shape or dtype: reshape, permute, broadcast, pad, concat, split, astype."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Elementwise, Gate, Spec, Value, apply, check_axes, common_dtype, gate, require_kind
from .arguments import Operand, checked_shape, dtype_of, known_dtype, listed, named, one_axis, whole_numbers
from .indexing import Index, Slice


@gate
class Reshape(Gate):
    """out = x in another shape, in row-major order;  the gradient goes back into the old one."""

    pattern: ClassVar[str] = "moves"
    shape: tuple[int, ...]

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "any")
        if math.prod(self.shape) != x.size:
            came = f"x {x} has {x.size} elements, shape {self.shape} has {math.prod(self.shape)}"
            raise ShapeError(
                self.label, came, "the same number", "-1 for the size that follows from the others"
            )
        return Spec(self.shape, x.dtype)

    def forward(self, x: np.ndarray) -> Any:
        return x.reshape(self.shape)

    def backward(self, upstream: Value, *, x: Spec) -> Any:
        return reshape(upstream, x.shape)


@gate
class PermuteDims(Gate):
    """out = x with its axes in another order;  the gradient's axes go back."""

    pattern: ClassVar[str] = "moves"
    axes: tuple[int, ...]

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "any")
        if sorted(self.axes) != list(range(x.ndim)):
            expected = f"each of 0 … {x.ndim - 1} once"
            raise ShapeError(self.label, f"axes {self.axes} for x {x}", expected, "name every axis of x")
        return x.with_shape(tuple(x.shape[a] for a in self.axes))

    def forward(self, x: np.ndarray) -> Any:
        return x.transpose(self.axes)

    def backward(self, upstream: Value) -> Any:
        return permute_dims(upstream, tuple(int(a) for a in np.argsort(self.axes)))


@gate
class BroadcastTo(Gate):
    """out = x stretched along new axes and axes of size 1;  the gradient is summed along them."""

    pattern: ClassVar[str] = "moves"
    shape: tuple[int, ...]
    broadcasts: ClassVar[bool] = True

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "any")
        try:
            fits = np.broadcast_shapes(x.shape, self.shape) == self.shape
        except ValueError:
            fits = False
        if not fits:
            expected = "a shape to which x stretches: equal sizes from the right, or 1"
            raise ShapeError(self.label, f"x {x} to {self.shape}", expected, "reshape x first")
        return Spec(self.shape, x.dtype)

    def forward(self, x: np.ndarray) -> Any:
        return np.broadcast_to(x, self.shape)

    def backward(self, upstream: Value) -> Any:
        return upstream  # the graph sums along what was stretched


@gate
class Pad(Gate):
    """out = x with a border of one number;  the gradient is cut out of the middle."""

    pattern: ClassVar[str] = "moves"
    widths: tuple[tuple[int, int], ...]
    value: float = 0.0

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "number")
        if len(self.widths) != x.ndim:
            came = f"{len(self.widths)} pairs of widths for x {x}"
            raise ShapeError(
                self.label, came, f"{x.ndim}: (before, after) for each axis", "(0, 0) for the others"
            )
        return x.with_shape(tuple(n + a + b for n, (a, b) in zip(x.shape, self.widths, strict=True)))

    def forward(self, x: np.ndarray) -> Any:
        return np.pad(x, self.widths, constant_values=self.value) if self.widths else x.copy()

    def backward(self, upstream: Value, *, x: Spec) -> Any:
        key = tuple(Slice(a, a + n, 1) for n, (a, _) in zip(x.shape, self.widths, strict=True))
        return apply(Index(key), upstream)


@gate
class Concat(Gate):
    """out = the inputs one after the other along an axis;  each gets its stretch of the gradient."""

    pattern: ClassVar[str] = "moves"
    axis: int

    def spec(self, *arrays: Spec) -> Spec:
        first = arrays[0]
        check_axes(self.label, first, (self.axis,))
        dtype = common_dtype(self.label, {f"input {k}": s for k, s in enumerate(arrays)}, "any")
        for number, other in enumerate(arrays):
            rest = [
                (m, n)
                for a, (m, n) in enumerate(zip(first.shape, other.shape, strict=False))
                if a != self.axis
            ]
            if other.ndim != first.ndim or any(m != n for m, n in rest):
                came = f"input 0 {first} and input {number} {other}"
                raise ShapeError(
                    self.label, came, f"equal sizes on all axes but {self.axis}", "reshape, or another axis"
                )
        total = int(np.sum([s.shape[self.axis] for s in arrays]))
        return Spec(first.shape[: self.axis] + (total,) + first.shape[self.axis + 1 :], dtype)

    def forward(self, *arrays: np.ndarray) -> Any:
        return np.concatenate(arrays, axis=self.axis)

    def backward(self, upstream: Value, *, arrays: tuple[Spec, ...]) -> Any:
        ends = np.cumsum([s.shape[self.axis] for s in arrays])
        return tuple(
            lambda stop=int(end), size=spec.shape[self.axis]: cut(upstream, self.axis, stop - size, stop)
            for end, spec in zip(ends, arrays, strict=True)
        )


@gate
class Split(Gate):
    """outs = x cut into stretches of these sizes along an axis;  their gradients are joined again."""

    pattern: ClassVar[str] = "moves"
    axis: int
    sizes: tuple[int, ...]

    @property
    def outputs(self) -> tuple[str, ...]:  # type: ignore[override]  # as many as there are sizes
        return tuple(f"out{k}" for k in range(len(self.sizes)))

    def spec(self, x: Spec) -> Any:
        require_kind(self.label, "x", x, "any")
        check_axes(self.label, x, (self.axis,))
        if sum(self.sizes) != x.shape[self.axis] or len(self.sizes) < 2:
            came = f"sizes {self.sizes} for axis {self.axis} of x {x}"
            expected = f"at least two sizes that sum to {x.shape[self.axis]}"
            raise ShapeError(self.label, came, expected, "a last size for what is left")
        before, after = x.shape[: self.axis], x.shape[self.axis + 1 :]
        return tuple(x.with_shape((*before, n, *after)) for n in self.sizes)

    def forward(self, x: np.ndarray) -> Any:
        return tuple(np.split(x, self.ends()[:-1], axis=self.axis))

    def ends(self) -> list[int]:
        """Where each stretch ends."""
        return [int(n) for n in np.cumsum(self.sizes)]

    def backward(self, upstream: Any, *, x: Spec) -> Any:
        before, after = x.shape[: self.axis], x.shape[self.axis + 1 :]
        parts = [
            np.zeros((*before, n, *after), x.dtype) if part is None else part
            for part, n in zip(upstream, self.sizes, strict=True)
        ]
        return concat(parts, axis=self.axis)

    def parts(self, x: Value) -> Any:
        return tuple(
            cut(x, self.axis, stop - n, stop) for n, stop in zip(self.sizes, self.ends(), strict=True)
        )


def cut(x: Value, axis: int, start: int, stop: int) -> Any:
    """The stretch from start to stop along an axis."""
    whole = Slice(None, None, None)
    return apply(Index((whole,) * axis + (Slice(start, stop, 1),)), x)


@gate
class Astype(Elementwise):
    """out = x in another dtype;  the gradient goes back in that of x"""

    pattern: ClassVar[str] = "hands"
    dtype: str
    takes: ClassVar[str] = "any"

    def spec(self, *inputs: Spec) -> Spec:
        (x,) = inputs
        require_kind(self.label, "x", x, "any")
        return Spec(x.shape, np.dtype(self.dtype))

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.astype(x, self.dtype)

    def backward(self, upstream: Value, *, x: Spec) -> Any:
        return astype(upstream, x.dtype)


def reshape(x: Operand, shape: int | Sequence[int]) -> Any:
    """x in another shape, in row-major order; one size may be -1 and follows from the others.

    Raises ShapeError if the number of elements differs, SettingError for sizes that are no whole numbers ≥ 0 or for
    more than one -1, DTypeError for what is no array.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).reshape(-1)
    Tensor([1., 2., 3., 4.])
    """
    own, wanted = checked_shape("reshape", x), whole_numbers("reshape", "shape", shape)
    if wanted.count(-1) > 1 or any(n < -1 for n in wanted):
        raise SettingError(
            "reshape", f"shape {wanted}", "sizes ≥ 0, at most one of them -1", "name the other sizes"
        )
    known, total = math.prod(n for n in wanted if n != -1), math.prod(own)
    if -1 in wanted and known and total % known == 0:
        wanted = tuple(total // known if n == -1 else n for n in wanted)
    elif -1 in wanted:
        came = f"{total} elements into shape {wanted}"
        raise ShapeError(
            "reshape", came, f"a multiple of {known}", "sizes whose product divides the elements"
        )
    return x if wanted == own else apply(Reshape(wanted), x)


def permute_dims(x: Operand, axes: Sequence[int]) -> Any:
    """x with its axes in another order: out.shape[k] = x.shape[axes[k]].

    Raises ShapeError unless every axis is named once, IndexingError for one that x does not have, SettingError for
    axes that are no whole numbers, DTypeError for what is no array.

    >>> from chainrule import Tensor, permute_dims
    >>> permute_dims(Tensor([[1.0, 2.0, 3.0]]), (1, 0)).shape
    (3, 1)
    """
    ndim, order = len(checked_shape("permute_dims", x)), whole_numbers("permute_dims", "axes", axes)
    return apply(PermuteDims(tuple(one_axis("permute_dims", a, ndim) for a in order)), x)


@named
def matrix_transpose(x: Operand) -> Any:
    """x with its last two axes exchanged.

    Raises ShapeError if there are less than two, DTypeError for what is no array.

    >>> from chainrule import Tensor, matrix_transpose
    >>> matrix_transpose(Tensor([[1.0, 2.0, 3.0]])).shape
    (3, 1)
    """
    ndim = len(checked_shape("matrix_transpose", x))
    if ndim < 2:
        raise ShapeError("matrix_transpose", f"x of {ndim} axes", "at least 2", "reshape(1, -1)")
    return permute_dims(x, (*range(ndim - 2), ndim - 1, ndim - 2))


def broadcast_to(x: Operand, shape: int | Sequence[int]) -> Any:
    """x stretched to a shape; nothing is copied.

    Raises ShapeError if x does not stretch to it, SettingError for sizes that are no whole numbers, DTypeError for
    what is no array.

    >>> from chainrule import Tensor, broadcast_to
    >>> broadcast_to(Tensor([1.0, 2.0]), (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """
    own, wanted = checked_shape("broadcast_to", x), whole_numbers("broadcast_to", "shape", shape)
    return x if wanted == own else apply(BroadcastTo(wanted), x)


def pad(x: Operand, widths: Sequence[tuple[int, int]], *, value: float = 0.0) -> Any:
    """A border of `value` around x: (before, after) for each axis, ≥ 0.

    Raises ShapeError unless there is a pair for each axis, SettingError for widths that are no pairs of whole numbers
    ≥ 0 or a value that is no number, DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor, pad
    >>> pad(Tensor([1.0, 2.0]), [(1, 2)])
    Tensor([0., 1., 2., 0., 0.])
    """
    pairs = tuple(whole_numbers("pad", "widths", pair) for pair in pairs_of(widths))
    if any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        raise SettingError("pad", f"widths {pairs}", "pairs of widths ≥ 0", "an index such as x[1:] to cut")
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise SettingError("pad", f"value {value!r}", "a number", "value=0.0")
    return apply(Pad(pairs, float(value)), x)  # type: ignore[arg-type]


def pairs_of(widths: Any) -> tuple[Any, ...]:
    if not isinstance(widths, Iterable):
        raise SettingError("pad", f"widths {widths!r}", "(before, after) for each axis", "[(1, 1), (0, 0)]")
    return tuple(widths)


def concat(arrays: Sequence[Operand], *, axis: int = 0) -> Any:
    """Arrays one after the other along an axis; the other sizes are equal.

    Raises ShapeError for no arrays or sizes that differ elsewhere, SettingError for what is no list or tuple,
    IndexingError for an axis that they do not have, DTypeError for different dtypes and for what is no array.

    >>> from chainrule import Tensor, concat
    >>> concat([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    given = listed("concat", "arrays", arrays)
    if not given:
        raise ShapeError("concat", "no arrays", "at least one", "leave the call out")
    return apply(Concat(one_axis("concat", axis, len(checked_shape("concat", given[0])))), *given)


def split(x: Operand, sizes: int | Sequence[int], *, axis: int = 0) -> tuple[Any, ...]:
    """x cut along an axis: into stretches of one size (the last may be shorter), or of these sizes.

    Returns a tuple of arrays; joined by `concat` they are x again.
    Raises ShapeError unless the sizes sum to that of the axis, SettingError for sizes that are no whole numbers ≥ 0,
    IndexingError for an axis that x does not have, DTypeError for what is no array.

    >>> from chainrule import Tensor, split
    >>> split(Tensor([1.0, 2.0, 3.0]), 2)
    (Tensor([1., 2.]), Tensor([3.]))
    """
    shape = checked_shape("split", x)
    where = one_axis("split", axis, len(shape))
    length, wanted = shape[where], whole_numbers("split", "sizes", sizes)
    if isinstance(sizes, int | np.integer):
        (step,) = wanted
        if step < 1:
            raise SettingError("split", f"sizes {sizes}", "at least 1", "a tuple for sizes that differ")
        wanted = tuple(min(step, length - start) for start in range(0, max(length, 1), step))
    if not wanted or any(n < 0 for n in wanted):
        raise SettingError(
            "split", f"sizes {wanted}", "sizes ≥ 0, at least one", "one size for all stretches"
        )
    return (x,) if wanted == (length,) else tuple(apply(Split(where, wanted), x))


def astype(x: Operand, dtype: Any) -> Any:
    """x in another dtype; a gradient comes back through changes between floats.

    Raises DTypeError for a dtype that no gate knows, and for what is no array.

    >>> from chainrule import Tensor, astype
    >>> astype(Tensor([0.0, 1.5]), "int64")
    Tensor([0, 1])
    """
    checked_shape("astype", x)
    wanted = known_dtype("astype", dtype)
    weak = isinstance(x, Value) and x.weak
    return x if dtype_of(x) == wanted and not weak else apply(Astype(wanted.name), x)
