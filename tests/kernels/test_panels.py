"""Panels on both machines: every column where its product reads it, zeros beyond the last."""

from itertools import product

import numpy as np
import pytest

from chainrule.kernels.language.types import F32, F64
from chainrule.kernels.panels import Pack, Packing
from chainrule.kernels.product import Tile

from .machines import caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere

WIDE, NARROW, SMALL = Tile(8, 2), Tile(8, 1), Tile(3, 1)


def packed(dtype, tile, b, *, along_k=False, pieces=2, run=on_both):
    """The panels of B (B, K, N), checked against what they have to be."""
    batches, depth, n = b.shape
    panels = -(-n // tile.columns)
    expected = np.zeros((batches, panels, depth, tile.columns), dtype)
    for panel in range(panels):
        part = b.view()[:, :, panel * tile.columns : (panel + 1) * tile.columns]
        expected[:, panel, :, : part.shape[-1]] = part
    out = strided(expected.shape, dtype)
    stride = b.strides[2 if along_k else 1]
    kernel, arguments = Pack(dtype, tile, along_k), [pieces, batches, n, depth, b, b.strides[0], stride, out]
    *_, made = run(kernel, arguments, pieces, [out])
    holds(made, expected)
    return made


@pytest.mark.parametrize("tile", [WIDE, SMALL], ids=str)
@pytest.mark.parametrize("n", [1, 15, 16, 17, 31, 32, 33, 50, 200])
def test_pack_turns_and_fills_up_with_zeros(tile, n):
    rng = np.random.default_rng(n)
    for depth in (1, 16, 17, 35):
        for along_k, batches in product((False, True), (1, 2)):
            order = (1, 2, 0) if along_k else None
            b = strided((batches, depth, n), F32, order=order)
            packed(F32, tile, b.fill(numbers(b.shape, F32, rng)), along_k=along_k)


@pytest.mark.parametrize("along_k", [False, True])
def test_pack_of_wide_numbers_with_rows_apart(along_k):
    rng = np.random.default_rng(0)
    for steps in ((1, 1, 3), (-1, 1, -2)) if along_k else ((1, 3, 1), (-1, -2, 1)):
        b = strided((2, 19, 18), F64, steps, (1, 2, 0) if along_k else None)
        packed(F64, NARROW, b.fill(numbers(b.shape, F64, rng)), along_k=along_k)


@pytest.mark.parametrize("along_k", [False, True])
def test_pack_of_nothing(along_k):
    for shape in ((0, 3, 5), (2, 0, 5), (2, 3, 0)):
        packed(F32, NARROW, strided(shape, F32, order=(1, 2, 0) if along_k else None), along_k=along_k)


@pytest.mark.parametrize("along_k", [False, True])
def test_pack_in_any_number_of_pieces(along_k):
    b = strided((3, 5, 40), F32, order=(1, 2, 0) if along_k else None)
    b.fill(numbers(b.shape, F32, np.random.default_rng(0)))
    for pieces in range(1, 17):
        packed(F32, SMALL, b, along_k=along_k, pieces=pieces, run=on_both if pieces in (2, 16) else compiled)


@pytest.mark.parametrize(("chosen", "dtype"), [(WIDE, F32), (SMALL, F64)], ids=str)
@pytest.mark.parametrize("along_k", [False, True])
def test_code_of_every_target(chosen, dtype, along_k):
    whole_everywhere(Pack(dtype, chosen, along_k))


# --- faults that have to be found -----------------------------------------------------------------------


def test_planted_turn_one_off(monkeypatch):
    plant(
        monkeypatch,
        Packing,
        "turn",
        "(first + lane).at_most(self.n - 1)",
        "(first + lane + 1).at_most(self.n - 1)",
    )
    with caught():
        test_pack_turns_and_fills_up_with_zeros(SMALL, 17)


def test_planted_turn_without_the_zeros(monkeypatch):
    plant(monkeypatch, Packing, "turn", "(self.n - (first + lane)).at_most(1)", "(self.n - self.n + 1)")
    with caught():
        test_pack_turns_and_fills_up_with_zeros(SMALL, 17)


def test_planted_panels_side_by_side_that_are_one(monkeypatch):
    plant(monkeypatch, Packing, "write", "[start + i for i in range(beside)]", "[start] * beside")
    with caught():
        test_pack_turns_and_fills_up_with_zeros(SMALL, 200)
