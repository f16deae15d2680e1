"""How many threads NumPy and the compiled steps compute with.

Its libraries read the number from the environment once, while they load, and `import chainrule` has loaded
them before a command can read its options.  So a process that is asked for another number starts itself anew,
once, with the variables in place.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import click

from ..errors import UsageError

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
SETTING = "CHAINRULE_THREADS"
MOST = 256


def asked(arguments: Sequence[str], environment: Mapping[str, str]) -> int | None:
    """The number after --threads, or in CHAINRULE_THREADS; None if there is no sensible one.

    >>> asked(["train", "--threads=2"], {}), asked(["train"], {"CHAINRULE_THREADS": "1"}), asked([], {})
    (2, 1, None)
    """
    text = environment.get(SETTING, "")
    options = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    for word, following in zip(options, [*options[1:], ""], strict=False):
        if word == "--threads":
            text = following
        elif word.startswith("--threads="):
            text = word.removeprefix("--threads=")
    # a senseless number is left to the parser, which says so
    return int(text) if text.isdecimal() and 1 <= int(text) <= MOST else None


def in_place(count: int) -> bool:
    """Whether this process was started with so many threads."""
    return all(os.environ.get(name) == str(count) for name in VARIABLES)


def relaunch(arguments: Sequence[str]) -> None:
    """Start this process anew if it is asked for another number of threads than it began with."""
    count = asked(arguments, os.environ)
    if count is None or in_place(count) or not sys.executable:
        return
    command = [sys.executable, *sys.orig_argv[1:]]
    environment = {**os.environ, **dict.fromkeys((*VARIABLES, SETTING), str(count))}
    # on Windows execve returns to the shell at once, while the new process still runs
    if os.name == "nt":
        raise SystemExit(subprocess.call(command, env=environment))
    os.execve(sys.executable, command, environment)


def check(context: click.Context, parameter: click.Parameter, count: int | None) -> int | None:
    """The number of threads as an option, refused where it would not be kept."""
    if count is not None and not in_place(count):
        hint = f"the command `chainrule` itself, or {VARIABLES[0]}={count} before Python starts"
        raise UsageError("--threads", f"{count}, after NumPy was loaded", "a number from the start", hint)
    return count
