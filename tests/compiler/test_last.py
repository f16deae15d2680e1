"""Convolutions with their channels last: shares of gradients, where Winograd's algorithm pays, filters turned round."""

from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.last import MOST_SHARES, ChannelsLast, objection, shares_of, winograd_pays
from chainrule.compiler.pixels import ConvPixels
from chainrule.graph import Spec
from chainrule.kernels.transforms import Scheme

from ..kernels.machines import plant
from .slopes import agrees, arrays


def test_shares_of_a_gradient():
    """As few as fit a core's cache, which divide the pictures, and no more than pay."""

    def shares(n, size, c, f, window, groups=1):
        x, y = Spec((n, size, size, c), np.dtype("f4")), Spec((n, size, size, f), np.dtype("f4"))
        return shares_of(x, y, Spec((f, c // groups, window, window), np.dtype("f4")), groups)

    assert shares(1, 32, 16, 16, 3) == 1
    assert shares(64, 4, 2, 2, 3) == 1
    assert shares(64, 32, 16, 16, 3, groups=2) == 1
    assert shares(0, 32, 16, 16, 3) == 1
    assert 1 < shares(64, 32, 16, 16, 3) <= MOST_SHARES
    assert all(n % shares(n, 32, 16, 16, 3) == 0 for n in range(1, 70))
    assert shares(61, 32, 16, 16, 3) == 1  # a prime
    assert shares(64, 4, 256, 256, 3) == 1  # partial sums would be larger than what is read


def test_where_winograd_pays():
    def pays(channels, filters, taps=3, size=28, dtype="f4", **settings):
        gate = ConvPixels(**{"stride": (1, 1), "dilation": (1, 1), "groups": 1, **settings})
        w = Spec((taps, taps, channels // gate.groups, filters), np.dtype(dtype))
        return winograd_pays(gate, w, Spec((2, size, size, filters), np.dtype(dtype)))

    assert pays(32, 32) == Scheme(3) and pays(32, 64, taps=5) == Scheme(5)
    assert pays(16, 16) == Scheme(3)
    for settings in (
        {"channels": 8, "filters": 32},
        {"channels": 32, "filters": 40},
        {"channels": 32, "filters": 32, "taps": 7},
        {"channels": 32, "filters": 32, "stride": (2, 2)},
        {"channels": 32, "filters": 32, "dilation": (1, 2)},
        {"channels": 32, "filters": 32, "size": 1},
        {"channels": 32, "filters": 32, "dtype": "f8"},
    ):
        assert pays(**settings) is None, settings


@pytest.mark.parametrize(
    ("settings", "shape", "said"),
    [
        ({}, (3, 3, 32, 32), ""),
        ({}, (3, 5, 32, 32), "3×5 filters, not 2×2 or 3×3 or 5×5"),
        ({"stride": (2, 1)}, (3, 3, 32, 32), "stride (2, 1) and dilation (1, 1), not 1"),
        ({"groups": 2}, (3, 3, 32, 48), "32 → 24 channels, not multiples of 16"),
    ],
)
def test_why_winograd_does_not_pay(settings, shape, said):
    gate = ConvPixels(**{"stride": (1, 1), "dilation": (1, 1), "groups": 1, **settings})
    f32 = np.dtype("f4")
    assert objection(gate, Spec(shape, f32), Spec((2, 28, 28, shape[3]), f32)) == said
    few, double = Spec((3, 3, 32, 32), f32), Spec((3, 3, 32, 32), np.dtype("f8"))
    plain = replace(gate, stride=(1, 1), groups=1)
    assert objection(plain, few, Spec((0, 28, 28, 32), f32)) == "no pixels"
    assert objection(plain, double, Spec((2, 28, 28, 32), f32)) == "float64 numbers, not float32"
    assert "compute 16.00 pixels for each" in objection(
        replace(gate, stride=(1, 1), groups=1), Spec((3, 3, 32, 32), f32), Spec((2, 1, 1, 32), f32)
    )


def grouped() -> None:
    agrees(lambda x, w: cr.conv2d(x, w, groups=2), *arrays((2, 36, 5, 5), (36, 18, 3, 3)))


@pytest.mark.parametrize(
    ("old", "new"),
    [("(WHOLE, WHOLE, back, back)", "(WHOLE, WHOLE, back, WHOLE)"), ("(3, 4, 1, 0, 2)", "(3, 4, 1, 2, 0)")],
)
def test_planted_faults_are_caught(monkeypatch, old, new):
    grouped()
    plant(monkeypatch, ChannelsLast, "mirrored", old, new)
    with pytest.raises(Exception):  # noqa: B017, PT011  another number, or shapes that no longer fit
        grouped()
