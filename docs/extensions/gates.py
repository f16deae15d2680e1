"""What a gate says of itself: its formula and gradient, its pattern, its parts, the kernel that runs it."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

import chainrule
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
    "pool": "a pooling loop",
    "argmax": "a search along an axis",
    "dropout": "a loop that draws its mask",
    "parts": "its parts",
    "view": "a view that moves nothing",
    "copy": "a copy",
    "take": "a loop that gathers",
    "scatter": "a loop that scatters",
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


def applied_by(function: Any) -> list[type[Gate]]:
    """The gates of its own file that a function applies, by itself or by way of what stands beside it.

    >>> import chainrule as cr
    >>> [gate.__name__ for gate in applied_by(cr.conv2d)], applied_by(cr.mse)[0].__name__
    (['Conv2d'], 'SquaredError')
    """
    room, found, seen = vars(inspect.getmodule(function)), [], set()
    waiting = [function]
    while waiting:
        some = waiting.pop(0)
        if not isinstance(some, FunctionType) or some in seen:
            continue
        seen.add(some)
        for name in names(some.__code__):
            thing = room.get(name)
            if isinstance(thing, type) and issubclass(thing, Gate) and "label" in vars(thing):
                found.append(thing)
            elif isinstance(thing, FunctionType) and thing.__module__ == function.__module__:
                waiting += [thing] if not is_public(thing) else []
    return [gate for gate in dict.fromkeys(found) if gate.__module__ == function.__module__]


def is_public(function: FunctionType) -> bool:
    """Whether users know a function of ops by this name."""
    return getattr(chainrule, function.__name__, None) is function


def names(code: CodeType) -> Iterator[str]:
    """The names that a function uses, those of the functions inside it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names(constant)


def composed_of(function: Any) -> list[str]:
    """The functions of ops that a function without a gate of its own is made of."""
    room = vars(inspect.getmodule(function))
    used = (room.get(name) for name in names(function.__code__))
    public = [f for f in used if isinstance(f, FunctionType) and getattr(chainrule, f.__name__, None) is f]
    return list(dict.fromkeys(f.__name__ for f in public if f is not function))


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
    scales.
    """
    first, *others = re.split(r";  (?=\S)", inspect.cleandoc(docstring or ""))
    return first + "".join(("\n" if FORMULA.match(other) else "\n\n") + other for other in others)


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
