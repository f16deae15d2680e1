"""The parts of a run's report, each of which is looked at before it is read.  Pictures are (C, H, W)."""

from __future__ import annotations

import math
from dataclasses import asdict
from html import escape
from typing import Any, Literal

import numpy as np
from PIL import Image

from .. import nn
from ..data import Dataset
from ..graph import no_grad
from ..pictures import Section, bars, curves, diverging, figure, gallery, matrix, picture, table, tiles
from .config import Config
from .metrics import Evaluation
from .presets import name_of
from .run import RunFolder, Sight

EXAMPLES = 20
"""How many pictures the page opens with, at most: one of each class."""

MISTAKES = 24
"""How many of the worst mistakes are shown."""

NEURONS = 30
"""How many neurons of a fully connected first layer are shown."""

FILTERS = 64
"""How many filters of a convolution are shown."""

SAMPLE = 1000
"""How many test pictures are looked at for the patterns that neurons answer to."""

HALF, WHOLE, SUBJECT = 440, 990, 300
"""Screen pixels across half of the page, across all of it, and of one picture beside filters."""

LARGE, SMALL, GAP = 165, 108, 10
"""Screen pixels of large and small pictures of a gallery, at least, and between tiles."""


def classes_section(sight: Sight, test: Dataset, tested: Evaluation) -> Section:
    """The first test picture of each class, and what the network says to it."""
    firsts = sorted(np.unique(test.labels, return_index=True)[1], key=lambda i: test.labels[i])[:EXAMPLES]
    shown = []
    for i in firsts:
        label, called = int(test.labels[i]), int(tested.called[i])
        sure, name = f"{tested.probabilities[i, called]:.0%}", sight.classes[label]
        words = (f"{name}, {sure}", "") if label == called else (name, mistaken(sight, called, sure))
        shown.append((seen(test.images[i]), *words))
    caption = (
        "The first test picture of each class, and how sure the network is; in colour where it is wrong."
    )
    return Section("What it says", gallery(shown, size=LARGE), caption)


def mistaken(sight: Sight, called: int, sure: str) -> str:
    """What is said about a picture called wrong."""
    return f"called {sight.classes[called]}, {sure}"


def seen(image: np.ndarray) -> Image.Image:
    """A picture of the data: grey or colour, or the mean of its channels where they are not 1 or 3."""
    return picture(image if len(image) in (1, 3) else image.mean(axis=0))


def curves_section(run: RunFolder, config: Config) -> Section:
    """Loss and accuracy while learning: every step, and the held-out pictures after every epoch."""
    steps, epochs = run.metrics("step"), run.metrics("epoch")
    per_epoch = len(steps) / max(1, len(epochs))
    unit = "nats" if config.loss == "cross-entropy" else "hinge"
    drawn = [
        curves(
            {
                "training": [
                    ((number + 1) / per_epoch, scale * row[key]) for number, row in enumerate(steps)
                ],
                **held_out(epochs, f"validation_{key}", scale),
            },
            title=title,
            x_label="epoch",
            y_label=y_label,
        )
        for key, title, y_label, scale in (
            ("loss", "Loss", unit, 1),
            ("accuracy", "Accuracy", "% right", 100),
        )
    ]
    caption = "Training: every batch, before it is learned from."
    if config.validation:
        caption += (
            f" Validation: {config.validation:.0%} of the training pictures, held out, after each epoch."
        )
    return Section("How it learned", "".join(figure(svg) for svg in drawn), caption)


def held_out(epochs: list[dict[str, Any]], key: str, scale: float) -> dict[str, list[tuple[float, float]]]:
    """The validation curve, if there was any validation."""
    points = [(row["epoch"], scale * row[key]) for row in epochs if row[key] is not None]
    return {"validation": points} if points else {}


