"""When a breakpoint holds, as words: `max > 1e3`, `not finite`, `min < 0 and norm > 10`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

import numpy as np

from ..compiler.statistics import Statistics
from ..errors import UsageError
from ..finite import all_finite

Condition = Callable[[np.ndarray], object]

NAMES = (*Statistics._fields, "largest")
RELATIONS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
COMPARISON = re.compile(rf"({'|'.join(NAMES)})\s*(>=|<=|==|!=|>|<)\s*(\S+)")


def condition(text: str) -> Condition:
    """The condition that the words say, of an array.

    text:  one or several, joined by "and":  a statistic (min, max, mean, std, zeros as a share, norm, or largest, the
           largest magnitude), a comparison, a number;  or `finite`, `not finite`
    Raises UsageError for other words.  Nothing is evaluated as Python.

    >>> condition("max > 3 and finite")(np.array([1.0, 4.0]))
    True
    """
    clauses = [clause_of(clause.strip(), text) for clause in re.split(r"\band\b", text)]
    return lambda array: all(clause(array) for clause in clauses)


def clause_of(clause: str, text: str) -> Callable[[np.ndarray], bool]:
    """One of the conditions."""
    if clause.split() == ["finite"]:
        return all_finite
    if clause.split() == ["not", "finite"]:
        return lambda array: not all_finite(array)
    found = COMPARISON.fullmatch(clause)
    try:
        name, relation, limit = found[1], RELATIONS[found[2]], float(found[3])  # type: ignore[index]
    except (TypeError, ValueError):
        expected = f"one of {', '.join(NAMES)}, a comparison and a number; or finite, not finite"
        raise UsageError("when", repr(text), expected, "max > 1e3") from None
    return lambda array: bool(relation(statistic(name, array), limit))


def statistic(name: str, array: np.ndarray) -> float:
    """One number that is said of an array."""
    found = Statistics.of(array)
    return max(found.max, -found.min) if name == "largest" else float(getattr(found, name))
