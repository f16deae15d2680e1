"""What a run is asked to do: one flat table, from options, from a TOML file, and back into one."""

from __future__ import annotations

import difflib
import json
import reprlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import FileError, UsageError
from ..notation import from_toml
from ..reading import whole_file
from ..words import printable

OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta")
SCHEDULES = ("one-cycle", "cosine", "exponential", "inverse-time", "polynomial", "plateau", "constant")
LOSSES = ("cross-entropy", "hinge")

MOST_BYTES = 1 << 14
"""Of a configuration file."""
MOST_BITS = 64
"""Of a whole number in it."""


@dataclass(frozen=True)
class Config:
    """The settings of a training run.

    model:  a name of the zoo;  data: a name or a path, see `data.load`
    epochs:  passes over the training pictures;  batch_size: pictures in a step
    lr:  the (largest) learning rate;  optimizer: adam, adamw, sgd, rmsprop, adagrad or adadelta
    momentum: of sgd and rmsprop
    schedule:  one-cycle, cosine or constant, step by step; exponential to a hundredth of lr, inverse-time to a tenth,
    polynomial to 0 in a straight line; plateau: a tenth, whenever two epochs have not helped
    loss:  cross-entropy or hinge;  weight_decay: the optimizer's;  l2: λ of λ·ΣW² in the loss
    crop:  random shifts of up to so many pixels;  flip: mirror half of the pictures
    validation:  the share of the training pictures that is held out and only looked at
    seed:  of weights, order, augmentation and the held-out part
    """

    model: str = "convnet"
    data: str = "fashion-6k"
    epochs: int = 8
    batch_size: int = 64
    lr: float = 2e-3
    optimizer: str = "adam"
    momentum: float = 0.9
    schedule: str = "one-cycle"
    loss: str = "cross-entropy"
    weight_decay: float = 0.0
    l2: float = 0.0
    crop: int = 0
    flip: bool = False
    validation: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("loss", LOSSES)):
            if getattr(self, name) not in allowed:
                hint = nearest(getattr(self, name), allowed)
                raise UsageError(name, f"{getattr(self, name)!r}", f"one of {', '.join(allowed)}", hint)
        for name, good, expected, hint in (
            ("epochs", self.epochs >= 1, "1 or more", "--epochs 8"),
            ("batch_size", self.batch_size >= 1, "1 or more", "--batch-size 64"),
            ("lr", 0 < self.lr < float("inf"), "a number above 0", "--lr 0.001"),
            ("momentum", 0 <= self.momentum < 1, "0 ≤ momentum < 1", "momentum = 0.9"),
            ("weight_decay", 0 <= self.weight_decay < float("inf"), "0 or more", "weight_decay = 0.0"),
            ("l2", 0 <= self.l2 < float("inf"), "0 or more", "l2 = 0.0"),
            ("crop", self.crop >= 0, "0 or more pixels", "crop = 2"),
            ("validation", 0 <= self.validation < 1, "0 ≤ validation < 1", "validation = 0.1"),
            ("seed", 0 <= self.seed < 2**63, "0 ≤ seed < 2⁶³", "--seed 0"),
        ):
            if not good:
                raise UsageError(name, f"{getattr(self, name)}", expected, hint)

    @classmethod
    def of(cls, settings: Mapping[str, Any], who: str = "configuration") -> Config:
        """A configuration from a table; keys that are not there keep their defaults.

        Raises UsageError for unknown keys, naming the nearest, and for values of another type.

        >>> Config.of({"epochs": 3}).epochs
        3
        """
        types = {f.name: type(f.default) for f in fields(cls)}
        taken = {}
        for key, value in settings.items():
            if key not in types:
                raise UsageError(
                    who, f"key {reprlib.repr(key)}", f"one of {', '.join(types)}", nearest(key, tuple(types))
                )
            taken[key] = typed(who, key, value, types[key])
        return cls(**taken)

    @classmethod
    def read(cls, path: str | Path) -> dict[str, Any]:
        """The table of a TOML file, checked.

        Raises FileError if it cannot be read as TOML, UsageError for keys that do not exist.
        """

        def refuse(came: str) -> FileError:
            return FileError(str(path), came, "a TOML file", "another path after --config")

        content = whole_file(path, MOST_BYTES, refuse)
        try:
            table = from_toml(content)
        except ValueError as error:
            came, expected = f"no TOML: {printable(str(error))}", "lines such as epochs = 8"
            raise FileError(str(path), came, expected, "correct that line") from None
        cls.of(table, str(path))
        return table

    def as_toml(self) -> str:
        """The settings as TOML, which `read` takes back."""
        # a JSON string, number or bool is also a TOML one
        return "".join(
            f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in asdict(self).items()
        )


def typed(who: str, key: str, value: Any, kind: type) -> Any:
    """The value as the type of its default; whole numbers may stand for fractions."""
    if type(value) is int and value.bit_length() > MOST_BITS:
        came = f"{key} = a number of {value.bit_length():,} bits"
        raise UsageError(who, came, "a smaller one", f"{key} = {json.dumps(getattr(Config, key))}")
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        names = {int: "a whole number", float: "a number", str: "a text in quotes", bool: "true or false"}
        raise UsageError(
            who, f"{key} = {reprlib.repr(value)}", names[kind], f"{key} = {json.dumps(getattr(Config, key))}"
        )
    return value


def nearest(name: str, among: tuple[str, ...]) -> str:
    """The most similar name, or the first."""
    return (difflib.get_close_matches(str(name), among, n=1, cutoff=0.3) or [among[0]])[0]
