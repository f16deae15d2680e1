"""A program as plain data that JSON can hold: what it does, without the numbers of its state and constants.

name, arguments   [name, the spec of an array or the value itself]
specs             of every value, by number: dtype, shape, whether it is weak
inputs, constants numbers;  cells: [number, name, whether it is trained]
origins           [file, line, function, layer];  lines: [gate, settings, inputs, outputs, origin, phase or "again"]
updates           [cell, number];  gradients: [cell, number or null];  slopes: [number, number]
output            what the step returns, {"value": number} in the places of values

Files are named without their folders.  Modes (train, eval) are left out, since what was written down is one step, and
gradients of what the step does not read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import TraceError
from ..words import printable
from .gate import Gate
from .origin import Origin
from .plain import Kinds, from_plain, from_spec
from .record import Line, Record
from .spec import Example

WHO = "save"


class Vocabulary(NamedTuple):
    """The gates that a written program may use, by label, and the classes in their settings, by name."""

    gates: Mapping[str, type[Gate]]
    kinds: Kinds


def write(program: Record, vocabulary: Vocabulary) -> dict[str, Any]:
    """The program as data; `read` makes it again.

    Raises TraceError for a gate that is not in the vocabulary, with its layer and line, and for an argument or result
    that is not made of arrays, numbers, strings, tuples, lists and dicts.
    """
    origins: dict[Origin, int] = {}
    kinds, numbers = vocabulary.kinds, owners(program)
    named = zip(program.argument_names, program.arguments, strict=True)
    return {
        "name": printable(program.name),
        "arguments": [[printable(name), argument(name, example, kinds)] for name, example in named],
        "specs": [checked(f"value {n}", from_spec, spec) for n, spec in enumerate(program.specs)],
        "inputs": program.inputs,
        "cells": [[n, printable(cell.name), cell.node is not None] for n, cell in program.cells.items()],
        "constants": list(program.constants),
        "lines": [row(line, vocabulary, origins) for line in program.lines],
        "origins": [place(origin) for origin in origins],
        "updates": [[numbers[id(cell)], n] for cell, n in program.updates],
        "gradients": [[numbers[id(value)], n] for value, n in program.gradients if id(value) in numbers],
        "slopes": [[n, slope] for n, slope in program.slopes.items()],
        "output": checked("what the step returns", from_plain, program.output, kinds),
    }


def row(line: Line, vocabulary: Vocabulary, origins: dict[Origin, int]) -> list[Any]:
    """One line, and its origin among those known."""
    gate = line.gate
    if vocabulary.gates.get(gate.label) is not type(gate):
        came = f"the gate {gate.label}, {type(gate).__name__} of {type(gate).__module__}"
        hint = "a step made of chainrule's own gates; a file holds nothing that runs"
        error = TraceError(WHO, came, "a gate of chainrule.ops", hint)
        raise error.at(line.place.layer, str(line.place))
    settings = {
        name: checked(f"{gate.label}'s {name}", from_plain, value, vocabulary.kinds)
        for name, value in gate.settings().items()
    }
    number = origins.setdefault(line.place, len(origins))
    phase = "again" if line.again else line.phase
    return [gate.label, settings, list(line.inputs), list(line.outputs), number, phase]


def argument(name: str, example: Any, kinds: Kinds) -> dict[str, Any]:
    """An argument: the spec of an array, or the value itself."""
    if isinstance(example, Example):
        return {
            "array": checked(name, from_spec, example.spec),
            "gradient": example.requires_grad,
        }
    return {"plain": checked(name, from_plain, example, kinds)}


def owners(program: Record) -> dict[int, int]:
    """The number of each cell, by its identity."""
    return {id(cell): n for n, cell in program.cells.items()}


def place(origin: Origin) -> list[Any]:
    """A line of the user's code, wherever the file lay."""
    file = printable(os.path.basename(origin.file)).strip("<>").replace("\\", "_").replace(":", "_")
    return [file, origin.line, printable(origin.function), printable(origin.layer)]


def checked(what: str, made: Any, *given: Any) -> Any:
    """What a function makes of something, or a TraceError with its reason."""
    try:
        return made(*given)
    except TypeError as error:
        expected = "arrays, numbers, strings, None; tuples, lists and dicts of them"
        raise TraceError(
            WHO, f"{what}: {error}", expected, "leave it out of the step, or pass plain values"
        ) from None
