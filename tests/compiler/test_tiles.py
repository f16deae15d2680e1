"""Winograd's gates are convolution and its two gradients, with what they pass on in planes and panels."""

import numpy as np
import pytest

from chainrule.compiler.pixels import LAST, TO_FIRST
from chainrule.compiler.tiles import (
    FilterGradient,
    FilterPanels,
    TilesGradient,
    WinogradPixels,
    WinogradSums,
    WinogradTiles,
    in_panels,
    out_of_panels,
)
from chainrule.graph import Spec
from chainrule.kernels.transforms import GAP, Scheme
from chainrule.ops.conv import Conv2d, Conv2dInput, Conv2dWeight

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 6, 9, 7)), RNG.normal(size=(4, 10, 7, 5))
W = RNG.normal(size=(10, 6, 3, 3))
THREE = Scheme(3)
COLUMNS = 4
"""Of a panel: neither the channels nor the filters fill whole ones."""
GROUPS = [1, 2]


def specs(*arrays):
    return [Spec(a.shape, a.dtype) for a in arrays]


def made(gate, *arrays):
    """What a gate makes, in the shape that it promises."""
    out = gate.forward(*arrays)
    spec = gate.spec(*specs(*arrays))
    assert (out.shape, out.dtype) == (spec.shape, spec.dtype)
    return out


def own(groups):
    """The filters of so many groups."""
    return W[:, : W.shape[1] // groups]


def test_matrices_in_panels_and_out_again():
    planes = RNG.normal(size=(3, 5, 10))
    laid = in_panels(planes, COLUMNS)
    assert laid.shape == (3, 5 * 12 + GAP) and not laid[:, -GAP:].any()
    assert (laid[:, :COLUMNS] == planes[:, 0, :COLUMNS]).all()
    assert (laid[:, 5 * COLUMNS : 6 * COLUMNS] == planes[:, 0, COLUMNS : 2 * COLUMNS]).all()
    assert (out_of_panels(laid, 5, 10, COLUMNS) == planes).all()


@pytest.mark.parametrize("groups", GROUPS)
def test_the_convolution(groups):
    w = own(groups)
    panels = made(FilterPanels(THREE, groups, COLUMNS, back=False), w)
    out = made(WinogradPixels(THREE, groups, COLUMNS, 10), X.transpose(LAST), panels)
    assert out.transpose(TO_FIRST) == pytest.approx(Conv2d(groups=groups).forward(X, w), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("groups", GROUPS)
def test_the_gradient_to_pictures(groups):
    """Of results with a border of two zeros, by filters turned by half a circle."""
    w = own(groups)
    panels = made(FilterPanels(THREE, groups, COLUMNS, back=True), w)
    sent = np.pad(Y.transpose(LAST), [(0, 0), (2, 2), (2, 2), (0, 0)])
    out = made(WinogradPixels(THREE, groups, COLUMNS, 6), sent, panels)
    expected = Conv2dInput(size=(9, 7), groups=groups).forward(Y, w)
    assert out.transpose(TO_FIRST) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("groups", GROUPS)
def test_the_gradient_to_filters(groups):
    """From sums over tiles, and from all tiles; in two shares, which are added."""
    expected = Conv2dWeight(size=(3, 3), groups=groups).forward(X, Y)
    x, y = X.transpose(LAST), Y.transpose(LAST)
    sums = made(WinogradSums(THREE, groups, 2), x, y)
    from_sums = made(FilterGradient(expected.shape, groups, THREE), sums)
    left = made(WinogradTiles(THREE, groups, 2, back=False), x)
    right = made(WinogradTiles(THREE, groups, COLUMNS, back=True), y)
    tiles = THREE.tiles(4, 7, 5)
    from_tiles = made(TilesGradient(THREE, expected.shape, groups, tiles, (2, COLUMNS)), left, right)
    for out in (from_sums, from_tiles):
        assert out == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_gradient_to_filters_from_plain_sums():
    sums = RNG.normal(size=(3, 5, 4, 2, 6))
    expected = sums.sum(0).transpose(3, 2, 0, 1)
    assert made(FilterGradient((6, 2, 5, 4)), sums) == pytest.approx(expected)
