"""Pages that run: the Python blocks of a page are executed in order, and what they give is set under them.

A block is shown with what it prints and the value of its last line: text, an SVG, or a picture.  One that begins with
`# hidden` shows only what it gives.  {now}`expression` in a sentence becomes the value of the expression.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from chainrule.pictures import data_uri

HIDDEN = "# hidden\n"
WIDTH = 108  # characters that a page has room for
COLUMN = re.compile(r"\S {3,}\S")
RUNS = re.compile(r"^```python\n(?P<block>.*?)^```\n|\{now\}`(?P<now>[^`]+)`", re.MULTILINE | re.DOTALL)


RUNNING = ("index", "checks", "recipes")
"""The pages that run while they are read, besides those of the walk."""


def runs(name: str) -> bool:
    """Whether a page runs while it is read.

    >>> runs("walk/circuit"), runs("recipes"), runs("glass")
    (True, True, False)
    """
    return name in RUNNING or name.startswith("walk/")


class PageError(Exception):
    """A block of a page that failed, with its place."""


def executed(page: Path) -> str:
    """The text of a page with what its blocks give.

    Raises PageError, with page and line, for a block that fails.
    """
    text = page.read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": page.stem}
    return "".join(pieces(text, page, namespace))


def pieces(text: str, page: Path, namespace: dict[str, Any]) -> Iterator[str]:
    """The text between what runs, and what comes of it."""
    end = 0
    for found in RUNS.finditer(text):
        yield text[end : found.start()]
        end = found.end()
        line = text.count("\n", 0, found.start())
        try:
            yield with_result(found, page, line, namespace)
        except Exception as error:
            raise PageError(f"{page}:{line + 1}: {type(error).__name__}: {error}") from error
    yield text[end:]


def with_result(found: re.Match[str], page: Path, line: int, namespace: dict[str, Any]) -> str:
    """What stands on the page for a block, or for an expression in a sentence."""
    if found["now"]:
        value = eval(found["now"], namespace)  # noqa: S307  our own pages
        return re.sub(r"(?<!\w)-(?=\d)", "−", str(value))
    block = found["block"]
    printed, value = run(block, page, line + 1, namespace)
    given = [preformatted(printed) if printed else "", shown(value)]
    code = "" if block.startswith(HIDDEN) else found[0]
    return "\n".join(part for part in (code, *given) if part)


def run(block: str, page: Path, line: int, namespace: dict[str, Any]) -> tuple[str, Any]:
    """What a block prints, and the value of its last line if that is an expression.

    line:  that of the page before the block, so that messages name the lines of the page
    """
    tree = ast.parse("\n" * line + block, str(page))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value = None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, str(page), "exec"), namespace)  # noqa: S102  our own pages
        if last is not None:
            value = eval(compile(ast.Expression(last.value), str(page), "eval"), namespace)  # noqa: S307
    return printed.getvalue(), value


def shown(value: Any) -> str:
    """A value as Markdown: pictures as they are, anything else by its repr."""
    if value is None:
        return ""
    if isinstance(value, Image.Image):
        size = f'width="{value.width}" height="{value.height}"'
        return raw(f'<img class="pixels" alt="" {size} src="{data_uri(value)}">')
    if isinstance(value, str) and value.startswith("<svg"):
        return raw(value)
    return preformatted(repr(value))


def raw(html: str) -> str:
    """HTML that stays as it is."""
    return f'```{{raw}} html\n<div class="given">{html}</div>\n```\n'


def preformatted(text: str) -> str:
    """Text as a program gave it."""
    lines = "\n".join(folded(line) for line in text.rstrip().splitlines())
    return f"```{{code-block}} text\n:class: given\n\n{lines}\n```\n"


def folded(line: str) -> str:
    """A long sentence on several lines, under where its words begin; rows of a table stay as they are."""
    if len(line) <= WIDTH or len(COLUMN.findall(line)) > 1 or "─" * 9 in line:
        return line
    begins = re.match(r" *\S+ {2,}", line)
    hanging = " " * (begins.end() if begins else len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(
        line, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )
