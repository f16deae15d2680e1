"""`chainrule check`: the compiled step against its gates, gradients against differences, and a look at the set-up."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Protocol

import click
from rich.console import RenderableType
from rich.text import Text

from .agreement import agreement
from .codes import DONE, FAILED
from .help import Option, Verb
from .options import batch_option, data_option, json_option, model_argument, threads_option
from .output import show, show_json, stderr
from .sanity import sanity
from .setups import PICTURES, Setup, on_pictures
from .slopes import slopes


class Found(Protocol):
    """What a check says: whether all is well, the same for programs, and a page for people."""

    @property
    def ok(self) -> bool: ...
    def as_dict(self) -> dict[str, Any]: ...
    def page(self) -> Any: ...


@click.command(
    cls=Verb,
    examples=(
        ("chainrule check resnet20", "all three checks on four pictures"),
        ("chainrule check resnet20 --gradients", "whether backward gives the slopes of forward"),
        ("chainrule check runs/convnet-… --setup --batch 64", "a run with its own weights and pictures"),
        ("chainrule check vgg16 --inference --batch 1", "the compiled step that only looks"),
    ),
    environment=(("CHAINRULE_DATA", "the folder of the data sets that do not come with the package"),),
)
@model_argument
@click.option(
    "--compiled",
    is_flag=True,
    cls=Option,
    group="Checks",
    standard="all three",
    help="Each line of the compiled step against its gate, in float64.",
)
@click.option(
    "--gradients",
    is_flag=True,
    cls=Option,
    group="Checks",
    help="Each parameter's gradient against differences of the loss, in float64, on two pictures.",
)
@click.option(
    "--setup",
    is_flag=True,
    cls=Option,
    group="Checks",
    help="First loss, penalty, parameters, dead units, size of a step, learning a few pictures by heart.",
)
@click.option(
    "--inference", is_flag=True, cls=Option, group="Checks", help="The compiled step that only looks, alone."
)
@batch_option(PICTURES)
@data_option
@threads_option
@json_option
def check(
    model: str,
    compiled: bool,
    gradients: bool,
    setup: bool,
    inference: bool,
    batch: int | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Hold a network to what it should be: compiled step, gradients, set-up.

    A line of the compiled step is given what the step itself computed before it, so that no innocent line is named. It
    may differ from float64 by four times what the plain gate differs, and a few roundings of what it adds; the first
    line that differs by more ends the check. Gradients are held to central differences along a random direction and at
    the steepest number of each parameter, and above a billion multiply-adds (alexnet, vgg16) along one direction
    through all of them; where they disagree, the gate at fault is named. The set-up of a network of the zoo is that of
    `chainrule train`. The exit code is 0 if all is well, and 1 if a line differs, a gradient is wrong or something is
    found. Nothing is learned, and nothing is saved.
    """
    chosen = [name for name, on in (("compiled", compiled), ("gradients", gradients), ("setup", setup)) if on]
    made = on_pictures(model, batch or PICTURES, data)
    began = time.perf_counter()
    found = looked(made, model, chosen or (["compiled"] if inference else [*CHECKS]), inference)
    if as_json:
        told = {"model": made.model, "pictures": made.pictures, "batch": len(made.images)}
        seconds = round(time.perf_counter() - began, 2)
        show_json({**told, **{name: f.as_dict() for name, f in found.items()}, "seconds": seconds})
    else:
        show(Text(made.heading()), *pages([*found.values()]))
    click.get_current_context().exit(DONE if all(f.ok for f in found.values()) else FAILED)


CHECKS = {
    "compiled": "holding each line of the compiled step to its gate",
    "gradients": "holding gradients to differences",
    "setup": "trying the set-up out",
}
"""The checks by name, each with what is said while it runs."""


def looked(made: Setup, model: str, chosen: list[str], inference: bool) -> dict[str, Found]:
    """The chosen checks, one after the other; what runs is said on a terminal."""
    acts: dict[str, Callable[[], Found]] = {
        "compiled": lambda: agreement(made, inference),
        "gradients": lambda: slopes(made),
        "setup": lambda: sanity(made, model),
    }
    found: dict[str, Found] = {}
    for name in chosen:
        on = stderr()
        with on.status(f"{CHECKS[name]} …") if on.is_terminal else nullcontext():
            found[name] = acts[name]()
    return found


def pages(found: list[Found]) -> list[RenderableType]:
    """All pages, with an empty line between them."""
    parts: list[RenderableType] = []
    for number, one in enumerate(found):
        parts += [Text("")] if number else []
        parts += one.page()
    return parts
