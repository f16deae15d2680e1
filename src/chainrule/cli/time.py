"""`chainrule time`: where the milliseconds of a network's step go, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from ..compiler import table as costs
from ..errors import CompileError
from ..graph import PHASES
from ..kernels.threads import threads
from ..words import many
from .help import Option, Verb
from .options import batch_option, input_option, json_option, model_argument, threads_option
from .output import plain_table, show, show_json
from .runs import sizes
from .setups import on_noise

PICTURES = 64
"""Pictures of a step, unless told: enough for the milliseconds to be those of training."""


@dataclass(frozen=True)
class Measured:
    """What was timed, and how long it took."""

    model: str
    shape: tuple[int, ...]
    batch: int
    what: str
    table: costs.Table

    @property
    def ms(self) -> float:
        """Milliseconds of a step.  Raises CompileError where nothing could be timed."""
        if self.table.ms is None:
            came = "a system without a clock that runs between kernels"
            raise CompileError(
                "chainrule time", came, "Linux or macOS", "step.table(*batch), which counts work"
            )
        return self.table.ms

    def heading(self) -> Text:
        """What was timed, and how fast it is."""
        ran = many(threads(), "thread")
        told = f" on {self.batch} pictures of {sizes(self.shape)}, {ran}\n"
        speed = f"{self.ms:,.2f} ms a {self.what}, {1e3 * self.batch / self.ms:,.0f} pictures a second\n"
        return Text.assemble((self.model, "bold"), told, (speed, "bold"))

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        layers = [layer._asdict() | {"total": layer.total} for layer in self.table.layers()]
        kernels = [entry._asdict() for entry in self.table.entries]
        told = {"model": self.model, "input": self.shape, "batch": self.batch, "threads": threads()}
        return {**told, "what": self.what, "ms": self.ms, "layers": layers, "kernels": kernels}


@click.command(
    cls=Verb,
    examples=(
        ("chainrule time convnet", "a training step on pictures of the shape it was made for"),
        ("chainrule time resnet20 --batch 128 --inference", "without gradients"),
        ("chainrule time vgg16 --batch 4 --kernels", "kernel by kernel"),
    ),
)
@model_argument
@batch_option(PICTURES)
@input_option
@click.option(
    "--inference",
    is_flag=True,
    cls=Option,
    group="Output",
    help="Scores alone, without gradients and update.",
)
@click.option("--kernels", is_flag=True, cls=Option, group="Output", help="Kernel by kernel, in their order.")
@threads_option
@json_option
def time(
    model: str,
    batch: int | None,
    shape: tuple[int, ...] | None,
    inference: bool,
    kernels: bool,
    as_json: bool,
) -> None:
    """Show where the milliseconds of a compiled step go, layer by layer.

    The step runs as it always does; the time is noted between its kernels. A kernel that computes several
    layers counts to the first of them. "peak" and "memory" are shares of what this machine reaches in
    products and in copying memory; what stays in a cache can be faster than that. Pictures are noise.
    """
    found = measured(model, batch or PICTURES, shape, inference)
    if as_json:
        show_json(found.as_dict())
    elif kernels:
        show(found.heading(), Text(str(found.table), no_wrap=True))
    else:
        show(found.heading(), by_layer(found))


def measured(model: str, batch: int, shape: tuple[int, ...] | None, inference: bool) -> Measured:
    """Build the network, and time its step."""
    setup = on_noise(model, batch, shape)
    told = setup.model, setup.images.shape[1:], batch
    if not inference:
        return Measured(*told, "training step", setup.step.table(*setup.batch))
    with setup.look() as look:
        return Measured(*told, "look", look.table(*setup.batch))


def by_layer(found: Measured) -> Table:
    """One line a layer, and their sum; peak and memory: shares of what the machine can do, products and bytes."""
    headers = ("layer", *PHASES, "ms", "share", "MFLOP", "peak", "MB", "memory")
    made = plain_table(*headers, right=tuple(range(1, 10)))
    made.padding = (0, 1, 0, 0)
    layers = found.table.layers()
    for layer in layers:
        made.add_row(
            layer.layer,
            *(number(layer.ms[phase]) for phase in PHASES),
            number(layer.total),
            Text(f"{layer.total / found.ms:.0%}", "green"),
            f"{layer.flops / 1e6:,.0f}" if layer.flops >= 5e5 else "",
            f"{layer.share:.0%}" if layer.flops >= 5e5 else "",
            f"{layer.bytes / 1e6:,.1f}" if layer.bytes >= 5e4 else "",
            f"{layer.bandwidth:.0%}" if layer.bytes >= 5e4 else "",
        )
    phases = [sum(layer.ms[phase] for layer in layers) for phase in PHASES]
    rest, flops, moved = found.ms - sum(phases), sum(y.flops for y in layers), sum(y.bytes for y in layers)
    made.add_row("Python", "", "", "", number(rest), f"{rest / found.ms:.0%}", "", "", "", "", style="dim")
    of_all = (number(found.ms), "", f"{flops / 1e6:,.0f}", "", f"{moved / 1e6:,.1f}", "")
    made.add_row("all", *map(number, phases), *of_all, style="bold")
    return made


def number(ms: float) -> str:
    """
    >>> number(0.0), number(0.0041), number(12.345)
    ('', '0.004', '12.345')
    """
    return f"{ms:.3f}" if ms >= 5e-4 else ""
