"""What a search goes through: a range or some values for each parameter, and how it draws closer to the best."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any, Self

from ..errors import SettingError, UsageError
from ..random import Generator

NARROWER = 1 / 3
"""The share of a range's decades that is left of it from one round to the next."""


class Space:
    """The values that parameters may have.

    A pair (low, high) is a range, in which each factor of ten is as likely as any other; a list names the values
    themselves.  Drawn numbers are rounded to four digits, so that what is written down is what was tried.
    Raises SettingError for what is neither.
    Source: Bergstra and Bengio 2012, JMLR 13, p. 281, for drawing at random; the shrinking box is CS231n's coarse to
    fine.

    >>> space = Space({"lr": (1e-3, 1.0), "l2": (1e-6, 1e-2)})
    >>> space.draw(Generator(0))
    {'lr': 0.0138, 'l2': 2.946e-05}
    >>> space.around({"lr": 0.1, "l2": 1e-6}).ranges["lr"]
    (0.0316227766016838, 0.31622776601683794)
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        if not isinstance(given, Mapping) or not given:
            hint = '{"lr": (1e-3, 1.0), "l2": (1e-6, 1e-2)}'
            raise SettingError("search: space", f"{given!r}", "parameters by name with their values", hint)
        self.ranges = {name: _range(name, one) for name, one in given.items() if isinstance(one, tuple)}
        self.choices = {name: _choices(name, one) for name, one in given.items() if name not in self.ranges}
        self.names = tuple(given)
        self.whole = dict(self.ranges)

    def __repr__(self) -> str:
        return f"Space({self.ranges | self.choices})"

    @property
    def size(self) -> int | None:
        """How many combinations there are; None where a range has no end of them."""
        return None if self.ranges else math.prod(map(len, self.choices.values()))

    def combinations(self) -> Iterator[dict[str, Any]]:
        """All combinations of values, the last name changing fastest."""
        for values in itertools.product(*(self.choices[name] for name in self.names)):
            yield dict(zip(self.names, values, strict=True))

    def draw(self, rng: Generator) -> dict[str, Any]:
        """A combination at random; what a parameter gets depends on the generator and its name alone."""
        return {name: self._drawn(name, rng.split(name)) for name in self.names}

    def around(self, best: Mapping[str, Any]) -> Self:
        """The space with its ranges a third as many decades wide, around the best so far, within the first ranges."""
        closer = type(self)({**self.ranges, **self.choices})
        closer.names, closer.whole = self.names, self.whole
        closer.ranges = {n: _within(self.whole[n], self.ranges[n], best[n]) for n in self.ranges}
        return closer

    def at_edge(self, best: Mapping[str, Any]) -> list[str]:
        """The parameters whose best value lies in the outer twentieth of its range: better ones may lie beyond."""
        found = []
        for name, (low, high) in self.whole.items():
            share = math.log(best[name] / low) / math.log(high / low)
            found += [name] if min(share, 1 - share) < 0.05 else []
        return found

    def _drawn(self, name: str, rng: Generator) -> Any:
        if name in self.choices:
            return self.choices[name][int(rng.integers(0, len(self.choices[name]), 1)[0])]
        low, high = self.ranges[name]
        share = float(rng.uniform(1, dtype="float64")[0])
        return float(f"{low * (high / low) ** share:.3e}")

    def require_known(self, who: str, known: Mapping[str, Any]) -> None:
        """Every name is a parameter of the estimator, or a UsageError."""
        for name in self.names:
            if name not in known:
                came = f"the space has {name!r}, which is no parameter of {who}"
                raise UsageError("search", came, f"among {', '.join(known)}", f"{who}().get_params()")

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON: ranges as {"from", "to"}, values as lists."""
        pairs = {name: {"from": low, "to": high} for name, (low, high) in self.whole.items()}
        return {name: pairs.get(name, self.choices.get(name)) for name in self.names}


def _within(whole: tuple[float, float], now: tuple[float, float], best: float) -> tuple[float, float]:
    """A range around the best, narrower than it is now, moved so that it does not leave the whole one."""
    reach = (now[1] / now[0]) ** NARROWER
    low = min(max(best / math.sqrt(reach), whole[0]), whole[1] / reach)
    return low, low * reach


def _range(name: str, given: tuple[Any, ...]) -> tuple[float, float]:
    numbers = all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in given)
    if len(given) != 2 or not numbers or not 0 < given[0] < given[1]:
        expected = "(low, high) with 0 < low < high, or a list of values"
        raise SettingError("search: space", f"{name} is {given!r}", expected, f"{name}=(1e-4, 1e-1)")
    return float(given[0]), float(given[1])


def _choices(name: str, given: Any) -> list[Any]:
    if not isinstance(given, list) or not given:
        expected = "a list with at least one value, or a range (low, high)"
        raise SettingError("search: space", f"{name} is {given!r}", expected, f"{name}=[1, 3, 5]")
    return list(given)
