"""What `chainrule check` says of the gradients: backward's against differences, in float64."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from .. import check as checks
from ..check import GradientReport
from ..check.verdicts import ELSEWHERE, Slope
from ..words import many
from .output import plain_table
from .setups import Setup

PICTURES = 2
"""Pictures of the gradient check: as few as batch norm takes, since NumPy runs them many times in float64."""
SHOWN = 5
"""How many gradients are shown."""


@dataclass(frozen=True)
class Slopes:
    """What was found, on how many pictures, and how long it took to see."""

    report: GradientReport
    pictures: int
    seconds: float

    @property
    def ok(self) -> bool:
        return self.report.ok

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            **self.report.as_dict(),
            "ok": self.ok,
            "pictures": self.pictures,
            "seconds": round(self.seconds, 2),
        }

    def explained(self) -> list[Slope]:
        """What is not fine, and the first of what is at a kink."""
        bad = [slope for slope in self.report.slopes if not slope.worst.fine]
        return bad or [slope for slope in self.report.slopes if slope.verdict == "kink"][:1]

    def page(self) -> Iterator[RenderableType]:
        """The answer, the gradients that agree least, and the gates at fault."""
        pictures = many(self.pictures, "picture")
        head = self.report.head().partition(": ")[2]
        yield Text(f"{head}; {pictures}, {self.seconds:.1f} s\n", "bold green" if self.ok else "bold red")
        yield table(self.report)
        for slope in self.explained():
            yield Text.assemble("\n", (slope.path, "bold"), f" {slope.place}: {slope.meaning()}")
        for gate in self.report.culprits:
            yield Text.assemble("\n", ("gate at fault: ", "bold"), str(gate))
        if not self.ok and not self.report.culprits:
            yield Text(f"\n{ELSEWHERE}")


def slopes(setup: Setup) -> Slopes:
    """The gradient of the loss to every parameter and to the pictures, in training."""
    began, trainer = time.perf_counter(), setup.trainer

    def loss(images: Any, labels: Any) -> Any:
        return trainer.loss(trainer.model(images), labels)

    trainer.model.train()
    batch = (part[:PICTURES] for part in setup.batch)
    found = checks.gradients(loss, *batch, elements=0, directions=1, steepest=1)
    return Slopes(found, min(PICTURES, len(setup.labels)), time.perf_counter() - began)


def table(report: GradientReport) -> Table:
    """The gradients that agree least, each with both slopes."""
    made = plain_table("agree least", "at", "backward", "differences", "error", right=(2, 3, 4))
    for slope in report.shown(SHOWN):
        worst = slope.worst
        at = ", ".join(map(str, slope.index)) if slope.index is not None else "a direction"
        numbers = f"{worst.backward:.6g}", f"{worst.differences:.6g}", f"{worst.error:.0e}"
        made.add_row(Text(slope.path, "" if slope.verdict == "agrees" else "bold"), at, *numbers)
    return made
