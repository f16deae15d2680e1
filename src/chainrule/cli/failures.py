"""Every way to fail, as a message on stderr and an exit code.

With --json the failure is on stdout too, as {"error": {kind, who, came, expected, hint, code}}: stdout is one
JSON object either way.
"""

from __future__ import annotations

import difflib
import errno
import os
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress

import click
from rich.table import Table
from rich.text import Text

from .. import errors
from ..errors import ChainruleError
from .codes import BAD_FILE, DIVERGED, DONE, FAILED, FULL, INTERRUPTED, TERMINATED, USAGE
from .help import Option
from .output import WIDEST, hush, rendered, show_json, stderr
from .signals import Terminated

KINDS: tuple[tuple[type[ChainruleError], int], ...] = (
    (errors.DivergedError, DIVERGED),
    (errors.UsageError, USAGE),
    (errors.SettingError, USAGE),
    (errors.ResourceError, FULL),
    (errors.FileError, BAD_FILE),
    (errors.DataError, BAD_FILE),
    (errors.LabelError, BAD_FILE),
    (errors.NonFiniteError, BAD_FILE),
    (errors.StateError, BAD_FILE),
    # a model and pictures that do not fit were refused before; these come from a file
    (errors.ShapeError, BAD_FILE),
    (errors.DTypeError, BAD_FILE),
    (ChainruleError, FAILED),
)

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def tell(error: BaseException, as_json: bool = False) -> int:
    """Print what went wrong and return the exit code.  A reader that closed the pipe has all it wanted."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        hush(sys.stdout)
        return DONE
    known, code = translated(error)
    if known is None or os.environ.get("CHAINRULE_DEBUG"):
        write("".join(traceback.format_exception(error)))
    known = known or fault(error)
    notes = list(getattr(error, "__notes__", ()))
    write(laid_out(known, notes, stopped=code in (INTERRUPTED, TERMINATED)))
    try:
        if as_json:
            show_json({"error": {**parts(known, type(error).__name__), "notes": notes, "code": code}})
        sys.stdout.flush()
    except OSError:
        hush(sys.stdout)
    return code


def translated(error: BaseException) -> tuple[ChainruleError | None, int]:
    """Any exception as an error with four parts, and its exit code; None for one that nobody expected."""
    if isinstance(error, ChainruleError):
        return error, next(code for kind, code in KINDS if isinstance(error, kind))
    if isinstance(error, click.ClickException):
        return from_click(error), USAGE
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return stopped("Ctrl-C"), INTERRUPTED
    if isinstance(error, Terminated):
        return stopped("SIGTERM"), TERMINATED
    if isinstance(error, MemoryError):
        came = f"{error}" or "the memory is full"
        hint = "a smaller --batch-size, or a smaller model"
        return errors.ResourceError("memory", came, "enough of it", hint), FULL
    if isinstance(error, OSError):
        return from_system(error)
    return None, FAILED


def from_system(error: OSError) -> tuple[ChainruleError, int]:
    """An error of the operating system that no room has put into words."""
    who, came = str(error.filename or "output"), error.strerror or str(error)
    if error.errno in NO_ROOM:
        return errors.ResourceError(who, came, "room on the disk", "free some, or use another disk"), FULL
    return errors.FileError(who, came, "a file that can be read or written", "another path"), BAD_FILE


def from_click(error: click.ClickException) -> ChainruleError:
    """An error of the parser."""
    context = getattr(error, "ctx", None) or click.Context(click.Command("chainrule"), info_name="chainrule")
    path, usage = context.command_path, context.get_usage().removeprefix("Usage: ")
    came, expected, hint = sentence(error.format_message()), usage, f"{path} --help"
    if isinstance(error, click.NoSuchOption):
        names = [name for parameter in context.command.get_params(context) for name in parameter.opts]
        near = difflib.get_close_matches(error.option_name, names, n=1, cutoff=0.55)
        came, expected = f"no option {error.option_name!r}", f"one of those that {path} --help lists"
        return errors.UsageError(path, came, expected, near[0] if near else hint)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        came = f"no {error.param.make_metavar(context).rstrip('.')}"
    elif isinstance(error, click.BadParameter) and isinstance(error.param, Option):
        name = error.param.opts[0]
        example = f"{name} {error.param.example}".rstrip()
        return errors.UsageError(name, sentence(error.message), error.param.expected, example)
    return errors.UsageError(path, came, expected, hint)


def sentence(text: str) -> str:
    """A sentence as a part of one.

    >>> sentence("Got unexpected extra argument (x).")
    'got unexpected extra argument (x)'
    """
    return text[:1].lower() + text[1:].rstrip(".")


def stopped(by: str) -> ChainruleError:
    """The end that somebody asked for."""
    return ChainruleError("chainrule", f"stopped by {by}", "to be left to finish", "the same command again")


def fault(error: BaseException) -> ChainruleError:
    """An exception that nobody expected."""
    came = traceback.format_exception_only(error)[-1].strip()
    return ChainruleError(
        "chainrule", came, "no such thing: this is a fault of chainrule", "report it, with the lines above"
    )


def parts(error: ChainruleError, kind: str) -> dict[str, str]:
    """The four parts of the message, for JSON."""
    return {
        "kind": kind,
        "who": who(error),
        "came": error.came,
        "expected": error.expected,
        "hint": error.hint,
    }


def who(error: ChainruleError) -> str:
    """Layer path and gate, or file, or option."""
    return f"{error.layer}: {error.who}" if error.layer else error.who


def laid_out(error: ChainruleError, notes: list[str], stopped: bool = False) -> str:
    """The message: what happened on the first line, what was expected and what to try below it.

    >>> error = errors.UsageError("model", "no model named 'lenet6'", "a name of the zoo", "lenet5")
    >>> print(laid_out(error, []), end="")
    chainrule: error: model: no model named 'lenet6'
      expected  a name of the zoo
      try       lenet5
    """
    on = stderr()
    on.width = min(on.width, WIDEST) if on.is_terminal else on.width
    if stopped:
        head, rows = Text.assemble(("chainrule: ", "dim"), (error.came, "bold yellow")), []
    else:
        head = Text.assemble(
            ("chainrule: ", "dim"), ("error: ", "bold red"), (f"{who(error)}: ", "bold"), error.came
        )
        rows = [("expected", error.expected, ""), ("try", error.hint, "green")]
    return rendered(on, head, below([*rows, *(("", note, "") for note in notes)]))


def below(rows: Iterable[tuple[str, str, str]]) -> Table:
    """What stands under the first line of a message: a name, a text and its style in each row."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, text, style in rows:
        made.add_row(f"  {name}", Text(text, style))
    return made


def write(text: str) -> None:
    """Print on stderr, if anybody still reads it."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()
