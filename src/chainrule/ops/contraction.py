"""Sums of products over axes that are named: einsum, tensordot, outer, vecdot.  All are matrix products of reshapes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from ..errors import SettingError, ShapeError
from ..graph import Spec, apply, require_kind
from .arguments import Operand, checked_shape, dtype_of, named, one_axis, whole_numbers
from .arithmetic import multiply
from .indexing import Index, Slice
from .linear import matmul
from .reduction import sum
from .shape import permute_dims, reshape

Letters = tuple[str, ...]


class Term(NamedTuple):
    """An operand, and the letter of each of its axes.  Axes of … have numbers for letters, counted from behind."""

    x: Any
    letters: Letters

    def size(self, letter: str) -> int:
        return int(self.x.shape[self.letters.index(letter)])

    def sizes(self, letters: Sequence[str]) -> tuple[int, ...]:
        return tuple(self.size(letter) for letter in letters)

    def ordered(self, letters: Sequence[str]) -> Any:
        """The operand with its axes in this order."""
        order = tuple(self.letters.index(letter) for letter in letters)
        return self.x if order == tuple(range(len(order))) else permute_dims(self.x, order)

    def laid_out(self, *groups: Sequence[str]) -> Any:
        """The operand with its axes in the order of these groups, each group as one axis."""
        x = self.ordered([letter for group in groups for letter in group])
        return reshape(x, tuple(math.prod(self.sizes(group)) for group in groups))

    def summed(self, kept: Collection[str]) -> Term:
        """The operand without the axes that nobody asks for any more: they are summed over."""
        gone = tuple(a for a, letter in enumerate(self.letters) if letter not in kept)
        return Term(sum(self.x, axis=gone), tuple(a for a in self.letters if a in kept)) if gone else self


@named
def einsum(subscripts: str, *operands: Operand) -> Any:
    """A sum of products told by letters: one for each axis of each operand, and those of the result.

    A letter that the result does not have is summed over; one that an operand has twice means its diagonal.  Without
    an arrow the result has the letters that come once, in the order of the alphabet.  … stands for the axes that are
    left: they broadcast, and come first where there is no arrow.  Operands are multiplied from the left to the right.
    Raises SettingError for subscripts that cannot be read, ShapeError if they do not fit the operands or a letter has
    two sizes, DTypeError unless all operands are floats of one dtype.
    Source: Einstein 1916, §5, for the summation convention; NumPy's einsum for the notation.

    >>> from chainrule import Tensor, einsum
    >>> x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> einsum("ij,jk->ik", x, x)
    Tensor([[ 7., 10.],
            [15., 22.]])
    >>> einsum("ii", x), einsum("ij->j", x)
    (Tensor(5.), Tensor([4., 6.]))
    """
    terms, out = parsed(subscripts, operands)
    check_sizes("einsum", terms)
    total = terms[0]
    for number, term in enumerate(terms[1:], 2):
        later = {letter for other in terms[number:] for letter in other.letters}
        total = contracted(total, term, later | set(out))
    return total.summed(out).ordered(out)


def contracted(a: Term, b: Term, kept: Collection[str]) -> Term:
    """The product of two terms, summed over the letters that both have and nobody asks for any more."""
    a, b = a.summed({*kept, *b.letters}), b.summed({*kept, *a.letters})
    if not a.letters or not b.letters:  # one of them is a number
        return Term(multiply(a.x, b.x), (*a.letters, *b.letters))
    both = [letter for letter in a.letters if letter in b.letters]
    stack, joined = ([n for n in both if (n in kept) == wanted] for wanted in (True, False))
    left, right = [n for n in a.letters if n not in both], [n for n in b.letters if n not in both]
    stacks = (stack,) if stack else ()
    product = matmul if joined else multiply  # of one column and one row where nothing is summed over
    made = product(a.laid_out(*stacks, left, joined), b.laid_out(*stacks, joined, right))
    return Term(reshape(made, (*a.sizes((*stack, *left)), *b.sizes(right))), (*stack, *left, *right))


def diagonal(term: Term) -> Term:
    """A term with each letter once: the diagonal of axes that have the same one."""
    twice = next((a for a in term.letters if term.letters.count(a) > 1), None)
    if twice is None:
        return term
    first = term.letters.index(twice)
    second = term.letters.index(twice, first + 1)
    n, other = term.x.shape[first], term.x.shape[second]
    if n != other:
        raise ShapeError("einsum", f"{twice} of size {n} and of size {other}", "one size", "another letter")
    rest = [a for a in range(len(term.letters)) if a not in (first, second)]
    square = permute_dims(term.x, (*rest, first, second))
    flat = reshape(square, (*(term.x.shape[a] for a in rest), n * n))
    found = apply(Index((Ellipsis, Slice(None, None, n + 1))), flat)
    return diagonal(Term(found, (*(term.letters[a] for a in rest), twice)))


def check_sizes(who: str, terms: Sequence[Term]) -> None:
    """Every letter has one size."""
    known: dict[str, int] = {}
    for term in terms:
        for letter in term.letters:
            n = known.setdefault(letter, term.size(letter))
            if n != term.size(letter):
                name = "an axis of …" if letter.isdigit() else letter
                came = f"{name} of size {n} and of size {term.size(letter)}"
                raise ShapeError(who, came, "one size", "another letter, or another operand")


# --- reading ------------------------------------------------------------------------------------------------


def parsed(subscripts: str, operands: Sequence[Operand]) -> tuple[list[Term], Letters]:
    """The operands with a letter for each axis, and the letters of the result."""
    if not isinstance(subscripts, str):
        raise unreadable(repr(subscripts), "a text")
    left, arrow, right = subscripts.replace(" ", "").replace("...", ".").partition("->")
    sides = left.split(",")
    for side in (*sides, right):
        letters = side.replace(".", "", 1)
        if letters and not (letters.isascii() and letters.isalpha()):
            raise unreadable(repr(subscripts), "letters, one … at most, commas and one arrow")
    if len(sides) != len(operands):
        raise unreadable(f"{subscripts!r} for {len(operands)} operands", "letters for each, with commas")
    for number, x in enumerate(operands):
        shape = checked_shape("einsum", x)
        require_kind("einsum", f"operand {number}", Spec(shape, dtype_of(x)), "float")
    terms = [term_of(n, x, side) for n, (x, side) in enumerate(zip(operands, sides, strict=True))]
    rest = tuple(sorted({a for t in terms for a in t.letters if a.isdigit()}, key=int, reverse=True))
    out = out_of(subscripts, terms, rest, right if arrow else None)
    return [diagonal(unstretched(term, terms)) for term in terms], out


def unreadable(came: str, expected: str) -> SettingError:
    return SettingError("einsum", f"subscripts {came}", expected, '"ij,jk->ik"')


def term_of(number: int, x: Operand, side: str) -> Term:
    """An operand with its letters."""
    shape, before, after = checked_shape("einsum", x), side.partition(".")[0], side.partition(".")[2]
    count = len(shape) - len(before) - len(after)
    if count < 0 or (count and "." not in side):
        came = f"operand {number} of shape {shape} with {len(before) + len(after)} letters"
        raise ShapeError("einsum", came, "a letter for each axis", "… for the axes that are left")
    return Term(x, (*before, *(str(n) for n in range(count - 1, -1, -1)), *after))


def out_of(subscripts: str, terms: Sequence[Term], rest: Letters, right: str | None) -> Letters:
    """The letters of the result: told behind the arrow, or those that come once."""
    named = [a for term in terms for a in term.letters if not a.isdigit()]
    if right is None:
        return (*rest, *sorted(a for a in set(named) if named.count(a) == 1))
    before, dots, after = right.partition(".")
    told = (*before, *after)
    if len(set(told)) != len(told) or not set(told) <= set(named):
        raise unreadable(repr(subscripts), "behind the arrow letters of the operands, each once")
    if rest and not dots:
        raise unreadable(repr(subscripts), "… behind the arrow too, as operands have such axes")
    return (*before, *rest, *after)


def unstretched(term: Term, terms: Sequence[Term]) -> Term:
    """A term without those axes of … that have size 1 and stretch beside others."""
    wide = {a for t in terms for a in t.letters if a.isdigit() and t.size(a) != 1}
    letters = tuple(a for a in term.letters if a not in wide or term.size(a) != 1)
    if letters == term.letters:
        return term
    shape = (n for a, n in zip(term.letters, term.x.shape, strict=True) if a in letters)
    return Term(reshape(term.x, tuple(shape)), letters)


# --- others of the kind -------------------------------------------------------------------------------------


@named
def tensordot(x: Operand, y: Operand, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Any:
    """Products of x and y summed over pairs of axes; the result has the other axes of x, then those of y.

    axes:  the axes of x and those of y that belong together; one number N means the last N of x and the first N of y
    Raises ShapeError if paired axes differ in size or there are less than N, SettingError for axes that are no pairs,
    IndexingError for an axis that is not there, DTypeError unless both are floats of one dtype.

    >>> import numpy as np
    >>> from chainrule import tensordot
    >>> tensordot(np.ones((2, 3, 4)), np.ones((4, 3)), axes=((1, 2), (1, 0)))
    array([12., 12.])
    """
    shapes = checked_shape("tensordot", x), checked_shape("tensordot", y)
    of_x, of_y = paired_axes(axes, len(shapes[0]), len(shapes[1]))
    left, right = ([f"{name}{a}" for a in range(len(s))] for name, s in zip("xy", shapes, strict=True))
    for a, b in zip(of_x, of_y, strict=True):
        right[b] = left[a]
    terms = Term(x, tuple(left)), Term(y, tuple(right))
    check_sizes("tensordot", terms)
    return contracted(*terms, {*left, *right} - {left[a] for a in of_x}).x


def paired_axes(axes: Any, of_x: int, of_y: int) -> tuple[list[int], list[int]]:
    """The axes of x, and those of y."""
    who = "tensordot"
    if isinstance(axes, tuple | list) and len(axes) == 2:
        sides = [whole_numbers(who, "axes", side) for side in axes]
        counted = [[one_axis(who, a, n) for a in s] for s, n in zip(sides, (of_x, of_y), strict=True)]
        if len(counted[0]) == len(counted[1]) and all(len(set(s)) == len(s) for s in counted):
            return counted[0], counted[1]
    elif isinstance(axes, int) and not isinstance(axes, bool) and axes >= 0:
        if axes > min(of_x, of_y):
            came = f"axes {axes} for arrays of {of_x} and {of_y} axes"
            raise ShapeError(who, came, "at most as many as each has", "fewer axes")
        return [*range(of_x - axes, of_x)], [*range(axes)]
    raise SettingError(who, f"axes {axes!r}", "a number ≥ 0, or as many axes of x as of y", "axes=1")


@named
def outer(x: Operand, y: Operand) -> Any:
    """Every number of one vector times every number of another: out[i, j] = x[i] · y[j].

    Raises ShapeError unless both have one axis, DTypeError for different dtypes and for what is no array.

    >>> from chainrule import Tensor, outer
    >>> outer(Tensor([1.0, 2.0]), Tensor([1.0, 10.0]))
    Tensor([[ 1., 10.],
            [ 2., 20.]])
    """
    for name, v in (("x", x), ("y", y)):
        shape = checked_shape("outer", v)
        if len(shape) != 1:
            raise ShapeError("outer", f"{name} of shape {shape}", "one axis", "reshape(-1)")
    return multiply(reshape(x, (-1, 1)), reshape(y, (1, -1)))


@named
def vecdot(x: Operand, y: Operand, *, axis: int = -1) -> Any:
    """The products of vectors along an axis: Σ x · y; the other axes broadcast.

    axis:  counted from behind, since the other axes may differ in number
    Raises ShapeError if the vectors differ in length or the rest does not broadcast, IndexingError unless both have
    the axis, DTypeError for different dtypes and for what is no array.

    >>> from chainrule import Tensor, vecdot
    >>> vecdot(Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([1.0, 10.0]))
    Tensor([21., 43.])
    """
    shapes = [checked_shape("vecdot", v) for v in (x, y)]
    places = [one_axis("vecdot", axis, len(shape)) - len(shape) for shape in shapes]
    lengths = [shape[place] for shape, place in zip(shapes, places, strict=True)]
    if places[0] != places[1] or lengths[0] != lengths[1]:
        came = f"x of shape {shapes[0]} and y of shape {shapes[1]} along axis {axis}"
        raise ShapeError("vecdot", came, "vectors of one length", "an axis counted from behind, axis=-1")
    return sum(multiply(x, y), axis=places[0])
