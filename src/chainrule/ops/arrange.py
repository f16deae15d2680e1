"""The same numbers arranged anew, by gates of `shape` and `indexing`: stack, flip, roll, tile, axes of size 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import IndexingError, SettingError, ShapeError
from ..graph import apply
from .arguments import Axis, Operand, axes, checked_shape, listed, named, one_axis, whole_numbers
from .indexing import Index, Slice
from .shape import broadcast_to, concat, reshape

WHOLE = Slice(None, None, None)


@named
def expand_dims(x: Operand, *, axis: int = 0) -> Any:
    """x with a new axis of size 1: out.shape[axis] = 1.

    Raises IndexingError for an axis that out does not have, DTypeError for what is no array.

    >>> from chainrule import Tensor, expand_dims
    >>> expand_dims(Tensor([1.0, 2.0]), axis=1).shape
    (2, 1)
    """
    shape = checked_shape("expand_dims", x)
    place = one_axis("expand_dims", axis, len(shape) + 1)
    return reshape(x, (*shape[:place], 1, *shape[place:]))


def squeeze(x: Operand, axis: int | Sequence[int]) -> Any:
    """x without some axes of size 1.

    Raises ShapeError if one of them has another size, IndexingError for an axis that x does not have, DTypeError for
    what is no array.

    >>> from chainrule import Tensor, squeeze
    >>> squeeze(Tensor([[1.0], [2.0]]), 1)
    Tensor([1., 2.])
    """
    shape = checked_shape("squeeze", x)
    if axis is None:
        raise IndexingError("squeeze", "axis None", "the axes to take away", "axis=0")
    gone = axes("squeeze", axis, len(shape))
    wide = [a for a in gone if shape[a] != 1]
    if wide:
        came = f"axis {wide[0]} of shape {shape} has size {shape[wide[0]]}"
        raise ShapeError("squeeze", came, "size 1", "an index, or a sum, takes away a longer axis")
    return reshape(x, tuple(n for a, n in enumerate(shape) if a not in gone))


@named
def stack(arrays: Sequence[Operand], *, axis: int = 0) -> Any:
    """Arrays of one shape side by side along a new axis: out.shape[axis] = len(arrays).

    Raises ShapeError for no arrays or different shapes, SettingError for what is no list or tuple, IndexingError for
    an axis that out does not have, DTypeError for different dtypes and for what is no array.

    >>> from chainrule import Tensor, stack
    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])], axis=1)
    Tensor([[1., 3.],
            [2., 4.]])
    """
    given = listed("stack", "arrays", arrays)
    if not given:
        raise ShapeError("stack", "no arrays", "at least one", "leave the call out")
    shapes = [checked_shape("stack", x) for x in given]
    for number, shape in enumerate(shapes):
        if shape != shapes[0]:
            came = f"array 0 of shape {shapes[0]} and array {number} of shape {shape}"
            raise ShapeError("stack", came, "equal shapes", "concat, where one axis may differ")
    place = one_axis("stack", axis, len(shapes[0]) + 1)
    return concat([expand_dims(x, axis=place) for x in given], axis=place)


@named
def unstack(x: Operand, *, axis: int = 0) -> tuple[Any, ...]:
    """x as a tuple of arrays along an axis, which is gone: `stack` makes x of them again.

    Raises IndexingError for an axis that x does not have, DTypeError for what is no array.

    >>> from chainrule import Tensor, unstack
    >>> unstack(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    (Tensor([1., 2.]), Tensor([3., 4.]))
    """
    shape = checked_shape("unstack", x)
    place = one_axis("unstack", axis, len(shape))
    return tuple(apply(Index((*(WHOLE,) * place, k)), x) for k in range(shape[place]))


@named
def flip(x: Operand, *, axis: Axis = None) -> Any:
    """x backwards along axes, along all of them for axis=None.

    Raises IndexingError for an axis that x does not have, DTypeError for what is no array.

    >>> from chainrule import Tensor, flip
    >>> flip(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    Tensor([[2., 1.],
            [4., 3.]])
    """
    ndim = len(checked_shape("flip", x))
    turned = axes("flip", axis, ndim)
    return apply(Index(tuple(Slice(None, None, -1) if a in turned else WHOLE for a in range(ndim))), x)


def roll(x: Operand, shift: int | Sequence[int], *, axis: Axis = None) -> Any:
    """x moved along axes by so many places; what leaves at the end comes in at the front.

    shift:  places towards the end, below 0 towards the front: one number for all axes, or one for each
    axis:  None rolls the elements in row-major order, and keeps the shape
    Raises SettingError for a shift that is no whole number or if there is not one for each axis, IndexingError for an
    axis that x does not have, DTypeError for what is no array.

    >>> from chainrule import Tensor, roll
    >>> roll(Tensor([1.0, 2.0, 3.0, 4.0]), 1)
    Tensor([4., 1., 2., 3.])
    """
    shape, places = checked_shape("roll", x), whole_numbers("roll", "shift", shift)
    if axis is None:
        if len(places) != 1:
            raise SettingError("roll", f"shift {shift} without an axis", "one number", "an axis for each")
        return reshape(rolled(reshape(x, (-1,)), places[0], 0), shape)
    given = tuple(axis) if isinstance(axis, Sequence) else (axis,)
    places = places * len(given) if len(places) == 1 else places
    if len(places) != len(given):
        raise SettingError(
            "roll", f"shift {shift} for axis {axis}", "one shift for each axis", "equally many"
        )
    axes("roll", axis, len(shape))
    for place, a in zip(places, given, strict=True):
        x = rolled(x, place, one_axis("roll", a, len(shape)))
    return x


def rolled(x: Any, places: int, axis: int) -> Any:
    """x moved along one axis: its end, then the rest."""
    length = x.shape[axis]
    cut = -places % length if length else 0
    if not cut:
        return x
    before = (WHOLE,) * axis
    ends = Slice(cut, None, 1), Slice(None, cut, 1)
    return concat([apply(Index((*before, end)), x) for end in ends], axis=axis)


@named
def tile(x: Operand, repetitions: int | Sequence[int]) -> Any:
    """x side by side with itself, so many times along each axis, counted from the last one.

    Raises SettingError unless the repetitions are whole numbers ≥ 0, DTypeError for what is no array.

    >>> from chainrule import Tensor, tile
    >>> tile(Tensor([[1.0, 2.0]]), (2, 2))
    Tensor([[1., 2., 1., 2.],
            [1., 2., 1., 2.]])
    """
    shape, times = checked_shape("tile", x), whole_numbers("tile", "repetitions", repetitions)
    if any(n < 0 for n in times):
        raise SettingError("tile", f"repetitions {repetitions}", "numbers ≥ 0", "1 to leave an axis as it is")
    ndim = max(len(shape), len(times))
    shape, times = ((1,) * (ndim - len(n)) + n for n in (shape, times))
    apart = [n for pair in zip((1,) * ndim, shape, strict=True) for n in pair]
    wide = [n for pair in zip(times, shape, strict=True) for n in pair]
    sizes = tuple(m * n for m, n in zip(times, shape, strict=True))
    return reshape(broadcast_to(reshape(x, apart), wide), sizes)
