"""The tree of errors: as drawn, each a built-in kind too, each message with its four parts."""

import inspect
import pickle
import re

import pytest

from chainrule import errors
from chainrule.errors import ChainruleError, FileError, ShapeError

TREE = {
    name: thing
    for name, thing in vars(errors).items()
    if inspect.isclass(thing) and issubclass(thing, ChainruleError)
}
BUILT_IN = {
    "ShapeError": ValueError,
    "DTypeError": TypeError,
    "SettingError": ValueError,
    "IndexingError": IndexError,
    "LabelError": ValueError,
    "GradientError": RuntimeError,
    "InPlaceError": TypeError,
    "TraceError": RuntimeError,
    "CompileError": RuntimeError,
    "DifferenceError": AssertionError,
    "StateError": ValueError,
    "DataError": ValueError,
    "NotFittedError": ValueError,
    "NonFiniteError": ArithmeticError,
    "DivergedError": ArithmeticError,
    "FileError": OSError,
    "ResourceError": OSError,
    "UsageError": ValueError,
    "MissingExtraError": ImportError,
}


def test_the_tree_is_as_drawn():
    drawn = {}
    for line in errors.__doc__.splitlines():
        if found := re.match(r"[│ ]*[├└]── (\w+) .*\((\w+)(?:, \w+)*\)$", line):
            drawn[found[1]] = found[2]
    assert drawn == {name: kind.__name__ for name, kind in BUILT_IN.items()}
    assert set(TREE) == {"ChainruleError", *drawn}


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_is_also_a_built_in_kind(name):
    assert issubclass(TREE[name], BUILT_IN[name]) and issubclass(TREE[name], ChainruleError)


def test_too_little_memory_is_a_memory_error_too():
    assert issubclass(errors.ResourceError, MemoryError)


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_shows_cause_and_cure(name):
    assert "Cause: " in TREE[name].__doc__ and "Cure: " in TREE[name].__doc__


@pytest.mark.parametrize("name", TREE)
def test_the_message_has_four_parts(name):
    error = TREE[name]("conv2d", "x f32[3]", "4 axes", "reshape")
    assert str(error) == "conv2d: x f32[3]; expected 4 axes; try: reshape"
    assert (error.who, error.came, error.expected, error.hint) == ("conv2d", "x f32[3]", "4 axes", "reshape")


@pytest.mark.parametrize("kind", [ShapeError, FileError])
def test_the_inner_call_says_where(kind):
    error = kind("conv2d", "a", "b", "c").at("features.0", "model.py:7 in forward").at("outer", "main.py:1")
    assert str(error) == "features.0: conv2d: a; expected b; try: c\n  at model.py:7 in forward"
    assert kind("conv2d", "a", "b", "c").at("", "").at("", "x.py:1").line == "x.py:1"


@pytest.mark.parametrize("name", TREE)
def test_they_travel_between_processes(name):
    error = pickle.loads(pickle.dumps(TREE[name]("who", "came", "expected", "hint").at("layer", "line")))
    assert type(error) is TREE[name]
    assert str(error) == "layer: who: came; expected expected; try: hint\n  at line"
