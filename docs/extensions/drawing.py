"""Circuits as SVG: the gates of a small computation from left to right, values above the wires, gradients below.

Pixels throughout; a column for each gate on the longest way, a row for each input.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import chainrule as cr
from chainrule.errors import GradientError
from chainrule.graph import Line
from chainrule.lens import Debugger
from chainrule.lens.digits import number
from chainrule.pictures.markup import element, label, svg

SYMBOLS = {
    "add": "+",
    "subtract": "−",
    "multiply": "×",
    "divide": "÷",
    "maximum": "max",
    "minimum": "min",
    "negative": "±",
    "sigmoid": "σ",
    "power": "^",
    "sum": "Σ",
    "matmul": "·",
    "sum_of_squares": "Σx²",
}
"""What stands in a gate's circle; other gates have their name."""
AROUND_A_NUMBER = {"add": "+{}", "subtract": "−{}", "multiply": "×{}", "divide": "÷{}", "power": "^{}"}
"""The same where the second input is a number written into the program."""
COLUMN, ROW, RADIUS, LABEL, LEFT = 132, 64, 21, 64, 30


class Spot(NamedTuple):
    """Where a value comes out: of an input's name, or of a gate."""

    x: float
    y: float
    text: str
    round: bool

    @property
    def exit(self) -> float:
        return self.x + (RADIUS if self.round else 4 + 5 * len(self.text))


def circuit(function: Callable[..., Any], backward: bool = True, **inputs: Any) -> str:
    """Draw a function of named numbers or arrays, as SVG: forward, and backward from its result.

    function:  from tensors to one number, made of gates
    backward:  whether the gradients are written too

    >>> picture = circuit(lambda x, y, z: (x + y) * z, x=-2.0, y=5.0, z=-4.0)
    >>> [text in picture for text in (">×<", ">−12.00<", ">3.00<")]
    [True, True, True]
    """
    debugger = opened(function, inputs)
    program = debugger.program
    lines = [line for line in program.lines if line.phase == "forward"]
    spots = placed(lines, {n: debugger.names[n] for n in program.inputs}, debugger)
    wires = [wire(spots[n], spots[line.outputs[0]]) for line in lines for n in line.inputs if n in spots]
    last = spots[lines[-1].outputs[0]]
    wires.append(path(f"M{last.exit} {last.y}h{LABEL + 6}"))
    body = [*wires, *(drawn(spot) for spot in spots.values())]
    body += [text for n, spot in spots.items() for text in written(debugger, n, spot, backward)]
    width = max(spot.exit for spot in spots.values()) + LABEL + 12
    height = max(spot.y for spot in spots.values()) + ROW / 2 + 8
    return svg(width, height, *body, name=f"circuit of {', '.join(inputs)}")


def opened(function: Callable[..., Any], inputs: dict[str, Any]) -> Debugger:
    """The function and its backward pass, in float64, to be asked."""

    @functools.wraps(function)
    def step(*values: Any) -> None:
        function(*values).backward()

    return cr.debug(step, *(cr.Tensor(v, dtype="float64", requires_grad=True) for v in inputs.values()))


def placed(lines: list[Line], names: dict[int, str], debugger: Debugger) -> dict[int, Spot]:
    """A place for each input and each gate's result: inputs at the left, each gate right of what it reads."""
    inputs = [n for n in dict.fromkeys(n for line in lines for n in line.inputs) if n in names]
    spots = {n: Spot(LEFT, ROW / 2 + ROW * row, names[n], False) for row, n in enumerate(inputs)}
    columns = dict.fromkeys(inputs, 0)
    for line in lines:
        read = [n for n in line.inputs if n in spots]
        column = 1 + max((columns[n] for n in read), default=0)
        y = sum(spots[n].y for n in read) / max(len(read), 1)
        out = line.outputs[0]
        columns[out] = column
        x = LEFT + COLUMN * column
        taken = {(spot.x, spot.y) for spot in spots.values()}
        while (x, y) in taken:
            y += ROW
        spots[out] = Spot(x, y, symbol(line, debugger), True)
    return spots


def symbol(line: Line, debugger: Debugger) -> str:
    """What stands in a gate's circle, with a number that is written into the program."""
    gate = line.gate.label
    fixed = {k: debugger.values[n] for k, n in enumerate(line.inputs) if n in debugger.program.constants}
    if len(fixed) == 1 and len(line.inputs) == 2 and gate in AROUND_A_NUMBER:
        place, array = next(iter(fixed.items()))
        text = f"{array.item():g}".replace("-", "−")
        if gate == "divide" and place == 0:
            return f"{text}/x"
        return AROUND_A_NUMBER[gate].format(text)
    return SYMBOLS.get(gate, gate)


def wire(start: Spot, end: Spot) -> str:
    """Level as far as its numbers reach, then round to the gate."""
    level = max(start.exit + LABEL, end.x - COLUMN + RADIUS + LABEL)
    into = end.x - RADIUS
    middle = (level + into) / 2
    return path(f"M{start.exit} {start.y}H{level}C{middle} {start.y} {middle} {end.y} {into} {end.y}")


def path(commands: str) -> str:
    return element("path", d=commands, fill="none", class_="cr-rule")


def drawn(spot: Spot) -> str:
    """A circle with its symbol, or an input's name."""
    small = "11px" if spot.round and len(spot.text) > 3 else None
    words = label(spot.x, spot.y + 5, spot.text, "name", "middle", font_size=small)
    if not spot.round:
        return words
    style = "fill:var(--cr-card);stroke:var(--cr-ink);stroke-width:1.5"
    return element("circle", cx=spot.x, cy=spot.y, r=RADIUS, style=style) + words


def written(debugger: Debugger, n: int, spot: Spot, backward: bool) -> list[str]:
    """The value above the wire, and the gradient below it."""
    x = spot.exit + LABEL / 2 + 2
    texts = [element("g", label(x, spot.y - 6, told(debugger.values[n]), "hued", "middle"), class_="cr-3")]
    if backward:
        try:
            slope = told(debugger.upstream(debugger.names[n]))
        except GradientError:
            slope = "no gradient"
        texts.append(element("g", label(x, spot.y + 18, slope, "hued", "middle"), class_="cr-5"))
    return texts


def told(array: Any) -> str:
    """A number, or the shape of an array."""
    return number(float(array)) if array.shape == () else "×".join(map(str, array.shape))
