"""How messages and pages count things, and print names that came from elsewhere."""

from __future__ import annotations


def many(count: int, what: str, several: str = "") -> str:
    """So many of them; `several` is what more than one are called, if that is not the word with an s.

    >>> many(1, "number"), many(3136, "number"), many(2, "class", "classes")
    ('1 number', '3,136 numbers', '2 classes')
    """
    return f"{count:,} {what if count == 1 else several or what + 's'}"


def printable(name: str) -> str:
    """A name in which nothing steers a terminal.

    >>> printable("cat\\x1b[2J")
    'cat?[2J'
    """
    return "".join(c if c.isprintable() else "?" for c in name)
