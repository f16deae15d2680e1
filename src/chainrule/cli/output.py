"""What is printed: one door to stdout, one to stderr, both as wide as the terminal and plain without one."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000
"""Columns where nobody looks: a pipe or a file gets whole lines."""

WIDEST = 100
"""Columns of running text, even on a wide terminal."""


def stdout() -> Console:
    """The console of results."""
    return console(sys.stdout)


def stderr() -> Console:
    """The console of progress and errors."""
    return console(sys.stderr)


def console(stream: Any) -> Console:
    """A console on a stream; without a terminal, lines are as long as they are."""
    bounded = stream.isatty() or "COLUMNS" in os.environ
    return Console(
        file=stream, highlight=False, markup=False, emoji=False, width=None if bounded else UNBOUNDED
    )


def rendered(on: Console, *parts: RenderableType) -> str:
    """The parts as text for this console, one under the other."""
    with on.capture() as captured:
        for part in parts:
            # rich would crop what it must not break
            on.print(part, soft_wrap=isinstance(part, Text) and bool(part.no_wrap))
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def show(*parts: RenderableType) -> None:
    """Print a result."""
    # rich would end the process by itself when the pipe is closed
    sys.stdout.write(rendered(stdout(), *parts))


def show_json(facts: Mapping[str, Any]) -> None:
    """Print a result as one JSON object; a number that is not finite, which JSON has not, is null."""
    sys.stdout.write(json.dumps(sayable(facts), ensure_ascii=False, allow_nan=False) + "\n")


def sayable(value: Any) -> Any:
    """The same with None for every number that is not finite.

    >>> sayable({"losses": (0.5, float("inf")), "epochs": 2})
    {'losses': [0.5, None], 'epochs': 2}
    """
    if isinstance(value, Mapping):
        return {name: sayable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [sayable(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def facts(pairs: Mapping[str, str], strong: str = "") -> Text:
    """Names and values, one a line; values are never broken, so that a path can be copied.

    >>> print(facts({"test loss": "0.35", "run": "runs/linear"}))
    test loss   0.35
    run         runs/linear
    """
    width = max(map(len, pairs)) + 3
    lines = [
        Text.assemble((name.ljust(width), "dim"), (value, "bold green" if name == strong else ""))
        for name, value in pairs.items()
    ]
    joined = Text("\n").join(lines)
    joined.no_wrap = True
    return joined


def loss_text(loss: float) -> str:
    """
    >>> loss_text(0.46684), loss_text(2.5e30)
    ('0.4668', '2.5e+30')
    """
    return f"{loss:.4f}" if abs(loss) < 1e4 else f"{loss:.4g}"


def plain_table(*headers: str, right: tuple[int, ...] = ()) -> Table:
    """An empty table: a line under the headers, numbers to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, header in enumerate(headers):
        table.add_column(header, justify="right" if place in right else "left", overflow="fold")
    return table


def bar(share: float, width: int = 20) -> str:
    """A share from 0 to 1 as a bar of eighths.

    >>> bar(0.5, 4)
    '██  '
    """
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(width)


def forgiving() -> None:
    """Print what an encoding does not have as an escape instead of failing: ×, odd file names."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def hush(stream: Any) -> None:
    """Send what is left in the stream nowhere, so that Python does not complain about it while ending."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
