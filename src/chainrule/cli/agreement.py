"""What `chainrule check` says of the compiled step: every line of it, against its gate in float64."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from .. import check as checks
from ..check.compiled import Report, Verdict
from ..graph import PHASES
from .output import bar, plain_table
from .setups import Setup

NEAREST = 5
"""How many lines are shown."""


@dataclass(frozen=True)
class Agreement:
    """What agrees: a report for each step, by its name, and how long it took to see."""

    steps: dict[str, Report]
    seconds: float
    ok = True

    @property
    def lines(self) -> list[Verdict]:
        return [verdict for report in self.steps.values() for verdict in report.lines]

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {name: [as_dict(verdict) for verdict in report.lines] for name, report in self.steps.items()}

    def page(self) -> Iterator[RenderableType]:
        """The answer, how many values of each step, and those nearest to their bounds."""
        many = f"{len(self.lines):,} values agree with their gates in float64, {self.seconds:.1f} s\n"
        yield Text(many, "bold green")
        yield counts(self)
        yield Text("\nnearest to what they may differ by", "bold")
        yield nearest(self)


def agreement(setup: Setup, inference: bool) -> Agreement:
    """Look at the step that learns and at the one that only looks, or at the latter alone."""
    began = time.perf_counter()
    steps = {} if inference else {"training": checks.compiled(setup.step, *setup.batch)}
    with setup.look() as look:
        steps["inference"] = checks.compiled(look, *setup.batch)
    return Agreement(steps, time.perf_counter() - began)


def as_dict(verdict: Verdict) -> dict[str, Any]:
    """One line; JSON has no NaN and no infinity."""
    numbers = {"share_of_bound": verdict.worst, "came": verdict.came, "expected": verdict.expected}
    told = {key: number if math.isfinite(number) else None for key, number in numbers.items()}
    return {**verdict.place._asdict(), **told, "index": verdict.index}


def counts(found: Agreement) -> Table:
    """How many values of each step, by phase."""
    made = plain_table("step", *PHASES, "values", right=(1, 2, 3, 4))
    for name, report in found.steps.items():
        phases = Counter(verdict.place.phase for verdict in report.lines)
        cells = (f"{phases[phase]:,}" if phases[phase] else "" for phase in PHASES)
        made.add_row(name, *cells, f"{len(report.lines):,}")
    return made


def nearest(found: Agreement) -> Table:
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
