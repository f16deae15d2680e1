"""Hints: by what made the number, or by what it came in with."""

import pytest

from chainrule.check.advice import USUAL, advice


@pytest.mark.parametrize(
    ("gate", "came_in", "phase", "words"),
    [
        ("log", "", "forward", "log(x + 1e-8)"),
        ("divide", "", "forward", "never 0"),
        ("divide", "", "backward", "slope is finite"),
        ("exp", "", "forward", "log_softmax"),
        ("sqrt", "", "forward", "sqrt(x + 1e-8)"),
        ("conv2d", "", "forward", "learning rate"),
        ("exp", "", "backward", "learning rate"),
        ("", "argument", "", "np.isfinite"),
        ("", "state", "", "learning rate in the steps before"),
        ("", "constant", "", "constant"),
    ],
)
def test_hints(gate, came_in, phase, words):
    assert words in advice(gate, came_in, phase)
    assert (advice(gate, came_in, phase) == USUAL) is (
        gate == "conv2d" or (gate, phase) == ("exp", "backward")
    )
