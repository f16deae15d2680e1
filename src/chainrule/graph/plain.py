"""Python values as plain data that JSON can hold, and back: numbers, strings, tuples, and few kinds of our own.

A tuple is a list there.  What JSON has no form for is an object with one name: {"list": […]}, {"float": "nan"},
{"value": 7} for a `Ref`, {"Slice": [0, null, 2]}.  The names are a closed set, nothing is looked up by a name of the
data's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from types import EllipsisType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from .foreign import DTYPES, MOST, Foreign
from .gate import Gate
from .spec import Ref, Spec

SCALARS = (NoneType, bool, int, str)
DEEPEST = 16
"""How deep lists may lie in lists."""

Kinds = Mapping[str, type[Any]]
"""The classes of settings beside numbers, strings and tuples, by name: named tuples, frozen dataclasses."""


def from_spec(spec: Spec) -> list[Any]:
    """A spec as a list: dtype, shape, whether it is weak.  Raises TypeError for a dtype that no gate takes.

    >>> import numpy as np
    >>> from_spec(Spec((2, 3), np.dtype("float32")))
    ['float32', [2, 3], False]
    """
    if spec.dtype.name not in DTYPES:
        raise TypeError(f"an array of {spec.dtype}")
    return [spec.dtype.name, [int(n) for n in spec.shape], spec.weak]


def from_plain(x: Any, kinds: Kinds, deep: int = 0) -> Any:
    """A Python value as data.  Raises TypeError for what is not among the kinds.

    >>> from_plain((1, [2.5, None], Ref(7)), {})
    [1, {'list': [2.5, None]}, {'value': 7}]
    """

    def each(parts: Sequence[Any]) -> list[Any]:
        return [from_plain(part, kinds, deep + 1) for part in parts]

    kind = type(x)
    if deep > DEEPEST or (kind is int and abs(x) >= MOST):
        raise TypeError("a number that is too large" if kind is int else "a value that is too deep")
    if kind in SCALARS:
        return x
    if kind is float:
        return x if math.isfinite(x) else {"float": str(x)}
    if kind is tuple:
        return each(x)
    if kind is list:
        return {"list": each(x)}
    if kind is dict:
        if not all(map(is_key, x)):
            raise TypeError("a dict whose keys are not numbers and names")
        return {"dict": [each(pair) for pair in x.items()]}
    if kind is Ref:
        return {"value": x.number}
    if kind is EllipsisType:
        return {"ellipsis": []}
    if kinds.get(kind.__name__) is kind:
        return {kind.__name__: each([getattr(x, name) for name in hints_of(kind)])}
    raise TypeError(f"a {kind.__name__}")


class Plain:
    """Reads such data back.

    values:  how many values a program has, so that each `Ref` is one of them
    """

    def __init__(self, foreign: Foreign, kinds: Kinds, values: int = 0) -> None:
        self.foreign, self.kinds, self.values = foreign, kinds, values

    def read(self, data: Any, what: str, deep: int = 0) -> Any:
        """The value, or a FileError."""
        if deep > DEEPEST:
            raise self.foreign.refuse(what, data, f"at most {DEEPEST} lists in each other")
        if type(data) is int:
            return self.foreign.whole(data, what, 1 - MOST)
        if type(data) in (*SCALARS, float):
            return data
        if type(data) is list:
            return self.each(data, what, deep)
        if type(data) is dict and len(data) == 1:
            ((name, inside),) = data.items()
            return self.named(name, inside, what, deep)
        raise self.foreign.refuse(what, data, "a plain value")

    def each(self, data: Any, what: str, deep: int) -> tuple[Any, ...]:
        return tuple(self.read(part, what, deep + 1) for part in self.foreign.row(data, what))

    def named(self, name: str, inside: Any, what: str, deep: int) -> Any:
        """What is told by its name."""
        if name == "float" and inside in ("nan", "inf", "-inf"):
            return float(inside)
        if name == "value":
            return Ref(self.foreign.whole(inside, what, 0, self.values - 1))
        if name == "list":
            return list(self.each(inside, what, deep))
        if name == "ellipsis" and inside == []:
            return ...
        if name == "dict":
            return dict(self.pair(pair, what, deep) for pair in self.foreign.row(inside, what))
        if name in self.kinds:
            made = self.kinds[name]
            parts = self.each(self.foreign.row(inside, what, len(hints_of(made))), what, deep)
            return made(*parts)
        raise self.foreign.refuse(what, {name: inside}, "a plain value")

    def pair(self, data: Any, what: str, deep: int) -> tuple[Any, Any]:
        key, value = self.each(self.foreign.row(data, what, 2), what, deep)
        if not is_key(key):
            raise self.foreign.refuse(f"a key of {what}", key, "a number or a string")
        return key, value


def is_key(x: Any) -> bool:
    """Whether something can be the key of a dict: it is printed as it is."""
    return x.isprintable() if type(x) is str else type(x) in (*SCALARS, float)


def declared(kind: type[Any]) -> dict[str, Any]:
    """The fields of a named tuple, a dataclass or a gate, each with the type that it is declared with."""
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind)] if issubclass(kind, Gate) else list(hints)
    return {name: hints[name] for name in names}


hints_of: Callable[[Any], dict[str, Any]] = cache(declared)
"""The same, looked up once for each class."""


def fits(x: Any, hint: Any) -> bool:
    """Whether a value is of a declared type, all through.

    >>> fits((1, 2), tuple[int, int]), fits((1, "2"), tuple[int, ...]), fits(True, int)
    (True, False, False)
    """
    inside = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return any(fits(x, one) for one in inside)
    if get_origin(hint) is tuple:
        if type(x) is not tuple:
            return False
        each = inside[:1] * len(x) if inside[-1:] == (...,) else inside
        return len(each) == len(x) and all(map(fits, x, each))
    if hint is float:
        return type(x) in (float, int)
    if type(x) is not hint:
        return False
    inner = {} if hint in (*SCALARS, EllipsisType) else hints_of(hint)
    return all(fits(getattr(x, name), one) for name, one in inner.items())
