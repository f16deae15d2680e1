"""Copies that exchange axes, on both machines: whole squares and what is left of them, axes around, a few lines."""

import numpy as np
import pytest

from chainrule.kernels.language.types import F32, F64, I64, U8
from chainrule.kernels.turning import Interleave, Lines, Turn

from .machines import caught, holds, numbers, on_both, plant, strided, whole_everywhere

SIZES = [(16, 16), (1, 1), (17, 33), (40, 5), (3, 64), (31, 15)]
"""Of i and j."""


def check(kernel, around, size, *, pieces=2, steps=None):
    """steps:  the strides of the target's axes, 1 but for holes"""
    high, wide = size
    outer = len(around)
    source = strided((*around, wide, high), kernel.dtype)
    source.fill(numbers(source.shape, kernel.dtype, np.random.default_rng(0)))
    out = strided((*around, high, wide), kernel.dtype, steps)
    sides = [source, *source.strides[:-1], out, *out.strides[:-1]]
    after = on_both(kernel, [pieces, *around, high, wide, *sides], pieces, [out])
    holds(after[outer + 3 + outer + 2], source.view().swapaxes(-1, -2))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_squares(size):
    for around in ((), (3,), (2, 3)):
        check(Turn(F32, len(around)), around, size, pieces=3)


@pytest.mark.parametrize("dtype", [F64, I64, U8], ids=str)
def test_numbers_of_any_width(dtype):
    check(Turn(dtype, 1), (2,), (20, 17))


def test_a_target_with_holes():
    """Pictures inside a border: lines apart from each other."""
    check(Turn(F32, 1), (3,), (18, 20), steps=[2, 3, 1])


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("high", [1, 16, 37])
def test_a_few_lines(width, high):
    for around in ((), (2,), (2, 3)):
        check(Interleave(F32, len(around), width), around, (high, width))
    check(Interleave(F32, 1, width), (3,), (high, width), steps=[2, 1, 1])


def test_more_pieces_than_work():
    check(Turn(F32, 0), (), (5, 5), pieces=4)


@pytest.mark.parametrize("kernel", [Turn(F32, 2), Turn(U8, 1), Interleave(F32, 2, 3)], ids=str)
def test_code_of_every_target(kernel):
    whole_everywhere(kernel)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Turn, "__call__", "corner + n * source.line", "corner + n"),
        (Turn, "__call__", "smaller < LANES", "smaller < LANES - 1"),
        (Turn, "edge", "k.below(high)", "k.below(LANES)"),
        (Turn, "edge", "k.below(wide)", "k.below(LANES)"),
        (Turn, "edge", "high > n", "high > n - 1"),
        (Lines, "blocks", "number // size", "number"),
        (Lines, "blocks", "self.target.at(place, i * self.target.line)", "self.target.at(place, i)"),
    ],
)
def test_planted_faults_of_squares_are_caught(owner, name, old, new, monkeypatch):
    check(Turn(F32, 2), (2, 2), (31, 31))
    plant(monkeypatch, owner, name, old, new)
    with caught():
        check(Turn(F32, 2), (2, 2), (31, 31))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("block", "k.below(left)", "k.below(LANES)"),
        ("block", "left * self.width - v * LANES", "left * self.width"),
        ("mixed", "LANES + i if own == j", "LANES + i if own > j"),
    ],
)
def test_planted_faults_of_a_few_lines_are_caught(name, old, new, monkeypatch):
    check(Interleave(F32, 1, 3), (2,), (20, 3))
    plant(monkeypatch, Interleave, name, old, new)
    with caught():
        check(Interleave(F32, 1, 3), (2,), (20, 3))
