"""Run a program gate by gate in NumPy: the plain execution of a traced step, with every value in sight."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from .mode import run
from .record import Line, Record
from .spec import Example, Ref, Spec
from .value import Value


def interpret(program: Record, *arguments: Any) -> Any:
    """Run the step once and return what it returned; state changes together, after the last line.

    The results are those of the plain step, to the bit: the same forwards on arrays with the same strides.
    """
    values = evaluate(program, *arguments)
    commit(program, values)
    return returned(program, program.output, values)


def evaluate(program: Record, *arguments: Any) -> dict[int, np.ndarray]:
    """Every value of the step, by number; no state is changed."""
    values = given(program, *arguments)
    for line in program.lines:
        advance(program, line, values)
    return values


def given(program: Record, *arguments: Any) -> dict[int, np.ndarray]:
    """What is there before the first line, by number: arguments, state as it is now, constants."""
    values = dict(zip(program.inputs, fed(program, arguments), strict=True))
    values |= {number: cell.data for number, cell in program.cells.items()}
    return values | program.constants


def advance(program: Record, line: Line, values: dict[int, np.ndarray]) -> None:
    """Run one line, and put what it makes to the values."""
    promised = tuple(program.specs[n] for n in line.outputs)
    outs = run(line.gate, tuple(values[n] for n in line.inputs), promised)
    values.update(zip(line.outputs, outs, strict=True))


def commit(program: Record, values: dict[int, np.ndarray]) -> None:
    """Assign every updated cell and every gradient."""
    for cell, number in program.updates:
        cell.data = values[number]
    for parameter, gradient in program.gradients:
        parameter._grad = None if gradient is None else program.kind.of(values[gradient])


def fed(program: Record, arguments: tuple[Any, ...]) -> list[np.ndarray]:
    """The arrays among the arguments, held to the specs they were traced with."""
    who, hint = f"program {program.name}", "trace the step again for other arguments"
    if len(arguments) != len(program.arguments):
        raise ShapeError(who, f"{len(arguments)} arguments", f"{len(program.arguments)} as traced", hint)
    arrays = []
    for position, (example, given) in enumerate(zip(program.arguments, arguments, strict=True)):
        traced = isinstance(example, Example)
        array = given.data if isinstance(given, Value) else given
        came = Spec(array.shape, array.dtype) if isinstance(array, np.ndarray) else given
        expected = Spec(example.spec.shape, example.spec.dtype) if traced else example
        if came is not expected and came != expected:
            raise ShapeError(who, f"argument {position} is {came}", f"{expected} as traced", hint)
        if traced:
            arrays.append(array)
    return arrays


def returned(program: Record, output: Any, values: dict[int, np.ndarray]) -> Any:
    """The step's output with values in the places of references."""
    if isinstance(output, Ref):
        return program.kind.of(values[output.number], weak=program.specs[output.number].weak)
    if isinstance(output, tuple | list):
        return type(output)(returned(program, o, values) for o in output)
    if isinstance(output, dict):
        return {key: returned(program, o, values) for key, o in output.items()}
    return output
