"""The functions on vectors: their errors in ulps, their ends, and the same bits on both machines."""

import math

import numpy as np
import pytest

from chainrule.kernels.language import functions
from chainrule.kernels.language.native import run_native
from chainrule.kernels.language.types import F32, F64

from .primitives import both

LONG = np.longdouble
FINER = np.finfo(LONG).nmant > 52
SLACK = 0.0 if FINER else 1.0
"""Where no finer float is there, the reference for float64 has an error of its own."""

ERRORS = {  # the bounds of the docstrings, float32 and float64
    "exp": (0.93, 0.89),
    "expm1": (1.6, 2.0),
    "log": (0.85, 0.84),
    "log1p": (0.85, 0.83),
    "tanh": (1.41, 1.44),
    "erf": (1.09, 1.30),
    "sin": (1.53, 1.15),
    "cos": (1.53, 1.14),
}
DENSE = {  # where most of the points lie
    "exp": (-1, 1, -104, 89),
    "expm1": (-1, 1, -20, 89),
    "log": (0.5, 2, 0.99, 1.01),
    "log1p": (-0.5, 1, -0.01, 0.01),
    "tanh": (-1, 1, -10, 10),
    "erf": (0, 1.5, -6, 6),
    "sin": (-10, 10, -1e8, 1e8),
    "cos": (-10, 10, -1e8, 1e8),
}
ENDS = [
    0, 0.5, 1, 1.5, 2, 2.5, 3, 7, 101, 1 / 3, 88.72283, 88.72284, 103.97, 103.98, 709.78271289, 709.7827129,
    745.1332, 745.1333, 3.92, 5.92, 9.01, 19.06, 1e-5, 1e-30, 2.0**24 - 1, 2.0**53 - 1, 2.0**53, 1e30, np.inf, np.nan,
]  # fmt: skip


def kernel_of(function, dtype, count):
    """A kernel that applies a function of one or two vectors to arrays."""

    def kernel(k):
        pointers = [k.pointer(slot, dtype) for slot in range(count + 1)]
        for i, mask in k.lanes(0, k.integer(count + 1)):
            k.store(pointers[-1], i, function(*(k.load(p, i, mask) for p in pointers[:-1])), mask)

    return kernel


def run(function, *arrays, engine):
    x = arrays[0]
    out = np.empty_like(x)
    run_native(kernel_of(function, x.dtype, len(arrays)), [*arrays, out, x.size], 1, engine)
    return out


def ends(dtype):
    """Numbers where functions end or change, of both signs."""
    float_ = np.finfo(dtype)
    some = np.array([*ENDS, float_.tiny, 1 + float_.eps, 1 - float_.epsneg, float_.max], dtype)
    some = np.concatenate([some, [float_.smallest_subnormal], float_.tiny * some[:8] / 4]).astype(dtype)
    return np.concatenate([some, -some])


