"""A written program comes back as it was; whatever else comes is a FileError, and nothing is run or made large."""

import copy
import json
import random
import tracemalloc
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import FileError
from chainrule.graph import Program, Ref
from chainrule.graph.foreign import Foreign
from chainrule.graph.readback import PARTS, read
from chainrule.graph.written import write
from chainrule.ops.gates import VOCABULARY, check_settings

X = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)


def learner() -> tuple[Any, Tensor]:
    w = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="w")

    def step(x, scale=2.0):
        w.grad = None
        loss = (cr.relu(w * x)[:, 1:] * scale).sum()
        loss.backward()
        w.assign(w - w.grad * 0.5)
        return {"loss": loss, "seen": (x, [1, "two", None])}

    return step, w


def written() -> tuple[Program, Any]:
    program = cr.trace(learner()[0], X, 2.0)
    return program, json.loads(json.dumps(write(program, VOCABULARY)))


def back(data: Any) -> Program:
    return read(data, Foreign("step.safetensors"), VOCABULARY, check_settings, Tensor)


def test_all_of_a_program_comes_back():
    program, data = written()
    again = back(data)
    again.constants = dict(program.constants)
    assert str(again) == str(program)
    assert (again.name, again.kind) == ("step", Tensor)
    same = ("argument_names", "specs", "arguments", "inputs", "slopes", "output")
    assert all(getattr(again, part) == getattr(program, part) for part in same)
    assert [line.place[1:] for line in again.lines] == [line.place[1:] for line in program.lines]
    assert [(n, c.name, c.requires_grad) for n, c in again.cells.items()] == [
        (n, c.name, c.requires_grad) for n, c in program.cells.items()
    ]
    (cell,) = again.cells.values()
    assert [(c is cell, n) for c, n in again.updates] == [(True, n) for _, n in program.updates]
    assert [(c is cell, n) for c, n in again.gradients] == [(True, n) for _, n in program.gradients]
    assert write(again, VOCABULARY) == data


def test_cells_are_new_and_constants_hollow():
    program, data = written()
    again = back(data)
    (old,), (new,) = program.cells.values(), again.cells.values()
    assert new is not old and not new.numpy().any() and old.numpy().any()


def test_values_that_would_be_large_take_no_memory():
    program = cr.trace(lambda x: cr.broadcast_to(x, (3,)), np.ones(1, "float32"))
    data = write(program, VOCABULARY)
    data["lines"][0][1]["shape"] = data["specs"][1][1] = [1 << 58]
    tracemalloc.start()
    again = back(data)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert again.specs[1].shape == (1 << 58,)


def at(data: Any, *path: Any) -> Any:
    for step in path:
        data = data[step]
    return data


FAULTS = {  # where, what stands there instead, what is said
    "a number made twice": (("constants", 0), 0, "made twice"),
    "a value without a line": (("specs",), None, "without a line for value"),
    "a line before what it reads": (("lines",), "reversed", "made later"),
    "a gate that there is not": (("lines", 0, 0), "os.system", "expected a gate of chainrule.ops"),
    "a gate of the compiler": (("lines", 0, 0), "conv_pixels", "expected a gate of chainrule.ops"),
    "another gate": (("lines", 0, 0), "matmul", "line 0, matmul"),
    "a setting too many": (("lines", 0, 1), {"axis": 1}, "the settings of multiply"),
    "too few inputs": (("lines", 0, 2), [0], "line 0, multiply: 1 inputs"),
    "an unknown phase": (("lines", 0, 5), "sideways", "the phase of line 0"),
    "an origin out of range": (("lines", 0, 4), 99, "the origin of line 0"),
    "another shape": (("specs", 1, 1), [2, 4], "what line 0, multiply, makes"),
    "another dtype of a cell": (("specs", 2, 0), "int64", "i64[3], and trained"),
    "an update of what is no cell": (("updates", 0, 0), 0, "the number of a cell"),
    "an update of another shape": (("updates", 0, 1), 0, "equal shapes and dtypes"),
    "a gradient of another shape": (("gradients", 0, 1), 0, "equal shapes and dtypes"),
    "a slope of another shape": (("slopes", 0, 1), 0, "equal shapes and dtypes"),
    "a result that there is not": (("output", "dict", 0, 1), {"value": 10_000}, "what the step returns"),
    "an argument of another shape": (("arguments", 0, 1, "array", 1), [3, 2], "those of the inputs"),
    "an argument fewer": (("arguments",), [], "those of the inputs"),
    "a name that is none": (("name",), 3, "the name: 3"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_program_that_is_wrong_in_one_place(fault):
    (*path, last), instead, said = FAULTS[fault]
    _, data = written()
    place = at(data, *path)
    if instead is None:
        place[last] = [*place[last], ["float32", [], False]]
    else:
        place[last] = place[last][::-1] if instead == "reversed" else instead
    with pytest.raises(FileError) as caught:
        back(data)
    assert said in str(caught.value) and str(caught.value).startswith("step.safetensors: damaged in ")


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_to_be_there(part):
    _, data = written()
    del data[part]
    with pytest.raises(FileError, match="in the program: "):
        back(data)


@pytest.mark.parametrize("part", ["updates", "gradients"])
def test_nothing_is_set_twice(part):
    _, data = written()
    data[part] *= 2
    with pytest.raises(FileError, match=f"in {part}: one cell twice"):
        back(data)


HOSTILE = [
    *(
        None,
        True,
        -1,
        0,
        1,
        2,
        3,
        7,
        1 << 31,
        1 << 62,
        1 << 80,
        0.5,
        1e308,
        "",
        "float32",
        "a\x1b[2J",
        [],
        {},
        [[]],
    ),
    *(
        {"value": 0},
        {"Slice": [None, None, 0]},
        {"Window": [[0, 0], [1, 1], [0, 0], [1, 1]]},
        {"dict": [[1, 2]]},
    ),
    *({"ellipsis": []}, {"Given": []}, [1 << 40], [-1], {"float": "nan"}, "__class__", [0] * 40),
]


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every place in some data: its container and its key."""
    found = []
    for key in data if isinstance(data, dict) else range(len(data)):
        found.append((data, key))
        if isinstance(data[key], dict | list):
            found += places(data[key])
    return found


def test_whatever_comes_is_a_program_or_a_file_error():
    _, data = written()
    rng, refused = random.Random(0), 0
    for _ in range(1500):
        other = copy.deepcopy(data)
        for _ in range(rng.choice((1, 1, 2, 5))):
            container, key = rng.choice(places(other))
            container[key] = copy.deepcopy(rng.choice(HOSTILE))
        try:
            str(back(other))
        except FileError:
            refused += 1
    assert refused > 1300


def test_what_is_no_program_at_all():
    for data in HOSTILE:
        with pytest.raises(FileError, match="in the program: "):
            back(data)


def test_the_places_of_values_are_references():
    _, data = written()
    assert isinstance(back(data).output["loss"], Ref)


@pytest.mark.parametrize("name", ["/etc/passwd", "..\\a.py", "\\\\server\\a.py", "C:a.py"])
def test_a_file_that_lies_elsewhere_is_refused(name):
    _, data = written()
    data["origins"][0][0] = name
    with pytest.raises(FileError, match="a file"):
        back(data)


def test_what_a_session_typed_is_nobody_elses():
    _, data = written()
    data["origins"][0][0] = "<ipython-input-3>"
    assert back(data).lines[0].place.file == "ipython-input-3" and back(data).lines[0].place.text == ""
