"""What a network does to the shape of a picture, with the arithmetic: sizes, parameters, memory, cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ..errors import SettingError
from ..graph import Line, Program, Ref
from ..tensor import trace
from .module import Module, Parameter


@dataclass(frozen=True)
class Row:
    """One layer.

    output:  its shape, without the batch axis;  size_sum: the output size as a sum
    parameters:  its own;  parameter_sum: their number as a sum
    multiply_adds, bytes:  for one picture; bytes are those of the output
    """

    path: str
    layer: str
    output: tuple[int, ...]
    size_sum: str
    parameters: int
    parameter_sum: str
    multiply_adds: int
    bytes: int


@dataclass(frozen=True)
class Summary:
    """The layers of a network in the order in which a picture meets them, and the totals."""

    model: str
    input: tuple[int, ...]
    rows: tuple[Row, ...]
    parameters: int

    @property
    def multiply_adds(self) -> int:
        """Of the whole forward pass, for one picture."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def bytes(self) -> int:
        """Of all layer outputs, for one picture."""
        return sum(row.bytes for row in self.rows)

    def columns(self) -> tuple[list[str], list[list[str]]]:
        """Headers and rows as text, for any table."""
        headers = ["layer", "output", "output size", "parameters", "multiply-adds", "memory"]
        return headers, [cells(row) for row in self.rows]

    def totals(self) -> str:
        """The totals in one line."""
        return (
            f"{self.parameters:,} parameters ({readable_bytes(4 * self.parameters)}), "
            f"{self.multiply_adds:,} multiply-adds and "
            f"{readable_bytes(self.bytes)} of outputs for one picture"
        )

    def __str__(self) -> str:
        headers, body = self.columns()
        widths = [max(len(row[k]) for row in [headers, *body]) for k in range(len(headers))]
        sides = "<<<<>>"
        lines = [
            "  ".join(
                f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)
            ).rstrip()
            for row in [headers, *body]
        ]
        top = f"{self.model} on {'×'.join(map(str, self.input))}"
        return "\n".join(
            [top, lines[0], "─" * (sum(widths) + 2 * len(widths) - 2), *lines[1:], self.totals()]
        )


def summary(model: Module, input_shape: tuple[int, ...], *, name: str = "") -> Summary:
    """What the model does to one picture of this shape, found by tracing it: nothing is computed.

    input_shape:  (C, H, W), without the batch axis;  name:  for the heading, the class unless told
    Raises ShapeError, with the arithmetic, where the picture does not fit a layer, SettingError for what is no model or
    no shape, DTypeError for a model that takes no float32.

    >>> from chainrule import nn
    >>> row = summary(nn.Conv2d(3, 10, 5, stride=1, padding=2), (3, 32, 32)).rows[0]
    >>> row.size_sum, f"{row.parameter_sum} = {row.parameters}", row.output
    ('(32+2·2−5)/1+1 = 32', '10·(5·5·3+1) = 760', (10, 32, 32))
    """
    program = traced("summary", model, input_shape)
    by_path: dict[str, list[Line]] = {}
    for line in program.lines:
        # a block that adds its shortcut stands after its parts
        by_path[line.place.layer] = [*by_path.pop(line.place.layer, []), line]
    modules = dict(model.named_modules())
    rows = [row(path, modules.get(path, model), lines, program) for path, lines in by_path.items()]
    total = sum(parameter.size for parameter in model.parameters())
    return Summary(name or type(model).__name__, tuple(input_shape), with_idle(rows, modules), total)


def with_idle(rows: list[Row], modules: dict[str, Module]) -> tuple[Row, ...]:
    """The rows, and one for each layer that is idle in evaluation, such as dropout, after the one before."""
    paths = [path for path, module in modules.items() if not any(True for _ in module.children())]
    for before, path in zip(["", *paths], paths, strict=False):
        places = [place for place, r in enumerate(rows) if r.path == before]
        if places and not any(r.path == path for r in rows):
            idle = Row(path, type(modules[path]).__name__, rows[places[0]].output, "", 0, "", 0, 0)
            rows.insert(places[0] + 1, idle)
    return tuple(rows)


def traced(who: str, model: Module, input_shape: tuple[int, ...]) -> Program:
    """The model in evaluation on one promised picture, as a program."""
    check_module(who, model)
    if not isinstance(input_shape, Sequence) or any(type(n) is not int or n < 1 for n in input_shape):
        came = f"input_shape {input_shape!r}"
        raise SettingError(who, came, "sizes of one picture, each at least 1", "input_shape=(3, 32, 32)")
    with evaluating(model):
        return trace(model, np.broadcast_to(np.zeros((), np.float32), (1, *input_shape)))


def output_shape(model: Module, input_shape: tuple[int, ...]) -> tuple[int, ...]:
    """What the model makes of the shape of one picture; nothing is computed.

    Raises ShapeError, with the arithmetic, where the picture does not fit a layer, SettingError for what is no model or
    no shape and for a model that returns several values, DTypeError for a model that takes no float32.

    >>> from chainrule import nn
    >>> output_shape(nn.Conv2d(3, 10, 5), (3, 32, 32))
    (10, 28, 28)
    """
    program = traced("output_shape", model, input_shape)
    if not isinstance(program.output, Ref):
        came = f"a model that returns a {type(program.output).__name__}"
        raise SettingError("output_shape", came, "one value", "a Module that returns the one you mean")
    return program.specs[program.output.number].shape[1:]


def check_module(who: str, model: Module) -> None:
    """A model, and nothing else."""
    if not isinstance(model, Module):
        came = f"a {type(model).__name__}"
        raise SettingError(who, came, "a Module", "the model itself, made: nn.Linear(3, 4)")


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """The model in evaluation, and afterwards as it was.

    Raises SettingError for what is no model.

    >>> from chainrule import nn
    >>> layer = nn.Dropout()
    >>> with evaluating(layer):
    ...     layer.training
    False
    >>> layer.training
    True
    """
    check_module("evaluating", model)
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


def row(path: str, module: Module, lines: list[Line], program: Program) -> Row:
    """What the lines of one layer do."""
    out = program.specs[lines[-1].outputs[0]]
    read = [(line.gate, [program.specs[n] for n in line.inputs]) for line in lines]
    parameters = sum(v.size for v in vars(module).values() if isinstance(v, Parameter))
    return Row(
        path=path,
        layer=type(module).__name__,
        output=out.shape[1:],
        size_sum=next((text for gate, specs in read if (text := gate.arithmetic(*specs))), ""),
        parameters=parameters,
        parameter_sum=module.parameter_sum() if parameters else "",
        multiply_adds=sum(gate.multiply_adds(*specs) for gate, specs in read),
        bytes=out.size * out.dtype.itemsize,
    )


def cells(row: Row) -> list[str]:
    """A row as text."""
    return [
        f"{row.path} ({row.layer})" if row.path else row.layer,
        "×".join(map(str, row.output)) or "1",
        row.size_sum,
        f"{row.parameter_sum} = {row.parameters:,}" if row.parameters else "",
        f"{row.multiply_adds:,}" if row.multiply_adds else "",
        readable_bytes(row.bytes) if row.bytes else "",
    ]


def readable_bytes(count: float) -> str:
    """Bytes with a unit of 1,024.

    >>> readable_bytes(3041280), readable_bytes(512)
    ('2.9 MiB', '512 B')
    """
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
