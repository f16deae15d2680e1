"""Who made the first NaN or infinity of a compiled step?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compiler import Plan
from ..errors import NonFiniteError
from ..graph import Line
from .lines import Place, Step, place_of, replayed


@dataclass(frozen=True)
class Blame:
    """The first value that is not finite.

    place:  the line that made it, or None where it came in with an argument or state of this path
    index, value:  the first such element;  operands: (path, number) of what the line read there
    """

    path: str
    place: Place | None
    index: tuple[int, ...]
    value: float
    operands: list[tuple[str, float]]

    def __str__(self) -> str:
        at = f"{self.path}{list(self.index)} is {self.value}"
        if self.place is None:
            return f"{at}: it came in with {self.path}, no line of the step made it"
        read = ", ".join(f"{name} = {number:.6g}" for name, number in self.operands)
        return f"{at}, made by {self.place.gate} of {read or 'finite inputs'} ({self.place.phase}, {self.place.line})"


def blame(step: Step, *batch: Any) -> Blame | None:
    """The line of a compiled or saved step that made the first number that is not finite; None if all are finite.

    The step is replayed compiled, with every value kept and no state changed.  A line that only passes on what
    it was given is not blamed.

    >>> import chainrule as cr
    >>> step = cr.compile(lambda x: cr.log(x).sum())
    >>> print(blame(step, np.array([1.0, 0.0], "float32")))
    log[1] is -inf, made by log of x = 0 (forward, ...)
    """
    plan, values = replayed(step, *batch)
    names = plan.program.names()
    for number in (*plan.program.inputs, *plan.program.cells, *plan.program.constants):
        if number in values and not finite(values[number]):
            return found(values[number], names[number], None, [])
    for number, line in enumerate(plan.program.lines):
        for n in line.outputs:
            if (
                n in values
                and not finite(values[n])
                and all(finite(values[i]) for i in line.inputs if i in values)
            ):
                index = first(values[n])
                return found(
                    values[n],
                    names[n],
                    place_of(plan, number, names),
                    operands(plan, line, values, names, index),
                )
    return None


def explain(error: NonFiniteError, step: Step, *batch: Any) -> NonFiniteError:
    """The error of a step that the guard held back, with the line that is to blame."""
    culprit = blame(step, *batch)
    if culprit is None:
        return error
    made = NonFiniteError(
        error.who, str(culprit), error.expected, "a smaller learning rate, or look at this line's inputs"
    )
    place = culprit.place
    return made if place is None else made.at(place.layer, place.line)  # type: ignore[return-value]


def finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def first(array: np.ndarray) -> tuple[int, ...]:
    """The first element that is not finite."""
    return tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])


def found(array: np.ndarray, path: str, place: Place | None, read: list[tuple[str, float]]) -> Blame:
    index = first(array)
    return Blame(path, place, index, float(array[index]), read)


def operands(
    plan: Plan, line: Line, values: dict[int, np.ndarray], names: dict[int, str], index: tuple[int, ...]
) -> list[tuple[str, float]]:
    """What an elementwise line read where it went wrong; for other lines the largest magnitude of each input."""
    shape = plan.program.specs[line.outputs[0]].shape
    read = []
    for n in line.inputs:
        array = values.get(n)
        if array is None or array.size == 0:
            continue
        try:
            there = float(np.broadcast_to(array, shape)[index])
            read.append((names[n], there))
        except ValueError:
            flat = np.abs(array.astype(np.float64))
            read.append((f"max |{names[n]}|", float(flat.max())))
    return read