def confusion_section(sight: Sight, tested: Evaluation) -> Section:
    """Who is taken for whom."""
    counts = tested.confusion
    present = counts.sum(axis=1) > 0
    shares = np.where(present, np.diag(counts) / np.maximum(1, counts.sum(axis=1)), np.nan)
    drawn = matrix(counts, sight.classes, sight.classes, row_title="is", column_title="called")
    each = bars(sight.classes, shares, title="Right in each class", percent=True)
    caption = "Rows are what a picture is, columns what it was called; the diagonal is right."
    wrong = counts - np.diag(np.diag(counts))
    if wrong.any():
        i, j = np.unravel_index(np.argmax(wrong), wrong.shape)
        caption += f" Most often: {sight.classes[i]} called {sight.classes[j]}, {wrong[i, j]:,} times."
    wide = len(sight.classes) > 12
    return Section("Who is taken for whom", figure(drawn, wide=wide) + figure(each, wide=wide), caption)


def mistakes_section(sight: Sight, test: Dataset, tested: Evaluation) -> Section:
    """The pictures called wrong with the most confidence."""
    worst, sure = tested.worst(MISTAKES), tested.probabilities
    shown = [
        (
            seen(test.images[i]),
            f"is {sight.classes[tested.labels[i]]}",
            mistaken(sight, tested.called[i], f"{sure[i, tested.called[i]]:.0%}"),
        )
        for i in worst
    ]
    wrong = int((tested.called != tested.labels).sum())
    caption = f"{wrong:,} of {len(test):,} test pictures are called wrong"
    caption += "; these with the most confidence." if len(worst) < wrong else "."
    body = gallery(shown, size=SMALL, nothing="Not one test picture is called wrong.")
    return Section("The worst mistakes", body, caption)


def first_layer_section(model: nn.Module, sight: Sight, test: Dataset) -> Section | None:
    """What the first layer weighs, and what it answers to."""
    layer = next((m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)), None)
    if isinstance(layer, nn.Linear) and layer.in_features == int(np.prod(sight.input_shape)):
        return neurons_section(layer.weight.numpy(), sight, test)
    if isinstance(layer, nn.Conv2d) and layer.in_channels == sight.input_shape[0]:
        return filters_section(layer, sight, test)
    return None


def neurons_section(weights: np.ndarray, sight: Sight, test: Dataset) -> Section:
    """The patterns that neurons of a fully connected layer answer to, and their weights."""
    named = len(weights) == len(sight.classes)
    drawn = laid_out(patterns(weights, sight, test), sight)
    chosen = np.arange(len(weights)) if named else np.argsort(-size(drawn), kind="stable")[:NEURONS]
    who = "class" if named else "neuron"
    caption = (
        f"What each {who} answers to: red where bright pixels go with a high answer, blue with a low one."
    )
    if len(chosen) < len(weights):
        caption += f" The {len(chosen)} of {len(weights)} neurons with the largest answers."
    if named:
        pairs = zip(drawn[:EXAMPLES], sight.classes, strict=False)
        body = gallery([(diverging(one), name, "") for one, name in pairs], size=LARGE)
    else:
        body = figure(
            row_of(drawn[chosen], "diverging", shared=False), "One pattern for each neuron", wide=True
        )
    told = f"The weights of the same {'classes' if named else 'neurons'}: blue below zero, red above"
    below = figure(row_of(laid_out(weights[chosen], sight)[:NEURONS], "diverging"), told, wide=True)
    return Section("What the first layer looks for", body + below, caption)


def patterns(weights: np.ndarray, sight: Sight, test: Dataset) -> np.ndarray:
    """(N, pixels) how each pixel varies together with each neuron's answer.

    Weights say little by themselves, as noise that no picture contains stays in them.
    Source: Haufe et al. 2014, "On the interpretation of weight vectors of linear models", eq. 6.
    """
    pixels = sight.normalize(test.images[:SAMPLE]).reshape(min(SAMPLE, len(test)), -1)
    apart = pixels - pixels.mean(axis=0)
    return (weights @ apart.T) @ apart / len(apart)


