"""The closed namespace of formulas: its names, and NaN in maximum and minimum."""

import math

import numpy as np

from chainrule.graph import xp
from chainrule.graph.mathematics import Mathematics

NAMES = [
    *("abs", "astype", "cos", "erf", "exp", "expm1", "floor", "log", "log1p"),
    *("maximum", "minimum", "normal_cdf", "power", "sign", "sin", "sqrt", "tanh", "where"),
]


def test_the_namespace_is_closed():
    assert sorted(name for name in vars(Mathematics) if not name.startswith("_")) == NAMES


def test_each_name_works_on_arrays():
    x = np.array([1.0, 4.0])
    assert xp.sqrt(x).tolist() == [1, 2] and xp.power(x, 2).tolist() == [1, 16]
    assert xp.abs(-x).tolist() == xp.maximum(x, -x).tolist() == [1, 4]
    assert xp.minimum(x, 2).tolist() == [1, 2] and xp.sign(-x).tolist() == [-1, -1]
    assert np.allclose(xp.log(xp.exp(x)), x) and np.allclose(xp.tanh(x), np.tanh(x))
    assert np.allclose(xp.log1p(xp.expm1(x)), x) and np.allclose(xp.erf(x), [math.erf(1), math.erf(4)])
    assert np.allclose(xp.sin(x) ** 2 + xp.cos(x) ** 2, 1) and xp.floor(x - 0.5).tolist() == [0, 3]
    assert xp.where(x > 2, x, 0).tolist() == [0, 4]
    assert xp.astype(x, "float32").dtype == np.float32


def test_maximum_and_minimum_pass_nan_on():
    assert np.isnan(xp.maximum(np.array(np.nan), 1.0)) and np.isnan(xp.minimum(1.0, np.array(np.nan)))
