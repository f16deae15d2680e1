"""A written program read back.  It may come from anywhere, so all of it is checked, and nothing of it is run: numbers,
the order of lines, settings by their declared types, and each line's results by the gate's own shape rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ChainruleError
from .apply import promise
from .foreign import Foreign
from .gate import Gate
from .origin import Origin, number_of
from .plain import Plain, fits, hints_of
from .program import Program
from .record import PHASES, Line
from .spec import Example, Spec
from .value import Value, require_grad
from .written import Vocabulary

PARTS = (
    *("name", "arguments", "specs", "inputs", "cells", "constants"),
    *("lines", "origins", "updates", "gradients", "slopes", "output"),
)

FOLDERS = frozenset("/\\:")
"""What names of files have that lead elsewhere: nobody looks there for a line's text."""

Check = Callable[[Gate], None]
"""Raises an error for settings that no call of the gate's function could have made."""


def read(data: Any, foreign: Foreign, vocabulary: Vocabulary, check: Check, kind: type[Value]) -> Program:
    """The program that `write` wrote; its cells are new values, and they and the constants are hollow: they have shapes
    and dtypes, and no memory.

    kind:  of the cells, and of what the program returns
    Raises FileError for data that is no program.
    """
    parts = dict(zip(PARTS, foreign.fields(data, "the program", *PARTS), strict=True))
    return Readback(foreign, vocabulary, check, kind).program(parts)


def hollow(spec: Spec) -> np.ndarray:
    """An array of a spec without memory of its own."""
    return np.broadcast_to(np.zeros((), spec.dtype), spec.shape)


