"""The error function on arrays: its error in ulps, its ends, its dtype."""

import numpy as np
import pytest

from chainrule.special import ERF, erf, normal_cdf

from .kernels.language.test_functions import SLACK, points, reference, ulps

ERRORS = {np.dtype(np.float32): 1.49, np.dtype(np.float64): 1.34}
"""The bounds of the docstring."""


@pytest.mark.parametrize("dtype", ERF)
def test_errors_are_as_stated(dtype):
    x = points("erf", dtype, np.random.default_rng(5))
    with np.errstate(all="ignore"):
        error = ulps(erf(x), reference("erf", x))
    worst = error.argmax()
    slack = SLACK if dtype == np.float64 else 0
    assert error[worst] <= ERRORS[dtype] + slack, f"erf({x[worst]!r}): {error[worst]} ulp"


@pytest.mark.parametrize("dtype", ERF)
def test_ends(dtype):
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -7.0, np.finfo(dtype).smallest_subnormal], dtype)
    out = erf(x)
    assert out.dtype == dtype
    assert out[:4].tolist() == [0, 0, 1, -1] and np.signbit(out[:4]).tolist() == [False, True, False, True]
    assert np.isnan(out[4]) and out[5:7].tolist() == [1, -1] and out[7] == x[7]


def test_any_shape():
    assert erf(np.float64(0.5)) == erf(np.full((2, 1), 0.5))[1, 0]
    assert erf(np.zeros((0, 3), np.float32)).shape == (0, 3)


@pytest.mark.parametrize("dtype", ERF)
def test_the_normal_distribution(dtype):
    x = np.array([-np.inf, -1.0, 0.0, 1.0, np.inf, np.nan], dtype)
    out = normal_cdf(x)
    assert out.dtype == dtype
    np.testing.assert_allclose(out, [0, 0.15865525393145707, 0.5, 0.8413447460685429, 1, np.nan], rtol=1e-6)
