"""What is seen at a stop."""

import numpy as np

import chainrule as cr
from chainrule.lens.stop import look

from ..check.learning import Learning, batch


def test_a_stop_tells_line_value_gate_numbers_and_the_users_line():
    stop = cr.debug(Learning("two-layer").plain, *batch()).run_to("linear1/relu")
    assert (stop.number, stop.path, stop.gate, stop.phase, stop.spec.shape) == (
        4,
        "linear1/relu",
        "relu",
        "forward",
        (6, 7),
    )
    text = str(stop).split("\n")
    assert text[0].startswith("line 4 of ") and ", forward" in text[0]
    assert text[1:3] == ["linear1/relu: f32[6,7]", "  = relu(linear1/add)"]
    assert "% zeros, norm" in text[3] and text[4].startswith("  at learning.py:")
    assert text[4].endswith("in learn: loss = self.loss(self.model(images), labels)")


def test_the_layer_and_what_else_the_line_makes():
    stop = cr.debug(Learning("lstm").plain, *batch()).run_to("lstm/lstm_cell.c_next")
    assert (stop.layer, stop.also) == ("lstm", ("lstm/lstm_cell.h_next",))
    assert "also lstm/lstm_cell.h_next" in str(stop) and ", layer lstm" in stop.heading


def test_a_look_at_numbers():
    assert look(np.array(2.5)) == "2.50" and look(np.zeros((0, 2))) == "no elements"
    assert look(np.array([True, False, True, True])) == "75 % true"
    assert look(np.array([1.0, np.nan])).endswith("norm NaN, 1 not finite")
    assert look(np.array([3, 4])) == "min 3.00, max 4.00, mean 3.50, 0 % zeros, norm 5.00"


def test_settings_are_told():
    debugger = cr.debug(lambda x: cr.sum(x, axis=0), np.ones((2, 3), "float32"))
    assert debugger.next().formula == "sum(x, axis=(0,), keepdims=False)"
