"""A whole step (forward, backward, update) as a flat list of lines `value <- gate(values)`."""

from __future__ import annotations

from typing import Any

from .interpreter import interpret
from .paths import cell_path, named
from .record import Line, Record
from .spec import Ref


class Program(Record):
    """A step written down, which can be run and printed."""

    def __call__(self, *arguments: Any) -> Any:
        """Run the step once, gate by gate, and return what it returned; see `interpret`."""
        return interpret(self, *arguments)

    def names(self) -> dict[int, str]:
        """The path of each value: what people type, and what programs, plans and messages print."""
        return named(self)

    def root(self) -> int:
        """The value that the way back starts from: the last one with a gradient; for a step that has one."""
        order = self.makers()
        return max(self.slopes, key=lambda n: order.get(n, -1))

    def __str__(self) -> str:
        names = self.names()
        inputs = ", ".join(f"{names[n]}: {self.specs[n]}" for n in self.inputs)
        rows = [f"program {self.name}({inputs})"]
        rows += [f"  state {names[n]}: {self.specs[n]}" for n in self.cells]
        rows += [f"  {row}" for row in align([self.row(line, names) for line in self.lines])]
        rows += [f"  {cell_path(cell, 0)} := {names[n]}" for cell, n in self.updates]
        return "\n".join([*rows, f"  return {show(self.output, names)}"])

    def row(self, line: Line, names: dict[int, str]) -> tuple[str, str]:
        """One printed line and its comment."""
        made = ", ".join(f"{names[n]}: {self.specs[n]}" for n in line.outputs)
        read = [names[n] for n in line.inputs]
        settings = [f"{k}={v}" for k, v in line.gate.settings().items()]
        return f"{made} <- {line.gate.label}({', '.join(read + settings)})", f"# {line.phase}, {line.place}"


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
