"""`chainrule predict`: what a trained model sees on pictures."""

from __future__ import annotations

from typing import Any

import click
import numpy as np
from rich.text import Text

from ..data import read_picture
from .help import Argument, Option, Verb
from .options import json_option, run_argument, threads_option
from .output import bar, plain_table, show, show_json
from .runs import reopen


@click.command(
    cls=Verb,
    examples=(
        ("chainrule predict runs/convnet-… shoe.png", "the three most probable classes"),
        ("chainrule predict runs/convnet-… *.jpg --top 1 --json", "for another program"),
    ),
)
@run_argument
@click.argument(
    "pictures",
    cls=Argument,
    nargs=-1,
    required=True,
    metavar="PICTURE...",
    help="Picture files: PNG, JPEG and whatever else Pillow reads.",
)
@click.option(
    "--top",
    cls=Option,
    group="Output",
    type=click.IntRange(1),
    default=3,
    metavar="N",
    standard="3",
    help="How many classes to name for each.",
)
@threads_option
@json_option
def predict(run: str, pictures: tuple[str, ...], top: int, as_json: bool) -> None:
    """Name what is on pictures, with probabilities; of nearest neighbours, with their share of the votes.

    Each is scaled and cut to the size of the training pictures, and made grey if those were. It should look
    like them: the clothes of fashion-6k are white on black. Nothing is printed unless all can be read.
    """
    trained = reopen(run)
    shape = trained.sight.input_shape
    images = np.stack([read_picture(path, (shape[0], shape[1], shape[2])) for path in pictures])
    found = [best(row, trained.sight.classes, top) for row in trained.votes(images)]
    if as_json:
        rows = [{"picture": path, "predictions": row} for path, row in zip(pictures, found, strict=True)]
        show_json({"run": str(trained.run.path), "pictures": rows})
    else:
        show(table(pictures, found, trained.said))


def best(row: Any, names: tuple[str, ...], top: int) -> list[dict[str, Any]]:
    """The most probable classes, the first first."""
    order = np.argsort(-row, kind="stable")[:top]
    return [{"class": names[label], "probability": float(row[label])} for label in order]


def table(pictures: tuple[str, ...], found: list[list[dict[str, Any]]], said: str) -> Any:
    """The pictures under each other, each named once.  said: what the shares are called"""
    made = plain_table("picture", "class", said, "", right=(2,))
    for path, row in zip(pictures, found, strict=True):
        for place, guess in enumerate(row):
            made.add_row(
                Text(path if place == 0 else ""),
                Text(guess["class"], "" if place else "bold"),
                f"{guess['probability']:.1%}",
                Text(bar(guess["probability"]), "dim" if place else "green"),
            )
    return made
