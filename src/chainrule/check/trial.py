"""A trainer tried out: how far one step moves each weight, and whether a few examples can be learned by heart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..compiler import compile
from ..errors import ChainruleError, NonFiniteError
from ..graph import no_grad
from ..words import many
from .findings import Finding
from .look import Look

RATIOS = (1e-5, 0.1)
"""How far one step may move a weight, as a part of its length; about 1e-3 is usual."""
TINY = 8
"""Examples to learn by heart."""
LEARNED = 0.5
"""The part of the loss of before that may be left."""

Step = Callable[..., Any]


class Ratio(NamedTuple):
    """How far one step moves a weight, as a part of its length."""

    path: str
    ratio: float


def ratios(look: Look, step: Step) -> list[Ratio]:
    """The same of every matrix and filter that is trained; the step is done, and not taken back.

    Weights and gradients that are 0 throughout have no ratio, and findings of their own.
    """
    trained = {id(p) for p in look.trainer.optimizer.parameters()}
    weights = [
        (path, cell, cell.data.copy())
        for path, cell, gradient in look.gradients()
        if id(cell) in trained and cell.data.ndim >= 2 and gradient is not None and gradient.any()
    ]
    step(look.images, look.labels)
    lengths = [(name, norm(p.data - before), norm(before)) for name, p, before in weights]
    return [Ratio(name, moved / length) for name, moved, length in lengths if length]


def norm(array: np.ndarray) -> float:
    return float(np.linalg.norm(array.ravel().astype(np.float64)))


def odd_ratios(found: list[Ratio]) -> Iterator[Finding]:
    """Steps that are too large, and steps that are too small."""
    low, high = RATIOS
    for odd, most, word in (
        ([r for r in found if r.ratio > high], max, "above"),
        ([r for r in found if r.ratio < low], min, "below"),
    ):
        if odd:
            worst = most(odd, key=lambda r: r.ratio)
            others = f"; {len(odd)} of {len(found)} weights are {word} {high if most is max else low:.0e}"
            factor = worst.ratio / 1e-3
            first = (
                f"a learning rate that is {factor:,.0f} times smaller"
                if factor > 1
                else f"a learning rate that is {1 / factor:,.0f} times larger"
                if factor
                else "a learning rate above 0, and gradients that are not 0"
            )
            measured = f"one step moves it by {worst.ratio:.1e} of its length{others if len(odd) > 1 else ''}"
            yield Finding("update ratio", worst.path, measured, first)


class Overfit(NamedTuple):
    """How a handful of examples was learned.  before, after: the loss;  goal: what it had to come to"""

    examples: int
    steps: int
    before: float
    after: float
    goal: float

    def __str__(self) -> str:
        return (
            f"{self.before:.3g} → {self.after:.3g} in {self.steps} steps on {many(self.examples, 'example')}"
        )


def by_heart(
    trainer: Any, step: Step, images: Any, labels: Any, steps: int, ignorant: float | None
) -> Overfit:
    """Learn a tiny batch: at the rate of now, then at the one that the schedule starts from; state is left changed.

    ignorant:  the loss of a network that knows nothing; the goal is half of what is less
    """
    few = min(TINY, len(np.asarray(labels)))
    tiny = images[:few], labels[:few]
    before = after = best = data_loss(trainer, step(*tiny), tiny[1])
    goal = LEARNED * (before if ignorant is None else min(before, ignorant))
    done = 1
    for rate in rates_of(trainer):
        for group, lr in zip(trainer.optimizer.param_groups, rate, strict=True):
            group.set("lr", lr)
        for _ in range(steps):
            if best <= goal:
                return Overfit(few, done, before, best, goal)
            try:
                after = data_loss(trainer, step(*tiny), tiny[1])
            except NonFiniteError:
                return Overfit(few, done, before, float("inf"), goal)
            best, done = min(best, after), done + 1
    return Overfit(few, done, before, best, goal)


def data_loss(trainer: Any, returned: Any, labels: Any) -> float:
    """The loss without a penalty, of the scores that a step returned."""
    with no_grad():
        return float(trainer.loss(returned[1].detach(), labels))


def rates_of(trainer: Any) -> list[list[float]]:
    """The rate of each group now, and where a schedule moves it the one that a person set."""
    groups = trainer.optimizer.param_groups
    now, own = [group["lr"] for group in groups], [group.base_lr for group in groups]
    return [now] if now == own else [now, own]


def step_of(trainer: Any, *, bare: bool = False) -> Step:
    """The training step: compiled where the trainer's is.

    bare:  without penalty and dropout, which are there to make learning by heart hard; they are left switched off
    """
    if not bare:
        return trainer.learn if trainer.plain else plain_if_refused(trainer.run_step, trainer.learn)
    dropping: list[Any] = [
        m for m in trainer.model.modules() if type(m).__name__.startswith("Dropout") and getattr(m, "p", None)
    ]
    if not dropping and trainer.penalty is None:
        return step_of(trainer)
    trainer.penalty = None
    for module in dropping:
        module.p = 0.0
    return trainer.learn if trainer.plain else plain_if_refused(compile(trainer.learn), trainer.learn)


def plain_if_refused(step: Step, plain: Step) -> Step:
    """A compiled step, or the plain one for what it does not take: a step that cannot be written down."""

    def run(*batch: Any) -> Any:
        try:
            return step(*batch)
        except NonFiniteError:
            raise
        except ChainruleError:
            return plain(*batch)

    return run
