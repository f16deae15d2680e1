"""`chainrule evaluate`: a finished run on test pictures, class by class."""

from __future__ import annotations

import math
import time
from typing import Any

import click
import numpy as np
from rich.text import Text

from .. import data
from ..train import Evaluation
from .help import Option, Verb
from .options import complete_data, json_option, run_argument, threads_option
from .output import bar, facts, loss_text, plain_table, show, show_json
from .runs import check_fit, note_other_names, reopen


@click.command(
    cls=Verb,
    examples=(
        ("chainrule evaluate runs/convnet-…", "on the test pictures of the run's own data"),
        ("chainrule evaluate runs/convnet-… --data fashion-mnist", "on others of the same shape and classes"),
    ),
    environment=(("CHAINRULE_DATA", "the folder of the data sets that do not come with the package"),),
)
@run_argument
@click.option(
    "--data",
    "name",
    cls=Option,
    group="Pictures",
    metavar="NAME",
    standard="the run's own",
    shell_complete=complete_data,
    help="Data set whose test part is taken.",
)
@threads_option
@json_option
def evaluate(run: str, name: str | None, as_json: bool) -> None:
    """Test a trained model: accuracy, loss, and what each class is taken for."""
    trained = reopen(run)
    test = data.load(name or trained.config.data)[1]
    check_fit(trained, test)
    note_other_names(trained, test)
    began = time.perf_counter()
    tested = trained.evaluate(test)
    seconds = time.perf_counter() - began
    classes = by_class(tested, trained.sight.classes)
    if as_json:
        show_json(
            {
                "test_accuracy": tested.accuracy,
                "test_loss": tested.loss,
                "parameters": trained.parameters,
                "seconds": round(seconds, 2),
                "run": str(trained.run.path),
                "data": test.name,
                "pictures": len(test),
                "classes": classes,
            }
        )
        return
    told = {
        "test accuracy": f"{tested.accuracy:.1%}",
        **({} if math.isnan(tested.loss) else {"test loss": loss_text(tested.loss)}),
        "pictures": f"{len(test):,} of {test.name}",
        "seconds": f"{seconds:.2f}",
    }
    show(facts(told, strong="test accuracy"), "", table(classes))


def by_class(tested: Evaluation, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """For each class: its pictures, how many were called right, and the class it is most often taken for."""
    counts = tested.confusion
    wrong = counts - np.diag(np.diag(counts))
    rows = []
    for label, name in enumerate(names):
        total, right, most = int(counts[label].sum()), int(counts[label, label]), int(wrong[label].argmax())
        taken = {"class": names[most], "pictures": int(wrong[label, most])} if wrong[label, most] else None
        rows.append(
            {
                "class": name,
                "pictures": total,
                "right": right,
                "accuracy": right / total if total else None,
                "taken_for": taken,
            }
        )
    return rows


def table(classes: list[dict[str, Any]]) -> Any:
    """The classes under each other."""
    made = plain_table("class", "pictures", "right", "accuracy", "", "most often taken for", right=(1, 2, 3))
    for row in classes:
        share, taken = row["accuracy"], row["taken_for"]
        made.add_row(
            Text(row["class"]),
            f"{row['pictures']:,}",
            f"{row['right']:,}",
            "" if share is None else f"{share:.1%}",
            "" if share is None else Text(bar(share, 16), "green"),
            Text(f"{taken['class']} ({taken['pictures']:,})") if taken else "",
        )
    return made
