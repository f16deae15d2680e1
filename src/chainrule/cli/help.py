"""What `--help` prints: usage, arguments, options in groups, examples, exit codes; and the nearest verb."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..errors import UsageError
from .codes import EXIT_CODES
from .output import WIDEST, rendered, stdout

Rows = Iterable[tuple[str, str | Text]]

HELP_NAMES = {"help_option_names": ["-h", "--help"]}
EXPECTED = {"integer": "a whole number", "float": "a number", "boolean": "no value"}


class Option(click.Option):
    """An option that has its place in the help, and says in errors what it takes.

    group:  the heading it stands under;  standard:  what holds without it, as text
    expected, example:  what it takes, in words, and a value that works
    """

    def __init__(
        self,
        *args: Any,
        group: str = "",
        standard: str = "",
        expected: str = "",
        example: str = "",
        **rest: Any,
    ) -> None:
        super().__init__(*args, **rest)
        self.group, self.standard, self.example = group, standard, example or standard
        self.expected = expected or EXPECTED.get(self.type.name, "another value")


class Argument(click.Argument):
    """An argument that says in the help what it is."""

    def __init__(self, *args: Any, help: str = "", **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.about = help


class Page(click.Command):
    """A command with a page of help.

    more:  other headings with their lines;  examples, environment:  what to type or set, and what it does
    """

    def __init__(
        self,
        *args: Any,
        more: Mapping[str, Rows] | None = None,
        examples: Sequence[tuple[str, str]] = (),
        environment: Sequence[tuple[str, str]] = (),
        **rest: Any,
    ) -> None:
        rest["context_settings"] = HELP_NAMES
        super().__init__(*args, **rest)
        self.more, self.examples, self.environment = more or {}, examples, environment

    def get_help(self, ctx: click.Context) -> str:
        """The whole page, as wide as the terminal."""
        on = stdout()
        on.width = min(on.width, WIDEST)
        usage = Text.assemble(("Usage: ", "bold"), ctx.get_usage().removeprefix("Usage: "))
        paragraphs = (Padding(Text(text), (1, 0, 0, 0)) for text in self.paragraphs())
        sections = (part for title, rows in self.sections(ctx) if rows for part in section(title, list(rows)))
        return rendered(on, usage, *paragraphs, *sections).rstrip("\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; but every error of the parser knows the verb that it is about."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def paragraphs(self) -> list[str]:
        """The docstring, each paragraph on one line; \\b keeps its lines as they are."""
        blocks = inspect.cleandoc(self.help or "").split("\n\n")
        return [b.removeprefix("\b\n") if b.startswith("\b") else " ".join(b.split()) for b in blocks]

    def sections(self, ctx: click.Context) -> Iterator[tuple[str, Rows]]:
        """Headings with their lines, from top to bottom."""
        yield (
            "Arguments",
            [(p.make_metavar(ctx).strip("[]"), p.about) for p in self.params if isinstance(p, Argument)],
        )
        if isinstance(self, click.Group):
            yield "Verbs", [(name, verb.get_short_help_str(200)) for name, verb in self.commands.items()]
        options = [p for p in self.get_params(ctx) if isinstance(p, click.Option)]
        named = [option.group for option in options if isinstance(option, Option)]
        # click's own --help goes to the last of our headings
        headings = [*named, *[named[-1] if named else "Options"] * (len(options) - len(named))]
        for heading in dict.fromkeys(headings):
            pairs = zip(headings, options, strict=True)
            yield heading, [option_row(option) for own, option in pairs if own == heading]
        yield from self.more.items()
        yield "Examples", examples(self.examples)
        yield "Environment", self.environment
        yield "Exit codes", [(str(code), meaning) for code, meaning in EXIT_CODES.items()]


class Verb(Page):
    """One verb."""


class Verbs(Page, click.Group):
    """The command above the verbs; it knows what a mistyped one was meant to be."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.commands, n=1, cutoff=0.4) or ["--help"]
            came, expected = f"no verb {args[0]!r}", f"one of {', '.join(self.commands)}"
            raise UsageError("chainrule", came, expected, f"chainrule {near[0]}")
        return super().resolve_command(ctx, args)


def option_row(option: click.Option) -> tuple[str, Text]:
    """An option's line: names and value; meaning and what holds without it."""
    names = ", ".join(option.opts) + "".join(f" / {name}" for name in option.secondary_opts)
    value = "" if option.is_flag else f" {option.metavar}"
    standard = getattr(option, "standard", "")
    return names + value, Text.assemble(option.help or "", (f"  [{standard}]" if standard else "", "dim"))


def examples(pairs: Sequence[tuple[str, str]]) -> Rows:
    """Commands with what they do."""
    return [(f"$ {command}", Text(meaning, "dim")) for command, meaning in pairs]


def section(title: str, rows: list[tuple[str, str | Text]]) -> list[Text | Padding]:
    """A heading and its lines in two columns, or one under the other where the first are long."""
    on_two_lines = max(len(name) for name, _ in rows) > 30
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(no_wrap=not on_two_lines)
    for name, meaning in rows:
        if on_two_lines:
            grid.add_row(Text(name, "cyan"))
            grid.add_row(Padding(meaning, (0, 0, 0, 4)))
        else:
            grid.add_row(Text(name, "cyan"), meaning)
    return [Text(f"\n{title}", "bold"), Padding(grid, (0, 0, 0, 2))]
