"""Where a gate was applied: the user's line, not ours; the layer; the phase."""

import linecache

import numpy as np

import chainrule as cr
from chainrule import Tensor
from chainrule.graph import during, layer
from chainrule.graph.origin import here, inherit, origin, phase

from .gates import leaf


def test_here_is_the_users_line():
    place = origin(here())
    assert place.file == __file__ and place.function == "test_here_is_the_users_line"
    assert linecache.getline(place.file, place.line).strip() == "place = origin(here())"
    assert str(place) == f"test_origin.py:{place.line} in test_here_is_the_users_line"


def test_a_place_is_one_small_number():
    def one_place():
        return here()

    assert one_place() == one_place()
    assert here() != one_place()


def test_nodes_remember_line_and_layer_through_our_own_calls():
    token = layer.set("classifier")
    try:
        made = cr.log_softmax(leaf(1.0, 2.0) * 2)
    finally:
        layer.reset(token)
    place = origin(made.node.origin)
    assert (place.file, place.layer) == (__file__, "classifier")
    assert "log_softmax" in linecache.getline(place.file, place.line)


def test_backward_lines_inherit_the_place_of_the_forward():
    w = Tensor([1.0], requires_grad=True, name="w")

    def step(x):
        w.grad = None
        product = x * w
        product.sum().backward()

    program = cr.trace(step, np.ones(1, "float32"))
    lines = {line.gate.label + line.phase: line.place.line for line in program.lines}
    assert lines["multiplybackward"] == lines["multiplyforward"]
    assert "x * w" in linecache.getline(__file__, lines["multiplybackward"])


def test_inherit_and_during_end():
    before = phase.get()
    with inherit(0), during("update"):
        assert here() == 0 and phase.get() == "update"
    assert here() != 0 and phase.get() == before == "forward"


def test_the_text_of_a_line_of_this_machine_alone(tmp_path, monkeypatch):
    place = origin(here())
    assert place.text == "place = origin(here())"
    (tmp_path / "train.py").write_text("secret = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert place._replace(file="train.py", line=1).text == ""
    assert place._replace(file="", line=0).text == ""
