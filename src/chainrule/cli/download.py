"""`chainrule download`: published data sets from the network, when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from .. import data
from ..errors import UsageError
from .help import Argument, Option, Verb
from .options import json_option, quiet_option
from .output import plain_table, show, show_json, stderr


def complete_download(context: click.Context, parameter: click.Parameter, start: str) -> list[str]:
    """Names of sets that begin so, for the shell."""
    return [name for name in data.downloads() if name.startswith(start)]


@click.command(
    cls=Verb,
    examples=(
        ("chainrule download cifar10", "then: chainrule train convnet --data cifar10 --crop 4 --flip"),
        ("chainrule download mnist fashion-mnist", "two sets; what is there already is not fetched again"),
    ),
    more={
        "Data sets": [(name, f"{size / 1e6:,.0f} MB") for name, size in data.downloads().items()],
    },
    environment=(("CHAINRULE_DATA", "the folder that they go to, each into one of its own"),),
)
@click.argument(
    "names",
    cls=Argument,
    nargs=-1,
    required=True,
    metavar="NAME...",
    shell_complete=complete_download,
    help="Data sets, of those below.",
)
@click.option(
    "--to",
    "folder",
    cls=Option,
    group="Output",
    metavar="FOLDER",
    standard="CHAINRULE_DATA/NAME, or the user's cache",
    help="Where the files of one set go.",
)
@json_option
@quiet_option
def download(names: tuple[str, ...], folder: str | None, as_json: bool, quiet: bool) -> None:
    """Fetch published data sets from their authors' servers.

    A download that breaks off goes on where it was when the command is given again. A file comes to its place once
    its checksum is the published one. No other command touches the network.
    """
    if folder is not None and len(names) > 1:
        came, hint = f"one folder for {len(names)} data sets", "a command for each"
        raise UsageError("--to", came, "one data set", hint)
    unknown = [name for name in names if name not in data.downloads()]
    if unknown:  # before any of the others is fetched
        data.download(unknown[0])
    with following(quiet) as listen:
        places = {name: str(data.download(name, folder, listen)) for name in names}
    if as_json:
        show_json({"folders": places})
    else:
        made = plain_table("data set", "is in")
        for name, place in places.items():
            made.add_row(Text(name, "bold"), Text(place))
        show(made)


@contextmanager
def following(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Inside, a line for each file on the terminal says how much of it is there."""
    console = stderr()
    columns = (TextColumn("{task.description}"), BarColumn(28), DownloadColumn(), TimeRemainingColumn(True))
    progress = Progress(*columns, console=console, disable=quiet or not console.is_terminal)
    tasks: dict[str, TaskID] = {}

    def listen(name: str, done: int, total: int) -> None:
        if name not in tasks:
            tasks[name] = progress.add_task(name, total=total)
        progress.update(tasks[name], completed=done)

    with progress:
        yield listen
