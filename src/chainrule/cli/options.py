"""Options and arguments that several verbs share."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import click

from .. import data, zoo
from ..errors import UsageError
from .help import Argument, Option
from .threads import MOST, SETTING, check

Decorator = Callable[[Any], Any]

json_option: Decorator = click.option(
    "--json",
    "as_json",
    is_flag=True,
    cls=Option,
    group="Output",
    help="Print one JSON object, also for an error.",
)

quiet_option: Decorator = click.option(
    "--quiet", is_flag=True, cls=Option, group="Output", help="No progress."
)

threads_option: Decorator = click.option(
    "--threads",
    cls=Option,
    group="Output",
    type=click.IntRange(1, MOST),
    metavar="N",
    envvar=SETTING,
    callback=check,
    expose_value=False,
    expected=f"1 to {MOST}",
    example="2",
    help="Threads of compiled steps, and of NumPy's matrix products.",
    standard="all processors",
)

run_argument: Decorator = click.argument(
    "run", cls=Argument, metavar="RUN", help="The folder of a run, as `chainrule train` printed it."
)


def complete_data(context: click.Context, parameter: click.Parameter, start: str) -> list[str]:
    """Names of data sets that begin so, for the shell."""
    return [name for name in data.names() if name.startswith(start)]


def complete_model(context: click.Context, parameter: click.Parameter, start: str) -> list[str]:
    """Names of models that begin so, for the shell."""
    return [name for name in zoo.MODELS if name.startswith(start)]


def picture_shape(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> tuple[int, ...] | None:
    """C×H×W as text: 3x227x227, or 3×227×227."""
    if text is None:
        return None
    sizes = re.fullmatch(
        r"([1-9]\d{0,5})[x×]([1-9]\d{0,5})[x×]([1-9]\d{0,5})", text, re.ASCII | re.IGNORECASE
    )
    if sizes is None:
        expected = "channels × height × width, each 1 or more"
        raise UsageError("--input", repr(text), expected, "--input 3x227x227")
    return tuple(map(int, sizes.groups()))


def data_sets() -> list[tuple[str, str]]:
    """The names of data sets, each with the beginning of its description in `data.load`."""
    about = inspect.getdoc(data.load) or ""
    lines = {
        name: re.search(rf"^ *{re.escape(name)}  +([^;\n]+)", about, re.MULTILINE) for name in data.names()
    }
    return [(name, line[1].rstrip(". ") if line else "") for name, line in lines.items()]


def networks() -> list[tuple[str, str]]:
    """The zoo: each name with the first line of its description."""
    return [(name, (inspect.getdoc(build) or "").split("\n")[0]) for name, build in zoo.MODELS.items()]


model_argument: Decorator = click.argument(
    "model",
    cls=Argument,
    metavar="MODEL",
    shell_complete=complete_model,
    help="A network of the zoo, or the folder of a run.",
)


def batch_option(pictures: int) -> Decorator:
    """--batch, with so many pictures unless told; then it is None."""
    return click.option(
        "--batch",
        cls=Option,
        group="Pictures",
        type=click.IntRange(1),
        metavar="N",
        standard=f"{pictures}",
        expected="1 or more",
        example=f"{pictures}",
        help="Pictures of a step.",
    )


data_option: Decorator = click.option(
    "--data",
    cls=Option,
    group="Pictures",
    metavar="NAME",
    standard="the run's own, fashion-6k, or noise",
    shell_complete=complete_data,
    help="Data set, by name or path, whose first pictures are taken.",
)

input_option: Decorator = click.option(
    "--input",
    "shape",
    cls=Option,
    group="Pictures",
    callback=picture_shape,
    metavar="CxHxW",
    standard="what the network was made for",
    help="Channels, height and width of a picture.",
)
