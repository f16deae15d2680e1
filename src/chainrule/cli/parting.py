"""What is said of two runs: the answer in one sentence, then the numbers of both side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.padding import Padding
from rich.text import Text

from ..lens import Diff, Parting, Rerun
from ..lens.bits import Gap
from ..words import many
from .output import plain_table

Row = tuple[str, str, str]


def answer(found: Diff) -> Text:
    """Whether and where they part."""
    if found.same:
        steps = many(found.steps, "recorded step")
        again = "" if found.replayed is None else f", and {found.replayed:,} trained again"
        return Text(f"They are the same to the bit: {steps}{again}.", "bold green")
    return Text(f"They part {where(found)}.", "bold yellow")


def where(found: Diff) -> str:
    """The first place at which they part, in words."""
    if found.seen_again and found.parting is not None:
        return place(found.parting)
    if found.recorded is not None:
        row = found.recorded
        if row.what == "end":
            ended = name(found.first if row.first is None else found.second)
            return f"after step {found.steps:,}: {ended} has no step {row.step} of epoch {row.epoch}"
        numbers = f"{row.what} {' against '.join(values(row.first, row.second))}"
        return f"in their records, in step {row.step} of epoch {row.epoch}: {numbers}"
    return f"in the saved weights, at {found.weights.path if found.weights else ''}"


def place(parting: Parting) -> str:
    """Where two trainings part, in words."""
    step, path = f"step {parting.step} of epoch {parting.epoch}", parting.gap.path if parting.gap else ""
    if parting.kind == "state":
        return f"before the first step, at {path}"
    if parting.kind == "batch":
        return f"before {step}: {path} are not the same"
    if parting.kind == "program":
        return f"in {step}: it is not the same step"
    if parting.kind != "line" or parting.place is None:
        return f"in {step}, at {path}, and no line of the step shows why when it is looked at again"
    causes = "".join(
        f": {read.path.split('/')[-1]} {' against '.join(values(read.first, read.second))}"
        for read in parting.reads[:1]
    )
    if parting.place.phase == "update" and parting.state is not None:
        return f"in {step}, in the update of {parting.state.path}{causes}"
    return f"in {step}, at {path} ({parting.place.gate}, {parting.place.phase}){causes}"


def notes(found: Diff) -> Iterator[Text]:
    """What else one should know, a line each."""
    for run in (found.first, found.second):
        if run.doubt:
            yield Text(f"{name(run)} does not begin here as it did: {run.doubt}.", "yellow")
        if run.stray is not None:
            stray = run.stray
            recorded, replayed = values(stray.recorded, stray.replayed)
            numbers = f"{stray.what} {recorded} recorded, {replayed} trained again"
            at = f"step {stray.step} of epoch {stray.epoch}"
            yield Text(f"{name(run)} does not reproduce here: {at} has {numbers}.", "yellow")
    if found.replayed is not None and not found.same and not found.seen_again:
        yield Text(f"Trained again, {found.replayed:,} steps are the same to the bit.")
    if found.parting is not None and found.parting.place is not None:
        yield made_by(found.parting)


def made_by(parting: Parting) -> Text:
    """The line, for people."""
    line, gap = parting.place, parting.gap
    if line is None or gap is None:
        return Text()
    kernels = " and ".join(dict.fromkeys(parting.kernels))
    told = f" is made by {line.gate} ({line.phase}, kernel {kernels}) at {line.line}"
    many = f"; {gap.differ:,} of {gap.size:,} numbers differ" if gap.size > 1 else ""
    return Text.assemble((gap.path, "bold"), told, many, ".")


def tables(found: Diff) -> Iterator[Padding]:
    """What differs, side by side; no table where nothing does."""
    rows = list(lines(found))
    if rows:
        made = plain_table("", name(found.first), name(found.second))
        for what, one, other in rows:
            made.add_row(Text(what, "dim"), one, other)
        yield Padding(made, (1, 0, 0, 0))


def lines(found: Diff) -> Iterator[Row]:
    """Settings, records and values that differ."""
    for key, (one, other) in found.facts.items():
        yield key, fact(one), fact(other)
    row = found.recorded
    if row is not None:
        what = "loss" if row.what == "end" else row.what
        yield f"recorded {what}, epoch {row.epoch} step {row.step}", *values(row.first, row.second)
    parting = found.parting
    if parting is not None:
        for gap in (*parting.reads, *([parting.gap] if parting.gap else [])):
            yield label(gap), *values(gap.first, gap.second)
        if any(parting.lines):
            yield "the first other line", *parting.lines
        if parting.state is not None:
            yield f"then {label(parting.state)}", *values(parting.state.first, parting.state.second)
    if found.weights is not None:
        yield f"saved {label(found.weights)}", *values(found.weights.first, found.weights.second)


def label(gap: Gap) -> str:
    """
    >>> label(Gap("conv1.weight", (0, 2), 1.0, 2.0, 1, 6))
    'conv1.weight[0, 2]'
    """
    return f"{gap.path}{list(gap.at) if gap.at else ''}"


def name(run: Rerun) -> str:
    return str(run.run.path)


def values(first: Any, second: Any) -> tuple[str, str]:
    """Two numbers, with as many digits as tell them from each other; what is no number as it is.

    >>> values(0.1, 0.30000000000000004), values(0.1, 0.10000000000000002), values(0.5, None)
    (('0.1', '0.3'), ('0.1', '0.10000000000000002'), ('0.5', 'none'))
    """
    short = [f"{x:.9g}" if isinstance(x, float) else "none" if x is None else str(x) for x in (first, second)]
    one, other = short if short[0] != short[1] else (str(first), str(second))
    return one, other


def fact(of: Any) -> str:
    """
    >>> fact(True), fact(None), fact(0.1)
    ('yes', 'not recorded', '0.1')
    """
    if isinstance(of, bool):
        return "yes" if of else "no"
    return "not recorded" if of is None else str(of)


def as_dict(found: Diff) -> dict[str, Any]:
    """The same for programs."""
    return {
        "same": found.same,
        "runs": [name(found.first), name(found.second)],
        "facts": found.facts,
        "steps": found.steps,
        "recorded": None if found.recorded is None else asdict(found.recorded),
        "replayed": found.replayed,
        "parting": None if found.parting is None else parted(found.parting),
        "weights": None if found.weights is None else plain(found.weights),
        "strays": [None if run.stray is None else asdict(run.stray) for run in (found.first, found.second)],
        "doubts": [run.doubt or None for run in (found.first, found.second)],
    }


def parted(parting: Parting) -> dict[str, Any]:
    """Where trainings part, for programs."""
    return {
        "epoch": parting.epoch,
        "step": parting.step,
        "kind": parting.kind,
        "value": None if parting.gap is None else plain(parting.gap),
        "lines": parting.lines if any(parting.lines) else None,
        "line": None if parting.place is None else parting.place._asdict() | {"kernel": parting.kernels},
        "reads": [plain(gap) for gap in parting.reads],
        "state": None if parting.state is None else plain(parting.state),
    }


def plain(gap: Gap) -> dict[str, Any]:
    """A value, for programs; JSON has no NaN and no infinity."""
    odd = {key: None for key, x in gap._asdict().items() if isinstance(x, float) and not math.isfinite(x)}
    return gap._asdict() | odd
