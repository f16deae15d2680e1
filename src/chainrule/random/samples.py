"""A stream of random numbers for each sample of a set: who is drawn with it, and when, changes nothing."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DTypeError, SettingError
from .draws import Draws
from .names import child
from .philox import Words, check_seed, streams

_AHEAD = 8
"""Words of a child that are made with those of its siblings: most draw no more."""


class _Siblings:
    """The first words of children of the same samples, made together once one of them is drawn from."""

    def __init__(self, seeds: tuple[int, ...], numbers: NDArray[np.int64]) -> None:
        self.seeds, self.numbers = seeds, numbers

    @cached_property
    def words(self) -> Words:
        """(children, N, _AHEAD)"""
        return streams(self.seeds, self.numbers, 0, _AHEAD)


class Samples(Draws):
    """One stream for each of N samples, told apart by their numbers in the set.

    What is drawn for a sample follows from the seed, its number and what was drawn before from this very object: not
    from the samples beside it, their order, or the thread that draws. `Generator.samples` makes one.

    seed:     0 … 2⁶⁴ - 1
    numbers:  (N,) integers ≥ 0
    Raises SettingError for another seed or numbers below 0, DTypeError for numbers that are no integers.

    >>> a, b = Samples(0, [7, 3]), Samples(0, [3, 5, 7])
    >>> bool((a.uniform(4) == b.uniform(4)[[2, 0]]).all()), b.normal((2, 2)).shape
    (True, (3, 2, 2))
    """

    def __init__(self, seed: int, numbers: Any) -> None:
        self._seed = check_seed(seed)
        self.numbers = _check_numbers(numbers)
        self._position = 0
        self._siblings: tuple[_Siblings, int] | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def __repr__(self) -> str:
        return f"Samples(seed={self._seed}, {len(self)} samples, position={self._position})"

    def words(self, count: int) -> Words:
        """Return the next (N, count) words of each stream."""
        start, self._position = self._position, self._position + count
        if self._siblings is not None and self._position <= _AHEAD:
            together, own = self._siblings
            return together.words[own, :, start : self._position]
        return streams((self._seed,), self.numbers, start, count)[0]

    def split(self, *key: int | str) -> Samples:
        """Return independent streams of the same samples, with this name; these here are not moved.

        key:  one or more integers or strings, as of `Generator.split`
        Raises SettingError without a key, DTypeError for another type.

        >>> rng = Samples(0, [1, 2])
        >>> bool((rng.split("crop").bits(1) == rng.split("flip").bits(1)).any())
        False
        """
        return self._children((child(self._seed, key),))[0]

    def children(self, name: str, count: int) -> list[Samples]:
        """Return split(name, 0) … split(name, count - 1), sooner: their first words are made together, if any is asked.

        >>> first, second = Samples(0, [1, 2]).children("step", 2)
        >>> bool((second.bits(9) == Samples(0, [1, 2]).split("step", 1).bits(9)).all())
        True
        """
        seeds = tuple(child(self._seed, (name, number)) for number in range(count))
        made, together = self._children(seeds), _Siblings(seeds, self.numbers)
        for own, stream in enumerate(made):
            stream._siblings = together, own
        return made

    def _children(self, seeds: tuple[int, ...]) -> list[Samples]:
        """Return streams of the same samples with other seeds."""
        made = [Samples.__new__(Samples) for _ in seeds]
        for stream, seed in zip(made, seeds, strict=True):
            stream._seed, stream.numbers, stream._position, stream._siblings = seed, self.numbers, 0, None
        return made


def _check_numbers(numbers: Any) -> NDArray[np.int64]:
    """Return (N,) int64 ≥ 0."""
    given = np.asarray(numbers)
    if given.size == 0:
        return np.zeros(0, np.int64)
    if given.dtype.kind not in "iu" or given.ndim != 1:
        came = f"numbers of dtype {given.dtype} and shape {given.shape}"
        raise DTypeError("samples", came, "(N,) integers, the numbers of the samples", "np.arange(64)")
    if int(given.min()) < 0 or int(given.max()) >= 2**63:
        raise SettingError("samples", f"the number {given.min()}", "0 … 2⁶³ - 1", "count from 0")
    return given.astype(np.int64, copy=False)
