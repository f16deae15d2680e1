"""The gates of pictures in other orders are those of the program."""

import numpy as np
import pytest

from chainrule.compiler.pixels import (
    ABREAST,
    FILTERS,
    FILTERS_BACK,
    LAST,
    ConvAbreast,
    ConvFilters,
    ConvPixels,
    FiltersAbreast,
    InputAbreast,
    Interleave,
    Pixels,
    back,
)
from chainrule.graph import Spec
from chainrule.ops.conv import Conv2d, Conv2dInput, Conv2dWeight
from chainrule.ops.indexing import Slice
from chainrule.ops.pool import AvgPool2d, MaxPool2d
from chainrule.ops.window import Window

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 6, 9, 7)), RNG.normal(size=(4, 10, 7, 5))
W = RNG.normal(size=(10, 6, 3, 3))


def specs(*arrays):
    return [Spec(a.shape, a.dtype) for a in arrays]


def holds(gate, expected, *arrays):
    """The gate gives these numbers, in the shape that it promises."""
    made, promised = gate.forward(*arrays), gate.spec(*specs(*arrays))
    several = made if isinstance(made, tuple) else (made,)
    for got, want, spec in zip(
        several, expected, promised if isinstance(promised, tuple) else (promised,), strict=True
    ):
        assert got.shape == spec.shape and got.dtype == spec.dtype
        assert got == pytest.approx(want, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("order", [LAST, ABREAST], ids=str)
def test_there_and_back(order):
    assert np.array_equal(X.transpose(order).transpose(back(order)), X)
    assert W.transpose(FILTERS).transpose(FILTERS_BACK).shape == W.shape


@pytest.mark.parametrize(
    ("stride", "dilation", "groups"), [((1, 1), (1, 1), 1), ((2, 1), (1, 2), 2)], ids=str
)
def test_convolution(stride, dilation, groups):
    w = W[:, : 6 // groups]
    plain = Conv2d(stride, (0, 0), dilation, groups)
    gate = ConvPixels(stride, dilation, groups)
    holds(gate, [plain.forward(X, w).transpose(LAST)], X.transpose(LAST), w.transpose(FILTERS))
    assert gate.multiply_adds(*specs(X.transpose(LAST), w.transpose(FILTERS))) == plain.multiply_adds(
        *specs(X, w)
    )


@pytest.mark.parametrize("shares", [1, 2, 4])
def test_the_gradient_to_filters_in_shares(shares):
    gate, last = ConvFilters((3, 3), (1, 1), (1, 1), 1, shares), (X.transpose(LAST), Y.transpose(LAST))
    expected = Conv2dWeight(size=(3, 3)).forward(X, Y)
    made = gate.forward(*last)
    assert made.shape == gate.spec(*specs(*last)).shape
    assert made.sum(0) == pytest.approx(expected.transpose(FILTERS), rel=1e-9)
    assert gate.multiply_adds(*specs(*last)) == Y.size * 9 * 6


@pytest.mark.parametrize("order", [LAST, ABREAST], ids=str)
def test_any_other_gate(order):
    pool = MaxPool2d(Window((2, 2), (2, 2)))
    holds(Pixels(pool, order), [a.transpose(order) for a in pool.forward(X)], X.transpose(order))
    assert Pixels(pool, order).outputs == ("out", "winner")
    mean = AvgPool2d(Window((3, 2), (1, 2)))
    holds(Pixels(mean, order), [mean.forward(X).transpose(order)], X.transpose(order))


def test_phases_lie_between_each_other():
    key, other = ((Slice(a, None, 2),) for a in (0, 1))
    gate = Interleave((key, other), (), (5,))
    holds(gate, [np.array([1.0, 4.0, 2.0, 5.0, 3.0])], np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0]))
    assert not Interleave((key,), (other,), (5,)).forward(np.ones(3))[1::2].any()


# --- pictures abreast -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stride", "dilation", "groups"), [((1, 1), (1, 1), 1), ((2, 1), (1, 2), 2)], ids=str
)
def test_convolution_abreast(stride, dilation, groups):
    w = W[:, : 6 // groups]
    plain, gate = Conv2d(stride, (0, 0), dilation, groups), ConvAbreast(stride, dilation, groups)
    holds(gate, [plain.forward(X, w).transpose(ABREAST)], X.transpose(ABREAST), w)
    assert gate.multiply_adds(*specs(X.transpose(ABREAST), w)) == plain.multiply_adds(*specs(X, w))


@pytest.mark.parametrize("dilation", [(1, 1), (2, 1)], ids=str)
@pytest.mark.parametrize("padding", [(0, 0), (1, 2), (3, 5)], ids=str)
@pytest.mark.parametrize("groups", [1, 2])
def test_the_gradient_to_pictures_abreast(padding, dilation, groups):
    """With zeros beside y in memory or without, and with more border than the filters reach."""
    w, size = W[:, : 6 // groups], (9, 7)
    plain = Conv2dInput(size, padding=padding, dilation=dilation, groups=groups)
    reach = [d * 2 for d in dilation]
    rows = [n + 2 * p - r for n, p, r in zip(size, padding, reach, strict=True)]
    y = np.random.default_rng(2).normal(size=(4, 10, *rows))
    before = tuple(r - p for r, p in zip(reach, padding, strict=True))
    for edges in ((0, 0), (2, 1)):
        framed = np.pad(y, [(0, 0), (0, 0), (0, 0), edges]).transpose(ABREAST)
        gate = InputAbreast(size, before, dilation, groups, edges)
        holds(gate, [plain.forward(y, w).transpose(ABREAST)], framed, w)
    assert gate.multiply_adds(*specs(framed, w)) == plain.multiply_adds(*specs(y, w))


@pytest.mark.parametrize("groups", [1, 2])
def test_the_gradient_to_filters_abreast(groups):
    gate = FiltersAbreast((3, 3), (1, 1), (1, 1), groups, 3)
    plain = Conv2dWeight(size=(3, 3), groups=groups)
    turned = X.transpose(ABREAST), Y.transpose(ABREAST)
    made = gate.forward(*turned)
    assert made.shape == gate.spec(*specs(*turned)).shape
    assert made.sum(0) == pytest.approx(plain.forward(X, Y), rel=1e-9)
    assert gate.multiply_adds(*specs(*turned)) == plain.multiply_adds(*specs(X, Y))
