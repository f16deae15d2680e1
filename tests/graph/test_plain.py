"""Plain values become data and come back; nothing else does."""

import json
import math
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule.errors import FileError
from chainrule.graph import Ref, Spec
from chainrule.graph.foreign import Foreign
from chainrule.graph.plain import Plain, fits, from_plain, from_spec, hints_of
from chainrule.ops.conv import Conv2d
from chainrule.ops.window import Window


class Slice(NamedTuple):
    start: int | None
    stop: int | None


class Other(NamedTuple):
    start: int


class Colour(IntEnum):
    RED = 1


KINDS = {"Slice": Slice, "Window": Window}


def back(data: Any) -> Any:
    return Plain(Foreign("f"), KINDS, 9).read(data, "this")


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, -(2**64) + 1, 1.0, -0.0, 1e-310, 0.1, math.inf, -math.inf, "", "é\n\x1b"),
        *((), (1, (2.0, "x")), [1, [2]], {"a": 1, 2: (3,), None: {}}, ..., Ref(8)),
        *(Slice(None, -3), (Slice(0, 2), ..., None, 4), Window((2, 3), (1, 1), (0, 1)), [{"list": 1}]),
    ],
)
def test_what_is_plain_comes_back(value):
    found = back(json.loads(json.dumps(from_plain(value, KINDS), allow_nan=False)))
    assert found == value and type(found) is type(value) and repr(found) == repr(value)


def test_nan_comes_back():
    assert math.isnan(back(from_plain(math.nan, {})))


@pytest.mark.parametrize(
    "value",
    [
        b"x",
        1j,
        {1, 2},
        np.float32(1),
        np.zeros(2),
        Colour.RED,
        Other(1),
        (1, object()),
        2**64,
        {(1,): 2},
        {"\n": 1},
    ],
)
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(TypeError):
        from_plain(value, KINDS)


def test_what_is_too_deep_is_refused_both_ways():
    value: Any = ()
    for _ in range(30):
        value = (value,)
    with pytest.raises(TypeError, match="too deep"):
        from_plain(value, {})
    data: Any = []
    for _ in range(30):
        data = [data]
    with pytest.raises(FileError, match="at most 16 lists in each other"):
        back(data)


@pytest.mark.parametrize(
    "data",
    [
        *({}, {"float": 1}, {"float": "1"}, {"float": []}, {"value": 9}, {"value": -1}, {"value": True}),
        *(
            {"list": {}},
            {"list": 3},
            {"dict": [[1]]},
            {"dict": [[[], 1]]},
            {"dict": [["\n", 1]]},
            {"ellipsis": None},
        ),
        *(
            {"Slice": [1]},
            {"Slice": 1},
            {"Other": [1]},
            {"os.system": ["ls"]},
            {"a": 1, "b": 2},
            2**64,
            [2**70],
        ),
    ],
)
def test_data_of_nothing_is_refused(data):
    with pytest.raises(FileError, match="damaged in this: |damaged in a key of this: "):
        back(data)


def test_specs_have_the_dtypes_that_gates_take():
    assert from_spec(Spec((), np.dtype("int64"), True)) == ["int64", [], True]
    with pytest.raises(TypeError, match="an array of complex64"):
        from_spec(Spec((), np.dtype("complex64")))


@pytest.mark.parametrize(
    ("value", "hint", "wanted"),
    [
        (1, int, True),
        (True, int, False),
        (1, bool, False),
        (1, float, True),
        ("1", float, False),
        ((1, 2), tuple[int, int], True),
        ((1, 2, 3), tuple[int, int], False),
        ((), tuple[int, ...], True),
        ([1], tuple[int, ...], False),
        (((1, 2), (3, 4)), tuple[tuple[int, int], ...], True),
        (((1, 2), (3,)), tuple[tuple[int, int], ...], False),
        ((None, ..., Slice(0, None)), tuple[int | Slice | None | type(...), ...], True),
        (Slice(0, "2"), Slice, False),  # type: ignore[arg-type]
        (Other(1), Slice, False),
        (Window((2, 2)), Window, True),
        (Window((2, 2.0)), Window, False),  # type: ignore[arg-type]
    ],
)
def test_values_fit_their_declared_types(value, hint, wanted):
    assert fits(value, hint) is wanted


def test_the_settings_of_a_gate_are_its_fields():
    assert list(hints_of(Conv2d)) == ["stride", "padding", "dilation", "groups"]
    assert list(hints_of(Window)) == ["size", "stride", "padding", "dilation"]
    assert hints_of(Slice)["stop"] == int | None
