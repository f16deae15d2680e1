"""Reshape, permute, broadcast, pad, concat, split, astype: NumPy, gradients, and what does not fit."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from .peers import agrees_with_torch, refused

A = np.arange(24, dtype="float32").reshape(2, 3, 4)


@pytest.mark.parametrize("shape", [24, (6, 4), (-1,), (2, -1, 2), (4, 3, 2, 1), [8, 3]])
def test_reshape_is_row_major(shape):
    assert np.array_equal(cr.reshape(A, shape), A.reshape(shape))


def test_reshape_to_the_same_shape_is_nothing():
    x = Tensor(A)
    assert cr.reshape(x, (2, 3, 4)) is x and cr.broadcast_to(x, (2, 3, 4)) is x
    assert cr.astype(x, "float32") is x
    assert cr.reshape(np.zeros((0, 3)), (0, 5)).shape == (0, 5)


def test_permute_dims_and_transpose():
    assert np.array_equal(cr.permute_dims(A, (2, 0, -2)), A.transpose(2, 0, 1))
    assert np.array_equal(cr.matrix_transpose(A), A.swapaxes(1, 2))
    assert np.array_equal(Tensor(A).mT.numpy(), A.swapaxes(1, 2))


def test_pad_and_concat():
    widths = [(1, 0), (0, 2), (1, 1)]
    assert np.array_equal(cr.pad(A, widths, value=7.0), np.pad(A, widths, constant_values=7))
    assert np.array_equal(cr.concat([A, A[:1]], axis=0), np.concatenate([A, A[:1]]))
    assert np.array_equal(cr.concat([A, A[..., :1]], axis=-1), np.concatenate([A, A[..., :1]], axis=-1))
    assert cr.concat([A]).shape == A.shape


def test_split():
    for axis, sizes in ((0, (1, 1)), (1, (2, 1)), (-1, (1, 0, 3))):
        parts = cr.split(A, sizes, axis=axis)
        assert [p.shape[axis] for p in parts] == list(sizes)
        assert np.array_equal(cr.concat(parts, axis=axis), A)
    assert [p.shape for p in cr.split(A, 3, axis=2)] == [(2, 3, 3), (2, 3, 1)]
    (same,) = cr.split(A, 2)
    assert same is A


def test_a_part_that_nobody_uses_gets_no_gradient():
    x = Tensor(A, requires_grad=True)
    _, middle, _ = cr.split(x, 1, axis=1)
    (middle * 2).sum().backward()
    assert np.array_equal(x.grad.numpy(), np.broadcast_to(np.array([[0], [2], [0]], "float32"), A.shape))


def test_torch():
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees_with_torch(
        lambda x: cr.pad(x, [(0, 0), (1, 2)]), lambda x: torch.nn.functional.pad(x, (1, 2)), (2, 3)
    )
    agrees_with_torch(
        lambda x, y: cr.concat([x, y, x], axis=1), lambda x, y: torch.cat([x, y, x], 1), (2, 3), (2, 1)
    )
    agrees_with_torch(
        lambda x: cr.multiply(*cr.split(x, 2, axis=1)), lambda x: torch.mul(*torch.split(x, 2, 1)), (3, 4)
    )
    agrees_with_torch(lambda x: cr.broadcast_to(x, (2, 3, 4)), lambda x: x.expand(2, 3, 4), (3, 1))
    agrees_with_torch(lambda x: cr.permute_dims(x, (2, 0, 1)), lambda x: x.permute(2, 0, 1), (2, 3, 4))


def test_astype_carries_gradients_between_floats():
    x = Tensor([1.5, 2.0], requires_grad=True)
    cr.astype(x, "float64").sum().backward()
    assert x.grad.dtype == np.float32 and x.grad.tolist() == [1, 1]
    assert not cr.astype(x, "int64").requires_grad
    assert cr.astype(Tensor([0.0, 2.0]), bool).tolist() == [False, True]


@pytest.mark.parametrize(
    ("kind", "call", "who", "parts"),
    [
        (ShapeError, lambda: cr.reshape(A, (5, 5)), "reshape", ("24 elements", "25")),
        (ShapeError, lambda: cr.reshape(A, (5, -1)), "reshape", ("a multiple of 5",)),
        (SettingError, lambda: cr.reshape(A, (-1, -1)), "reshape", ("at most one of them -1",)),
        (SettingError, lambda: cr.reshape(A, (-2, 12)), "reshape", ("sizes ≥ 0",)),
        (ShapeError, lambda: cr.permute_dims(A, (0, 1)), "permute_dims", ("each of 0 … 2 once",)),
        (IndexingError, lambda: cr.permute_dims(A, (0, 1, 3)), "permute_dims", ("axis 3",)),
        (ShapeError, lambda: cr.matrix_transpose(A[0, 0]), "matrix_transpose", ("at least 2",)),
        (ShapeError, lambda: cr.broadcast_to(A, (3, 4)), "broadcast_to", ("to (3, 4)",)),
        (ShapeError, lambda: cr.pad(A, [(1, 1)]), "pad", ("1 pairs of widths",)),
        (SettingError, lambda: cr.pad(A, [(0, 0), (0, 0), (-1, 0)]), "pad", ("widths ≥ 0",)),
        (ShapeError, lambda: cr.concat([]), "concat", ("no arrays",)),
        (ShapeError, lambda: cr.concat([A, A[0]]), "concat", ("input 0 f32[2,3,4] and input 1 f32[3,4]",)),
        (IndexingError, lambda: cr.concat([A, A], axis=3), "concat", ("axis 3",)),
        (DTypeError, lambda: cr.concat([A, A.astype("float64")]), "concat", ("one dtype",)),
        (ShapeError, lambda: cr.split(A, (1, 2)), "split", ("sizes (1, 2)", "sum to 2")),
        (SettingError, lambda: cr.split(A, 0), "split", ("at least 1",)),
        (SettingError, lambda: cr.split(A, (3, -1)), "split", ("sizes ≥ 0",)),
        (SettingError, lambda: cr.split(A, ()), "split", ("at least one",)),
        (IndexingError, lambda: cr.split(A, 1, axis=3), "split", ("axis 3",)),
        (DTypeError, lambda: cr.astype(A, "float16"), "astype", ("float32, float64",)),
        (DTypeError, lambda: cr.astype(A, complex), "astype", ("complex128",)),
    ],
)
def test_what_does_not_fit(kind, call, who, parts):
    refused(kind, call, who, *parts)