class Readback:
    """One program on its way back; `known`: the values that there are before the next line."""

    def __init__(self, foreign: Foreign, vocabulary: Vocabulary, check: Check, kind: type[Value]) -> None:
        self.foreign, self.vocabulary, self.check, self.kind = foreign, vocabulary, check, kind
        self.specs: list[Spec] = []
        self.known: set[int] = set()

    def program(self, parts: dict[str, Any]) -> Program:
        """All parts, in the order in which each needs those before it."""

        def rows(part: str) -> list[Any]:
            return self.foreign.row(parts[part], part)

        self.specs = [self.foreign.spec(s, f"value {n}") for n, s in enumerate(rows("specs"))]
        made = Program(self.foreign.text(parts["name"], "the name"), self.kind, specs=self.specs)
        made.inputs = [self.new(n, "an input") for n in rows("inputs")]
        made.argument_names, made.arguments = self.arguments(rows("arguments"), made.inputs)
        made.cells = dict(self.cell(c) for c in rows("cells"))
        constants = [self.new(n, "a constant") for n in rows("constants")]
        made.constants = {n: hollow(self.specs[n]) for n in constants}
        places = [self.origin(o) for o in rows("origins")]
        made.lines = [self.line(r, f"line {k}", places) for k, r in enumerate(rows("lines"))]
        self.check_all_are_made()
        made.updates = [self.update(u, made.cells) for u in rows("updates")]
        made.gradients = [self.gradient(g, made.cells) for g in rows("gradients")]
        self.check_once([id(cell) for cell, _ in made.updates], "updates")
        self.check_once([id(cell) for cell, _ in made.gradients], "gradients")
        made.slopes = dict(self.slope(s) for s in rows("slopes"))
        made.output = Plain(self.foreign, {}, len(self.specs)).read(parts["output"], "what the step returns")
        return made

    def check_all_are_made(self) -> None:
        """Every value is an argument, state, a constant, or made by a line."""
        missing = [n for n in range(len(self.specs)) if n not in self.known]
        if missing:
            came = f"without a line for value {missing[0]}"
            raise self.foreign.refuse("the program", came, "a line for every value")

    def check_once(self, found: list[int], what: str) -> None:
        """Nothing is set twice."""
        if len(set(found)) < len(found):
            raise self.foreign.refuse(what, "one cell twice", "each cell once")

    def new(self, came: Any, what: str) -> int:
        """The number of a value that nothing before has made."""
        number = self.foreign.whole(came, what, 0, len(self.specs) - 1)
        if number in self.known:
            raise self.foreign.refuse(what, f"value {number}, made twice", "a value made once")
        self.known.add(number)
        return number

    def there(self, came: Any, what: str) -> int:
        """The number of a value that is there already."""
        number = self.foreign.whole(came, what, 0, len(self.specs) - 1)
        if number not in self.known:
            raise self.foreign.refuse(what, f"value {number}, which is made later", "a value made before")
        return number

    def arguments(self, rows: list[Any], inputs: list[int]) -> tuple[list[str], tuple[Any, ...]]:
        """Names and examples; those of arrays have the specs of the inputs, one after the other."""
        names, examples = [], []
        for came in rows:
            name, data = self.foreign.row(came, "an argument", 2)
            names.append(self.foreign.text(name, "the name of an argument"))
            examples.append(self.example(data))
        arrays = [e.spec for e in examples if isinstance(e, Example)]
        if arrays != [self.specs[n] for n in inputs]:
            raise self.foreign.refuse("arguments", f"{len(arrays)} arrays", "those of the inputs")
        return names, tuple(examples)

    def example(self, data: Any) -> Any:
        what = "an argument"
        if isinstance(data, dict) and "plain" in data:
            (plain,) = self.foreign.fields(data, what, "plain")
            return Plain(self.foreign, self.vocabulary.kinds).read(plain, what)
        spec, wanted = self.foreign.fields(data, what, "array", "gradient")
        return Example(self.foreign.spec(spec, what), self.foreign.flag(wanted, f"the gradient of {what}"))

    def cell(self, came: Any) -> tuple[int, Value]:
        """State without its numbers."""
        number, name, trained = self.foreign.row(came, "a cell", 3)
        spec = self.specs[self.new(number, "a cell")]
        cell = self.kind.of(hollow(spec), weak=spec.weak)
        cell.name = self.foreign.text(name, "the name of a cell")
        if self.foreign.flag(trained, f"the training of {cell.name}"):
            if not spec.floating:
                raise self.foreign.refuse(cell.name, f"{spec}, and trained", "floats, or not trained")
            require_grad(cell)
        return number, cell

    def origin(self, came: Any) -> int:
        file, line, function, layer = self.foreign.row(came, "an origin", 4)
        text = self.foreign.text
        at = self.foreign.whole(line, "the line of an origin", 0, 1 << 31)
        name = text(file, "a file").strip("<>")  # what stands in brackets is of that session
        if not FOLDERS.isdisjoint(name):
            raise self.foreign.refuse("a file", name, "its name alone")
        return number_of(Origin(name, at, text(function, "a function"), text(layer, "a layer")))

    def line(self, came: Any, what: str, places: list[int]) -> Line:
        """A line whose results are what its gate says they are."""
        label, settings, inputs, outputs, place, phase = self.foreign.row(came, what, 6)
        if phase not in (*PHASES, "again"):
            raise self.foreign.refuse(f"the phase of {what}", phase, f"one of {', '.join(PHASES)}, again")
        gate = self.gate(label, settings, what)
        read = tuple(self.there(n, f"what {what} reads") for n in self.foreign.row(inputs, what))
        self.promised(gate, read, outputs, what)
        made = tuple(self.new(n, f"what {what} makes") for n in outputs)
        origin = places[self.foreign.whole(place, f"the origin of {what}", 0, len(places) - 1)]
        again = phase == "again"
        return Line(gate, read, made, origin, "backward" if again else phase, again)

    def promised(self, gate: Gate, read: tuple[int, ...], outputs: Any, what: str) -> None:
        """The specs of the results follow from those of the inputs."""
        numbers = [
            self.foreign.whole(n, f"what {what} makes", 0, len(self.specs) - 1)
            for n in self.foreign.row(outputs, f"what {what} makes")
        ]
        try:
            self.check(gate)
            made = promise(gate, tuple(self.specs[n] for n in read))
        except ChainruleError as error:
            raise self.foreign.refuse(f"{what}, {gate.label}", error.came, error.expected) from None
        except Exception as error:  # whatever a shape rule says of settings that no call would have made
            raise self.foreign.refuse(f"{what}, {gate.label}", str(error), "what the gate takes") from None
        if list(made) != [self.specs[n] for n in numbers]:
            came, expected = ", ".join(str(self.specs[n]) for n in numbers), ", ".join(map(str, made))
            raise self.foreign.refuse(f"what {what}, {gate.label}, makes", came, expected)

    def gate(self, label: Any, settings: Any, what: str) -> Gate:
        """A gate of the vocabulary, with settings of the types that it declares."""
        gates, kinds = self.vocabulary
        if type(label) is not str or label not in gates:
            raise self.foreign.refuse(f"the gate of {what}", label, "a gate of chainrule.ops")
        hints, plain = hints_of(gates[label]), Plain(self.foreign, kinds)
        values = self.foreign.fields(settings, f"the settings of {label}", *hints)
        given = {name: plain.read(v, f"{name} of {label}") for name, v in zip(hints, values, strict=True)}
        for name, value in given.items():
            if not fits(value, hints[name]):
                raise self.foreign.refuse(f"{name} of {label}", value, f"{hints[name]}")
        return gates[label](**given)

    def update(self, came: Any, cells: dict[int, Value]) -> tuple[Value, int]:
        """A cell and the value that it becomes, alike in shape and dtype."""
        cell, number = self.foreign.row(came, "an update", 2)
        return cells[self.of(cell, number, cells, "an update")], number

    def gradient(self, came: Any, cells: dict[int, Value]) -> tuple[Value, int | None]:
        """A cell and its gradient, None where the step leaves none."""
        cell, number = self.foreign.row(came, "a gradient", 2)
        if number is None:
            return cells[self.one(cell, cells, "a gradient")], None
        return cells[self.of(cell, number, cells, "a gradient")], number

    def of(self, cell: Any, number: Any, cells: dict[int, Value], what: str) -> int:
        """A cell, once the value for it is like it."""
        self.alike(self.one(cell, cells, what), self.there(number, what), what)
        return int(cell)

    def one(self, came: Any, cells: dict[int, Value], what: str) -> int:
        if type(came) is not int or came not in cells:
            raise self.foreign.refuse(what, came, "the number of a cell")
        return came

    def alike(self, one: int, other: int, what: str) -> None:
        """Two values have one shape and dtype."""
        a, b = self.specs[one], self.specs[other]
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            raise self.foreign.refuse(what, f"{b} for {a}", "equal shapes and dtypes")

    def slope(self, came: Any) -> tuple[int, int]:
        """A value and its gradient."""
        number, slope = self.foreign.row(came, "a slope", 2)
        self.alike(self.there(number, "a slope"), self.there(slope, "a slope"), "a slope")
        return number, slope
