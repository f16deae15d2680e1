"""Filters on their way into panels, on both machines: transformed, turned for the way back, zeros beyond the last."""

import numpy as np
import pytest

from chainrule.kernels.filters import FilterPanels, Laying
from chainrule.kernels.language.types import F32
from chainrule.kernels.product import Tile
from chainrule.kernels.transforms import GAP, Scheme

from .machines import GARBAGE, caught, on_both, plant, strided, whole_everywhere

WIDE, ODD = Tile(8, 2), Tile(3, 1)
THREE, FIVE = Scheme(3), Scheme(5)
SIZES = [(1, 16, 32), (1, 48, 16), (2, 32, 48), (3, 16, 16)]
"""Groups, filters and channels of a group: of wide panels the last is whole or half."""


def laid(w, groups, tile, scheme, back):
    """The panels of filters (G·F, C, taps, taps), in float64: (36, G, panel, depth, column)."""
    parts = w.reshape(groups, -1, *w.shape[1:]).astype("f8")
    turned = parts[..., ::-1, ::-1] if back else parts
    matrices = np.einsum(
        "ai,gfcij,bj->abgfc" if back else "ai,gfcij,bj->abgcf", scheme.filters, turned, scheme.filters
    )
    depth, wide = matrices.shape[3:]
    count = -(-wide // tile.columns)
    whole = np.zeros((36, groups, depth, count * tile.columns))
    whole[..., :wide] = matrices.reshape(36, groups, depth, wide)
    return whole.reshape(36, groups, depth, count, tile.columns).swapaxes(2, 3).reshape(36, groups, -1)


def check(size, scheme=THREE, tile=WIDE, *, back=False, pieces=2):
    groups, f, c = size
    w = np.random.default_rng(0).normal(size=(groups * f, c, scheme.taps, scheme.taps)).astype(F32)
    exact = laid(w, groups, tile, scheme, back)
    out = strided((36, groups, exact.shape[2] + GAP), F32)
    arguments = [pieces, groups, f, c, strided(w.shape, F32).fill(w), out]
    made = on_both(FilterPanels(F32, tile, scheme, back), arguments, pieces, [out])[5].view()
    assert abs(made[..., :-GAP] - exact).max() < 1e-6 * abs(exact).max()
    assert (np.ascontiguousarray(made[..., -GAP:]).view(np.uint8) == GARBAGE).all()


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("scheme", [THREE, FIVE], ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_panels(size, scheme, back):
    for tile, pieces in ((WIDE, 2), (ODD, 5)):
        check(size, scheme, tile, back=back, pieces=pieces)


def test_more_pieces_than_work():
    check((1, 16, 16), pieces=7)


@pytest.mark.parametrize("back", [False, True])
def test_code_of_every_target(back):
    whole_everywhere(FilterPanels(F32, WIDE, FIVE, back))


@pytest.mark.parametrize(
    ("name", "old", "new", "back"),
    [
        ("fetch", "(first + i * self.channels) * taps", "(first + i) * taps", False),
        ("fetch", "i * taps + t) * LANES, row", "t * taps + i) * LANES, row", True),
        ("transform", "taps - 1 - place", "place", True),
        ("transform", "i * side + j for", "j * side + i for", False),
        ("transform", "self.plane * self.groups * point", "self.plane * point", False),
        ("write", "group * self.filters + f", "f", False),
        ("write", "number * self.depth + deep", "deep", False),
        ("write", "column < self.wide", "column < self.wide + 16", True),  # reads beyond the filters
        ("leave", "k.constant(0", "k.constant(1", True),
    ],
)
def test_planted_faults_are_caught(name, old, new, back, monkeypatch):
    check((2, 48, 48), back=back)
    plant(monkeypatch, Laying, name, old, new)
    with caught():
        check((2, 48, 48), back=back)
