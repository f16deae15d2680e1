"""Data from outside, taken apart piece by piece: each is what it has to be, or a FileError says what it is not."""

from __future__ import annotations

import math
import reprlib
from typing import Any, Final

import numpy as np

from ..errors import FileError
from ..words import printable
from .spec import Spec

MOST: Final = 1 << 64
"""Whole numbers are smaller in magnitude: seeds have 64 bits, sizes fewer."""
MOST_BYTES: Final = 1 << 62
MOST_AXES: Final = 32

DTYPES: Final = {
    name: np.dtype(name)
    for name in (
        *("bool", "float16", "float32", "float64"),
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    )
}
"""The dtypes that values may have, by name."""


class Foreign:
    """The checks of one file.

    who:  its path, for the error;  again: how to get it anew
    """

    def __init__(self, who: str, again: str = "save again") -> None:
        self.who, self.again = who, again

    def refuse(self, what: str, came: Any, expected: str) -> FileError:
        """The error of a piece that is not what it has to be."""
        shown = came if isinstance(came, str) else reprlib.repr(came)
        short = printable(shown if len(shown) < 80 else f"{shown[:76]} …")
        return FileError(
            self.who, f"damaged in {what}: {short}", expected, f"the original file, or {self.again}"
        )

    def whole(self, came: Any, what: str, low: int = 0, high: int = MOST - 1) -> int:
        """A whole number from low to high."""
        if type(came) is not int or not low <= came <= high:
            raise self.refuse(what, came, f"a whole number from {low} to {high}")
        return came

    def flag(self, came: Any, what: str) -> bool:
        """True or false."""
        if type(came) is not bool:
            raise self.refuse(what, came, "true or false")
        return came

    def text(self, came: Any, what: str) -> str:
        """A name that can be printed: nothing in it steers a terminal."""
        if type(came) is not str or not came.isprintable():
            raise self.refuse(what, came, "a name of letters that can be printed")
        return came

    def row(self, came: Any, what: str, length: int | None = None) -> list[Any]:
        """A list, of so many entries where that is known."""
        if type(came) is not list or length not in (None, len(came)):
            raise self.refuse(what, came, "a list" if length is None else f"a list of {length} entries")
        return came

    def fields(self, came: Any, what: str, *names: str) -> list[Any]:
        """The entries of an object that has these names and no others."""
        if type(came) is not dict or set(came) != set(names):
            raise self.refuse(what, came, f"an object with {', '.join(names)}")
        return [came[name] for name in names]

    def spec(self, came: Any, what: str) -> Spec:
        """A dtype, a shape, and whether the value is weak."""
        name, shape, weak = self.row(came, what, 3)
        if type(name) is not str or name not in DTYPES:
            raise self.refuse(f"the dtype of {what}", name, f"one of {', '.join(DTYPES)}")
        dtype = DTYPES[name]
        sizes = tuple(self.whole(n, f"a size of {what}") for n in self.row(shape, f"the shape of {what}"))
        if len(sizes) > MOST_AXES or math.prod(n for n in sizes if n) * dtype.itemsize > MOST_BYTES:
            raise self.refuse(f"the shape of {what}", shape, "an array that there could be")
        return Spec(sizes, dtype, self.flag(weak, f"the weakness of {what}"))
