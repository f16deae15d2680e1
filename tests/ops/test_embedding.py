"""Rows of a table: PyTorch's numbers, rows named twice, padding, the compiled step."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import IndexingError

from .peers import agrees_with_torch, refused

SYMBOLS = np.array([[1, 2, 1], [0, 4, 4]])


@pytest.mark.parametrize("padding_idx", [None, 0, 4, -4])
def test_it_is_that_of_torch(padding_idx):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees_with_torch(
        lambda w: cr.embedding(SYMBOLS, w, padding_idx=padding_idx),
        lambda w: torch.nn.functional.embedding(torch.tensor(SYMBOLS), w, padding_idx=padding_idx),
        (5, 3),
    )


@pytest.mark.parametrize("padding_idx", [None, 4])
@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_kernels_run_it(padding_idx, dtype):
    def step(indices, w):
        out = cr.embedding(indices, w, padding_idx=padding_idx)
        return out, cr.graph.gradients((out * out).sum(), [w])[0]

    w = Tensor(np.random.default_rng(0).normal(size=(5, 3)), requires_grad=True)
    compiled = cr.compile(step, fallback="error")
    for a, b in zip(compiled(SYMBOLS.astype(dtype), w), step(SYMBOLS.astype(dtype), w), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(IndexingError):
        compiled(SYMBOLS.astype(dtype) + 1, w)


def test_one_symbol_and_none():
    w = np.arange(6.0).reshape(3, 2)
    assert cr.embedding(1, w).tolist() == [2, 3]
    assert cr.embedding(np.zeros((0, 2), int), w).shape == (0, 2, 2)


def test_what_does_not_fit():
    w = np.ones((3, 2))
    refused(IndexingError, lambda: cr.embedding(np.array([3]), w), "embedding", "within the shape")
