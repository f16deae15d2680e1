"""A flat table of settings: from options, from a TOML file, and back into one."""

from __future__ import annotations

import difflib
import json
import reprlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from ..errors import FileError, UsageError
from ..notation import from_toml
from ..reading import whole_file
from ..words import printable

MOST_BYTES = 1 << 14
"""Of a configuration file."""
MOST_BITS = 64
"""Of a whole number in it."""


@dataclass(frozen=True)
class Settings:
    """What the tables of this project share; each is a frozen dataclass whose fields have defaults."""

    @classmethod
    def of(cls, settings: Mapping[str, Any], who: str = "configuration") -> Self:
        """A configuration from a table; keys that are not there keep their defaults.

        Raises UsageError for unknown keys, naming the nearest, and for values of another type.

        >>> from chainrule.train import Config
        >>> Config.of({"epochs": 3}).epochs
        3
        """
        standard = {f.name: f.default for f in fields(cls)}
        taken = {}
        for key, value in settings.items():
            if key not in standard:
                raise UsageError(
                    who,
                    f"key {reprlib.repr(key)}",
                    f"one of {', '.join(standard)}",
                    nearest(key, tuple(standard)),
                )
            taken[key] = typed(who, key, value, standard[key])
        return cls(**taken)

    @classmethod
    def read(cls, path: str | Path) -> dict[str, Any]:
        """The table of a TOML file, checked.

        Raises FileError if it cannot be read as TOML, UsageError for keys that do not exist.
        """
        table = read_toml(path)
        cls.of(table, str(path))
        return table

    def as_toml(self) -> str:
        """The settings as TOML, which `read` takes back."""
        # a JSON string, number or bool is also a TOML one
        return "".join(
            f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in asdict(self).items()
        )


def read_toml(path: str | Path) -> dict[str, Any]:
    """The table of a TOML file, whatever is in it.

    Raises FileError if it cannot be read as TOML.
    """

    def refuse(came: str) -> FileError:
        return FileError(str(path), came, "a TOML file", "another path after --config")

    content = whole_file(path, MOST_BYTES, refuse)
    try:
        return from_toml(content)
    except ValueError as error:
        came, expected = f"no TOML: {printable(str(error))}", "lines such as epochs = 8"
        raise FileError(str(path), came, expected, "correct that line") from None


def typed(who: str, key: str, value: Any, standard: Any) -> Any:
    """The value as the type of its default; whole numbers may stand for fractions."""
    kind, hint = type(standard), f"{key} = {json.dumps(standard)}"
    if type(value) is int and value.bit_length() > MOST_BITS:
        raise UsageError(who, f"{key} = a number of {value.bit_length():,} bits", "a smaller one", hint)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        names = {int: "a whole number", float: "a number", str: "a text in quotes", bool: "true or false"}
        raise UsageError(who, f"{key} = {reprlib.repr(value)}", names[kind], hint)
    return value


def nearest(name: str, among: tuple[str, ...]) -> str:
    """The most similar name, or the first."""
    return (difflib.get_close_matches(str(name), among, n=1, cutoff=0.3) or [among[0]])[0]
