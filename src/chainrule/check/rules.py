"""The gate at fault: each gate's own backward against differences of its own forward, at the numbers that flowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import GradientError
from ..graph import Line
from ..random import Generator
from .differences import STEPS, Difference
from .examined import Effort, Index, examined, extent, signs
from .kinks import jumped
from .passing import either
from .wide import Alone, Wide, computed, weights_for

MARGIN = 2 * STEPS[0]
"""Twice the step that differences are begun with."""


@dataclass(frozen=True)
class Culprit:
    """A gate whose backward is not the slope of its forward.

    path, gate, layer, line, source:  what it makes, its name, and where it stands in the user's code
    input, value:  the name of the input in the gate, and the path of what it read there
    index, slopes:  the worst element, and what backward and differences say of it; None for none alone
    """

    path: str
    gate: str
    layer: str
    line: str
    source: str
    input: str
    value: str
    index: Index | None
    slopes: Difference

    def __str__(self) -> str:
        layer = f" in layer {self.layer}" if self.layer else ""
        at = f"{self.input}{list(self.index) if self.index else ''}"
        read = f", which is {self.value}" if self.value != self.input else ""
        numbers = f"backward {self.slopes.backward:.6g}, differences {self.slopes.differences:.6g}"
        where = "".join(f"\n  {part}" for part in (f"at {self.line}" * bool(self.line), self.source) if part)
        return f"{self.gate} (makes {self.path}){layer}: its slope to {at}{read}: {numbers}{where}"


def culprits(at: Wide, effort: Effort) -> Iterator[Culprit]:
    """Every line of the way forward whose gate hands back wrong slopes, in the order of the program."""
    names = at.sketch.program.names()
    reached = {w.number for w in at.sketch.wanted}
    for line in at.forward:
        wants = [n in reached and at.values[n].dtype.kind == "f" for n in line.inputs]
        if any(wants):
            reached.update(line.outputs)
            yield from wrong(at, line, wants, names, effort)


def wrong(
    at: Wide, line: Line, wants: list[bool], names: dict[int, str], effort: Effort
) -> Iterator[Culprit]:
    """The inputs of a line that are handed wrong slopes."""
    given = [at.values[n] for n in line.inputs]
    alone = Alone(line.gate, given, weights_for(computed(line.gate, given)))
    if not hasattr(line.gate, "backward") or all(w is None for w in alone.weights):
        return
    try:
        handed = alone.handed(wants)
    except GradientError:  # a rule that cannot be asked was told by the way back already
        return
    for k, gradient in enumerate(handed):
        if not wants[k]:
            continue
        slope = np.zeros_like(given[k]) if gradient is None else gradient
        found = examined(alone, k, slope, effort, smooth(line, given, k))
        if found.worst.verdict == "wrong":
            place = line.place
            yield Culprit(
                names[line.outputs[0]],
                line.gate.label,
                place.layer,
                str(place),
                place.text,
                input_name(line, k),
                names[line.inputs[k]],
                found.index,
                found.worst,
            )


def input_name(line: Line, k: int) -> str:
    """What the gate calls an input."""
    names = line.gate.inputs
    return names[k] if k < len(names) - line.gate.variadic else f"{names[-1]}[{k - len(names) + 1}]"


def smooth(line: Line, given: list[np.ndarray], k: int) -> np.ndarray | None:
    """Where an input may be moved a little without a kink on the way; None for everywhere."""
    x, bad = given[k], None
    up = np.full(x.shape, extent(x))
    for v in (up, signs(Generator(0), x)):
        low, high = ([*given[:k], x + side * MARGIN * v, *given[k + 1 :]] for side in (-1, 1))
        where = jumped(line.gate, low, high)[k]
        bad = either(bad, where)
    return None if bad is None else ~bad
