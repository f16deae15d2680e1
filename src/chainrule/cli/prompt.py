"""The prompt of the debugger: commands of a line each, from a person, a pipe or a script."""

from __future__ import annotations

import cmd
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from rich.padding import Padding
from rich.text import Text

from ..errors import ChainruleError, UsageError
from ..graph import Spec
from ..lens import Debugger, Stop
from ..lens.digits import number, place
from ..lens.element import Read, checked
from ..lens.rows import aligned
from ..lens.stop import look
from .failures import below, who
from .output import UNBOUNDED, WIDEST, show, stdout

AROUND = 5
"""So many lines before and behind the cursor are listed."""

COMMANDS = (
    ("next [N]", "run the next line, or N lines; also n, or Enter"),
    ("back [N]", "go a line back, or N; also b"),
    ("run_to PATH", "go to the line that makes a value"),
    ("run", "go on to the next breakpoint, or to the end"),
    ("break_at PATH [when …]", "stop there: when max > 1e3, norm > 10, not finite"),
    ("breaks", "the breakpoints"),
    ("clear [PATH]", "take a breakpoint away, or all"),
    ("where", "this line again"),
    ("lines [PATTERN]", "the lines around this one, or those of a pattern"),
    ("value [PATH] [INDEX]", "the numbers; also v"),
    ("upstream [PATH] [INDEX]", "the loss's gradient to the value; also u"),
    ("local [PATH] INDEX", "the slope of an element to each input"),
    ("downstream [PATH]", "what the gate hands to each input; also d"),
    ("explain [PATH] [INDEX]", "how an element was made, what it handed back; also e"),
    ("why PARAMETER INDEX", "the largest terms of an element's gradient; also w"),
    ("help [COMMAND]", "all commands, or one; also h, ?"),
    ("quit", "leave; also q, or the end of the input"),
)
SHORT = {
    "n": "next",
    "b": "back",
    "v": "value",
    "u": "upstream",
    "d": "downstream",
    "e": "explain",
    "w": "why",
    "q": "quit",
    "h": "help",
    "?": "help",
}
NAMES = tuple(usage.split()[0] for usage, _ in COMMANDS)


class Prompt(cmd.Cmd):
    """Reads commands and prints what the debugger says; an error is printed, and it goes on.

    echo:  print each command before its answer, where nobody types them
    failed:  whether a command could not be done
    """

    def __init__(self, debugger: Debugger, *, echo: bool = False) -> None:
        super().__init__()
        self.debugger, self.echo, self.failed = debugger, echo, False
        self.use_rawinput = sys.stdin.isatty()
        self.prompt = "debug> " if self.use_rawinput else ""

    def onecmd(self, line: str) -> bool:
        """Do one command; whether it was the last."""
        if self.echo and line.strip():
            show(Text(f"> {line.strip()}", "dim"))
        word, _, rest = line.strip().partition(" ")
        try:
            return self.do(SHORT.get(word, word), rest.strip())
        except ChainruleError as error:
            self.failed = True
            refused(error)
            return False

    def do(self, word: str, rest: str) -> bool:
        """Find the command and call it."""
        if not word:
            return False if not self.use_rawinput else self.do("next", "")
        if word == "quit":
            return True
        if word == "EOF":  # Ctrl-D leaves the cursor behind the prompt
            show(*[Text()] * self.use_rawinput)
            return True
        found: Callable[[str], None] | None = getattr(self, f"on_{word}", None)
        if found is None:
            raise UsageError(word, "no command of this name", f"one of {', '.join(NAMES)}", "help")
        found(rest)
        return False

    def on_next(self, rest: str) -> None:
        self.stopped(self.debugger.next(count(rest)))

    def on_back(self, rest: str) -> None:
        self.stopped(self.debugger.back(count(rest)))

    def on_run_to(self, rest: str) -> None:
        self.stopped(self.debugger.run_to(needed("run_to", rest, "PATH")))

    def on_run(self, rest: str) -> None:
        self.stopped(self.debugger.run())

    def on_where(self, rest: str) -> None:
        self.stopped(self.debugger.where())

    def on_break_at(self, rest: str) -> None:
        path, _, when = needed("break_at", rest, "PATH").partition(" ")
        found = self.debugger.break_at(path, when.strip().removeprefix("when ").strip() or None)
        many = f"{len(found):,} breakpoints: " if len(found) > 1 else "a breakpoint: "
        wrapped(many + some(found))

    def on_breaks(self, rest: str) -> None:
        told = Counter(found.told for found in self.debugger.breaks.values())
        rows = [f"{words}: {many:,} values" if many > 1 else words for words, many in told.items()]
        show(Text("\n".join(rows) or "no breakpoints"))

    def on_clear(self, rest: str) -> None:
        gone = self.debugger.clear(rest or "*")
        wrapped(f"taken away: {some(gone)}" if gone else "no breakpoints")

    def on_lines(self, rest: str) -> None:
        at = self.debugger.position
        stops = self.debugger.lines(rest or "*")
        if not rest:
            stops = [stop for stop in stops if abs(stop.number - max(at, 1)) <= AROUND]
        rows = [
            ("►" if s.number == at else "", str(s.number), s.phase, s.path, str(s.spec), s.gate)
            for s in stops
        ]
        show(Text("\n".join(aligned(rows, "lrllll", 2)), no_wrap=True))

    def on_value(self, rest: str) -> None:
        path, index = self.asked(rest)
        numbers(path, self.debugger.value(path), index)

    def on_upstream(self, rest: str) -> None:
        path, index = self.asked(rest)
        numbers(f"the loss's gradient to {path}", self.debugger.upstream(path), index)

    def on_local(self, rest: str) -> None:
        path, index = self.asked(rest)
        for name, array in self.debugger.local(path, index).items():
            steepest(name, array) if index else numbers(f"to {name}", array)

    def on_downstream(self, rest: str) -> None:
        path, _ = self.asked(rest)
        for name, array in self.debugger.downstream(path).items():
            numbers(f"to {name}", array)

    def on_explain(self, rest: str) -> None:
        wrapped(self.debugger.explain(*self.asked(rest)))

    def on_why(self, rest: str) -> None:
        path, index = self.asked(needed("why", rest, "PARAMETER INDEX"))
        show(Text(str(self.debugger.why(path, index or ())), no_wrap=True))

    def on_help(self, rest: str) -> None:
        show(Text("\n".join(aligned(COMMANDS, "ll", 2)), no_wrap=True))

    def asked(self, rest: str) -> tuple[str, Any]:
        """A path and an index out of the words; without a path the value at the cursor."""
        path, _, index = rest.partition(" ")
        if both := re.fullmatch(r"(\S*?)([\[(][-\d, ]+[\])])", rest):
            path, index = both.groups()
        elif path not in self.debugger.paths and not re.search(r"[^-\d,\[\]()]", path):
            path, index = "", rest
        if re.search(r"[^-\d,\[\]() ]", index):
            raise UsageError("debug", repr(index), "an index of whole numbers", "value conv1/conv2d 0,3,12,7")
        found = tuple(int(n) for n in re.findall(r"-?\d+", index))
        return path or self.debugger.names[self.debugger.number(None, "debug")], found or None

    def completenames(self, text: str, *ignored: Any) -> list[str]:
        return [name for name in NAMES if name.startswith(text)]

    def completedefault(self, text: str, line: str, begidx: int, endidx: int) -> list[str]:
        """Paths that go on as the last word does; readline asks for the part behind a slash only."""
        word = line[:endidx].rpartition(" ")[2]
        done = len(word) - len(text)
        return [path[done:] for path in self.debugger.paths if path.startswith(word)]

    def stopped(self, stop: Stop) -> None:
        """Print where it stands."""
        heading, *rows = map(str.strip, str(stop).split("\n"))
        rows = [row for row in rows if row != stop.source]  # that is the command's own line, not a user's
        show(Text(heading, "dim"), *(Text(row, "bold") for row in rows[:1]))
        if rows:
            show(Padding(Text("\n".join(rows[1:])), (0, 0, 0, 2)))