def points(name, dtype, rng):
    """Numbers over all exponents, and more where the function lives."""
    low, high, least, most = DENSE[name]
    count = 400_000 if dtype == F32 else 40_000
    if dtype == F32:
        wide = np.arange(0, 1 << 32, 5003, dtype=np.uint32).view(F32)
    else:
        wide = np.frombuffer(rng.bytes(8 * count), F64)
    scale = 8 if dtype == F64 and name in ("exp", "expm1") else 1
    close, far = rng.uniform(low, high, count), rng.uniform(scale * least, scale * most, count)
    x = np.concatenate([wide, close.astype(dtype), far.astype(dtype), ends(dtype)])
    if name in ("sin", "cos"):
        near = rng.integers(-60_000, 60_000, count // 4) * (np.pi / 2)  # where digits cancel
        x = np.concatenate([x, near.astype(dtype)])
        return x[~np.isfinite(x) | (np.abs(x) <= most)]
    return x


def long_erf(x):
    """2/√π · e^(-x²) · Σ 2ⁿ·x^(2n+1) / (2n+1)!!, whose terms are all of one sign."""
    a = np.minimum(np.abs(x).astype(LONG), 6.5)
    term, total = a.copy(), a.copy()
    for n in range(1, 160):
        term = term * (2 * a * a) / (2 * n + 1)
        total = total + term
    result = np.minimum(2 / np.sqrt(np.arccos(LONG(-1))) * np.exp(-a * a) * total, 1)
    return np.copysign(result, x)


def reference(name, x):
    """The function, by a float of more digits."""
    if name != "erf":
        return getattr(np, name)(x.astype(F64 if x.dtype == F32 else LONG))
    return np.array([math.erf(number) for number in x.tolist()]) if x.dtype == F32 else long_erf(x)


def ulps(got, want):
    """The error in units of the last place; infinite where ends differ, be it in the sign of 0."""
    float_ = np.finfo(got.dtype)
    rounded = want.astype(got.dtype)
    _, exponent = np.frexp(np.abs(want))
    unit = np.ldexp(want.dtype.type(1), np.maximum(exponent - 1, float_.minexp) - float_.nmant)
    error = np.abs(got.astype(want.dtype) - want) / unit
    both_nan = np.isnan(got) & np.isnan(rounded)
    error = np.where(both_nan | ((got == rounded) & ~np.isfinite(rounded)), 0, error)
    error = np.where((np.signbit(got) != np.signbit(rounded)) & ~both_nan, np.inf, error)
    return np.where(np.isnan(error), np.inf, error)


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_as_stated(name, dtype, engine):
    x = points(name, dtype, np.random.default_rng(5))
    with np.errstate(all="ignore"):
        error = ulps(run(getattr(functions, name), x, engine=engine), reference(name, x))
    worst = error.argmax()
    slack = SLACK if dtype == F64 else 0
    assert error[worst] <= ERRORS[name][dtype == F64] + slack, f"{name}({x[worst]!r}): {error[worst]} ulp"


@pytest.mark.parametrize(("most", "bound"), [(1e14, 1.6), (2e15, 30)])
@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_errors_of_large_angles_are_as_stated(name, dtype, most, bound, engine):
    x = np.random.default_rng(6).uniform(-most, most, 100_000).astype(dtype)
    error = ulps(run(getattr(functions, name), x, engine=engine), reference(name, x))
    assert error.max() <= bound + (SLACK if dtype == F64 else 0)


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_far_out_the_circle_is_left_gracefully(name, dtype, engine):
    far = np.float64(2.0) ** np.arange(28, 120)
    got = run(getattr(functions, name), far.astype(dtype), engine=engine)
    assert (np.abs(got) <= 1 + 1e-6).all()
    assert (got[-50:] == (name == "cos")).all()
    assert np.isnan(run(getattr(functions, name), np.array([np.inf, -np.inf], dtype), engine=engine)).all()


@pytest.mark.parametrize(("dtype", "bound"), [(F32, 2.0**-23), (F64, 2.0**-52)])
def test_the_normal_distribution_is_exact_to_the_last_place_of_one(dtype, bound, engine):
    x = np.concatenate([np.linspace(-9, 9, 400_001), [0, -0.0, 5.99, -6.01, 1e30, -1e30]]).astype(dtype)
    want = np.array([math.erfc(-number / math.sqrt(2)) / 2 for number in x.tolist()])
    got = run(functions.normal_cdf, x, engine=engine)
    assert np.abs(got - want).max() <= bound
    ends_ = run(functions.normal_cdf, np.array([-np.inf, np.inf, np.nan], dtype), engine=engine)
    np.testing.assert_array_equal(ends_, [0, 1, np.nan])


def test_the_normal_distribution_keeps_its_digits_far_out_where_erf_has_lost_them(engine):
    x = np.linspace(-4, 0, 10_001).astype(F32)
    want = np.array([math.erfc(-number / math.sqrt(2)) / 2 for number in x.tolist()])
    np.testing.assert_allclose(run(functions.normal_cdf, x, engine=engine), want, rtol=2e-5)


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", [*ERRORS, "normal_cdf"])
def test_both_machines_agree(name, dtype, engine):
    some = ends(dtype)
    both(kernel_of(getattr(functions, name), dtype, 1), [some, np.empty_like(some), some.size], 1, engine)
