"""The gates of channels-last pictures are those of the program, with their axes in another order."""

import numpy as np
import pytest

from chainrule.compiler.pixels import (
    FILTERS,
    FILTERS_BACK,
    TO_FIRST,
    TO_LAST,
    ConvFilters,
    ConvPixels,
    Interleave,
    Pixels,
)
from chainrule.graph import Spec
from chainrule.ops.conv import Conv2d, Conv2dWeight
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


def test_there_and_back():
    assert X.transpose(TO_LAST).transpose(TO_FIRST).shape == X.shape
    assert W.transpose(FILTERS).transpose(FILTERS_BACK).shape == W.shape


@pytest.mark.parametrize(
    ("stride", "dilation", "groups"), [((1, 1), (1, 1), 1), ((2, 1), (1, 2), 2)], ids=str
)
def test_convolution(stride, dilation, groups):
    w = W[:, : 6 // groups]
    plain = Conv2d(stride, (0, 0), dilation, groups)
    gate = ConvPixels(stride, dilation, groups)
    holds(gate, [plain.forward(X, w).transpose(TO_LAST)], X.transpose(TO_LAST), w.transpose(FILTERS))
    assert gate.multiply_adds(*specs(X.transpose(TO_LAST), w.transpose(FILTERS))) == plain.multiply_adds(
        *specs(X, w)
    )


@pytest.mark.parametrize("shares", [1, 2, 4])
def test_the_gradient_to_filters_in_shares(shares):
    gate, last = ConvFilters((3, 3), (1, 1), (1, 1), 1, shares), (X.transpose(TO_LAST), Y.transpose(TO_LAST))
    expected = Conv2dWeight(size=(3, 3)).forward(X, Y)
    made = gate.forward(*last)
    assert made.shape == gate.spec(*specs(*last)).shape
    assert made.sum(0) == pytest.approx(expected.transpose(FILTERS), rel=1e-9)
    assert gate.multiply_adds(*specs(*last)) == Y.size * 9 * 6


def test_any_other_gate():
    pool = MaxPool2d(Window((2, 2), (2, 2)))
    holds(Pixels(pool), [a.transpose(TO_LAST) for a in pool.forward(X)], X.transpose(TO_LAST))
    assert Pixels(pool).outputs == ("out", "winner")
    mean = AvgPool2d(Window((3, 2), (1, 2)))
    holds(Pixels(mean), [mean.forward(X).transpose(TO_LAST)], X.transpose(TO_LAST))


def test_phases_lie_between_each_other():
    key, other = ((Slice(a, None, 2),) for a in (0, 1))
    gate = Interleave((key, other), (), (5,))
    holds(gate, [np.array([1.0, 4.0, 2.0, 5.0, 3.0])], np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0]))
    assert not Interleave((key,), (other,), (5,)).forward(np.ones(3))[1::2].any()
