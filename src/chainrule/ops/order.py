"""The numbers of an axis in order: sort, argsort, top_k.  NaN counts as largest, equal numbers keep their order."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import ShapeError
from ..graph import Gate, Spec, apply, check_axes, gate, require_kind
from .arguments import Operand, at_least, checked_shape, flag, named, one_axis
from .indexing import Index, Slice, take_along_axis


@gate
class Argsort(Gate):
    """out = the indices that put x in order along an axis, int64; no gradient"""

    pattern: ClassVar[str] = "compares"
    axis: int
    descending: bool = False

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "number")
        check_axes(self.label, x, (self.axis,))
        return Spec(x.shape, np.dtype(np.int64))

    def forward(self, x: np.ndarray) -> Any:
        if not self.descending:
            return np.argsort(x, axis=self.axis, kind="stable")
        last = x.shape[self.axis] - 1  # from behind, so that equal numbers keep their order
        return last - np.flip(np.argsort(np.flip(x, self.axis), axis=self.axis, kind="stable"), self.axis)


def argsort(x: Operand, *, axis: int = -1, descending: bool = False) -> Any:
    """The indices that put x in order along an axis, int64: `take_along_axis(x, argsort(x))` is `sort(x)`.

    NaN counts as largest, and equal numbers keep their order.
    Raises IndexingError for an axis that x does not have, SettingError for a descending that is neither True nor False,
    DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor, argsort
    >>> argsort(Tensor([3.0, 1.0, 2.0]))
    Tensor([1, 2, 0])
    """
    ndim = len(checked_shape("argsort", x))
    return apply(Argsort(one_axis("argsort", axis, ndim), flag("argsort", "descending", descending)), x)


@named
def sort(x: Operand, *, axis: int = -1, descending: bool = False) -> Any:
    """x in order along an axis, from the smallest on, or the largest; each gradient goes back to where its number was.

    NaN counts as largest, and equal numbers keep their order.
    Raises IndexingError for an axis that x does not have, SettingError for a descending that is neither True nor False,
    DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor, sort
    >>> sort(Tensor([3.0, 1.0, 2.0]), descending=True)
    Tensor([3., 2., 1.])
    """
    place = one_axis("sort", axis, len(checked_shape("sort", x)))
    return take_along_axis(x, argsort(x, axis=place, descending=descending), axis=place)


@named
def top_k(
    x: Operand, k: int, *, axis: int = -1, largest: bool = True, sorted: bool = True
) -> tuple[Any, Any]:
    """The k largest numbers along an axis, or the k smallest, and their indices, int64.

    sorted:  in their order; else in the order in which they stand in x
    Returns (values, indices).  NaN counts as largest, and of equal numbers the first ones are taken.
    Raises ShapeError if there are less than k numbers, SettingError unless k is a whole number ≥ 0 and both
    flags are True or False, IndexingError for an axis that x does not have, DTypeError unless x holds floats or
    integers.
    Source: PyTorch's topk for the meaning of the settings.

    >>> from chainrule import Tensor, top_k
    >>> top_k(Tensor([3.0, 1.0, 2.0]), 2)
    (Tensor([3., 2.]), Tensor([0, 2]))
    """
    shape, count = checked_shape("top_k", x), at_least("top_k", "k", k, 0)
    place = one_axis("top_k", axis, len(shape))
    if count > shape[place]:
        came = f"k {count} of {shape[place]} numbers along axis {place} of shape {shape}"
        raise ShapeError("top_k", came, "at most as many as there are", f"k={shape[place]}")
    first = Index((Slice(None, None, None),) * place + (Slice(0, count, 1),))
    indices = apply(first, argsort(x, axis=place, descending=flag("top_k", "largest", largest)))
    if not flag("top_k", "sorted", sorted):
        indices = sort(indices, axis=place)
    return take_along_axis(x, indices, axis=place), indices
