"""Stack, flip, roll, tile, new axes and fewer: NumPy, PyTorch, compiled, and what does not fit."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.schedule import Python
from chainrule.errors import IndexingError, SettingError, ShapeError

from .peers import agrees_with_torch, refused

A = np.arange(24, dtype="float32").reshape(2, 3, 4)

CALLS = {
    "expand_dims": (lambda lib, x: lib.expand_dims(x, axis=1)),
    "expand_dims at the end": (lambda lib, x: lib.expand_dims(x, axis=-1)),
    "flip": (lambda lib, x: lib.flip(x)),
    "flip one": (lambda lib, x: lib.flip(x, axis=1)),
    "flip two": (lambda lib, x: lib.flip(x, axis=(0, -1))),
    "flip none": (lambda lib, x: lib.flip(x, axis=())),
    "roll": (lambda lib, x: lib.roll(x, 5)),
    "roll one": (lambda lib, x: lib.roll(x, 1, axis=2)),
    "roll back": (lambda lib, x: lib.roll(x, -1, axis=1)),
    "roll far": (lambda lib, x: lib.roll(x, 9, axis=2)),
    "roll whole": (lambda lib, x: lib.roll(x, 4, axis=2)),
    "roll two": (lambda lib, x: lib.roll(x, (1, -2), axis=(2, 0))),
    "roll two alike": (lambda lib, x: lib.roll(x, 1, axis=(0, 1))),
    "tile": (lambda lib, x: lib.tile(x, 3)),
    "tile each": (lambda lib, x: lib.tile(x, (2, 1, 3))),
    "tile more": (lambda lib, x: lib.tile(x, (2, 1, 1, 2))),
    "tile nothing": (lambda lib, x: lib.tile(x, (1, 0, 1))),
    "stack": (lambda lib, x: lib.stack([x, x * 2, x], axis=0)),
    "stack inside": (lambda lib, x: lib.stack((x, x), axis=2)),
    "stack last": (lambda lib, x: lib.stack([x, x], axis=-1)),
}


@pytest.mark.parametrize("name", CALLS)
def test_numpy_and_compiled(name):
    call, expected = CALLS[name], CALLS[name](np, A)

    def step(x):
        made = call(cr, x)
        return made, cr.graph.gradients((made * made).sum(), [x])[0]

    x = Tensor(A, requires_grad=True)
    made, slope = step(x)
    assert np.array_equal(made, expected) and np.array_equal(call(cr, A), expected)
    compiled = cr.compile(step, fallback="error")
    for mine, other in zip(compiled(x), (made, slope), strict=True):
        assert mine.shape == other.shape and np.array_equal(mine, other)
    assert not any(isinstance(s, Python) for s in compiled.plan(x).segments)


def test_torch():
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees_with_torch(
        lambda x, y: cr.stack([x, y], axis=1), lambda x, y: torch.stack([x, y], 1), (2, 3), (2, 3)
    )
    agrees_with_torch(lambda x: cr.flip(x, axis=0), lambda x: x.flip(0), (3, 2))
    agrees_with_torch(lambda x: cr.roll(x, (1, 2), axis=(0, 1)), lambda x: x.roll((1, 2), (0, 1)), (3, 4))
    agrees_with_torch(lambda x: cr.roll(x, -3), lambda x: x.roll(-3), (3, 4))
    agrees_with_torch(lambda x: cr.tile(x, (2, 1, 3)), lambda x: x.tile(2, 1, 3), (3, 2))
    agrees_with_torch(lambda x: cr.squeeze(x, (0, -1)), lambda x: x.squeeze((0, -1)), (1, 3, 1))
    agrees_with_torch(lambda x: cr.unstack(x, axis=1)[1], lambda x: x.unbind(1)[1], (2, 3))


def test_squeeze_and_unstack():
    assert cr.squeeze(A[:1, :, :1], (0, 2)).shape == (3,) and cr.squeeze(A[:1], 0).shape == (3, 4)
    parts = cr.unstack(A, axis=-1)
    assert [p.shape for p in parts] == [(2, 3)] * 4
    assert np.array_equal(cr.stack(parts, axis=-1), A)
    assert cr.unstack(np.zeros((0, 2))) == ()


def test_numbers_and_empties():
    assert cr.stack([Tensor(1.0), Tensor(2.0)]).tolist() == [1, 2]
    assert cr.expand_dims(Tensor(1.0)).tolist() == [1]
    assert cr.tile(Tensor(1.0), (2, 2)).tolist() == [[1, 1], [1, 1]]
    assert cr.roll(np.zeros((0, 3)), 1, axis=0).shape == (0, 3) == cr.flip(np.zeros((0, 3))).shape
    assert np.array_equal(cr.flip(np.array([True, False])), [False, True])


@pytest.mark.parametrize(
    ("kind", "call", "who", "parts"),
    [
        (IndexingError, lambda: cr.expand_dims(A, axis=4), "expand_dims", ("axis 4 of 4 axes",)),
        (ShapeError, lambda: cr.squeeze(A, 1), "squeeze", ("axis 1 of shape (2, 3, 4) has size 3", "size 1")),
        (IndexingError, lambda: cr.squeeze(A, None), "squeeze", ("axis None",)),
        (ShapeError, lambda: cr.stack([]), "stack", ("no arrays",)),
        (ShapeError, lambda: cr.stack([A, A[0]]), "stack", ("array 1 of shape (3, 4)", "concat")),
        (SettingError, lambda: cr.stack(Tensor(A)), "stack", ("arrays is a Tensor", "a list or tuple")),
        (IndexingError, lambda: cr.unstack(A, axis=3), "unstack", ("axis 3",)),
        (IndexingError, lambda: cr.flip(A, axis=(0, 0)), "flip", ("different axes",)),
        (SettingError, lambda: cr.roll(A, 1.5), "roll", ("shift 1.5", "whole numbers")),
        (SettingError, lambda: cr.roll(A, (1, 2)), "roll", ("without an axis",)),
        (SettingError, lambda: cr.roll(A, (1, 2), axis=0), "roll", ("one shift for each axis",)),
        (IndexingError, lambda: cr.roll(A, 1, axis=(0, 0)), "roll", ("different axes",)),
        (SettingError, lambda: cr.tile(A, -1), "tile", ("numbers ≥ 0",)),
        (SettingError, lambda: cr.tile(A, "ab"), "tile", ("repetitions 'ab'",)),
    ],
)
def test_what_does_not_fit(kind, call, who, parts):
    refused(kind, call, who, *parts)
