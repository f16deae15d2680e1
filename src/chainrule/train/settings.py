"""A flat table of settings: from options, from a TOML file, and back into one."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from ..errors import FileError, UsageError


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
                    who, f"key {key!r}", f"one of {', '.join(standard)}", nearest(key, tuple(standard))
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
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "not readable"
        raise FileError(str(path), reason, "a TOML file", "another path after --config") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FileError(
            str(path), f"no TOML: {error}", "lines such as epochs = 8", "correct that line"
        ) from None


def typed(who: str, key: str, value: Any, standard: Any) -> Any:
    """The value as the type of its default; whole numbers may stand for fractions."""
    kind = type(standard)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        names = {int: "a whole number", float: "a number", str: "a text in quotes", bool: "true or false"}
        raise UsageError(who, f"{key} = {value!r}", names[kind], f"{key} = {json.dumps(standard)}")
    return value


def nearest(name: str, among: tuple[str, ...]) -> str:
    """The most similar name, or the first."""
    return (difflib.get_close_matches(str(name), among, n=1, cutoff=0.3) or [among[0]])[0]
