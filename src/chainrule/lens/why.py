"""Why an element's gradient is what it is: the terms that it sums, and the way of the largest to the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..errors import DTypeError
from ..graph import Line, gradients, require_grad
from .digits import TIMES, number, percent, place
from .element import Index, checked, chosen
from .rows import aligned
from .slopes import View, gradients_to, needed_gradient, placed, widened
from .values import Values

MOST = 5
"""So many terms are named one by one."""


@dataclass(frozen=True)
class Term:
    """One product of the sum: upstream × local, at one element of what a gate made of the value.

    path, index:  the element of the output;  gate: what made it
    """

    path: str
    index: Index
    gate: str
    local: float
    upstream: float
    product: float


@dataclass(frozen=True)
class Link:
    """A place on the way to the loss.

    path, index:  the element;  upstream: the loss's slope to it;  gate: what reads it
    share:  which part of the upstream comes by the next link
    """

    path: str
    index: Index
    upstream: float
    gate: str
    share: float


@dataclass(frozen=True)
class Rest:
    """The terms that are not named: how many are not 0, and their sum."""

    count: int
    sum: float


@dataclass(frozen=True)
class Why:
    """The gradient of one element as a sum.

    path, index:  the element;  gradient: as the step computed it
    terms:  the largest, in order of magnitude;  rest: the others that are not 0;  total: the sum of all, in float64
    left:  what the step leaves in `.grad`, where that is another number, because of clipping for example
    chain:  from the largest term to the loss
    """

    path: str
    index: Index
    gradient: float
    terms: list[Term]
    rest: Rest
    total: float
    chain: list[Link]
    left: float | None = None

    def __str__(self) -> str:
        many = len(self.terms) + self.rest.count
        head = f"the gradient of {place(self.path, self.index)} is {number(self.gradient)}"
        if not many:
            return f"{head}: {'the way back starts here' if self.gradient else 'every term is 0'}"
        parts = [f"{head}, {f'the sum of {many:,} terms' if many > 1 else 'one term'}"]
        if self.left is not None:
            parts += [f"the step leaves {number(self.left)} in .grad: it was clipped or changed afterwards"]
        parts += ["", *aligned(self.rows(), "rrl"), ""]
        parts += ["the largest on its way to the loss", "", *aligned(self.links(), "rrl")]
        return "\n".join(parts)

    def rows(self) -> list[tuple[str, ...]]:
        """The terms as a table."""
        made: list[tuple[str, ...]] = [(f"upstream {TIMES} local = term", "share", "at")]
        for term in self.terms:
            product = f"{number(term.upstream)} {TIMES} {number(term.local)} = {number(term.product)}"
            made.append((product, self.share(term.product), place(term.path, term.index)))
        if self.rest.count:
            made.append((number(self.rest.sum), self.share(self.rest.sum), f"{self.rest.count:,} others"))
        return [*made, (number(self.total), self.share(self.total), "all")]

    def share(self, part: float) -> str:
        return percent(part / self.total) if self.total else ""

    def links(self) -> list[tuple[str, ...]]:
        """The way as a table."""
        made: list[tuple[str, ...]] = [("upstream", "share", "at")]
        for link in self.chain:
            through = f" → {link.gate}" if link.gate else ""
            share = percent(link.share) if link.gate else ""
            made.append((number(link.upstream), share, place(link.path, link.index) + through))
        return made


class Use(NamedTuple):
    """One output of a line that read the value: the slope of each of its elements, and the upstream there."""

    line: Line
    number: int
    local: np.ndarray
    upstream: np.ndarray

    @property
    def products(self) -> np.ndarray:
        return self.local * self.upstream


def why(values: Values, which: int, index: Any, most: int = MOST) -> Why:
    """The terms of the gradient to one element of the value number `which`, for any gates.

    Raises GradientError for a value without gradient, IndexingError for an index outside of it.
    """
    gradient, name = needed_gradient(values, which), values.names[which]
    at = checked("why", name, gradient.shape, index)
    used = uses(values, which, at)
    found = terms(values.names, used, most)
    total = float(sum(use.products.sum() for use in used))
    many = sum(int(np.count_nonzero(use.products)) for use in used)
    rest = Rest(many - len(found), total - sum(term.product for term in found))
    chain = way(values, which, at)[1:]
    return Why(name, at, float(gradient[at]), found, rest, total, chain, left(values, which, at))


def uses(values: Values, which: int, index: Index) -> list[Use]:
    """Every line that sends a gradient to the value, with its share in one element."""
    sending = (line for line in values.program.lines if which in line.inputs)
    found = (use for line in sending for use in uses_of(values, line, which, index))
    return [behind for use in found for behind in looked_through(values, use)]


def looked_through(values: Values, use: Use) -> list[Use]:
    """Of an element that a line only moved, the uses behind that line: a bias is reshaped before it is added."""
    at = chosen(use.local) if use.local.size else ()
    moved = use.line.gate.pattern == "moves" and use.number in values.program.slopes
    if not moved or np.count_nonzero(use.local) != 1 or use.local[at] != 1:
        return [use]
    return uses(values, use.number, at)


def uses_of(values: Values, line: Line, which: int, index: Index) -> list[Use]:
    """The same of one line.  Its backward is linear in the upstream gradient, so the slope of what it sends to the
    element, to that gradient, is the column of local derivatives.
    """
    upstream = gradients_to(values, line)
    if all(u is None for u in upstream):
        return []
    try:
        columns, wide = columns_of(values, line, which, index, upstream, widened)
    except DTypeError:  # a gate of the user's that knows one width only
        columns, wide = columns_of(values, line, which, index, upstream, None)
    return [
        Use(line, n, column.data.astype(np.float64), u.data.astype(np.float64))
        for n, column, u in zip(line.outputs, columns, wide, strict=True)
        if column is not None
    ]


def columns_of(
    values: Values,
    line: Line,
    which: int,
    index: Index,
    upstream: Sequence[np.ndarray | None],
    seen: View | None,
) -> tuple[list[Any], list[Any]]:
    """The local derivatives to one element, by output, and the upstream gradients that they belong to."""
    given = [None if u is None else values.program.kind.of(seen(u) if seen else u) for u in upstream]
    there = [u for u in given if u is not None]
    for u in there:
        require_grad(u)
    sent = placed(values, line, seen).hand(given, recorded=True)
    pairs = zip(line.inputs, sent, strict=True)
    own = [g for n, g in pairs if n == which and g is not None and g.node is not None]
    if not own:
        return [None] * len(given), given
    with np.errstate(all="ignore"):
        element = ops.index(sum(own[1:], own[0]), index)
        found = iter(gradients(element, there))
    return [None if u is None else next(found) for u in given], given


def terms(names: dict[int, str], used: list[Use], most: int) -> list[Term]:
    """The largest products of all uses."""
    found = []
    for use in used:
        flat = magnitudes(use.products).reshape(-1)
        for k in np.argsort(-flat, kind="stable")[:most]:
            at = tuple(int(i) for i in np.unravel_index(int(k), use.products.shape))
            if use.products[at]:
                numbers = (float(array[at]) for array in (use.local, use.upstream, use.products))
                found.append(Term(names[use.number], at, use.line.gate.label, *numbers))
    return sorted(found, key=lambda term: -magnitudes(term.product))[:most]


def magnitudes(products: Any) -> Any:
    """How large products are; one that is NaN comes before all others."""
    return np.where(np.isnan(products), np.inf, np.abs(products))


def way(values: Values, which: int, index: Index) -> list[Link]:
    """From an element to the loss, always by the largest term."""
    program, names, end = values.program, values.names, values.program.root()
    found: list[Link] = []
    while True:
        upstream = float(values[program.slopes[which]][index])
        used = [] if which == end else uses(values, which, index)
        best = terms(names, used, 1)
        if not best:
            return [*found, Link(names[which], index, upstream, "", 1.0)]
        share = best[0].product / upstream if upstream else float("nan")
        found.append(Link(names[which], index, upstream, best[0].gate, share))
        which = next(use.number for use in used if names[use.number] == best[0].path)
        index = best[0].index


def left(values: Values, which: int, index: Index) -> float | None:
    """What the step leaves in a parameter's `.grad`, if that is not the gradient that came."""
    program = values.program
    cell = program.cells.get(which)
    final = next((n for parameter, n in program.gradients if parameter is cell), None)
    if cell is None or final in (None, program.slopes[which]):
        return None
    return float(values[final][index])
