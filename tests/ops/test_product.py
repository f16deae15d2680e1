"""Products of many numbers: NumPy, PyTorch, and slopes where some of them are zero."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, IndexingError

from .peers import agrees_with_torch, refused

A = np.random.default_rng(0).normal(size=(2, 3, 4))
ZEROS = {"none": [], "one": [1], "two": [1, 3], "all": [0, 1, 2, 3, 4]}


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (2, 1), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_numpy(axis, keepdims):
    out, expected = cr.prod(A, axis=axis, keepdims=keepdims), np.prod(A, axis=axis, keepdims=keepdims)
    assert np.shape(out) == np.shape(expected) and np.allclose(out, expected)


def with_zeros(name, shape=(5,)):
    def make(rng, _):
        x = rng.normal(size=shape)
        x[ZEROS[name], ...] = 0
        return x

    return make


@pytest.mark.parametrize("zeros", ZEROS)
def test_torch_with_zeros(zeros):
    agrees_with_torch(cr.prod, lambda x: x.prod(), (5,), make=with_zeros(zeros))
    agrees_with_torch(
        lambda x: cr.prod(x, axis=0), lambda x: x.prod(0), (5, 3), make=with_zeros(zeros, (5, 3))
    )


@pytest.mark.parametrize("zeros", ZEROS)
def test_second_slopes_with_zeros(zeros):
    """d²Πx / dxᵢ dxⱼ is the product of all but the two."""
    x = with_zeros(zeros)(np.random.default_rng(1), None)
    for i in range(5):
        made = cr.grad(lambda x, i=i: cr.grad(cr.prod)(x)[i])(Tensor(x)).numpy()
        expected = [0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(5)]
        np.testing.assert_allclose(made, expected, rtol=1e-12)


@pytest.mark.parametrize("axis", [(0, 2), (1,), (), None])
def test_slopes_along_several_axes(axis):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")

    def theirs(x):
        for a in sorted(range(3) if axis is None else axis, reverse=True):
            x = torch.prod(x, a)
        return x

    agrees_with_torch(lambda x: cr.prod(x, axis=axis), theirs, A.shape)


def test_a_product_too_large_has_slopes_that_are_not():
    x = Tensor(np.array([1e30, 1e30, 1e-30], "float32"), requires_grad=True)
    cr.prod(x[:2]).backward()
    assert np.allclose(x.grad.numpy(), [1e30, 1e30, 0])


@pytest.mark.parametrize("zeros", ZEROS)
def test_compiled_with_zeros(zeros):
    x = with_zeros(zeros, (5, 7))(np.random.default_rng(2), None).astype("float32")
    step = lambda x: cr.grad(lambda x: cr.prod(x, axis=0).sum())(x)  # noqa: E731
    np.testing.assert_allclose(cr.compile(step, fallback="error")(x), step(x), rtol=1e-5)


def test_of_nothing_and_of_integers():
    assert cr.prod(Tensor(np.zeros((0, 2), "float32")), axis=0).tolist() == [1, 1]
    whole = cr.prod(np.array([2, 3, 7], "int32"))
    assert whole == 42 and whole.dtype == np.int32
    assert Tensor([2.0, 3.0]).prod().item() == 6


def test_what_does_not_fit():
    refused(IndexingError, lambda: cr.prod(A, axis=3), "prod", "axis 3 of 3 axes")
    refused(DTypeError, lambda: cr.prod(A > 0), "prod", "a float or integer dtype")
