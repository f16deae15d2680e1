"""Is this training set-up sane?  The checks that one does before a long run, and undoes without a trace."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DataError, GradientError, SettingError, UsageError
from ..words import many
from . import activity, trial
from .findings import Finding, SetupReport
from .gradients import cost
from .kept import kept
from .look import Look, ignorant_loss, looked
from .registered import parameters_of, strays

ABOVE = 6.0
"""How many times the loss of a network that knows nothing is no accident of initial weights."""
OUTWEIGHS = 10.0
"""A penalty that is so many times the loss of the data is all that the network learns from."""
WORK = 10**12
"""Multiply-adds that learning by heart may cost at most; some twenty seconds."""


def setup(trainer: Any, batch: Any, *, steps: int = 60) -> SetupReport:
    """Look at a trainer before it learns: what is wrong with the set-up, what that means, and what to try.

    trainer:  a train.Trainer, compiled or plain;  batch: (images, labels), as fit would take it
    steps:  of learning a few examples by heart, at each rate; 0 leaves that out
    Looked at: the loss at the start against that of a network that knows nothing (ln C), what the penalty adds,
    parameters that forward reads and the model does not list, that no gradient reaches, or that the optimizer does not
    have, gradients of another shape, not finite or all 0, dead relus, saturated curves, how far one step moves each
    weight, the inputs' scale, the labels, and whether a few examples can be learned by heart.
    Everything comes back to the bit: weights, optimizer, running statistics, counters, modes, random state.
    Returns a SetupReport: findings with their meaning, and "nothing found" where there are none.
    Raises UsageError for what is no trainer, DataError for what is no batch, SettingError for steps, GradientError for
    a gate without a backward, and what the model raises for images that it does not take.
    Source: CS231n course notes, "Neural networks part 3: learning and evaluation".

    >>> from chainrule import nn, optim
    >>> from chainrule.random import Generator
    >>> from chainrule.train import Trainer
    >>> model = nn.Linear(4, 3, rng=Generator(0))
    >>> trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=20.0), plain=True)
    >>> images, labels = Generator(1).normal((6, 4)), np.arange(6) % 3
    >>> print(setup(trainer, (images, labels)))
    1 finding
    update ratio: weight: one step moves it by ...
        One step should change a weight by about a thousandth of its size. ...
        Try: a learning rate that is ... times smaller.
    """
    images, labels = checked(trainer, batch, steps)
    with kept(trainer, learning=False):
        trainer.model.train()
        try:
            look = looked(trainer, images, labels)
        except GradientError as error:
            return SetupReport([no_gradient(trainer, error)])
        return report(look, steps)


def checked(trainer: Any, batch: Any, steps: Any) -> tuple[Any, Any]:
    """Images and labels, once all is what it has to be."""
    needed = ("model", "loss", "optimizer", "penalty", "plain", "learn", "run_step", "state")
    if isinstance(trainer, type) or not all(hasattr(trainer, name) for name in needed):
        came = f"a {type(trainer).__name__}"
        raise UsageError("check.setup", came, "a trainer", "train.Trainer(model, loss, optimizer)")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise SettingError("check.setup", f"steps {steps!r}", "a whole number ≥ 0", "steps=60")
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        came = f"a {type(batch).__name__}" + (f" of {len(batch)}" if isinstance(batch, tuple | list) else "")
        raise DataError("check.setup", came, "a batch (images, labels)", "next(iter(batches))")
    images, labels = batch
    for name, part in (("images", images), ("labels", labels)):
        if not getattr(part, "shape", ()):
            came = f"{name} is a {type(part).__name__}"
            raise DataError("check.setup", came, "an array or a tensor with examples", "np.asarray(...)")
    if len(images) != len(labels) or not len(labels):
        came = f"{len(images)} images and {len(labels)} labels"
        raise DataError("check.setup", came, "as many of both, at least one", "a whole batch")
    return images, labels


def no_gradient(trainer: Any, error: GradientError) -> Finding:
    """A gradient of another shape, or of nothing; raises what else is wrong with a way back."""
    where = f"{error.layer or error.who}{f' at {error.line}' if error.line else ''}"
    if error.who == "check":
        paths = ", ".join(path for path, _ in parameters_of(trainer).values())
        return Finding("unreachable", paths, "the loss depends on no parameter")
    if not error.came.startswith("backward gave a gradient"):
        raise error
    return Finding("gradient shape", where, f"{error.who}: {error.came}; expected {error.expected}")


def report(look: Look, steps: int) -> SetupReport:
    """All findings; of numbers that are not finite only these, since all others follow from them."""
    bad = list(not_finite(look))
    if bad:
        return SetupReport(bad)
    measured: dict[str, str] = {}
    left_out: list[str] = []
    findings = [
        *activity.odd_inputs(look),
        *activity.one_class(look),
        *losses(look, measured),
        *penalties(look, measured),
        *strays(look),
        *activity.zero_gradients(look),
        *activity.dead_units(look),
        *activity.saturated(look),
    ]
    figures(look, measured)
    findings += tried(look, steps, measured, left_out)
    return SetupReport(findings, measured, left_out)


def not_finite(look: Look) -> list[Finding]:
    """The first value that is not finite, and what it was made by."""
    gradients = [(f"{path}.grad", g) for path, _, g in look.gradients() if g is not None]
    if np.isfinite(look.total) and all(np.isfinite(g).all() for _, g in gradients):
        return []
    for line in look.lines():
        for n in line.outputs:
            if look.values[n].dtype.kind == "f" and not np.isfinite(look.values[n]).all():
                at = f" at {line.place}" if str(line.place) else ""
                return [wrong(look.names[n], look.values[n], f", made by {line.gate.label}{at}")]
    return [wrong(path, g, ", on the way back") for path, g in gradients if not np.isfinite(g).all()][:1]


def wrong(path: str, array: np.ndarray, by: str) -> Finding:
    """Numbers that are not finite."""
    count = int((~np.isfinite(array)).sum())
    return Finding("not finite", path, f"{count:,} of {array.size:,} numbers are not finite{by}", HINT)


HINT = "check.blame(step, images, labels), which says of which numbers it was made"


def losses(look: Look, measured: dict[str, str]) -> list[Finding]:
    """The loss at the start against that of a network that knows nothing."""
    ignorant = ignorant_loss(look)
    if ignorant is None or not ignorant > 0:
        return []
    measured["loss at the start"] = f"{look.loss:.3g}; {ignorant:.3g} for a network that knows nothing"
    if look.loss <= ABOVE * ignorant:
        return []
    where = "the loss of the first batch"
    return [Finding("initial loss", where, measured["loss at the start"])]


def penalties(look: Look, measured: dict[str, str]) -> list[Finding]:
    """What the penalty adds to the loss."""
    penalty = look.penalty
    if penalty is None:
        return []
    measured["penalty"] = f"{penalty:.3g} beside a loss of {look.loss:.3g}"
    if 0 < penalty <= OUTWEIGHS * abs(look.loss):
        return []
    word = "outweighs the data" if penalty > 0 else "does not raise the loss"
    return [Finding("regularization", "the penalty", f"it {word}: {measured['penalty']}")]


def figures(look: Look, measured: dict[str, str]) -> None:
    """What was looked at and is in order, in numbers."""
    x = np.asarray(look.images)
    if x.dtype.kind == "f":
        measured["inputs"] = f"mean {x.mean():.2g}, standard deviation {x.std():.2g}"
    if look.classifies:
        classes, examples = len(np.unique(look.labels)), len(look.labels)
        measured["labels"] = f"{many(classes, 'class', 'classes')} among {many(examples, 'example')}"
    gradients = [g for _, _, g in look.gradients() if g is not None]
    measured["gradients"] = f"{len(gradients)}, each in the shape of its parameter"
    shares = [share for line in look.lines() if (share := activity.dead_share(look, line)) is not None]
    if shares:
        measured["dead units"] = f"at most {max(shares):.0%} of a layer, of {len(shares)}"


def tried(look: Look, steps: int, measured: dict[str, str], left_out: list[str]) -> list[Finding]:
    """How far a step moves the weights, and whether a few examples can be learned by heart."""
    trainer, batch = look.trainer, (look.images, look.labels)
    cells = [cell for _, cell, _ in look.gradients()]
    with kept(trainer, cells):
        found = trial.ratios(look, trial.step_of(trainer))
    findings = list(trial.odd_ratios(found))
    if found:
        each = sorted(r.ratio for r in found)
        measured["update ratio"] = (
            f"{each[0]:.0e} to {each[-1]:.0e} of a weight's length; about 1e-03 is usual"
        )
    few = min(trial.TINY, len(look.labels))
    work = 3 * cost(look.sketch) * few // len(look.labels) * 2 * steps
    if not steps or work > WORK:
        reason = f"{2 * steps} steps cost some {work:.0e} multiply-adds" if steps else "it was not asked for"
        left_out.append(f"whether {many(few, 'example')} can be learned by heart: {reason}")
        return findings
    with kept(trainer, cells):
        learned = trial.by_heart(
            trainer, trial.step_of(trainer, bare=True), *batch, steps, ignorant_loss(look)
        )
    measured["learning by heart"] = str(learned)
    if learned.after > learned.goal:
        findings.append(
            Finding("overfitting", "the model", f"the loss goes {learned}; {learned.goal:.3g} was the goal")
        )
    return findings
