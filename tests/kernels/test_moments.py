"""What is said of many numbers in one pass, on both machines: any shape in memory, and numbers that are none."""

import numpy as np
import pytest

from chainrule.kernels.language.types import F32, F64
from chainrule.kernels.moments import FIELDS, GRAIN, Moments, Sums

from .machines import caught, numbers, on_both, plant, strided, whole_everywhere


def found(x, pieces=3):
    """The results of all pieces for a strided array."""
    *outer, _ = x.shape
    parts = np.full((pieces, len(FIELDS)), np.nan)
    arguments = [parts, pieces, *x.shape, x, *x.strides[:-1], int(np.prod(outer))]
    made = on_both(Moments(x.memory.dtype, len(outer)), arguments, pieces, [parts])
    return dict(zip(FIELDS, made[0].T, strict=True))


def right(x, pieces=3):
    said, wide = found(x, pieces), x.view().astype(np.float64)
    pivot = wide.flat[0]
    assert (said["min"].min(), said["max"].max()) == (wide.min(), wide.max())
    assert set(said["pivot"]) == {pivot} and said["zeros"].sum() == (wide == 0).sum()
    for name, expected in (("shift", wide - pivot), ("square", (wide - pivot) ** 2), ("norm", wide**2)):
        np.testing.assert_allclose(said[name].sum(), expected.sum(), rtol=1e-12, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize(
    ("shape", "steps"),
    [((1,), [1]), ((37,), [1]), ((GRAIN * 2 + 5,), [1]), ((3, 21), [2, 1]), ((2, 3, 5, 17), [1, 2, 1, 1])],
)
def test_shapes(dtype, shape, steps):
    x = numbers(shape, dtype, np.random.default_rng(0))
    x[x < -0.5] = 0
    right(strided(shape, dtype, steps).fill(x))


@pytest.mark.parametrize("pieces", [1, 2, 7, 16])
def test_more_pieces_than_there_is_work(pieces):
    right(strided((2, 5), F32).fill(np.arange(10).reshape(2, 5)), pieces)


def test_all_are_negative_or_positive():
    """Lanes that are off count for nothing."""
    for sign in (1, -1):
        right(strided((19,), F32).fill(sign * np.arange(1, 20)))


def test_what_is_not_finite():
    x = np.array([1, np.nan, 3, 0], "float32")
    said = found(strided((4,), F32).fill(x), 1)
    assert np.isnan(said["norm"]) and said["zeros"] == 1
    said = found(strided((4,), F32).fill([np.inf, 1, 2, 3]), 1)
    assert (said["max"], said["pivot"], said["shift"], said["norm"]) == (np.inf, 0, np.inf, np.inf)


@pytest.mark.parametrize(
    ("owner", "method", "old", "new"),
    [
        (Moments, "__call__", "(begin + GRAIN)", "(begin + (GRAIN - 1))"),
        (Moments, "__call__", "row % size * stride + base", "row % size + base"),
        (Sums, "add", "zero & mask", "zero"),
        (Sums, "add", "(x > high) & mask", "(x > high)"),
        (Sums, "add", "k.where(mask, moved, k.constant(0, F64))", "moved"),
    ],
)
def test_faults_are_seen(owner, method, old, new, monkeypatch):
    plant(monkeypatch, owner, method, old, new)
    with caught():
        right(strided((GRAIN + 3,), F32).fill(np.linspace(-2, -1, GRAIN + 3)), 2)
        right(strided((3, 21), F32, [2, 1]).fill(np.arange(63).reshape(3, 21) - 5), 2)


def test_every_target():
    whole_everywhere(Moments(F32, 2))
