"""What `chainrule check` says of the set-up: the findings, or what was looked at, with its numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from .. import check as checks
from ..check import Finding, SetupReport
from ..train import Config
from ..train.job import make_trainer
from .output import facts
from .runs import is_run
from .setups import Setup

STEPS = 1000
"""Steps of a training run: its schedule begins with small ones."""


@dataclass(frozen=True)
class Sanity:
    """What was found, and how long it took to see."""

    report: SetupReport
    seconds: float

    @property
    def ok(self) -> bool:
        return self.report.ok

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {**self.report.as_dict(), "ok": self.ok, "seconds": round(self.seconds, 2)}

    def page(self) -> Iterator[RenderableType]:
        """The answer, the findings, and what was looked at."""
        style = "bold green" if self.ok else "bold yellow"
        yield Text(f"set-up: {self.report.head()}, {self.seconds:.1f} s\n", style)
        for finding in self.report.findings:
            yield from told(finding)
        if self.report.measured:
            yield facts(self.report.measured)
        for reason in self.report.left_out:
            yield Text(f"\nnot looked at: {reason}", "dim")


def told(finding: Finding) -> Iterator[RenderableType]:
    """A finding: what was measured, what it means, what to try."""
    yield Text.assemble((finding.name, "bold"), f": {finding.where}: {finding.measured}")
    yield Padding(
        Text.assemble(finding.meaning, "\n", ("Try: ", "bold"), f"{finding.hint}.", "\n"), (0, 0, 0, 4)
    )


def sanity(setup: Setup, model: str) -> Sanity:
    """A network of the zoo as `chainrule train` would teach it, a run as it was taught."""
    began, trainer = time.perf_counter(), setup.trainer
    if not is_run(model):
        trainer = make_trainer(trainer.model, Config(model=setup.model), STEPS)
    return Sanity(checks.setup(trainer, setup.batch), time.perf_counter() - began)
