"""Matrix products and the fully connected layer's product."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.linear import Linear

from .peers import agrees_with_torch, refused

M = np.arange(6, dtype="float32").reshape(2, 3)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((5, 2, 3), (3, 4)),
        ((2, 1, 2, 3), (4, 3, 2)),
        ((3,), (5, 3, 2)),
        ((5, 2, 3), (3,)),
    ],
)
def test_matmul_is_that_of_torch(a, b):
    agrees_with_torch(cr.matmul, lambda x, y: x @ y, a, b)


@pytest.mark.parametrize("shape", [(4, 3), (2, 5, 3), (3,)])
def test_linear_is_that_of_torch(shape):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees_with_torch(cr.linear, torch.nn.functional.linear, shape, (2, 3), (2,))


def test_known_numbers():
    assert (Tensor(M) @ Tensor(M).T).tolist() == [[5, 14], [14, 50]]
    assert cr.linear(M, np.ones((1, 3), "float32"), np.ones(1, "float32")).tolist() == [[4], [13]]


def test_multiply_adds():
    assert Linear().multiply_adds(Tensor(M).spec, Tensor(np.ones((4, 3), "float32")).spec) == 2 * 3 * 4


@pytest.mark.parametrize(
    ("kind", "call", "who", "parts"),
    [
        (ShapeError, lambda: cr.matmul(M, M), "matmul", ("x f32[2,3] and y f32[2,3]", "transpose")),
        (ShapeError, lambda: cr.matmul(M, 2.0), "matmul", ("(…, M, K)",)),
        (ShapeError, lambda: cr.matmul(np.ones((2, 2, 3)), np.ones((3, 3, 1))), "matmul", ("broadcast",)),
        (ShapeError, lambda: cr.linear(M, M.T), "linear", ("w (out, 3), as of Linear(3, …)",)),
        (ShapeError, lambda: cr.linear(M, M[0]), "linear", ("w (out, in)",)),
        (ShapeError, lambda: cr.linear(M, M, M[0]), "linear", ("b of shape (3,)", "shape (2,)")),
        (DTypeError, lambda: cr.linear(M, M.astype("float64")), "linear", ("one dtype",)),
        (DTypeError, lambda: cr.linear(M, M, np.ones(2)), "add", ("one dtype",)),
        (DTypeError, lambda: cr.matmul(M.astype(int), M.T.astype(int)), "matmul", ("float32 or float64",)),
    ],
)
def test_what_does_not_fit(kind, call, who, parts):
    refused(kind, call, who, *parts)
