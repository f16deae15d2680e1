"""What a gate says of itself: its formula and gradient, its pattern, its parts, the kernel that runs it."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from chainrule import ops
from chainrule.graph import Gate
from chainrule.ops.gates import GATES
from tests.laws.table import TABLE

from .docstrings import FORMULA, Link, written

PATTERNS = {
    "hands": "hands the upstream gradient to every input, at most with another sign",
    "switches": "switches: each input gets the upstream gradient scaled by the other",
    "scales": "scales the upstream gradient by a slope, number by number",
    "routes": "routes the upstream gradient to the one input that won",
    "moves": "moves the upstream gradient back to where the number came from",
    "spreads": "spreads the upstream gradient to all that were summed, alike",
    "mixes": "mixes: sums of products, each factor gets the other times the upstream gradient",
    "attends": "attends: a mixture of values by shares, with a gradient to the values and to the shares",
    "shares": "shares: scores of one total, what one wins the others lose",
    "normalizes": "normalizes: each number moves the mean and the variance of all",
    "remembers": "remembers: one step of a recurrent network, with a gradient to what it kept",
    "judges": "judges: a loss of labels, which pulls at the right class and pushes the others",
    "draws": "draws: what was dropped gets nothing, what was kept is scaled as it was",
    "compares": "compares: no gradient goes back",
}
"""What stands in `Gate.pattern`, as a sentence."""

KERNELS = {
    "loop": "a loop made of its formula, fused with its neighbours",
    "reduce": "a reduction, fused with what it reads",
    "product": "the matrix product",
    "convolve": "direct convolution",
    "winograd": "Winograd's algorithm",
    "depthwise": "a convolution of each channel by itself",
    "pool": "a pooling loop",
    "argmax": "a search along an axis",
    "dropout": "a loop that draws its mask",
    "parts": "its parts",
    "view": "a view that moves nothing",
    "copy": "a copy",
    "take": "a loop that gathers",
    "scatter": "a loop that scatters",
    "scan": "a loop that runs along an axis",
    "unfold": "a loop that copies windows",
    "fold": "a loop that adds windows up",
    "resample": "a loop that reads between pixels",
}
"""What stands in the row of a gate (`tests/laws/rows.py`), in words; another kernel by its name."""


def of_module(module: str) -> list[type[Gate]]:
    """The gates that a file of ops defines, in their order there."""
    return [gate for gate in every() if gate.__module__ == module]


@functools.cache
def every() -> tuple[type[Gate], ...]:
    """All gates: those of the table of laws, in the order of their files."""
    known = {row.gate for row in TABLE.values()} | set(GATES)
    return tuple(sorted(known, key=lambda gate: (gate.__module__, inspect.getsourcelines(gate)[1])))


class Use(NamedTuple):
    """What a function of ops is made of: gates, and other functions that users know."""

    gates: tuple[type[Gate], ...]
    functions: tuple[str, ...]


def applied_by(function: Any) -> list[type[Gate]]:
    """The gates of its own file that a function applies.

    >>> [gate.__name__ for gate in applied_by(ops.linear)]
    ['Linear']
    """
    return [gate for gate in used_by(function).gates if gate.__module__ == function.__module__]


def used_by(function: Any) -> Use:
    """What a function applies and calls, by itself or by way of what stands beside it in its file.

    >>> used_by(ops.linear).functions
    ('add',)
    """
    found: list[type[Gate]] = []
    called: list[str] = []
    waiting, seen = [function], {function}
    while waiting:
        some = waiting.pop(0)
        for thing in (some.__globals__.get(name) for name in names(inspect.unwrap(some).__code__)):
            if isinstance(thing, type) and issubclass(thing, Gate) and "label" in vars(thing):
                found.append(thing)
            elif isinstance(thing, FunctionType) and thing not in seen:
                seen.add(thing)
                if getattr(ops, thing.__name__, None) is thing:
                    called.append(thing.__name__)
                elif thing.__module__ == function.__module__:
                    waiting.append(thing)
    return Use(tuple(dict.fromkeys(found)), tuple(called))


def names(code: CodeType) -> Iterator[str]:
    """The names that a function uses, those of the functions inside it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names(constant)


def told(gate: type[Gate], link: Link) -> str:
    """All that a page says of a gate, as a box."""
    lines = [written(spaced(gate.__doc__), link), f"Backward\n: {backward(gate)}", f"Parts\n: {parts(gate)}"]
    lines.append(f"Compiled\n: {compiled(gate)}")
    body = "\n\n".join(lines)
    return f"::::{{admonition}} gate {gate.__name__}\n:class: gate\n\n{body}\n::::"


def spaced(docstring: str | None) -> str:
    """The formula of a gate and the one of its gradient, each on its own line; a sentence apart from them.

    >>> print(spaced("out = 2 · x;  d out/dx = 2;  scales."))
    out = 2 · x
    d out/dx = 2
    <BLANKLINE>
    Scales.
    """
    first, *others = re.split(r";  (?=\S)", inspect.cleandoc(docstring or ""))
    return first + "".join(
        f"\n{other}" if FORMULA.match(other) else f"\n\n{other[0].upper()}{other[1:]}" for other in others
    )


def backward(gate: type[Gate]) -> str:
    """Its pattern as a sentence."""
    return f"{PATTERNS.get(gate.pattern, gate.pattern)}."


def parts(gate: type[Gate]) -> str:
    """Whether it says what it is made of."""
    if not hasattr(gate, "parts"):
        return "none: it is one thought."
    first = inspect.getdoc(gate.parts)
    usual = "smaller gates, by another formula; a law holds both to the same numbers and gradients."
    return first.splitlines()[0] if first and gate.parts.__doc__ else usual


def compiled(gate: type[Gate]) -> str:
    """The kernels of its row in the table of laws, or why there is none."""
    row = TABLE.get(gate.__name__)
    if row is None:
        return "as its row in the table of laws will say."
    if not row.kernels:
        return f"NumPy runs it; {row.native}."
    kernels = (KERNELS.get(kernel, kernel) for kernel in row.native.split(" or "))
    return f"by {', or by '.join(kernels)}."
