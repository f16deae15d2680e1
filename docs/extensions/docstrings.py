"""The form of our docstrings, read into parts and written as Markdown.

A sentence; formulas; `name:  shape and dtype    what it is`; Returns, Raises, Cost, Source, Also; examples.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

KEYS = ("Returns", "Raises", "Cost", "Source", "Also")
KEY = re.compile(rf"({'|'.join(KEYS)})(?:: | (?!of\b))")
SETTING = re.compile(r"\*{0,2}[A-Za-z_][\w*]*(?:, \*{0,2}[A-Za-z_][\w*]*)*(?:\[\d\])?: {2,}(?=\S)")
FORMULA = re.compile(r"(?:d )?[^\s=←]+(?: ?\([^)]*\))?(?:, (?:d )?[^\s=←]+)* (?:=|←) ")
NEXT_KEY = re.compile(rf"\s{{2,}}(?=(?:{'|'.join(KEYS)})\b)")
NEXT_SETTING = re.compile(r";\s{1,2}(?=[a-z_]\w*:\s)")
MARKUP = re.compile(r"([\\*_\[\]<>|#{}$~])")


class Part(NamedTuple):
    """One piece of a docstring.

    kind:  "prose", "formula", "setting", "block" (columns, as they are), "example", or one of KEYS in lower case
    name:  of a setting
    """

    kind: str
    text: str
    name: str = ""


def read(docstring: str | None) -> list[Part]:
    """The parts of a docstring, in order.

    >>> for part in read("Sum.\\n\\nout = Σ x\\n\\nx:  (N,) float    numbers\\nReturns ().  Also: nn.Sum."):
    ...     print(*part)
    prose Sum.
    formula out = Σ x
    setting (N,) float    numbers x
    returns ().
    also nn.Sum.
    """
    text = inspect.cleandoc(docstring or "")
    parts: list[Part] = []
    for paragraph in re.split(r"\n\s*\n", text):
        if paragraph.startswith(">>>"):
            parts.append(Part("example", paragraph))
        elif in_columns(paragraph):
            parts.append(Part("block", paragraph))
        else:
            parts += paragraph_parts(paragraph)
    return [part for part in parts if part.text]


def in_columns(paragraph: str) -> bool:
    """Whether a paragraph is a drawing or a table, which stays as it is."""
    lines = paragraph.splitlines()
    if all(line.startswith("    ") for line in lines):
        return True
    return not SETTING.match(lines[0]) and any(re.search(r"\S {3,}\S", line) for line in lines)


def paragraph_parts(paragraph: str) -> Iterator[Part]:
    """Line by line: a new part, or more of the one before."""
    open_part: Part | None = None
    for line in paragraph.splitlines():
        for piece in NEXT_KEY.split(line):
            new = begun(piece)
            if open_part is not None and belongs(open_part, new, piece):
                joint = "\n" if open_part.kind == "formula" else " "
                open_part = open_part._replace(text=f"{open_part.text}{joint}{piece.strip()}")
                continue
            if open_part is not None:
                yield from settings(open_part)
            open_part = new or Part("prose", piece.strip())
    if open_part is not None:
        yield from settings(open_part)


def begun(line: str) -> Part | None:
    """The part that a line begins, if it begins one."""
    if found := KEY.match(line):
        return Part(found[1].lower(), line[found.end() :].strip())
    if found := SETTING.match(line):
        return Part("setting", line[found.end() :].strip(), found[0].rstrip(": "))
    return Part("formula", line.strip()) if FORMULA.match(line) else None


def belongs(part: Part, new: Part | None, line: str) -> bool:
    """Whether a line, which would begin the part `new`, still belongs to the part before it."""
    if new is not None:
        mid_sentence = part.kind == "prose" and not part.text.endswith((".", ":", ";"))
        return new.kind == "formula" and (part.kind == "formula" or mid_sentence)
    if part.kind == "prose" or line.startswith(" "):
        return True
    return part.kind != "formula" and not part.text.endswith(".") and not line[:1].isupper()


def settings(part: Part) -> Iterator[Part]:
    """One part for each setting of a line `a:  …;  b:  …`; any other part as it is."""
    if part.kind != "setting":
        yield part
        return
    first, *others = NEXT_SETTING.split(part.text)
    yield part._replace(text=first)
    for other in others:
        name, _, text = other.partition(":")
        yield Part("setting", text.strip(), name)


Link = Callable[[str], str | None]
"""The reference to a public name such as nn.Conv2d, or None."""


def written(docstring: str | None, link: Link = lambda name: None) -> str:
    """A docstring as Markdown."""
    return "\n\n".join(markdown(part, link) for part in read(docstring))


def markdown(part: Part, link: Link) -> str:
    """One part as Markdown."""
    match part.kind:
        case "formula" | "block":
            return f"```{{code-block}} text\n:class: {part.kind}\n\n{part.text}\n```"
        case "example":
            return f"```{{code-block}} pycon\n{part.text}\n```"
        case "setting":
            columns = re.split(r"(?<=\S) {2,}(?=\S)", part.text)
            return f"`{part.name}`\n: {' — '.join(prose(column, link) for column in columns)}"
        case "prose":
            return prose(part.text, link)
        case _:
            return f"**{part.kind.capitalize()}** {prose(part.text, link)}"


def prose(text: str, link: Link) -> str:
    """A sentence with its `code` and its links, all else safe from Markdown."""
    pieces = re.split(r"(`[^`]+`)", text)
    return "".join(coded(piece, link) if piece.startswith("`") else plain(piece, link) for piece in pieces)


def coded(piece: str, link: Link) -> str:
    return link(piece.strip("`").removesuffix("()")) or piece


def plain(text: str, link: Link) -> str:
    """Without `code`: nn.Conv2d, ShapeError and the like become links."""
    words = re.split(r"\b((?:nn|optim|check|chainrule|cr)(?:\.\w+)+|[A-Z]\w+Error\b)", text)
    return "".join(
        (link(word) if k % 2 else None) or MARKUP.sub(r"\\\1", word) for k, word in enumerate(words)
    )
