"""The paths of a program's values: stable names that people can type.

linear1.weight          a parameter, by its place in the model
linear1/add             what a gate makes in a layer
linear1/relu            what follows in a layer without numbers of its own counts to the layer before
linear1/relu.grad       the gradient of the loss to it;  linear1.weight.grad likewise
linear1/less_equal.back what the way back computes beside such gradients
linear1/relu.again      what the second run of a checkpoint makes once more
optimizer/linear1.weight/velocity   what the optimizer keeps;  optimizer/group0/lr its settings
linear1.weight.new      what the step assigns
loss                    the number that the step returns, or that the way back begins at
Where a path would name two values, the later ones get :2, :3, …
"""

from __future__ import annotations

import difflib
import fnmatch
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from ..errors import UsageError
from .record import Line, Record
from .spec import Example, Ref
from .value import Value


def named(program: Record) -> dict[int, str]:
    """The path of every value, by number."""
    names = {n: literal(a, n) for n, a in program.constants.items()}
    names |= dict(zip(program.inputs, input_names(program), strict=True))
    names |= {number: cell_path(cell, k) for k, (number, cell) in enumerate(program.cells.items())}
    made = {n for line in program.lines for n in line.outputs}
    taken = Counter(names.values())

    def give(number: int, name: str) -> None:
        if number in made and number not in names:
            names[number] = unique(name, taken)

    for loss in losses(program):
        give(loss, "loss")
    for cell, number in program.gradients:
        if number is not None and cell.name:
            give(number, f"{cell.name}.grad")
    for cell, number in program.updates:
        if cell.name:
            give(number, f"{cell_path(cell, 0)}.new")
    own = with_state(program)
    layers: dict[int, str] = {}
    owners: dict[str, str] = {}
    for line in program.lines:
        layer = owners.get(line.place.layer, line.place.layer)
        if line.phase == "forward":
            layer = owners[line.place.layer] = layer_of(line, own, layers)
        layers.update(dict.fromkeys(line.outputs, layer))
        if line.phase == "forward":
            for number in line.outputs:
                give(number, join(layer, label(line, number)))
    for number, slope in program.slopes.items():
        if number in names:
            give(slope, f"{names[number]}.grad")
    for line in program.lines:
        for number in line.outputs:
            where = "optimizer" if line.phase == "update" else layers[number]
            ending = ".again" if line.again else ".back" if line.phase == "backward" else ""
            give(number, join(where, label(line, number)) + ending)
    return names


def losses(program: Record) -> list[int]:
    """The loss, if there is one: a single number that is all that the step returns, else where its backward began."""
    if isinstance(program.output, Ref):
        return [program.output.number] if program.specs[program.output.number].shape == () else []
    return [number for number, slope in program.slopes.items() if slope in program.constants][:1]


def input_names(program: Record) -> list[str]:
    """The names of the arguments that are arrays."""
    pairs = zip(program.argument_names, program.arguments, strict=True)
    return [name for name, example in pairs if isinstance(example, Example)]


def literal(array: np.ndarray, number: int) -> str:
    """A constant: its digits, or a name of its own."""
    return np.array2string(array, threshold=4) if array.ndim == 0 else f"constant{number}"


def cell_path(cell: Value, number: int) -> str:
    """State by its name; an optimizer's names have a slash: a parameter's path and the kind of slot."""
    return f"optimizer/{cell.name}" if "/" in cell.name else cell.name or f"state{number}"


def with_state(program: Record) -> set[str]:
    """The layers that read parameters or buffers."""
    return {cell.name.rpartition(".")[0] for cell in program.cells.values() if "/" not in cell.name}


def layer_of(line: Line, own: set[str], layers: dict[int, str]) -> str:
    """The layer that a line counts to: its own if it has numbers, else that of what it reads.  A module that is
    called by itself (a loss) goes by its class, and keeps that name.
    """
    layer = line.place.layer
    if layer in own or not layer or layer[0].isupper():
        return layer
    return next((layers[n] for n in line.inputs if layers.get(n)), layer)


def label(line: Line, number: int) -> str:
    """The gate's name, with the output's where there are several."""
    gate = line.gate
    return (
        gate.label if len(gate.outputs) == 1 else f"{gate.label}.{gate.outputs[line.outputs.index(number)]}"
    )


def join(layer: str, name: str) -> str:
    return f"{layer}/{name}" if layer else name


def unique(name: str, taken: Counter[str]) -> str:
    """The name, or the name with a number if it is taken."""
    taken[name] += 1
    return name if taken[name] == 1 else unique(f"{name}:{taken[name]}", taken)


def select(paths: Mapping[str, int], pattern: str, who: str) -> dict[str, int]:
    """The values whose path is this, or matches the pattern with * and ?; a slash may stand for a dot.

    Raises UsageError, naming the nearest paths, if there is none.

    >>> select({"conv2/relu": 7, "conv2.weight.grad": 9}, "conv2/*grad", "watch")
    {'conv2.weight.grad': 9}
    """
    if not isinstance(pattern, str):
        raise UsageError(
            who, f"a {type(pattern).__name__}", "the path of a value, as text", ", ".join(near("", paths))
        )
    if pattern in paths:
        return {pattern: paths[pattern]}
    found = {path: n for path, n in paths.items() if fnmatch.fnmatchcase(path, pattern)}
    if not found:
        dotted = pattern.replace("/", ".")
        found = {path: n for path, n in paths.items() if fnmatch.fnmatchcase(path.replace("/", "."), dotted)}
    if not found:
        raise UsageError(who, f"no value {pattern!r}", "the path of a value", ", ".join(near(pattern, paths)))
    return found


def find(paths: Mapping[str, int], path: str, who: str) -> int:
    """The one value of a path, or of a pattern that only one path matches; raises UsageError as `select` does."""
    found = select(paths, path, who)
    if len(found) > 1:
        came = f"{path!r}, which is {len(found)} values"
        raise UsageError(who, came, "the path of one value", ", ".join(list(found)[:6]))
    return next(iter(found.values()))


def near(path: str, paths: Iterable[str]) -> list[str]:
    """A few paths to try in the place of one that is not there: those spelled alike, those with the same last name,
    else the first.
    """
    known, last = list(paths), path.split("/")[-1].strip("*")
    alike = difflib.get_close_matches(path, known, 3, 0.7)
    return [*dict.fromkeys([*alike, *(p for p in known if last and last in p)])][:6] or known[:6]
