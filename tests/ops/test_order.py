"""Sort, argsort, top_k: NumPy, PyTorch, ties, NaN, and gradients that find their way back."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from .peers import agrees_with_torch, refused

A = np.random.default_rng(0).normal(size=(3, 4, 5))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_numpy(axis):
    assert np.array_equal(cr.sort(A, axis=axis), np.sort(A, axis))
    assert np.array_equal(cr.argsort(A, axis=axis), np.argsort(A, axis))
    assert np.array_equal(cr.sort(A, axis=axis, descending=True), -np.sort(-A, axis))


@pytest.mark.parametrize("descending", [False, True])
def test_torch(descending):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees_with_torch(
        lambda x: cr.sort(x, axis=1, descending=descending),
        lambda x: torch.sort(x, 1, descending).values,
        A.shape,
    )
    agrees_with_torch(
        lambda x: cr.top_k(x, 2, axis=1, largest=descending)[0],
        lambda x: torch.topk(x, 2, 1, descending).values,
        A.shape,
    )
    strange = np.array([[1.0, np.nan, 3, -np.inf, 3, np.inf, 1], [2, 2, np.nan, np.nan, 2, 0, -0.0]])
    values, indices = torch.sort(torch.tensor(strange), dim=1, descending=descending, stable=True)
    assert np.array_equal(cr.argsort(strange, axis=1, descending=descending), indices.numpy())
    assert np.array_equal(cr.sort(strange, axis=1, descending=descending), values.numpy(), equal_nan=True)


def test_top_k_of_either_end():
    x = np.array([[4, 1, 4, 0, 2]])
    values, indices = cr.top_k(x, 3)
    assert values.tolist() == [[4, 4, 2]] and indices.tolist() == [[0, 2, 4]]
    values, indices = cr.top_k(x, 2, largest=False)
    assert values.tolist() == [[0, 1]] and indices.tolist() == [[3, 1]]
    values, indices = cr.top_k(x, 3, largest=False, sorted=False)
    assert values.tolist() == [[1, 0, 2]] and indices.tolist() == [[1, 3, 4]]
    assert cr.top_k(x, 0)[0].shape == (1, 0)
    assert cr.top_k(x, 1, axis=0)[0].tolist() == x.tolist()


def test_unsigned_numbers_descend_too():
    assert cr.sort(np.array([0, 200, 5], "uint8"), descending=True).tolist() == [200, 5, 0]


def test_compiled_too():
    def step(x):
        values, indices = cr.top_k(x, 2, axis=1)
        return values, indices, cr.graph.gradients((values * values).sum(), [x])[0]

    x = Tensor(A, requires_grad=True)
    for made, plain in zip(cr.compile(step, fallback="error")(x), step(x), strict=True):
        assert np.array_equal(made, plain)


def test_what_does_not_fit():
    refused(IndexingError, lambda: cr.sort(A, axis=3), "sort", "axis 3 of 3 axes")
    refused(DTypeError, lambda: cr.argsort(A > 0), "argsort", "float or integer")
    refused(ShapeError, lambda: cr.top_k(A, 6), "top_k", "k 6 of 5 numbers along axis 2")
    refused(SettingError, lambda: cr.top_k(A, -1), "top_k", "k -1")
    refused(SettingError, lambda: cr.top_k(A, 1.5), "top_k", "k 1.5")
