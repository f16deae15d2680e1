"""`chainrule diff`: the first step and line at which two runs part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .. import data, lens, nn
from ..data import Dataset
from ..errors import FileError
from ..train import RunFolder, Start, prepared
from ..train.start import digest_of
from .codes import DONE, PARTED
from .help import Argument, Option, Verb
from .options import json_option, threads_option
from .output import show, show_json, stderr
from .parting import answer, as_dict, notes, tables
from .runs import build, check_fit, open_run, restore


@click.command(
    cls=Verb,
    examples=(
        ("chainrule diff runs/convnet-… runs/convnet-…-2", "train both again, until a bit differs"),
        ("chainrule diff runs/a runs/b --steps 10", "look at ten steps"),
        ("chainrule diff runs/a runs/b --recorded", "compare the folders, without training"),
    ),
    environment=(("CHAINRULE_DATA", "the folder of the data sets that do not come with the package"),),
)
@click.argument("first", cls=Argument, metavar="RUN1", help="The folder of a run.")
@click.argument("second", cls=Argument, metavar="RUN2", help="The folder of another run.")
@click.option(
    "--steps",
    cls=Option,
    group="Comparison",
    type=click.IntRange(1),
    metavar="N",
    standard="all",
    expected="1 or more",
    example="10",
    help="Look at so many steps.",
)
@click.option(
    "--recorded",
    is_flag=True,
    cls=Option,
    group="Comparison",
    help="Only compare what the folders say, without training again.",
)
@threads_option
@json_option
def diff(first: str, second: str, steps: int | None, recorded: bool, as_json: bool) -> None:
    """Name the first step, and in it the first line, at which two runs part.

    Settings and recorded steps are compared to the bit. Then both runs are trained again from their beginning, each
    as it ran, until a bit of the loss or of the state differs; that step is looked at line by line. Nothing is saved.
    The exit code is 0 if the runs are the same, and 1 if they part.
    """
    runs = opened(first, not recorded), opened(second, not recorded)
    with following() as listen, np.errstate(all="ignore"):
        found = lens.diff(*runs, steps=steps, listen=listen)
    if as_json:
        show_json(as_dict(found))
    else:
        show(answer(found), *notes(found), *tables(found))
    click.get_current_context().exit(DONE if found.same else PARTED)


def opened(path: str, again: bool) -> lens.Rerun:
    """A run with its record and, if it is to be trained again, all that it needs."""
    run = open_run(path)
    if not again:
        return lens.Rerun.of(run)
    config, start = run.config(), run.start()
    pictures, _ = data.load(config.data)
    model = beginning(run, start, pictures)
    doubt = ""
    if start is not None and digest_of(model) != start.weights:
        doubt = f"the first weights that {start.run or 'the seed'} gives here are not those it began with"
    job = prepared(model, config, pictures, plain=start is not None and start.plain)
    return lens.Rerun.of(run, job, doubt)


def beginning(run: RunFolder, start: Start | None, pictures: Dataset) -> nn.Module:
    """The network before the run's first step: from its seed, or with the weights of the run it started from.

    Raises FileError if that run is gone.
    """
    config = run.config()
    if start is None or not start.run:
        return build(config.model, pictures.shape, len(pictures.classes), pictures.name, config.seed)
    if not Path(start.run).is_dir():
        came, expected = f"it started from {start.run}, which is gone", "the weights that it began with"
        raise FileError(str(run.path), came, expected, "chainrule diff … --recorded")
    origin = restore(start.run)
    check_fit(origin, pictures)
    return origin.model


@contextmanager
def following() -> Iterator[Callable[[int, int], None]]:
    """Inside, a line on the terminal says how many steps were taken again."""
    console = stderr()
    columns = (
        TextColumn("step"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
    )
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = progress.add_task("step", total=None)
    with progress:
        yield lambda done, total: progress.update(task, completed=done, total=total)
