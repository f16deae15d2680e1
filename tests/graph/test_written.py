"""A program as plain data: all of it, and what is not ours refused with its line."""

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule import Gate, Tensor
from chainrule.errors import TraceError
from chainrule.graph.written import Vocabulary, write
from chainrule.ops.gates import VOCABULARY

X = np.ones((2, 3), "float32")


@cr.gate
class Doubled(Gate):
    """out = 2x, a gate of a user."""

    def spec(self, x):
        return x

    def forward(self, x):
        return x + x


class Add:
    """A class whose name says nothing."""


def small(x, scale):
    return {"loss": (cr.relu(x) * scale).sum(), "scale": scale}


def test_all_parts_of_a_small_program():
    data = write(cr.trace(small, X, 2.5), VOCABULARY)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["name"] == "small"
    assert data["arguments"] == [
        ["x", {"array": ["float32", [2, 3], False], "gradient": False}],
        ["scale", {"plain": 2.5}],
    ]
    labels, settings, inputs, outputs, origins, phases = zip(*data["lines"], strict=True)
    assert labels == ("relu", "multiply", "sum")
    assert settings == ({}, {}, {"axis": [0, 1], "keepdims": False})
    assert [(n, inputs[k]) for k, (n,) in enumerate(outputs)] == [(1, [0]), (2, [1, 3]), (4, [2])]
    assert data["origins"] == [["test_written.py", small.__code__.co_firstlineno + 1, "small", ""]]
    assert (origins, set(phases)) == ((0, 0, 0), {"forward"})
    assert data["output"] == {"dict": [["loss", {"value": outputs[-1][0]}], ["scale", 2.5]]}


def test_state_updates_gradients_and_slopes_are_numbers():
    w, unused = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="w"), Tensor([1.0], requires_grad=True)

    def step(x):
        w.grad = unused.grad = None
        loss = (w * x).sum()
        loss.backward()
        w.assign(w - w.grad)
        return loss

    data = write(cr.trace(step, X), VOCABULARY)
    (number, name, trained), *others = data["cells"]
    assert (name, trained, others) == ("w", True, [])
    ((updated, new),) = data["updates"]
    ((owner, gradient),) = data["gradients"]  # what the step does not read is left out
    assert (updated, owner) == (number, number)
    assert data["specs"][new] == data["specs"][gradient] == ["float32", [3], False]
    labels = {line[3][0]: line[0] for line in data["lines"]}
    assert ["multiply", "broadcast_to"] in [[labels.get(n) for n in pair] for pair in data["slopes"]]


def test_a_gate_of_a_user_is_refused_with_its_line():
    program = cr.trace(lambda x: cr.apply(Doubled(), x), X)
    with pytest.raises(
        TraceError, match=r"^save: the gate doubled, Doubled of .*test_written; expected"
    ) as caught:
        write(program, VOCABULARY)
    assert "test_written.py" in caught.value.line


def test_a_gate_of_the_same_name_is_another_gate():
    program = cr.trace(lambda x: cr.apply(Doubled(), x), X)
    imitated = Vocabulary({"doubled": VOCABULARY.gates["add"]}, {})
    with pytest.raises(TraceError, match="the gate doubled"):
        write(program, imitated)


def test_what_is_not_plain_is_refused_with_its_name():
    with pytest.raises(TraceError, match=r"save: scale: a float32; expected arrays, numbers, strings"):
        write(cr.trace(lambda x, scale: x, X, np.float32(2)), VOCABULARY)
    with pytest.raises(TraceError, match=r"save: what the step returns: a Add; expected"):
        write(cr.trace(lambda x: (x, Add()), X), VOCABULARY)
    with pytest.raises(TraceError, match=r"save: x: an array of complex64; expected"):
        write(cr.trace(lambda x: 1, X + 1j), VOCABULARY)


def test_names_do_not_steer_a_terminal():
    w = Tensor([1.0], name="a\x1b[2Jb")
    data = write(cr.trace(lambda x: x * w, X), VOCABULARY)
    assert [name for _, name, _ in data["cells"]] == ["a?[2Jb"]
