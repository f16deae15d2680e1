"""What is seen where the debugger stands: the line, the user's line, and a short look at the numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..compiler.statistics import Statistics
from ..graph import Line, Spec
from .digits import number, percent
from .values import Values


@dataclass(frozen=True)
class Stop:
    """A place of the cursor.

    number, count:  of the line, from 1, and of all lines; 0 before the first
    path, also:  the value that is looked at, and what else the line makes
    formula:  the gate with what it reads;  phase: "forward", "backward" or "update"
    source:  the user's line with its text;  look: a few words on the numbers
    note:  why it stopped here, if not because of next or back
    """

    number: int
    count: int
    note: str
    path: str = ""
    also: tuple[str, ...] = ()
    gate: str = ""
    formula: str = ""
    phase: str = ""
    layer: str = ""
    spec: Spec | None = None
    source: str = ""
    look: str = ""

    @property
    def heading(self) -> str:
        """Where the line stands in the step."""
        if not self.number:
            return f"before the first of {self.count:,} lines"
        layer = f", layer {self.layer}" if self.layer else ""
        return f"line {self.number:,} of {self.count:,}, {self.phase}{layer}"

    def __str__(self) -> str:
        rows = [self.heading + (f": {self.note}" if self.note else "")]
        if self.number:
            rows += [f"{self.path}: {self.spec}", f"  = {self.formula}"]
            rows += [f"  also {', '.join(self.also)}"] * bool(self.also)
            rows += [f"  {self.look}"]
            rows += [f"  {self.source}"] * bool(self.source)
        return "\n".join(rows)

    __repr__ = __str__


def stop_at(values: Values, position: int, focus: int, note: str, array: np.ndarray | None) -> Stop:
    """The stop at a line, counted from 1, that looks at the value `focus`."""
    program, names = values.program, values.names
    line = program.lines[position - 1]
    return Stop(
        position,
        len(program.lines),
        note,
        path=names[focus],
        also=tuple(names[n] for n in line.outputs if n != focus),
        gate=line.gate.label,
        formula=formula(line, names),
        phase=line.phase,
        layer=line.place.layer,
        spec=program.specs[focus],
        source=source(line),
        look="not made by the compiled step" if array is None else look(array),
    )


def formula(line: Line, names: dict[int, str]) -> str:
    """The gate with what it reads, and its settings."""
    settings = [f"{k}={v}" for k, v in line.gate.settings().items()]
    return f"{line.gate.label}({', '.join([*(names[n] for n in line.inputs), *settings])})"


def source(line: Line) -> str:
    """The user's line, and what it says if the file is there."""
    text = line.place.text
    return f"at {line.place}" + (f": {text}" if text else "") if str(line.place) else ""


def look(array: np.ndarray) -> str:
    """A number itself; of many the range, the mean, the share of zeros and the norm.

    >>> look(np.array([0.0, -3.0, 4.0]))
    'min −3.00, max 4.00, mean 0.333, 33 % zeros, norm 5.00'
    """
    if array.size == 0:
        return "no elements"
    if array.ndim == 0:
        return number(array)
    if array.dtype.kind == "b":
        return f"{percent(float(array.mean()))} true"
    found = Statistics.of(array)
    words = [f"{name} {number(getattr(found, name))}" for name in ("min", "max", "mean")]
    wild = int(np.count_nonzero(~np.isfinite(array)))
    words += [f"{percent(found.zeros)} zeros", f"norm {number(found.norm)}"]
    return ", ".join([*words, *([f"{wild:,} not finite"] if wild else [])])
