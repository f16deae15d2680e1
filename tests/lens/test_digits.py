"""Numbers as sentences have them."""

import numpy as np
import pytest

from chainrule.lens.digits import number, percent, place


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0.00"),
        (-0.004999, "−0.00500"),
        (0.05, "0.0500"),
        (99.999, "100.00"),
        (123.456, "123.5"),
        (-98765.4, "−98,765"),
        (1e6, "1.00e+06"),
        (1e-5, "1.00e−05"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
        (np.float32(0.5), "0.500"),
        (0.9999, "1.00"),
        (np.array(2.0), "2.00"),
        (-12345, "−12,345"),
        (np.int64(7), "7"),
        (np.bool_(False), "False"),
    ],
)
def test_numbers(x, text):
    assert number(x) == text


def test_shares_and_places():
    assert (percent(1.0), percent(-1.285), percent(float("nan"))) == ("100 %", "−128 %", "? %")
    assert place("conv1.weight", [3, 0]) == "conv1.weight[3, 0]"
