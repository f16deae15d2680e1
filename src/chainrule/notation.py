"""JSON and TOML from strangers: no name twice, no number that is none, no depth, and no more memory than there is room
for.  Whatever is wrong is a ValueError with a sentence that can be printed; the reader knows the file.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from .reading import ROOM

OPENING = (b"{", b"[")
TOO_DEEP = "lists or tables too deep in each other"
MOST_NESTING = 400
"""Marks of tables in a TOML file; one costs its reader up to 700 bytes, and 8 more, and time, for each before it."""

BLANKS = re.compile(r"[ \t\n\r]*+")
LONG = re.compile(rb"0[xob][0-9a-fA-F_]{101}|[0-9][0-9_]{100}")
"""Digits of a number, each of which costs the reader of TOML up to 150 bytes."""

Buffer = bytes | bytearray


def from_json(text: Buffer, room: int = ROOM, numbers: bool = False) -> Any:
    """JSON in UTF-8 as data.

    room:  bytes of memory that it may take;  numbers: whether NaN and Infinity are some, as Python writes them

    >>> from_json(b'{"epochs": 8, "rate": 1e-3}')
    {'epochs': 8, 'rate': 0.001}
    >>> from_json(b'{"epochs": 8, "epochs": 9}')
    Traceback (most recent call last):
    ValueError: the key 'epochs' twice
    """
    if cost(text) > room:
        raise ValueError(f"{len(text):,} bytes of so many small parts that they need too much memory")
    return decoded(text.decode(), LOOSE if numbers else DECODER)


def decoded(text: str, decoder: json.JSONDecoder | None = None) -> Any:
    """The data in a text that is known to be small enough."""
    try:
        return (decoder or DECODER).decode(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def from_toml(text: Buffer) -> dict[str, Any]:
    """A small TOML file as data.

    >>> from_toml(b"epochs = 8")
    {'epochs': 8}
    """
    if LONG.search(text):
        raise ValueError("a number of more than 100 digits")
    if sum(text.count(mark) for mark in (b".", *OPENING)) > MOST_NESTING:
        raise ValueError(f"more than {MOST_NESTING} dots and brackets")
    try:
        return tomllib.loads(text.decode())
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def cost(text: Buffer) -> int:
    """The most bytes that a JSON text can take in memory, as a text and as data.

    A value follows a comma or opens something; each takes at most 112 bytes with its place in a list, a table 240 more,
    a key with its pair 240.  A character that is not of ASCII makes four bytes of every one.
    """
    values = text.count(b",") + sum(map(text.count, OPENING)) + 1
    wide = 1 if text.isascii() else 4
    return 2 * wide * len(text) + 112 * values + 240 * (text.count(b"{") + text.count(b":"))


def once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object that says nothing twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {reprlib.repr(key)} twice")
        found[key] = value
    return found


def finite(number: str) -> float:
    """A fraction that is a number; JSON has no infinity."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"the number {number:.20}, which is too large")
    return value


def no_number(name: str) -> Any:
    raise ValueError(f"{name}, which is no number of JSON")


DECODER = json.JSONDecoder(object_pairs_hook=once, parse_float=finite, parse_constant=no_number)
LOOSE = json.JSONDecoder(object_pairs_hook=once)


class Reader:
    """A long JSON object, read entry by entry: nothing is in memory twice, and no entry is larger than it may be.

    >>> reader = Reader('{"a": {"size": 3}, "b": "c"}')
    >>> [reader.small() if name == "a" else reader.string() for name in reader.entries()]
    [{'size': 3}, 'c']
    """

    SMALL = 1000

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def next(self) -> str:
        """The next character that is not white, "" at the end."""
        self.at = BLANKS.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.text[self.at : self.at + 1]

    def skip(self, expected: str) -> str:
        """Go over one of some characters."""
        character = self.next()
        if not character or character not in expected:
            shown = reprlib.repr(character) if character else "the end"
            raise ValueError(f"{shown} at character {self.at:,}, where {' or '.join(expected)} belongs")
        self.at += 1
        return character

    def entries(self) -> Iterator[str]:
        """The names of an object; each value is to be read before the next name."""
        self.skip("{")
        if self.next() == "}":
            self.skip("}")
            return
        going = True
        while going:
            name = self.string()
            self.skip(":")
            yield name
            going = self.skip(",}") == ","

    def string(self) -> str:
        """A text in quotes."""
        self.skip('"')
        found, self.at = DECODER.raw_decode(self.text, self.at - 1)
        return str(found)

    def small(self) -> Any:
        """An object without another one in it, and without braces in its texts."""
        self.next()
        end = self.text.find("}", self.at, self.at + self.SMALL) + 1
        if not end:
            raise ValueError(f"an entry at character {self.at:,} that has no end nearby")
        found = decoded(self.text[self.at : end])
        self.at = end
        return found

    def end(self) -> None:
        """Nothing but blanks follows."""
        if self.next():
            raise ValueError(f"something after the object, at character {self.at:,}")
