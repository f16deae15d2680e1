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


def in_short(error: Exception, most: int = 120) -> str:
    """What an error of Python's says of foreign data, in a line that can be printed.

    >>> in_short(KeyError("epochs")), in_short(ValueError("no number\\x1b[2J"))
    ("no 'epochs'", 'no number?[2J')
    """
    said = f"no {error}" if isinstance(error, KeyError) else str(error)
    said = f"an entry of another kind ({said})" if isinstance(error, TypeError | AttributeError) else said
    return printable(said if len(said) <= most else f"{said[: most - 2]} …")
