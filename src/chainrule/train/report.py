"""The page that a run leaves: curves, filters, what they see, confusion, worst mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from typing import Any

import numpy as np

from .. import nn
from ..data import Dataset
from ..graph import no_grad
from ..pictures import Section, bars, curves, figure, gallery, matrix, page, picture, table, tiles
from .config import Config
from .metrics import Evaluation
from .run import RunFolder, Sight

MISTAKES = 24
"""How many of the worst mistakes are shown."""


def write_report(
    run: RunFolder,
    model: nn.Module,
    config: Config,
    sight: Sight,
    test: Dataset,
    tested: Evaluation,
    result: Mapping[str, Any],
) -> None:
    """Write report.html into the run folder."""
    sections = [
        curves_section(run),
        first_layer_section(model, sight, test),
        confusion_section(sight, tested),
        mistakes_section(sight, test, tested),
        network_section(model, config, sight),
        settings_section(config),
    ]
    facts = {
        "test accuracy": f"{tested.accuracy:.1%}",
        "test loss": f"{tested.loss:.3f}",
        "parameters": f"{result['parameters']:,}",
        "training": f"{result['seconds']:.0f} s",
    }
    subtitle = f"{test.name}: {len(test):,} test pictures in {len(sight.classes)} classes"
    shown = [section for section in sections if section is not None]
    run.write("report.html", page(f"{config.model} on {config.data}", shown, subtitle=subtitle, facts=facts))


def curves_section(run: RunFolder) -> Section:
    """Loss and accuracy while learning: every step, and the held-out pictures after every epoch."""
    steps, epochs = run.metrics("step"), run.metrics("epoch")
    per_epoch = len(steps) / max(1, len(epochs))
    drawn = [
        curves(
            {
                "training": [((number + 1) / per_epoch, row[key]) for number, row in enumerate(steps)],
                **held_out(epochs, f"validation_{key}"),
            },
            title=title,
            x_label="epoch",
            y_label=unit,
        )
        for key, title, unit in (("loss", "Loss", "loss"), ("accuracy", "Accuracy", "share right"))
    ]
    caption = "Training: each batch, and its running mean. Validation: held-out pictures after each epoch."
    return Section("How it learned", "".join(figure(svg) for svg in drawn), caption)


def held_out(epochs: list[dict[str, Any]], key: str) -> dict[str, list[tuple[float, float]]]:
    """The validation curve, if there was any validation."""
    points = [(row["epoch"], row[key]) for row in epochs if row[key] is not None]
    return {"validation": points} if points else {}


def first_layer_section(model: nn.Module, sight: Sight, test: Dataset) -> Section | None:
    """The weights of the first layer as pictures; for a convolution also what they make of one picture."""
    layer = next((m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)), None)
    if layer is None:
        return None
    weights = layer.weight.numpy()
    if isinstance(layer, nn.Linear):
        return templates_section(weights, sight)
    # three channels are one colour picture; otherwise each filter shows its channels side by side
    shown = weights if weights.shape[1] == 3 else weights.reshape(-1, *weights.shape[2:])
    scale = max(1, 36 // weights.shape[-1])
    filters = figure(tiles(shown[:96], scale=scale, gap=1, map="auto" if weights.shape[1] == 3 else "diverging"),
                     f"{len(weights)} filters of {weights.shape[2]}×{weights.shape[3]}: blue below zero, red above")
    chosen = int(np.argmax(test.labels == test.labels[0]))
    return Section("What the first layer looks for", filters + responses(layer, sight, test, chosen))


def responses(layer: nn.Conv2d, sight: Sight, test: Dataset, chosen: int) -> str:
    """One test picture, and the answer of each filter to it after relu."""
    image = test.images[chosen : chosen + 1]
    with no_grad():
        answers = np.maximum(np.asarray(layer(sight.normalize(image))), 0)[0]
    scale = max(1, 56 // answers.shape[-1])
    name = sight.classes[int(test.labels[chosen])]
    before = figure(picture(image[0]), f"A test picture: {name}", scale=max(1, 168 // image.shape[-1]))
    return before + figure(tiles(answers[:64], scale=scale, map="grey", shared=False),
                           "What each filter answers to it, after relu: bright where the filter fits")


def templates_section(weights: np.ndarray, sight: Sight) -> Section | None:
    """Rows of a linear layer as pictures of what they add up."""
    if weights.shape[1] != int(np.prod(sight.input_shape)):
        return None
    shown = weights[:64].reshape(-1, *sight.input_shape).mean(axis=1)
    names = f": {', '.join(sight.classes)}" if len(weights) == len(sight.classes) else ""
    caption = f"Each row of weights as a picture, blue below zero, red above{names}"
    return Section("What the first layer looks for", figure(tiles(shown, scale=3, gap=2, map="diverging"), caption))


def confusion_section(sight: Sight, tested: Evaluation) -> Section:
    """Who is taken for whom."""
    counts = tested.confusion
    shares = np.diag(counts) / np.maximum(1, counts.sum(axis=1))
    drawn = matrix(counts, sight.classes, sight.classes, row_title="is", column_title="called")
    each = bars(sight.classes, shares, title="Accuracy of each class", percent=True)
    caption = "Rows are what a picture is, columns what it was called; the diagonal is right."
    return Section("Who is taken for whom", figure(drawn, wide=True) + figure(each), caption)


def mistakes_section(sight: Sight, test: Dataset, tested: Evaluation) -> Section:
    """The pictures called wrong with the most confidence."""
    worst = tested.worst(MISTAKES)
    sure = tested.probabilities
    shown = [
        (
            picture(test.images[i]),
            f"is {sight.classes[tested.labels[i]]}",
            f"called {sight.classes[tested.called[i]]}, {sure[i, tested.called[i]]:.0%}",
        )
        for i in worst
    ]
    wrong = int((tested.called != tested.labels).sum())
    caption = f"{wrong} of {len(test)} test pictures are called wrong; these with the most confidence."
    return Section("The worst mistakes", gallery(shown, nothing="Not one test picture is called wrong."), caption)


def network_section(model: nn.Module, config: Config, sight: Sight) -> Section:
    """The layers with their arithmetic."""
    told = nn.summary(model, sight.input_shape, name=config.model)
    headers, rows = told.columns()
    return Section("The network", table(headers, rows), told.totals())


def settings_section(config: Config) -> Section:
    """What was asked, and the command that asks for it again."""
    again = f"<p><code>chainrule train {escape(config.model)} --config config.toml</code> trains it again.</p>"
    return Section("The settings", table(["setting", "value"], [[k, str(v)] for k, v in asdict(config).items()]) + again)
