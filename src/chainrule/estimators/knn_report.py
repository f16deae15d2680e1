"""The page of a run of nearest neighbours: whom it asked about its test pictures, and what they said."""

from __future__ import annotations

import numpy as np

from ..data import Dataset
from ..pictures import Neighbourhood, Section, figure, neighbourhoods, page, table
from ..train import Evaluation
from ..train.report import duration
from ..train.report_sections import confusion_section, mistakes_section, seen
from .knn_run import KnnResult, Neighbours

ROWS = 12
"""How many test pictures are shown with their neighbours: half of them called right, where there are so many."""

SHOWN = 8
"""How many neighbours are shown, at most."""


def write_page(neighbours: Neighbours, test: Dataset, tested: Evaluation, result: KnnResult) -> None:
    """Write report.html into the run's folder: one page without a script, nothing from the network."""
    sight, config = neighbours.sight, neighbours.config
    sections = [
        neighbours_section(neighbours, test, tested),
        confusion_section(sight, tested),
        mistakes_section(sight, test, tested),
        settings_section(neighbours),
    ]
    facts = {
        "test accuracy": f"{tested.accuracy:.1%}",
        "neighbours that vote": config.k,
        "distance": config.metric,
        "training pictures": f"{result.pictures:,}",
        f"for {len(test):,} answers": duration(result.seconds),
    }
    subtitle = f"{test.name}: {len(test):,} test pictures in {len(sight.classes)} classes"
    title = f"Nearest neighbours on {config.data}"
    neighbours.run.write("report.html", page(title, sections, subtitle=subtitle, facts=facts))


def neighbours_section(neighbours: Neighbours, test: Dataset, tested: Evaluation) -> Section:
    """Some test pictures, each with those that voted."""
    chosen = examples(tested)
    found, classes = neighbours.nearest(test.images[chosen]), neighbours.sight.classes
    rows = []
    for i, numbers in zip(chosen, found, strict=True):
        label, called = int(test.labels[i]), int(tested.called[i])
        votes = float(tested.probabilities[i, called])
        said = f"called {classes[called]}, {votes:.0%}"
        near = [
            (seen(neighbours.images[n]), classes[neighbours.labels[n]], int(neighbours.labels[n]) == label)
            for n in numbers[:SHOWN]
        ]
        rows.append(Neighbourhood(seen(test.images[i]), classes[label], said, label == called, near))
    caption = "On the left a test picture; beside it the training pictures nearest to it, the nearest first."
    if neighbours.config.k > SHOWN:
        caption += f" {neighbours.config.k} of them vote, {SHOWN} are shown."
    caption += " In colour: of another class than the test picture."
    return Section("Who was asked", figure(neighbourhoods(rows), wide=True), caption)


def examples(tested: Evaluation) -> list[int]:
    """Test pictures of as many classes as can be: called right and called wrong in turns."""
    right = tested.called == tested.labels
    picked: list[list[int]] = []
    for group in (np.flatnonzero(right), np.flatnonzero(~right)):
        firsts = group[np.unique(tested.labels[group], return_index=True)[1]]
        rest = np.setdiff1d(group, firsts)
        picked.append([*firsts.tolist(), *rest.tolist()])
    half = ROWS // 2
    good, bad = picked
    count = max(half, ROWS - len(bad))
    return [*good[:count], *bad[: ROWS - min(count, len(good))]]


def settings_section(neighbours: Neighbours) -> Section:
    """What was asked, and the command that asks for it again."""
    config = neighbours.config
    rows = [["data", config.data], ["k", str(config.k)], ["metric", config.metric]]
    again = "<p><code>chainrule train knn --config config.toml</code> asks them again; "
    again += "<code>chainrule search knn</code> looks for a better k.</p>"
    return Section("The settings", table(["setting", "value"], rows) + again)
