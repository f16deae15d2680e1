"""Powers on vectors: their errors in ulps, the ends of IEEE 754, and the same bits on both machines."""

import math

import numpy as np
import pytest

from chainrule.kernels.language import powers
from chainrule.kernels.language.types import F32, F64

from .primitives import both
from .test_functions import FINER, LONG, ends, kernel_of, run, ulps


def test_powers_of_float32(engine):
    rng = np.random.default_rng(6)
    x = np.exp(rng.uniform(-87, 88, 300_000)).astype(F32)
    x[::2] = rng.uniform(0.5, 2, 150_000)
    y = (rng.uniform(-104, 89, x.size) / np.log(x.astype(F64))).astype(F32)
    with np.errstate(all="ignore"):
        error = ulps(run(powers.power, x, y, engine=engine), x.astype(F64) ** y.astype(F64))
    assert error.max() <= 0.57


@pytest.mark.parametrize(("span", "bound"), [(10, 1.1), (40, 1.5), (700, 23)])
def test_powers_of_float64(span, bound, engine):
    rng = np.random.default_rng(7)
    x = np.exp(rng.uniform(-700, 700, 60_000))
    x[::2] = rng.uniform(0.7, 1.42, 30_000)
    y = rng.uniform(-span, span, x.size) / np.log(x)
    error = ulps(run(powers.power, x, y, engine=engine), x.astype(LONG) ** y.astype(LONG))
    assert error.max() <= bound + (0 if FINER else span)


@pytest.mark.parametrize("dtype", [F32, F64])
def test_powers_end_as_those_of_numpy(dtype, engine):
    some = np.concatenate([ends(dtype), np.arange(-9, 10)]).astype(dtype)
    x, y = (np.ascontiguousarray(grid.ravel()) for grid in np.meshgrid(some, some))
    got = run(powers.power, x, y, engine=engine)
    with np.errstate(all="ignore"):
        want = np.power(x, y)
        close = np.abs(got - want) <= 1e-6 * np.abs(want) + 2 * np.finfo(dtype).smallest_subnormal
    same = (got == want) | (np.isnan(got) & np.isnan(want)) | close
    assert same.all(), list(zip(x[~same], y[~same], got[~same], want[~same], strict=True))[:5]
    signs = (np.signbit(got) == np.signbit(want)) | np.isnan(want)
    assert signs.all(), list(zip(x[~signs], y[~signs], got[~signs], strict=True))[:5]


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("exponent", [-2, -1, -0.5, 0, 0.5, 1, 2, 3, 4])
def test_constant_powers(exponent, dtype, engine):
    def function(x):
        return powers.power_constant(x, exponent)

    finer = F64 if dtype == F32 else LONG
    x = np.concatenate([np.frombuffer(np.random.default_rng(8).bytes(80_000), dtype), ends(dtype)])
    with np.errstate(all="ignore"):
        many = np.full(x.shape, exponent, finer)  # the ends of pow; one exponent alone may be a shortcut
        want = np.sqrt(x.astype(finer)) if exponent == 0.5 else np.power(x.astype(finer), many)
        assert ulps(run(function, x, engine=engine), want).max() <= 2


@pytest.mark.parametrize("exponent", [5, -3, 1.5, 1 / 3, math.nan])
def test_other_constants_are_left_to_power(exponent, engine):
    found = []
    run(lambda x: found.append(powers.power_constant(x, exponent)) or x, np.ones(16, F32), engine=engine)
    assert found[0] is None


@pytest.mark.parametrize("dtype", [F32, F64])
def test_both_machines_agree(dtype, engine):
    some = ends(dtype)
    inputs = [some, np.roll(some, 3)]
    both(kernel_of(powers.power, dtype, 2), [*inputs, np.empty_like(some), some.size], 1, engine)
