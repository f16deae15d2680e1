"""A whole step (forward, backward, update) as a flat list of lines `value <- gate(values)`."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from .interpreter import interpret
from .record import Line, Record
from .spec import Example, Ref


class Program(Record):
    """A step written down, which can be run and printed."""

    def __call__(self, *arguments: Any) -> Any:
        """Run the step once, gate by gate, and return what it returned; see `interpret`."""
        return interpret(self, *arguments)

    def names(self) -> dict[int, str]:
        """A name for each value, for people: a parameter's path, an input's, or layer path and gate."""
        names = dict(zip(self.inputs, self.input_names(), strict=True))
        names |= {number: cell.name or f"state{k}" for k, (number, cell) in enumerate(self.cells.items())}
        names |= {n: np.array2string(a, threshold=4) for n, a in self.constants.items() if a.ndim == 0}
        names |= {n: f"constant{n}" for n, a in self.constants.items() if a.ndim > 0}
        names |= {n: f"{cell.name}.grad" for cell, n in self.gradients if n is not None and cell.name}
        taken: Counter[str] = Counter(names.values())
        for line in self.lines:
            for number in line.outputs:
                if number not in names:
                    names[number] = unique(path_of(line, number), taken)
        return names

    def __str__(self) -> str:
        names = self.names()
        inputs = ", ".join(f"{names[n]}: {self.specs[n]}" for n in self.inputs)
        rows = [f"program {self.name}({inputs})"]
        rows += [f"  state {names[n]}: {self.specs[n]}" for n in self.cells]
        rows += [f"  {row}" for row in align([self.row(line, names) for line in self.lines])]
        rows += [f"  {cell.name or 'state'} := {names[n]}" for cell, n in self.updates]
        return "\n".join([*rows, f"  return {show(self.output, names)}"])

    def input_names(self) -> list[str]:
        """The names of the arguments that are arrays."""
        pairs = zip(self.argument_names, self.arguments, strict=True)
        return [name for name, example in pairs if isinstance(example, Example)]

    def row(self, line: Line, names: dict[int, str]) -> tuple[str, str]:
        """One printed line and its comment."""
        made = ", ".join(f"{names[n]}: {self.specs[n]}" for n in line.outputs)
        read = [names[n] for n in line.inputs]
        settings = [f"{k}={v}" for k, v in line.gate.settings().items()]
        return f"{made} <- {line.gate.label}({', '.join(read + settings)})", f"# {line.phase}, {line.place}"


def path_of(line: Line, number: int) -> str:
    """layer/gate, with .grad for what the backward pass makes, and the output's name where there are several."""
    gate = line.gate
    stem = (
        gate.label if len(gate.outputs) == 1 else f"{gate.label}.{gate.outputs[line.outputs.index(number)]}"
    )
    where = "optimizer" if line.phase == "update" else line.place.layer
    return (f"{where}/" if where else "") + stem + (".grad" if line.phase == "backward" else "")


def unique(name: str, taken: Counter[str]) -> str:
    """The name, or the name with a number if it is taken."""
    taken[name] += 1
    return name if taken[name] == 1 else unique(f"{name}:{taken[name]}", taken)


def align(rows: list[tuple[str, str]], most: int = 96) -> list[str]:
    """Comments in one column, as far as lines are not too long."""
    width = max([len(left) for left, _ in rows if len(left) <= most], default=0)
    return [f"{left:<{width}}  {comment}" for left, comment in rows]


def show(output: Any, names: dict[int, str]) -> str:
    if isinstance(output, Ref):
        return names[output.number]
    if isinstance(output, tuple | list):
        return "(" + ", ".join(show(o, names) for o in output) + ")"
    if isinstance(output, dict):
        return "{" + ", ".join(f"{k}: {show(o, names)}" for k, o in output.items()) + "}"
    return repr(output)
