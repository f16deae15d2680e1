"""Matrix products and the fully connected layer's product."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.schedule import Python
from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.linear import Linear

from .peers import agrees_with_torch, refused

M = np.arange(6, dtype="float32").reshape(2, 3)


FACTORS = [
    ((2, 3), (3, 4)),
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((2, 1, 2, 3), (4, 3, 2)),
    ((2, 1, 2, 3), (1, 4, 3, 2)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3,)),
    ((5, 1, 3), (5, 3, 1)),
    ((0, 2, 3), (3, 4)),
    ((2, 2, 0), (2, 0, 3)),
]


@pytest.mark.parametrize(("a", "b"), FACTORS)
def test_matmul_is_that_of_torch(a, b):
    agrees_with_torch(cr.matmul, lambda x, y: x @ y, a, b)


@pytest.mark.parametrize(("a", "b"), FACTORS)
def test_every_stack_compiles_natively(a, b):
    """Products of stacks, and of stacks turned on their sides, there and back."""

    def step(x, y):
        made = x @ y
        return [made, *cr.graph.gradients((made * made).sum(), [x, y])]

    def turned(x, y):
        return step(x.mT, y) if len(a) > 1 else step(x, y)

    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=s).astype("float32") for s in (a, b))
    for run, left in ((step, x), (turned, np.swapaxes(x, -1, -2).copy() if len(a) > 1 else x)):
        inputs = [Tensor(left, requires_grad=True), Tensor(y, requires_grad=True)]
        compiled = cr.compile(run, fallback="error")
        for made, plain in zip(compiled(*inputs), run(*inputs), strict=True):
            assert made.shape == plain.shape and np.allclose(made, plain, atol=1e-4)
        assert not any(isinstance(s, Python) for s in compiled.plan(*inputs).segments)


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
        (DTypeError, lambda: cr.linear(M, M, np.ones(2)), "linear", ("one dtype",)),
        (DTypeError, lambda: cr.matmul(M.astype(int), M.T.astype(int)), "matmul", ("float32 or float64",)),
    ],
)
def test_what_does_not_fit(kind, call, who, parts):
    refused(kind, call, who, *parts)
