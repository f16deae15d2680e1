"""Children of a seed, told apart by name."""

from __future__ import annotations

import operator
from functools import lru_cache

import numpy as np

from ..errors import DTypeError, SettingError
from .philox import philox

_REMEMBERED = 1024
"""Children whose seeds are not computed again: every batch asks for the same few."""


def child(seed: int, key: tuple[int | str, ...]) -> int:
    """Return the seed of the child with this name: the parent's, led through Philox by the key eight bytes at a time.

    Raises SettingError without a key, DTypeError for parts that are neither integers nor strings.

    >>> child(3, ("epoch", 1)) == child(3, ("epoch", 1)) != child(3, ("epoch", 2))
    True
    """
    if not key:
        raise SettingError("split", "no key", "at least one integer or string", 'split("epoch", 0)')
    parts = "".join(f"{len(part)}:{part}" for part in map(_key_part, key))
    return _led(seed, parts.encode("utf-8", "surrogatepass"))


@lru_cache(_REMEMBERED)
def _led(seed: int, text: bytes) -> int:
    """Return the 64 bits that a seed becomes when each block of a text encrypts itself under it in turn."""
    blocks = np.frombuffer(text + bytes(-len(text) % 8), "<u4").reshape(-1, 2)
    key = np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint32)
    for number, block in enumerate(blocks):
        counter = np.array([*block, number, len(text)], np.uint32)
        key = philox(counter, key)[:2] ^ block
    return int(key[0]) | int(key[1]) << 32


def _key_part(part: int | str) -> str:
    """Write a part of a key so that no two different keys read the same."""
    if isinstance(part, str):
        return f"s{part}"
    try:
        return f"i{operator.index(part)}"
    except TypeError:
        raise DTypeError(
            "split", f"a key of type {type(part).__name__}", "integers or strings", f"split({str(part)!r})"
        ) from None