def laid_out(rows: np.ndarray, sight: Sight) -> np.ndarray:
    """Rows (N, C·H·W) as pictures (N, H, W), the mean of their channels."""
    return rows.reshape(-1, *sight.input_shape).mean(axis=1)


def size(arrays: np.ndarray) -> np.ndarray:
    """(N,) the length of each picture (N, H, W)."""
    return np.sqrt((arrays**2).sum(axis=(1, 2)))


def filters_section(layer: nn.Conv2d, sight: Sight, test: Dataset) -> Section:
    """Filters beside a picture of the data, and below what each of them makes of it."""
    weights, image = layer.weight.numpy(), test.images[:1]
    coloured = weights.shape[1] == 3
    shown = (weights if coloured else weights.reshape(-1, *weights.shape[2:]))[:FILTERS]
    with no_grad():
        answers = np.maximum(np.asarray(layer(sight.normalize(image))), 0)[0, :FILTERS]
    paint = "their three channels as red, green and blue" if coloured else "blue below zero, red above"
    told = f"{weights.shape[0]} filters of {weights.shape[2]}×{weights.shape[3]}: {paint}"
    subject, name = seen(image[0]), sight.classes[int(test.labels[0])]
    body = [
        figure(row_of(shown, "colour" if coloured else "diverging", room=HALF), told),
        figure(subject, f"A test picture: {name}", scale=fitting(subject.width, 1, SUBJECT)),
        figure(
            row_of(answers, "grey", shared=False),
            "What each filter answers to it, after relu: bright where it fits",
            wide=True,
        ),
    ]
    return Section("What the first layer looks for", "".join(body))


def row_of(
    arrays: np.ndarray, map: Literal["grey", "colour", "diverging"], room: int = WHOLE, shared: bool = True
) -> Image.Image:
    """Pictures (N, H, W) or (N, 3, H, W) as large as the room allows, in whole screen pixels."""
    columns = across(len(arrays), 10) if room == WHOLE else square(len(arrays))
    scale = fitting(arrays.shape[-1], columns, room)
    return tiles(arrays, columns=columns, scale=scale, gap=GAP, map=map, shared=shared)


def across(count: int, most: int) -> int:
    """How many pictures stand in a row: all of a few, or rows without a torn last one where that can be.

    >>> across(3, 10), across(6, 10), across(32, 10), across(30, 10)
    (3, 6, 8, 10)
    """
    return count if count <= most else next((n for n in range(most, most // 2, -1) if count % n == 0), most)


def square(count: int) -> int:
    """How many pictures stand in a row of a block that is near square, or a little wide.

    >>> square(6), square(16), square(32)
    (3, 4, 8)
    """
    least = math.isqrt(max(0, count - 1)) + 1
    return next((n for n in range(least, 2 * least) if count % n == 0), least)


def fitting(width: int, columns: int, room: int) -> int:
    """Screen pixels for each pixel, so that a row of pictures fills the room.

    >>> fitting(28, 8, 1000)
    4
    """
    return max(1, (room - (columns - 1) * GAP) // columns // width)


def network_section(model: nn.Module, config: Config, sight: Sight) -> Section:
    """The layers with their arithmetic."""
    told = nn.summary(model, sight.input_shape, name=config.model)
    headers, rows = told.columns()
    return Section("The network", table(headers, rows), told.totals())


def settings_section(config: Config) -> Section:
    """What was asked, in two columns, and the command that asks for it again."""
    pairs = [[key, str(value)] for key, value in asdict(config).items()]
    half = -(-len(pairs) // 2)
    right = [*pairs[half:], *[["", ""]] * (2 * half - len(pairs))]
    rows = [[*first, *second] for first, second in zip(pairs[:half], right, strict=True)]
    again = (
        f"<p>In this folder, <code>chainrule train {escape(name_of(config))} --config config.toml</code> "
        "trains it again.</p>"
    )
    return Section("The settings", table(["setting", "value", "setting", "value"], rows) + again)
