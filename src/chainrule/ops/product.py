"""The product of many numbers, and of each the product of the others: its slope, right where some are zero."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..graph import Gate, Reduction, Spec, Value, apply, check_axes, gate, require_kind
from .arguments import Axis, Operand, axes, checked_shape, flag
from .indexing import Index, Slice
from .reduction import size, spread
from .shape import concat, cut, permute_dims, reshape


@gate
class Prod(Reduction):
    """out = Π x;  d out/dx = the product of all other x, which needs no division by x"""

    pattern: ClassVar[str] = "scales"
    combine: ClassVar[str] = "multiply"

    def backward(self, upstream: Value, *, x: Value) -> Any:
        up = spread(upstream, x.spec, self.axis)
        return up * others(x, self.axis) if size(x.shape, self.axis) > 1 else up


@gate
class ProductOfOthers(Gate):
    """out = of each x along an axis the product of the others;  downstream = Σ upstream · products without both"""

    pattern: ClassVar[str] = "scales"
    axis: int

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "float")
        check_axes(self.label, x, (self.axis,))
        return x

    def forward(self, x: np.ndarray) -> Any:
        along = np.moveaxis(x, self.axis, 0)
        before, after = np.ones_like(along), np.ones_like(along)
        np.cumprod(along[:-1], axis=0, out=before[1:])
        after[:-1] = np.cumprod(along[:0:-1], axis=0)[::-1]
        return np.moveaxis(before * after, 0, self.axis)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return without_each((x, upstream), self.axis)[1] if x.shape[self.axis] > 1 else None

    def parts(self, x: Value) -> Any:
        if x.shape[self.axis] > 1:
            return without_each((x,), self.axis)[0]
        return type(x).result.of(np.ones(x.shape, x.dtype), constant=True)  # the product of no number


Numbers = tuple[Any, ...]
"""Numbers x, or with changes u of them: then products are those of x + εu, to the first power of ε."""


def without_each(numbers: Numbers, axis: int) -> Numbers:
    """Of each of n ≥ 2 numbers along an axis the product of the others: by pairs, whose others are found first."""
    n = numbers[0].shape[axis]
    if n == 2:
        key = (Slice(None, None, None),) * axis + (Slice(None, None, -1),)
        return tuple(apply(Index(key), v) for v in numbers)
    half = n // 2
    a, b, alone = (stretch(numbers, axis, *at) for at in ((0, half), (half, 2 * half), (2 * half, n)))
    pairs, odd = multiplied(a, b), n % 2 == 1
    rest = without_each(joined(axis, pairs, alone) if odd else pairs, axis)
    own = stretch(rest, axis, 0, half) if odd else rest
    found = multiplied(own, b), multiplied(own, a)
    return joined(axis, *found, stretch(rest, axis, half, half + 1)) if odd else joined(axis, *found)


def multiplied(a: Numbers, b: Numbers) -> Numbers:
    """a · b, and how it changes."""
    return (a[0] * b[0], *(a[0] * v + u * b[0] for u, v in zip(a[1:], b[1:], strict=True)))


def stretch(numbers: Numbers, axis: int, start: int, stop: int) -> Numbers:
    return tuple(cut(v, axis, start, stop) for v in numbers)


def joined(axis: int, *pieces: Numbers) -> Numbers:
    return tuple(concat(values, axis=axis) for values in zip(*pieces, strict=True))


def others(x: Value, along: tuple[int, ...]) -> Any:
    """Of each x the product of the others along these axes, which become one first."""
    if len(along) == 1:
        return apply(ProductOfOthers(along[0]), x)
    order = (*(a for a in range(len(x.shape)) if a not in along), *along)
    turned = permute_dims(x, order)
    rest = turned.shape[: len(order) - len(along)]
    found = apply(ProductOfOthers(len(rest)), reshape(turned, (*rest, size(x.shape, along))))
    return permute_dims(reshape(found, turned.shape), tuple(int(a) for a in np.argsort(order)))


def prod(x: Operand, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product along axes, over all of them for axis=None, in the dtype of x; 1 of nothing.

    The gradient to each number is the product of the others, also where some of them are zero.
    Raises IndexingError for an axis that x does not have, SettingError for a keepdims that is neither True nor False,
    DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor, grad, prod
    >>> prod(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    Tensor([ 2., 12.])
    >>> grad(prod)(Tensor([2.0, 0.0, 5.0]))
    Tensor([ 0., 10.,  0.])
    """
    return apply(
        Prod(axes("prod", axis, len(checked_shape("prod", x))), flag("prod", "keepdims", keepdims)), x
    )
