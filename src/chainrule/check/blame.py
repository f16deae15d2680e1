"""Who made the first NaN or infinity of a step, of what, and how it came to what the guard looks at?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..compiler import Plan, SavedStep
from ..errors import CompileError, NonFiniteError
from ..graph import Program, Value, evaluate, trace
from .advice import advice
from .lines import Place, kernel_of, placed, replayed
from .numbers import Numbers, first
from .operands import Operands, operands
from .passing import computed
from .trail import Source, Trail, trail

MOST = 4
"""How many paths a sentence names of a long way."""


@dataclass(frozen=True)
class Blame:
    """The first value that is not finite and reaches what has to be.

    path, index, value:  the value, where in it, and the number there
    place:  the line that made it; None where it came in
    came_in:  "argument", "state" or "constant" where it came in with one; "" where a line made it
    operands:  (path, number) of what the line read there; the largest ones of a sum;  note: what they are
    source:  the text of the user's line, where it can be read
    count, size:  how many of the value's numbers are not finite, of how many
    passed:  the paths that passed it on, in order; the last one had to be finite: the loss, a gradient
    also:  paths where others begin, which this one did not cause
    """

    path: str
    index: tuple[int, ...]
    value: float
    place: Place | None = None
    operands: list[tuple[str, float]] = field(default_factory=list)
    note: str = ""
    came_in: str = ""
    source: str = ""
    count: int = 1
    size: int = 1
    passed: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)

    @property
    def head(self) -> str:
        """What it is and where it comes from: made by a gate, or come in."""
        at = f"{self.path}{list(self.index) or ''} is {self.value}"
        if self.place is not None:
            return f"{at}, made by {self.place.gate}"
        kind = CAME_IN[self.came_in]
        return f"{at}: it came in with {self.path}, {kind}, and no line of the step made it"

    @property
    def way(self) -> str:
        """How it was passed on, in short."""
        *between, end = self.passed or [""]
        if len(between) > MOST:
            between = [*between[: MOST - 1], "…", between[-1]]
        return f"by {', '.join(between)} to {end}" if between else f"to {end}" if end else ""

    def sentence(self) -> str:
        """All in one sentence, for an error."""
        read = f" of {Operands(self.operands)}" if self.operands else ""
        note = f" ({self.note})" if self.note else ""
        way = f"; passed on {self.way}" if self.way else ""
        return f"{self.head}{read}{note}{way}"

    def __str__(self) -> str:
        place = self.place
        rows = [
            ("of", str(Operands(self.operands))),
            ("", self.note),
            ("layer", place.layer if place else ""),
            ("line", ": ".join(part for part in (place.line, self.source) if part) if place else ""),
            ("not finite", f"{self.count:,} of {self.size:,} numbers" if self.size > 1 else ""),
            ("passed on", self.way),
            ("besides", ", ".join([*self.also[:MOST], *["…"] * (len(self.also) > MOST)])),
        ]
        head = f"{self.head} ({place.phase})" if place else self.head
        return "\n".join([head, *(f"  {name:<10}  {text}" for name, text in rows if text)])


CAME_IN = {
    "argument": "an argument",
    "state": "state of before the step",
    "constant": "a constant of the step",
}


def blame(step: Callable[..., Any], *batch: Any) -> Blame | None:
    """The line of a step that made the first number that is not finite, with what it made it of.

    A compiled or saved step is replayed compiled, with every value kept; any other function is traced and run gate by
    gate.  No state is changed.  Then the program is walked back: from the loss; if it is finite, from the gradients; if
    they are, from what else the step returns and assigns.  So a line that only passes on what it was given is not
    blamed, nor is a number that never arrives there: one that `where` leaves out, or that a maximum does not choose, is
    harmless.  None if all of these ends are finite.

    >>> import chainrule as cr
    >>> step = cr.compile(lambda x: (cr.log(x) * 2.0).sum())
    >>> print(blame(step, np.array([1.0, 0.0], "float32")))
    log[1] is -inf, made by log (forward)
      of          x = 0
      line        ...
      not finite  1 of 2 numbers
      passed on   by multiply to loss
    """
    return blamed(*looked_at(step, *batch))


def looked_at(step: Any, *batch: Any) -> tuple[Program, dict[int, np.ndarray], Plan | None]:
    """The program of a step, every value of one run, and the plan that made them, if one did."""
    if hasattr(step, "replay"):
        try:
            plan, values = replayed(step, *batch)
            return plan.program, values, plan
        except CompileError:  # a step that runs plain, since nothing can be compiled here
            if isinstance(step, SavedStep):
                return step.program, evaluate(step.program, *step.batch), None
            step = step.function
    program = trace(step, *batch, kind=Value.usual)
    return program, evaluate(program, *batch), None


def blamed(program: Program, values: dict[int, np.ndarray], plan: Plan | None) -> Blame | None:
    """The same of values by number: those that a plan has made, or without one the interpreter."""
    numbers = Numbers(program, values)
    found = trail(numbers)
    if not found.sources:
        return None
    start, names = found.sources[0], program.names()
    if start.line is None:
        return told(found, start, names, first(start.mask))
    plain = gate_by_gate(numbers, start)
    # Winograd's algorithm spreads one number over its tile: the gate says where it began
    agreed = start.mask & ~np.isfinite(plain)
    index = first(agreed if agreed.any() else start.mask)
    made = made_by(numbers, start.line, names, index, plan)
    if np.isfinite(plain[index]):
        made["note"] = f"gate by gate it is {plain[index]:.6g}"
    return told(found, start, names, index, **made)


def gate_by_gate(numbers: Numbers, start: Source) -> np.ndarray:
    """What the gate by itself makes of what the line read."""
    line = numbers.program.lines[start.line or 0]
    return computed(line.gate, tuple(numbers[n] for n in line.inputs))[line.outputs.index(start.number)]


def made_by(
    numbers: Numbers, position: int, names: dict[int, str], index: tuple[int, ...], plan: Plan | None
) -> dict[str, Any]:
    """What is said of the line that made a number: where it stands, and what it read there."""
    program, line = numbers.program, numbers.program.lines[position]
    labels = ["" if n in program.constants else names[n] for n in line.inputs]
    read = operands(line.gate, tuple(numbers[n] for n in line.inputs), labels, index)
    kernel = kernel_of(plan, position) if plan else "numpy"
    return {
        "place": placed(program, position, names, kernel),
        "operands": read.read,
        "note": read.note,
        "source": line.place.text,
    }


def told(found: Trail, start: Source, names: dict[int, str], index: tuple[int, ...], **more: Any) -> Blame:
    """What is said of a start, whether it came in or was made, which is told by `more`."""
    array, wrong = found.numbers[start.number], found.numbers.wrong(start.number)
    return Blame(
        names[start.number],
        index,
        float(array[index]),
        came_in=kind_of(found.program, start.number),
        count=int(np.sum(wrong)),  # type: ignore[arg-type]
        size=array.size,
        passed=[names[n] for n in found.route(start.number)],
        also=[names[other.number] for other in found.sources if other.number != start.number],
        **more,
    )


def kind_of(program: Program, number: int) -> str:
    """What a value is that came in; "" for one that a line made."""
    kinds = {"argument": program.inputs, "state": program.cells, "constant": program.constants}
    return next((kind for kind, numbers in kinds.items() if number in numbers), "")


def explain(error: NonFiniteError, step: Callable[..., Any], *batch: Any) -> NonFiniteError:
    """The error of a step that the guard held back, with the line that is to blame and what may help."""
    culprit = blame(step, *batch)
    if culprit is None:
        return error
    place = culprit.place
    hint = advice(place.gate if place else "", culprit.came_in, place.phase if place else "")
    made = NonFiniteError(error.who, culprit.sentence(), error.expected, hint)
    return made if place is None else made.at(place.layer, place.line)  # type: ignore[return-value]
