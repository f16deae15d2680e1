"""The namespace of formulas on vectors: the names and the answers it has on arrays, on both machines."""

import numpy as np
import pytest

from chainrule.errors import TraceError
from chainrule.graph.mathematics import Mathematics, xp
from chainrule.kernels.language.mathematics import VectorMathematics
from chainrule.kernels.language.types import BOOL, F32, F64, I32, I64, U8

from .primitives import both

NAN = np.nan
SOME = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 100.0, -100.0, np.inf, -np.inf, NAN, NAN, 1e-40, 7.9, -7.9, 0.3]
OTHER = [-0.0, 1.0, NAN, -1.0, 2.0, -2.5, np.inf, 1.0, -3.0, -np.inf, 4.0, 1.0, NAN, 0.0, 2.0, -3.0, 0.7]


def floats(dtype):
    return np.array(SOME, dtype), np.array(OTHER, dtype)


def whole(dtype):
    x = np.array([0, 1, 2, 3, 100, 7, 9, 5, 0, 1, 8, 2, 4, 6, 3, 3, 1]).astype(dtype)
    return (x, np.roll(x, 5)) if x.dtype.kind in "ub" else (x - dtype.type(4), np.roll(x, 5))


def on_vectors(formula, x, y, dtype, engine):
    """A formula in its second life."""

    def kernel(k):
        a, b, out = k.pointer(0, x.dtype), k.pointer(1, y.dtype), k.pointer(2, dtype)
        for i, mask in k.lanes(0, k.integer(3)):
            result = formula(VectorMathematics(k), k.load(a, i, mask), k.load(b, i, mask))
            k.store(out, i, result, mask)

    return both(kernel, [x, y, np.zeros(x.shape, dtype), x.size], 1, engine)[2]


def compare(formula, x, y, engine):
    """Both lives of a formula give the same; float functions to two ulps."""
    with np.errstate(all="ignore"):
        want = formula(xp, x, y)
    got = on_vectors(formula, x, y, want.dtype, engine)
    if want.dtype.kind == "f":
        np.testing.assert_allclose(got, want, rtol=2 * np.finfo(want.dtype).eps, atol=0)
    else:
        assert got.tolist() == want.tolist()


