"""`chainrule summary`: the layers of a network, with the arithmetic of their sizes."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.table import Table
from rich.text import Text

from .. import nn, zoo
from ..errors import UsageError
from ..nn.init import hollow
from ..nn.summary import Summary, readable_bytes
from .help import Option, Verb
from .options import input_option, json_option, model_argument
from .output import UNBOUNDED, plain_table, show, show_json, stdout
from .runs import build, is_run, open_run, sizes


@click.command(
    cls=Verb,
    examples=(
        ("chainrule summary convnet", "on the pictures it was made for"),
        ("chainrule summary vgg16 --input 3x32x32 --classes 10", "on others"),
        ("chainrule summary runs/convnet-…", "the network of a run"),
    ),
)
@model_argument
@input_option
@click.option(
    "--classes",
    cls=Option,
    group="Pictures",
    type=click.IntRange(1),
    metavar="N",
    standard="the network's own",
    expected="1 or more",
    example="10",
    help="How many classes it tells apart.",
)
@json_option
def summary(model: str, shape: tuple[int, ...] | None, classes: int | None, as_json: bool) -> None:
    """Show what a network does to one picture, layer by layer.

    Output sizes and parameters come as sums that can be checked by hand. Nothing is computed, so that
    the biggest network takes no memory.
    """
    told = summed(model, shape, classes)
    if as_json:
        show_json({**asdict(told), "multiply_adds": told.multiply_adds, "bytes": told.bytes})
    else:
        heading = Text.assemble((told.model, "bold"), f" on {sizes(told.input)}\n")
        show(heading, table(told), Text(f"\n{told.totals()}"))


def summed(model: str, shape: tuple[int, ...] | None, classes: int | None) -> Summary:
    """The summary of a network of the zoo or of a run."""
    name = model
    if is_run(model):
        if shape or classes:
            given = "--input" if shape else "--classes"
            raise UsageError(
                given, "given for a run", "the pictures and classes it has learned", f"without {given}"
            )
        run = open_run(model)
        name, sight = run.config().model, run.sight()
        shape, classes = sight.input_shape, len(sight.classes)
    shape = shape or zoo.default_shape(name)
    with hollow():
        model_of_shapes = build(name, shape, classes, f"--input {sizes(shape)}")
    return nn.summary(model_of_shapes, shape, name=name)


def table(told: Summary) -> Table:
    """One line a layer where the terminal is wide enough, else two."""
    on, one_line = stdout(), wide(told)
    room = on.options.update(width=UNBOUNDED)
    return one_line if on.measure(one_line, options=room).maximum <= on.width else narrow(told)


def wide(told: Summary) -> Table:
    """Six columns."""
    headers, rows = told.columns()
    made = plain_table(*headers, right=(3, 4, 5))
    for row in rows:
        made.add_row(*map(Text, row))
    return made


def narrow(told: Summary) -> Table:
    """Four columns of two lines each: the number, and below it how it comes about."""
    made = plain_table("layer\n", "output\nsize", "parameters\nsum", "multiply-adds\nmemory", right=(2, 3))
    for row in told.rows:
        parameters = (f"{row.parameters:,}", row.parameter_sum) if row.parameters else ("", "")
        cost = (
            f"{row.multiply_adds:,}" if row.multiply_adds else "",
            readable_bytes(row.bytes) if row.bytes else "",
        )
        pairs = (
            (row.path or row.layer, row.layer if row.path else ""),
            (sizes(row.output), row.size_sum),
            parameters,
            cost,
        )
        made.add_row(*(Text.assemble(first, "\n", (second, "dim")) for first, second in pairs))
    return made
