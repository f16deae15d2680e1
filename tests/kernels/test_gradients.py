"""Gradients to filters on both machines: shares added, transformed back, turned to where filters lie, watched."""

import numpy as np
import pytest

from chainrule.kernels import gradients
from chainrule.kernels.gradients import DirectGradient, Gathering, Lines, TransformedGradient
from chainrule.kernels.language.types import F32, F64
from chainrule.kernels.transforms import GAP, Scheme

from .machines import caught, holds, numbers, on_both, plant, strided, whole_everywhere

THREE, FIVE = Scheme(3), Scheme(5)
DIRECT = [(1, 16, 16, 9), (2, 5, 3, 9), (3, 33, 7, 4), (2, 17, 1, 1), (1, 1, 40, 25)]
"""Shares, filters, channels, taps."""
TRANSFORMED = [(1, 1, 16, 16), (2, 1, 32, 48), (3, 2, 16, 32)]
"""Shares, groups, filters and channels of a group."""


def filled(values):
    return strided(values.shape, values.dtype).fill(values)


def direct(size, *, pieces=2, dtype=F32, bad=None):
    shares, f, c, taps = size
    sums = numbers((shares, taps, c, f), dtype, np.random.default_rng(0))
    if bad is not None:
        sums[-1, -1, -1, -1] = bad
    exact = sums[0]
    for share in sums[1:]:
        exact = exact + share
    out, status = strided((f, c, taps), dtype), np.zeros(1, np.uint8)
    arguments = [pieces, shares, f, c, taps, filled(sums), out, status]
    *_, made, flag = on_both(DirectGradient(dtype), arguments, pieces, [out])
    holds(made, exact.transpose(2, 1, 0))
    assert bool(flag[0]) == (bad is not None)


def transformed(size, scheme=THREE, *, pieces=2, start=0, every=None, bad=None):
    """Some channels of every filter, from one on."""
    shares, groups, f, c = size
    sums = numbers((shares, 36, groups, c * f + GAP), F32, np.random.default_rng(0))
    sums[..., -GAP:] = np.nan
    if bad is not None:
        sums[-1, -1, -1, c * f - 1] = bad
    square = sums[..., :-GAP].sum(0, dtype="f8").reshape(6, 6, groups, c, f)
    exact = np.einsum("ia,ijgcf,jb->gfcab", scheme.filters, square, scheme.filters)
    every = every or c
    out, status = strided((groups * f, every, scheme.taps**2), F32), np.zeros(1, np.uint8)
    begin = out._replace(start=start * scheme.taps**2)
    arguments = [pieces, shares, groups, f, c, every, filled(sums), begin, status]
    *_, made, flag = on_both(TransformedGradient(F32, scheme), arguments, pieces, [begin])
    assert bool(flag[0]) == (bad is not None)
    whole = made._replace(start=0).view()
    there = whole[:, start : start + c].reshape(exact.reshape(groups * f, c, -1).shape)
    if bad is None:
        assert abs(there - exact.reshape(there.shape)).max() < 2e-6 * abs(exact).max()
    untouched = np.delete(whole, range(start, start + c), 1)
    assert (np.ascontiguousarray(untouched).view(np.uint8) == 0xA5).all()


@pytest.mark.parametrize("size", DIRECT, ids=str)
def test_plain_sums(size):
    for dtype, pieces in ((F32, 2), (F64, 3)):
        direct(size, dtype=dtype, pieces=pieces)


@pytest.mark.parametrize("scheme", [THREE, FIVE], ids=str)
@pytest.mark.parametrize("size", TRANSFORMED, ids=str)
def test_transformed_sums(size, scheme):
    for pieces in (1, 3):
        transformed(size, scheme, pieces=pieces)


def test_some_channels_between_others():
    transformed((1, 2, 16, 32), start=16, every=64)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf], ids=str)
def test_the_flag_is_set_if_a_number_is_not_finite(bad):
    transformed((2, 1, 32, 16), bad=bad)
    with np.errstate(invalid="ignore"):
        direct((2, 17, 3, 5), bad=bad)


@pytest.mark.parametrize(
    "kernel", [DirectGradient(F32), DirectGradient(F64), TransformedGradient(F32, FIVE)], ids=str
)
def test_code_of_every_target(kernel):
    whole_everywhere(kernel)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Gathering, "gather", "first + i * width", "first + i"),
        (Gathering, "gather", "i * self.side + j", "j * self.side + i"),
        (gradients, "added", "k.range(1, shares[0])", "k.range(2, shares[0])"),
        (TransformedGradient, "__call__", "block // blocks * plane", "block // blocks"),
        (TransformedGradient, "__call__", "every * gathering.taps", "channels * gathering.taps"),
    ],
)
def test_planted_faults_of_transformed_sums_are_caught(owner, name, old, new, monkeypatch):
    transformed((3, 2, 16, 32), every=48)
    plant(monkeypatch, owner, name, old, new)
    with caught():
        transformed((3, 2, 16, 32), every=48)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (DirectGradient, "__call__", "number - channel * k.splat(taps)", "number - channel"),
        (DirectGradient, "__call__", "k.where(number < last, number, last)", "number"),
        (DirectGradient, "__call__", "k.below(filters - f)", "k.below(16)"),
        (DirectGradient, "__call__", "f + i < filters", "f + i < filters + 1"),
        (DirectGradient, "__call__", "k.below(width - first)", "k.below(16)"),
        (gradients, "added", "number * shares[1]", "shares[1]"),
    ],
)
def test_planted_faults_of_plain_sums_are_caught(owner, name, old, new, monkeypatch):
    direct((3, 33, 7, 5))
    plant(monkeypatch, owner, name, old, new)
    with caught():
        direct((3, 33, 7, 5))


def test_a_planted_guard_that_looks_at_lanes_that_are_not_there_is_caught(monkeypatch):
    """Of the last lines only some numbers are there: what lies beside them raises no flag."""
    plant(monkeypatch, Lines, "store", "not_finite(row)", "row == row")
    with caught():
        direct((2, 5, 3, 9))