def script(prompt: Prompt, lines: Iterable[str]) -> None:
    """Do commands one by one, several in a line with semicolons between; `#` begins a comment."""
    for line in lines:
        for command in line.partition("#")[0].split(";"):
            if command.strip() and prompt.onecmd(command):
                return


def some(names: list[str]) -> str:
    """The first of many names."""
    return ", ".join(names[:AROUND]) + (f" and {len(names) - AROUND:,} more" if len(names) > AROUND else "")


def count(rest: str) -> int:
    """How many lines, 1 unless said."""
    if not rest.isdecimal() and rest:
        raise UsageError("debug", repr(rest), "a whole number of lines", "next 10")
    return int(rest or 1)


def needed(who: str, rest: str, what: str) -> str:
    """The words after a command that needs some."""
    if not rest:
        raise UsageError(who, f"no {what}", f"{who} {what}", "lines *, which shows all paths")
    return rest


def wrapped(text: str) -> None:
    """Print a sentence, at a terminal as wide as people read."""
    on = stdout()
    show(Text("\n").join(Text(text).wrap(on, on.width if on.width == UNBOUNDED else min(on.width, WIDEST))))


def refused(error: ChainruleError) -> None:
    """Print an error."""
    told = Text.assemble(("error: ", "bold red"), (f"{who(error)}: ", "bold"), error.came)
    show(told, below([("expected", error.expected, ""), ("try", error.hint, "green")]))


def numbers(name: str, array: np.ndarray, index: Any = None) -> None:
    """Print an array, or the part at an index: what it is, a look at it, and its numbers, the middle left out."""
    if index is not None:
        checked("value", name, array.shape[: len(index)], index)
        name, array = place(name, index), np.asarray(array[index])
    if array.size == 1:
        show(Text(f"{name}: {look(array.reshape(()))}"))
        return
    show(Text(f"{name}: {Spec(array.shape, array.dtype)}, {look(array)}"))
    if array.size:
        first = (0,) * max(0, array.ndim - 2)
        part = [Text(f"  {place('', first)} of it:", "dim")] if first else []
        show(*part, Text(matrix(array[first]), no_wrap=True))


def matrix(array: np.ndarray) -> str:
    """At most two axes of numbers."""
    width = min(stdout().width, WIDEST)
    return np.array2string(array, precision=3, threshold=60, edgeitems=3, max_line_width=width)


def steepest(name: str, slopes: np.ndarray) -> None:
    """Print where the slopes of an element are, the largest first."""
    reached = Read(name, slopes, slopes).reached
    show(Text(f"to {name}: {len(reached):,} of {slopes.size:,} are not 0"))
    for index in reached[:AROUND]:
        show(Text(f"  {number(slopes[index])} to {place(name, index)}"))
