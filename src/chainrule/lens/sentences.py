"""One sentence with numbers on any value of a step: how it was made, and where its gradient went."""

from __future__ import annotations

from typing import Any

import numpy as np

from .digits import number, place
from .element import Element, checked, chosen
from .handed import handed
from .made import listed, made
from .slopes import gradient_to
from .values import Values

FEW = 3
"""So many readers of a value are named."""


def explain(values: Values, which: int, index: Any = None) -> str:
    """The sentence of the value number `which`, for one element of it.

    index:  of the element; without it the one with the largest gradient, or the largest number
    """
    if values[which].size == 0:
        return f"{values.names[which]}: an array of shape {values[which].shape} without elements"
    if which not in values.makers:
        return given(values, which, index)
    element = element_of(values, which, index)
    if element.gate.pattern == "compares" or element.upstream is None:
        return f"{head(element)}: {made(element)}{aside(element)}"
    return f"{head(element)}: {made(element)}{aside(element)}; {handed(element)}"


def element_of(values: Values, which: int, index: Any, who: str = "explain") -> Element:
    """The element to look at of a value that a line makes; who: asks, for the error of a wrong index."""
    line = values.program.lines[values.makers[which]]
    slope = gradient_to(values, which)
    at = (
        picked(values[which], slope)
        if index is None
        else checked(who, values.names[which], values[which].shape, index)
    )
    upstream = None if slope is None else float(slope[at])
    return Element(values, line, line.outputs.index(which), at, upstream)


def picked(array: np.ndarray, slope: np.ndarray | None) -> tuple[int, ...]:
    """The element with the largest gradient; where there is none, the largest number."""
    return chosen(slope if slope is not None and np.any(slope != 0) else array)


def head(element: Element) -> str:
    """What the sentence is about: the gate on the way forward, the value's path elsewhere."""
    if element.line.phase != "forward":
        return place(element.name, element.index)
    gate = element.gate
    label = gate.label if len(gate.outputs) == 1 else f"{gate.label}.{gate.outputs[element.output]}"
    return place(label, element.index)


def aside(element: Element) -> str:
    """How many numbers of a relu or a dropout are 0."""
    if element.gate.label not in ("relu", "dropout") or element.whole.size == 1:
        return ""
    zeros = int(np.count_nonzero(element.whole == 0))
    return f" ({zeros:,} of {element.whole.size:,} are 0)"


def given(values: Values, which: int, index: Any) -> str:
    """An argument, state or a constant: its number, who reads it, and its gradient."""
    slope = gradient_to(values, which)
    program, array = values.program, values[which]
    at = (
        picked(array, slope) if index is None else checked("explain", values.names[which], array.shape, index)
    )
    kind = "an argument" if which in program.inputs else "state" if which in program.cells else "a constant"
    told = f"{place(values.names[which], at)}: {kind}, {number(array[at].item())}"
    readers = [
        values.names[line.outputs[0]]
        for line in program.lines
        if which in line.inputs and line.phase == "forward"
    ]
    if readers:
        rest = f" and {len(readers) - FEW:,} more" if len(readers) > FEW else ""
        told += f", read by {', '.join(readers[:FEW]) if rest else listed(readers)}{rest}"
    return told if slope is None else f"{told}; its gradient is {number(slope[at].item())}"
