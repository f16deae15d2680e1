"""Streams of random numbers, counted by Philox, that are split by name, saved and resumed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError, StateError
from .draws import Draws
from .names import child
from .philox import GENERATOR_LAYER, MASK, Words, check_range, check_seed, stream
from .samples import Samples


class Generator(Draws):
    """A stream of random numbers that can be split by name, saved and resumed exactly.

    seed:  0 … 2⁶⁴ - 1; None asks the operating system
    Raises SettingError for another seed.

    >>> rng = Generator(7)
    >>> rng.split("shuffle").permutation(5)
    array([3, 1, 4, 0, 2])
    >>> rng
    Generator(seed=7, position=0)
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = int.from_bytes(os.urandom(8), "little") if seed is None else check_seed(seed)
        self._position = 0

    @property
    def seed(self) -> int:
        """The seed that makes this stream again."""
        return self._seed

    def __repr__(self) -> str:
        return f"Generator(seed={self._seed}, position={self._position})"

    def words(self, count: int) -> Words:
        """Return the next (count,) words."""
        words = stream(self._seed, (MASK, GENERATOR_LAYER), self._position, count)
        self._position += count
        return words

    def permutation(self, n: int) -> NDArray[np.int64]:
        """Return 0 … n - 1 in random order: the order of n random 64-bit keys, equal keys by index.

        Returns (n,) int64.
        Raises SettingError if n < 0.

        >>> sorted(Generator(0).permutation(4).tolist())
        [0, 1, 2, 3]
        """
        words = self.bits((check_range("permutation: n", n, 0, None), 2)).astype(np.uint64)
        keys = words[:, 0] << np.uint64(32) | words[:, 1]
        return np.argsort(keys, kind="stable").astype(np.int64, copy=False)

    def split(self, *key: int | str) -> Generator:
        """Return the independent child stream with this name.

        The same parent seed and key always give the same child, however far the parent has run, and the
        parent is not moved. The child's seed is the parent's, led through Philox by the key eight bytes at a
        time, so two of a million streams coincide with probability below 10⁻⁷.

        key:  one or more integers or strings; 1 and "1" are different
        Raises SettingError without a key, DTypeError for another type.

        >>> rng = Generator(3)
        >>> rng.split("epoch", 1).seed == rng.split("epoch", 1).seed != rng.split("epoch", 2).seed
        True
        """
        return Generator(child(self._seed, key))

    def samples(self, numbers: Any) -> Samples:
        """Return a stream for each sample, by its number in the set; this generator is not moved.

        numbers:  (N,) integers ≥ 0
        Raises DTypeError for numbers that are no integers, SettingError for some below 0.

        >>> Generator(0).samples([4, 9]).integers(0, 10, 3).shape
        (2, 3)
        """
        return Samples(self._seed, numbers)

    def state(self) -> dict[str, int]:
        """Return what `from_state` needs to go on exactly here; plain numbers, fit for JSON.

        position:  words drawn so far

        >>> Generator(5).state()
        {'seed': 5, 'position': 0}
        """
        return {"seed": self._seed, "position": self._position}

    @classmethod
    def from_state(cls, state: Mapping[str, int]) -> Generator:
        """Return the generator whose `state()` this was.

        Raises StateError for missing or foreign keys, SettingError for numbers out of range.

        >>> rng = Generator(5); _ = rng.bits(3)
        >>> bool((Generator.from_state(rng.state()).bits(9) == rng.bits(9)).all())
        True
        """
        if set(state) != {"seed", "position"}:
            raise StateError(
                "Generator.from_state",
                f"keys {sorted(state)}",
                "keys ['position', 'seed']",
                "give what state() returned",
            )
        generator = cls(state["seed"])
        generator._position = check_range("Generator.from_state: position", state["position"], 0, None)
        return generator


_CURRENT: ContextVar[Generator | None] = ContextVar("chainrule_random", default=None)


def current() -> Generator:
    """Return the generator of the innermost `with seeded(...)`, else a fresh one from the operating system.

    Layers that are given no generator of their own use it.

    >>> with seeded(0) as rng:
    ...     current() is rng
    True
    """
    return _CURRENT.get() or Generator()


def chosen(rng: Generator | None) -> Generator:
    """Return the generator that is given, or the current one for None.

    Raises SettingError for anything else: a seed alone is no generator.

    >>> rng = Generator(0)
    >>> chosen(rng) is rng
    True
    """
    if rng is None:
        return current()
    if not isinstance(rng, Generator):
        came, seed = f"a {type(rng).__name__}", rng if type(rng) is int and rng >= 0 else 0
        raise SettingError("rng", came, "a random.Generator, or None", f"rng=Generator({seed})")
    return rng


@contextmanager
def seeded(seed: int) -> Iterator[Generator]:
    """Make everything random inside the block depend on this seed alone.

    seed:  0 … 2⁶⁴ - 1
    Raises SettingError for another seed.

    >>> with seeded(0):
    ...     first = current().uniform(3)
    >>> with seeded(0):
    ...     bool((current().uniform(3) == first).all())
    True
    """
    generator = Generator(seed)
    token = _CURRENT.set(generator)
    try:
        yield generator
    finally:
        _CURRENT.reset(token)
