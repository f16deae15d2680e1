"""Running totals on both machines: every width and dtype, both ways, any number of pieces."""

import numpy as np
import pytest

from chainrule.kernels.language.types import F32, F64, I32, I64, U8
from chainrule.kernels.scan import ScanColumns, ScanRows

from .machines import caught, compiled, numbers, on_both, plant, whole_everywhere

DTYPES = [F32, F64, I64, I32, U8]


def running(x, reverse, axis=1):
    """The totals, of floats in float64."""
    wide = x.astype(F64) if x.dtype.kind == "f" else x
    if reverse:
        wide = np.flip(wide, axis)
    with np.errstate(invalid="ignore"):
        made = np.cumsum(wide, axis, dtype=wide.dtype)
    return np.flip(made, axis) if reverse else made


def scanned(kernel, x, pieces=1, run=on_both):
    out = np.zeros(x.shape, x.dtype)
    return run(kernel, [pieces, *x.shape, x, out], pieces, [out] if run is on_both else [])[-1]


def right(made, x, reverse):
    expected = running(x, reverse)
    if x.dtype.kind != "f":
        assert np.array_equal(made, expected)
        return
    bound = 16 * np.finfo(x.dtype).eps * running(np.abs(x), reverse)
    assert (np.abs(made - expected) <= bound).all()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_rows_of_every_length(dtype, reverse):
    rng = np.random.default_rng(0)
    for length in (1, 2, 15, 16, 17, 31, 32, 50):
        x = numbers((3, length), dtype, rng)
        right(scanned(ScanRows(dtype, reverse), x, 2), x, reverse)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_columns_of_every_width(dtype, reverse):
    """The sums have the order of the axis: the bits are NumPy's."""
    rng = np.random.default_rng(1)
    for shape in ((1, 1, 5), (2, 4, 2), (1, 7, 16), (3, 2, 17), (1, 3, 200)):
        x = numbers(shape, dtype, rng)
        for across in (False, True):
            made = scanned(ScanColumns(dtype, reverse, across), x, 3)
            flipped = np.flip(x, 1) if reverse else x
            expected = np.cumsum(flipped, 1, dtype=dtype)
            assert np.array_equal(made, np.flip(expected, 1) if reverse else expected)


def test_what_is_not_finite_reaches_all_that_follow():
    x = np.ones((2, 40), F32)
    x[0, 20], x[1, 3], x[1, 30] = np.nan, np.inf, -np.inf
    for reverse in (False, True):
        made, expected = scanned(ScanRows(F32, reverse), x), running(x, reverse)
        for what in (np.isnan, np.isposinf, np.isneginf):
            assert np.array_equal(what(made), what(expected))


def test_any_number_of_pieces_gives_the_same_bits():
    rng = np.random.default_rng(2)
    rows, cube = numbers((5, 70), F32, rng), numbers((3, 4, 300), F32, rng)
    for reverse in (False, True):
        found = {scanned(ScanRows(F32, reverse), rows, n, compiled).tobytes() for n in range(1, 17)}
        assert len(found) == 1
        found = {
            scanned(ScanColumns(F32, reverse, across), cube, n, compiled).tobytes()
            for across in (False, True)
            for n in range(1, 17)
        }
        assert len(found) == 1


def test_code_of_every_target():
    for kernel in (ScanRows(F32), ScanRows(I64, True), ScanColumns(F64, True, True)):
        whole_everywhere(kernel)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (ScanRows, "totals", "(1, 2, 4, 8)", "(1, 2, 4)"),
        (ScanRows, "__call__", " + before.get()", ""),
        (ScanRows, "__call__", "0 if self.reverse else LANES - 1", "LANES - 1"),
        (ScanRows, "blocks", "whole - LANES - i", "i"),
        (ScanColumns, "__call__", "row - step + b", "row + step + b"),
        (ScanColumns, "__call__", "(size - 1) * width", "size * width"),
    ],
)
def test_planted_faults(monkeypatch, owner, name, old, new):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        test_rows_of_every_length(I64, False)
        test_rows_of_every_length(I64, True)
        test_columns_of_every_width(I64, False)
        test_columns_of_every_width(I64, True)