FLOAT_FORMULAS = {
    "abs": lambda xp, x, y: xp.abs(x),
    "exp": lambda xp, x, y: xp.exp(x),
    "log": lambda xp, x, y: xp.log(x),
    "expm1": lambda xp, x, y: xp.expm1(x),
    "log1p": lambda xp, x, y: xp.log1p(x),
    "erf": lambda xp, x, y: xp.erf(x),
    "normal_cdf": lambda xp, x, y: xp.normal_cdf(xp.abs(x)),  # without what cancels in one of the two lives
    "sin": lambda xp, x, y: xp.sin(x),
    "cos": lambda xp, x, y: xp.cos(x),
    "floor": lambda xp, x, y: xp.floor(x),
    "tanh": lambda xp, x, y: xp.tanh(x),
    "sqrt": lambda xp, x, y: xp.sqrt(x),
    "sign": lambda xp, x, y: xp.sign(x),
    "power": lambda xp, x, y: xp.power(x, y),
    "power of a number": lambda xp, x, y: xp.power(2, y),
    "power by 3": lambda xp, x, y: xp.power(x, 3),
    "power by -0.5": lambda xp, x, y: xp.power(x, -0.5),
    "power by 1.7": lambda xp, x, y: xp.power(x, 1.7),
    "maximum": lambda xp, x, y: xp.maximum(x, y),
    "minimum": lambda xp, x, y: xp.minimum(x, y),
    "maximum with a number": lambda xp, x, y: xp.maximum(x, 0),
    "maximum of a number": lambda xp, x, y: xp.maximum(0.5, x),
    "minimum with a number": lambda xp, x, y: xp.minimum(x, 1.0),
    "minimum of a number": lambda xp, x, y: xp.minimum(-1, x),
    "maximum with NaN": lambda xp, x, y: xp.maximum(x, NAN),
    "minimum of NaN": lambda xp, x, y: xp.minimum(NAN, x),
    "where": lambda xp, x, y: xp.where(x > y, x, y),
    "where or a number": lambda xp, x, y: xp.where(x > 0, x, 0.0),
    "where a number": lambda xp, x, y: xp.where((x > 0) & ~(y > 0), 1, x),
    "where of numbers": lambda xp, x, y: xp.where(x > y, 1.5, 0.0),
    "where of whole numbers": lambda xp, x, y: xp.where(x > y, 3, 4),
    "where of masks": lambda xp, x, y: xp.where(x > y, x > 0, y > 0),
    "cut": lambda xp, x, y: xp.astype(xp.where(xp.abs(x) < 1000, x, 0), "int32"),
    "true": lambda xp, x, y: xp.astype(x, bool),
    "of a mask": lambda xp, x, y: xp.astype(x > y, "float32"),
    "wider": lambda xp, x, y: xp.astype(x, np.float64),
    "sigmoid": lambda xp, x, y: 1 / (1 + xp.exp(-x)),
}
WHOLE_FORMULAS = {
    "abs": lambda xp, x, y: xp.abs(x),
    "sign": lambda xp, x, y: xp.sign(x),
    "maximum": lambda xp, x, y: xp.maximum(x, y),
    "minimum": lambda xp, x, y: xp.minimum(x, y),
    "maximum with a number": lambda xp, x, y: xp.maximum(x, 2),
    "minimum of a number": lambda xp, x, y: xp.minimum(2, x),
    "power by 2": lambda xp, x, y: xp.power(x, 2),
    "power by 0": lambda xp, x, y: xp.power(x, 0),
    "where": lambda xp, x, y: xp.where(x < y, x, 1),
    "float": lambda xp, x, y: xp.astype(x, "float64"),
}
MASK_FORMULAS = {
    "abs": lambda xp, x, y: xp.abs(x),
    "maximum": lambda xp, x, y: xp.maximum(x, y),
    "minimum": lambda xp, x, y: xp.minimum(x, y),
    "where": lambda xp, x, y: xp.where(x, ~y, y),
    "number": lambda xp, x, y: xp.astype(x, "int64"),
}


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", FLOAT_FORMULAS)
def test_floats_have_the_answers_of_numpy(name, dtype, engine):
    compare(FLOAT_FORMULAS[name], *floats(dtype), engine)


@pytest.mark.parametrize("dtype", [I32, I64, U8])
@pytest.mark.parametrize("name", WHOLE_FORMULAS)
def test_whole_numbers_have_the_answers_of_numpy(name, dtype, engine):
    compare(WHOLE_FORMULAS[name], *whole(dtype), engine)


@pytest.mark.parametrize("name", MASK_FORMULAS)
def test_masks_have_the_answers_of_numpy(name, engine):
    compare(MASK_FORMULAS[name], *whole(BOOL), engine)


def test_the_sign_of_minus_zero_is_zero(engine):
    x = np.full(16, -0.0, F32)
    assert not np.signbit(on_vectors(FLOAT_FORMULAS["sign"], x, x, F32, engine)).any()


def test_both_lives_have_the_same_names():
    names = {name for name in vars(Mathematics) if not name.startswith("_")}
    assert names <= set(dir(VectorMathematics))


REFUSED = {
    "exp of whole numbers": (I32, lambda xp, x, y: xp.exp(x)),
    "floor of whole numbers": (I64, lambda xp, x, y: xp.floor(x)),
    "erf of whole numbers": (I64, lambda xp, x, y: xp.erf(x)),
    "normal_cdf of whole numbers": (I64, lambda xp, x, y: xp.normal_cdf(x)),
    "power of whole numbers": (I32, lambda xp, x, y: xp.power(x, y)),
    "a root of whole numbers": (I32, lambda xp, x, y: xp.power(x, -1)),
    "the sign of a mask": (BOOL, lambda xp, x, y: xp.sign(x)),
    "half beside whole numbers": (I64, lambda xp, x, y: xp.maximum(x, 0.5)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_vectors_cannot_do_is_refused(name, engine):
    dtype, formula = REFUSED[name]
    with pytest.raises(TraceError):
        on_vectors(formula, *whole(dtype), dtype, engine)


def test_vectors_of_two_dtypes_are_refused(engine):
    x, y = np.zeros(16, F32), np.zeros(16, F64)
    with pytest.raises(TraceError, match="float32 and float64"):
        on_vectors(lambda xp, x, y: xp.maximum(x, y), x, y, F64, engine)
