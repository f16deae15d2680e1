"""Every public function, layer and optimizer refuses bad input with one clear error of its docstring's kinds."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import pytest

from chainrule import estimators, nn, ops, optim
from chainrule.errors import ChainruleError

ROOMS: dict[str, Any] = {"ops": ops, "nn": nn, "optim": optim, "estimators": estimators}
"""Rooms whose public functions and classes all have a table of refusals."""


def tables(room: str) -> dict[str, dict[str, Any]]:
    """The tables of a room, by the file that the functions stand in."""
    package = importlib.import_module(f"tests.refusals.{room}")
    found = [
        importlib.import_module(f"{package.__name__}.{m.name}")
        for m in pkgutil.iter_modules(package.__path__)
    ]
    return {module.__name__.rpartition(".")[2]: module.TABLE for module in found}


def public(room: str) -> dict[str, tuple[str, Any]]:
    """The functions and classes that a room offers, each with the file it stands in."""
    offered = {n: getattr(ROOMS[room], n) for n in dir(ROOMS[room]) if not n.startswith("_")}
    return {
        name: (thing.__module__.rpartition(".")[2], thing)
        for name, thing in offered.items()
        if (inspect.isfunction(thing) or inspect.isclass(thing)) and name not in NOT_CALLED
    }


NOT_CALLED = {
    "Axis",
    "Operand",
    "Parameter",
    "Buffer",
    "Module",
    "Optimizer",
    "Schedule",
    "Group",
    "Bounds",
    "Summary",
    "Classifier",
    "CrossValidation",
    "Trial",
} | {"gelu_form", "size", "known_dtype", "window_of", "pool_window"}
"""What users do not call with input of their own: types for annotations, and what others are built on."""

ROWS = [
    pytest.param(room, name, number, refusal, id=f"{room}.{name}-{number}")
    for room in ROOMS
    for table in tables(room).values()
    for name, refusals in table.items()
    for number, refusal in enumerate(refusals)
]


@pytest.mark.parametrize(("room", "name", "number", "refusal"), ROWS)
def test_bad_input_is_refused(room, name, number, refusal):
    with pytest.raises(ChainruleError) as caught:
        refusal.act()
    error = caught.value
    # where scikit-learn is loaded, the error of what is not fitted is of one of its kinds, too
    assert refusal.kind in type(error).__mro__[:2], error
    for said in (error.who, error.came, error.expected, error.hint):
        assert said and len(said.strip()) >= 2, error
    assert error.who == name or room != "ops", f"the user called {name}: {error}"
    for part in refusal.parts:
        assert part in error.came, f"{part!r} is not in what came: {error}"


@pytest.mark.parametrize(("room", "name", "number", "refusal"), ROWS)
def test_the_docstring_names_the_error(room, name, number, refusal):
    thing = getattr(ROOMS[room], name)
    told = " ".join(filter(None, (thing.__doc__, getattr(getattr(thing, "forward", None), "__doc__", None))))
    assert refusal.kind.__name__ in told, (
        f"{name} raises a {refusal.kind.__name__}; its docstring does not say so"
    )


def test_every_table_is_where_its_functions_are():
    for room in ROOMS:
        offered = public(room)
        for file, table in tables(room).items():
            assert {name: offered[name][0] for name in table} == dict.fromkeys(table, file)


@pytest.mark.parametrize("room", ROOMS)
def test_five_refusals_for_each(room):
    told = {name: refusals for table in tables(room).values() for name, refusals in table.items()}
    few = [name for name in public(room) if len(told.get(name, ())) < 5]
    assert not few, f"fewer than five bad inputs for {', '.join(few)}"
