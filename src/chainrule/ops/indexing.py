"""Picking elements out, and adding them back where they came from."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from types import EllipsisType
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from ..errors import DTypeError, IndexingError, ShapeError, TraceError
from ..graph import Gate, Spec, Value, apply, check_axes, gate, mode, require_kind
from ..graph.mode import DIRECT
from ..graph.origin import here, layer, origin
from .arguments import Operand, at_least, checked_shape, one_axis


class Slice(NamedTuple):
    """start:stop:step, hashable."""

    start: int | None
    stop: int | None
    step: int | None


class Given(NamedTuple):
    """The place of an integer array in a key; the array itself is an input of the gate."""


Entry: TypeAlias = int | Slice | Given | None | EllipsisType


def numpy_key(key: tuple[Entry, ...], indices: Sequence[np.ndarray]) -> tuple[Any, ...]:
    """The key as NumPy reads it."""
    arrays = iter(indices)
    return tuple(
        slice(*k) if isinstance(k, Slice) else next(arrays) if isinstance(k, Given) else k for k in key
    )


def indexed_shape(who: str, key: tuple[Entry, ...], x: Spec, indices: Sequence[Spec]) -> tuple[int, ...]:
    """The shape of x[key], found on an array of the shape of x without bytes."""
    hollow = np.broadcast_to(np.zeros((), np.dtype("V")), x.shape)
    zeros = [np.broadcast_to(np.zeros((), np.intp), s.shape) for s in indices]
    try:
        return hollow[numpy_key(key, zeros)].shape
    except (IndexError, ValueError) as error:  # a slice in steps of 0 is a ValueError
        raise IndexingError(
            who, f"index into x {x}: {error}", "an index within the shape", "x.shape"
        ) from None


def check_indices(who: str, key: tuple[Entry, ...], indices: Sequence[Spec]) -> None:
    """An integer array for each place of one in the key."""
    places = sum(isinstance(k, Given) for k in key)
    if places != len(indices):
        came = f"{len(indices)} index arrays for a key with {places}"
        raise ShapeError(who, came, "one for each place", "x[key], which counts them")
    for number, index in enumerate(indices):
        require_kind(who, f"index {number}", index, "integer")


def outside(who: str, shape: tuple[int, ...], error: IndexError) -> IndexingError:
    """What NumPy says of an index, with what to try."""
    return IndexingError(
        who, f"index into shape {shape}: {error}", "indices within the shape", "clean the indices"
    )


@gate
class Index(Gate):
    """out = x[key];  the gradient is added into zeros at the same places."""

    pattern: ClassVar[str] = "moves"
    key: tuple[Entry, ...]

    def spec(self, x: Spec, *indices: Spec) -> Spec:
        require_kind(self.label, "x", x, "any")
        check_indices(self.label, self.key, indices)
        return x.with_shape(indexed_shape(self.label, self.key, x, indices))

    def forward(self, x: np.ndarray, *indices: np.ndarray) -> Any:
        try:
            return x[numpy_key(self.key, indices)]
        except IndexError as error:
            raise outside(self.label, x.shape, error) from None

    def backward(self, upstream: Value, *, x: Spec, indices: Value) -> Any:
        gradient = apply(IndexAdd(self.key, x.shape), upstream, *indices)  # type: ignore[misc]
        return (gradient, *(None for _ in indices))  # type: ignore[attr-defined]


@gate
class IndexAdd(Gate):
    """out = zeros of a shape, with x added at the places of the key: twice where it is named twice."""

    pattern: ClassVar[str] = "spreads"
    key: tuple[Entry, ...]
    shape: tuple[int, ...]

    def spec(self, x: Spec, *indices: Spec) -> Spec:
        require_kind(self.label, "x", x, "number")
        check_indices(self.label, self.key, indices)
        expected = indexed_shape(self.label, self.key, Spec(self.shape, x.dtype), indices)
        if x.shape != expected:
            raise ShapeError(
                self.label, f"x {x}", f"shape {expected} as the key picks", "the shape of x[key]"
            )
        return x.with_shape(self.shape)

    def forward(self, x: np.ndarray, *indices: np.ndarray) -> Any:
        out = np.zeros(self.shape, x.dtype)
        if indices:
            try:
                np.add.at(out, numpy_key(self.key, indices), x)
            except IndexError as error:
                raise outside(self.label, self.shape, error) from None
        else:
            out[numpy_key(self.key, indices)] = x
        return out

    def backward(self, upstream: Value, *, indices: Value) -> Any:
        return (apply(Index(self.key), upstream, *indices), *(None for _ in indices))  # type: ignore[misc, attr-defined]


@gate
class TakeAlongAxis(Gate):
    """out[…, i, …] = x[…, indices[…, i, …], …];  the gradient is added into zeros at the same places."""

    pattern: ClassVar[str] = "moves"
    axis: int

    def spec(self, x: Spec, indices: Spec) -> Spec:
        require_kind(self.label, "x", x, "any")
        require_kind(self.label, "indices", indices, "integer")
        check_axes(self.label, x, (self.axis,))
        check_beside(self.label, "x", x, indices, self.axis)
        return x.with_shape(indices.shape)

    def forward(self, x: np.ndarray, indices: np.ndarray) -> Any:
        check_within(self.label, indices, x.shape[self.axis])
        return np.take_along_axis(x, indices, axis=self.axis)

    def backward(self, upstream: Value, *, x: Spec, indices: Value) -> Any:
        return scatter_along_axis(upstream, indices, axis=self.axis, size=x.shape[self.axis]), None


@gate
class ScatterAlongAxis(Gate):
    """out = zeros with x[…, i, …] added at indices[…, i, …] of an axis;  the gradient is taken from there."""

    pattern: ClassVar[str] = "spreads"
    axis: int
    size: int

    def spec(self, x: Spec, indices: Spec) -> Spec:
        require_kind(self.label, "x", x, "number")
        require_kind(self.label, "indices", indices, "integer")
        check_axes(self.label, x, (self.axis,))
        if x.shape != indices.shape:
            raise ShapeError(
                self.label, f"x {x} and indices {indices}", "equal shapes", "one index for each element"
            )
        return x.with_shape(x.shape[: self.axis] + (self.size,) + x.shape[self.axis + 1 :])

    def forward(self, x: np.ndarray, indices: np.ndarray) -> Any:
        check_within(self.label, indices, self.size)
        out = np.zeros(x.shape[: self.axis] + (self.size,) + x.shape[self.axis + 1 :], x.dtype)
        place: list[Any] = list(np.ogrid[tuple(slice(n) for n in x.shape)])
        place[self.axis] = indices
        np.add.at(out, tuple(place), x)
        return out

    def backward(self, upstream: Value, *, indices: Value) -> Any:
        return take_along_axis(upstream, indices, axis=self.axis), None


def check_beside(who: str, name: str, x: Spec, indices: Spec, axis: int) -> None:
    """x and indices agree on all axes but one."""
    same = [m == n for a, (m, n) in enumerate(zip(x.shape, indices.shape, strict=False)) if a != axis]
    if x.ndim != indices.ndim or not all(same):
        came = f"{name} {x} and indices {indices}"
        raise ShapeError(who, came, f"equal sizes on all axes but {axis}", "reshape the indices")


def check_within(who: str, indices: np.ndarray, size: int) -> None:
    """Every index lies in -size … size - 1."""
    if indices.size and (indices.max() >= size or indices.min() < -size):
        worst = indices.max() if indices.max() >= size else indices.min()
        raise IndexingError(who, f"index {worst}", f"{-size} … {size - 1}", "clean the indices")


def take_along_axis(x: Operand, indices: Operand, *, axis: int = -1) -> Any:
    """The elements of x at integer indices along an axis; the other sizes are equal.

    Raises ShapeError if they are not, IndexingError for an index or an axis that x does not have, DTypeError unless
    the indices are integers.

    >>> from chainrule import Tensor, take_along_axis
    >>> take_along_axis(Tensor([[1.0, 5.0], [7.0, 2.0]]), Tensor([[1], [0]]), axis=1)
    Tensor([[5.],
            [7.]])
    """
    ndim = len(checked_shape("take_along_axis", x))
    return apply(TakeAlongAxis(one_axis("take_along_axis", axis, ndim)), x, indices)


def scatter_along_axis(x: Operand, indices: Operand, *, axis: int, size: int) -> Any:
    """Zeros with x added at integer indices along an axis of this size: the adjoint of take_along_axis.

    Raises ShapeError unless x and the indices have one shape, IndexingError for an index or an axis that is not there,
    SettingError unless the size is a whole number ≥ 0, DTypeError unless the indices are integers and x numbers.

    >>> from chainrule import Tensor, scatter_along_axis
    >>> scatter_along_axis(Tensor([1.0, 2.0, 4.0]), Tensor([1, 1, 2]), axis=0, size=3)
    Tensor([0., 3., 4.])
    """
    ndim = len(checked_shape("scatter_along_axis", x))
    along, wide = one_axis("scatter_along_axis", axis, ndim), at_least("scatter_along_axis", "size", size, 0)
    return apply(ScatterAlongAxis(along, wide), x, indices)


def index(x: Operand, key: Any) -> Any:
    """x[key]: integers, slices, None, …, and arrays of integers, with NumPy's meaning.

    A mask, an array of bools, names the places where it is on.  How many that are depends on its numbers, so a step
    that is traced or compiled refuses one that it computes: where(mask, x, 0) keeps the shape.
    Raises IndexingError for an index that x does not have, and for what is none; DTypeError for an array of fractions;
    TraceError for a mask inside of a traced step.

    >>> from chainrule import Tensor
    >>> x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x[0], x[:, 1:], x[[1, 1, 0], 0]
    (Tensor([1., 2.]), Tensor([[2.],
            [4.]]), Tensor([3., 3., 1.]))
    >>> x[x > 2]
    Tensor([3., 4.])
    """
    shape = checked_shape("index", x)
    given = tuple(read(k) for k in (key if isinstance(key, tuple) else (key,)))
    if any(is_mask(k) for k in given):
        given = tuple(unmasked(shape, given))
    arrays = [k for k in given if isinstance(k, Value | np.ndarray)]
    for array in arrays:
        if array.dtype.kind not in "iu":
            came = f"an index array of {array.dtype}"
            raise DTypeError("index", came, "an array of integers or bools", 'indices.astype("int64")')
    entries = (Given() if isinstance(k, Value | np.ndarray) else k for k in given)
    return apply(Index(tuple(entries)), x, *arrays)


def read(k: Any) -> Any:
    """One entry of a key: in its hashable form, or as an array."""
    if k is None or k is Ellipsis or isinstance(k, Value | np.ndarray):
        return k
    if isinstance(k, slice):
        return Slice(*(bound(n) for n in (k.start, k.stop, k.step)))
    if isinstance(k, int | np.integer) and not isinstance(k, bool):
        return int(k)
    if isinstance(k, list):
        return array_of(k)
    expected = "integers, slices, None, … and arrays"
    raise IndexingError("index", f"an index of type {type(k).__name__}", expected, "x[0]")


def bound(n: Any) -> int | None:
    """A bound of a slice, which is a whole number or nothing."""
    try:
        return None if n is None else operator.index(n)
    except TypeError:
        came = f"a slice with a bound of type {type(n).__name__}"
        raise IndexingError("index", came, "whole numbers", "x[1:3]") from None


def array_of(numbers: list[Any]) -> np.ndarray:
    """A list as an array of indices; one of nothing picks nothing."""
    try:
        array = np.asarray(numbers)
    except ValueError:
        came = "an index list of rows that differ in length"
        raise IndexingError("index", came, "rows of equal length", "an index array for each axis") from None
    return array if array.size else array.astype(np.int64)


def is_mask(k: Any) -> bool:
    return isinstance(k, Value | np.ndarray) and k.dtype.kind == "b"


def unmasked(shape: tuple[int, ...], key: tuple[Any, ...]) -> Iterator[Any]:
    """A key with the places of its masks, an integer array for each axis of a mask."""
    masks = {n: mask_of(k) for n, k in enumerate(key) if is_mask(k)}
    hollow = np.broadcast_to(np.zeros((), np.dtype("V")), shape)
    seen = tuple(masks.get(n, seen_by_numpy(k)) for n, k in enumerate(key))
    try:
        hollow[seen]
    except IndexError as error:
        came, hint = f"a mask into shape {shape}: {error}", "a mask of the shape of x"
        raise IndexingError("index", came, "a mask as long as the axes that it stands for", hint) from None
    for n, k in enumerate(key):
        yield from masks[n].nonzero() if n in masks else (k,)


def seen_by_numpy(k: Any) -> Any:
    """An entry of a key in front of an array without bytes: which integers an array holds is looked at later."""
    if isinstance(k, Slice):
        return slice(*k)
    return np.zeros(k.shape, np.intp) if isinstance(k, Value | np.ndarray) else k


def mask_of(k: Value | np.ndarray) -> np.ndarray:
    """The numbers of a mask, where they are there to be looked at."""
    if not isinstance(k, Value):
        array = k
    elif mode.get() is DIRECT:
        array = mode.get().read(k)
    else:
        came = (
            f"a mask {k.spec} as an index in a traced step: how many elements it picks depends on its numbers"
        )
        hint = "where(mask, x, 0), and sum(where(mask, x, 0)) for the sum of what it picks"
        error = TraceError("index", came, "an index whose shape is known", hint)
        raise error.at(layer.get(), str(origin(here())))
    if array.ndim == 0:
        raise IndexingError("index", "one bool as an index", "a mask with axes", "where(mask, x, 0)")
    return array
