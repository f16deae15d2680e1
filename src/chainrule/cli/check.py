"""`chainrule check`: is the compiled step the step?  Every line of it, against its gate in float64."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from .. import check as checks
from ..check.compiled import Report, Verdict
from ..graph import PHASES
from .help import Option, Verb
from .options import batch_option, data_option, json_option, model_argument, threads_option
from .output import bar, plain_table, show, show_json
from .setups import PICTURES, Setup, on_pictures

NEAREST = 5
"""How many lines are shown."""


@dataclass(frozen=True)
class Checked:
    """What agrees: a report for each step, by its name, and how long it took to see."""

    setup: Setup
    steps: dict[str, Report]
    seconds: float

    @property
    def lines(self) -> list[Verdict]:
        return [verdict for report in self.steps.values() for verdict in report.lines]

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        told = {"model": self.setup.model, "pictures": self.setup.pictures, "batch": len(self.setup.images)}
        steps = {name: [as_dict(verdict) for verdict in report.lines] for name, report in self.steps.items()}
        return {**told, "compiled": steps, "seconds": round(self.seconds, 2)}


@click.command(
    cls=Verb,
    examples=(
        ("chainrule check resnet20", "training and inference on four pictures"),
        ("chainrule check runs/convnet-… --batch 64", "a run with its own weights and pictures"),
        ("chainrule check vgg16 --inference --batch 1", "without gradients and update"),
    ),
    environment=(("CHAINRULE_DATA", "the folder of the data sets that do not come with the package"),),
)
@model_argument
@click.option(
    "--compiled",
    is_flag=True,
    cls=Option,
    group="Checks",
    standard="all checks",
    help="Each line of the compiled step against its gate, in float64.",
)
@click.option("--inference", is_flag=True, cls=Option, group="Checks", help="Only the step that looks.")
@batch_option(PICTURES)
@data_option
@threads_option
@json_option
def check(
    model: str, compiled: bool, inference: bool, batch: int | None, data: str | None, as_json: bool
) -> None:
    """Hold every line of the compiled step to its gate, computed again in float64.

    Each line is given what the compiled step itself computed before it, so that no innocent line is named. It may
    differ from float64 by four times what the plain gate differs, and a few roundings of what it adds. The first
    line that differs by more ends the check, with its path, gate, kernel and worst number, and exit code 1.
    Nothing is learned, and nothing is saved.
    """
    found = checked(on_pictures(model, batch or PICTURES, data), inference)
    if as_json:
        show_json(found.as_dict())
    else:
        show(
            heading(found),
            counts(found),
            Text("\nnearest to what they may differ by", "bold"),
            nearest(found),
        )


def checked(setup: Setup, inference: bool) -> Checked:
    """Look at the step that learns and at the one that only looks, or at the latter alone."""
    began = time.perf_counter()
    steps = {} if inference else {"training": checks.compiled(setup.step, *setup.batch)}
    with setup.look() as look:
        steps["inference"] = checks.compiled(look, *setup.batch)
    return Checked(setup, steps, time.perf_counter() - began)


def as_dict(verdict: Verdict) -> dict[str, Any]:
    """One line; JSON has no NaN and no infinity."""
    numbers = {"share_of_bound": verdict.worst, "came": verdict.came, "expected": verdict.expected}
    told = {key: number if math.isfinite(number) else None for key, number in numbers.items()}
    return {**verdict.place._asdict(), **told, "index": verdict.index}


def heading(found: Checked) -> Text:
    """What was looked at, and that it agrees."""
    many = f"{len(found.lines):,} values agree with their gates in float64, {found.seconds:.1f} s\n"
    return Text.assemble(found.setup.heading(), "\n", (many, "bold green"))


def counts(found: Checked) -> Table:
    """How many values of each step, by phase."""
    made = plain_table("step", *PHASES, "values", right=(1, 2, 3, 4))
    for name, report in found.steps.items():
        phases = Counter(verdict.place.phase for verdict in report.lines)
        cells = (f"{phases[phase]:,}" if phases[phase] else "" for phase in PHASES)
        made.add_row(name, *cells, f"{len(report.lines):,}")
    return made


def nearest(found: Checked) -> Table:
    """The lines that use most of what they may differ by, each with its worst number."""
    made = Table.grid(padding=(0, 2))
    used = sorted(
        (verdict for verdict in found.lines if verdict.worst > 0), key=lambda verdict: -verdict.worst
    )
    once = {
        verdict.place.path: verdict for verdict in reversed(used)
    }  # training and inference may share a value
    for verdict in sorted(once.values(), key=lambda verdict: -verdict.worst)[:NEAREST]:
        share = Text.assemble((bar(verdict.worst, 10), "green"), f" {verdict.worst:4.0%}")
        share.no_wrap = True
        place = verdict.place
        about = f"   {place.gate}, {place.phase}, kernel {place.kernel}"
        at = f" at {list(verdict.index)}" if verdict.index else ""
        numbers = f"{verdict.came:.9g}{at}, gate by gate {verdict.expected:.9g}"
        made.add_row(share, Text.assemble((place.path, "bold"), about, "\n", (numbers, "dim")))
    return made
