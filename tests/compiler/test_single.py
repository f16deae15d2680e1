"""Gates with kernels of their own, on views of every kind, and what is left to NumPy."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, ops
from chainrule.compiler.single import LOWERINGS, single_tasks
from chainrule.errors import IndexingError

from . import steps

RNG = np.random.default_rng(0)
A = RNG.normal(size=(4, 5, 6)).astype("float32")
VIEWS = {
    "as it is": lambda x: x,
    "permuted": lambda x: ops.permute_dims(x, (2, 0, 1)),
    "turned": lambda x: x[::-1, :, ::-2],
    "stretched": lambda x: ops.broadcast_to(x[:, :1], (4, 3, 6)),
    "cut": lambda x: x[1:3, None, :, 2],
    "computed": lambda x: x * 2,
}


def numbers(size, shape, dtype="int64"):
    return np.random.default_rng(1).integers(0, size, shape).astype(dtype)


GATES = {
    "concat": lambda x: ops.concat([x, x * 3, x], axis=1),
    "concat at the end": lambda x: ops.concat([x, x], axis=-1),
    "pad": lambda x: ops.pad(x, [(1, 2), (0, 1), (2, 0)], value=0.5),
    "rows": lambda x: x[numbers(x.shape[0], (3, 2))],
    "columns": lambda x: x[:, :, numbers(x.shape[2], 7, "uint8")],
    "take": lambda x: ops.take_along_axis(
        x, numbers(x.shape[1], (x.shape[0], 2, x.shape[2]), "int32"), axis=1
    ),
    "scatter": lambda x: ops.scatter_along_axis(x, numbers(9, x.shape), axis=2, size=9),
    "argmax": lambda x: ops.argmax(x, axis=1),
    "argmax of rows": lambda x: ops.argmax(x, axis=-1, keepdims=True),
    "dropout": lambda x: ops.dropout(x, np.asarray(3), p=0.3, seed=2**33 + 5, layer=2),
    "slopes of slices": lambda x: cr.graph.gradients((x[1:, ::-1] * 2).sum(), [x])[0],
    "slopes of rows": lambda x: cr.graph.gradients((x[np.array([1, 0, 1])] * 2).sum(), [x])[0],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("gate", GATES)
def test_on_every_kind_of_view(gate, view):
    def step(x):
        return GATES[gate](VIEWS[view](x))

    want = "slopes" in gate
    for dtype in ("float32", "float64"):
        x = A.astype(dtype)
        plain = step(Tensor(x, requires_grad=want)).numpy()
        made = cr.compile(step, fallback="error")(Tensor(x, requires_grad=want)).numpy()
        assert (made.shape, made.dtype) == (plain.shape, plain.dtype)
        assert np.allclose(made, plain, atol=1e-6)


def test_moves_copy_the_very_bits():
    x = A.copy()
    x[0, 0, :3] = np.nan, -0.0, np.inf
    step = cr.compile(lambda x: ops.concat([x, ops.permute_dims(x, (1, 0, 2))[:4]], axis=1), fallback="error")
    assert step(x).numpy().tobytes() == np.concatenate([x, x.transpose(1, 0, 2)[:4]], 1).tobytes()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "int64", "uint64"])
def test_indices_of_every_width(dtype):
    i = np.array([3, 0, 2], dtype)
    take = cr.compile(lambda x, i: x[i], fallback="error")
    assert np.array_equal(take(A, i).numpy(), A[i])
    if dtype.startswith("i"):
        assert np.array_equal(take(A, -i - 1).numpy(), A[-i - 1])
        with pytest.raises(IndexingError):
            take(A, -i - 2)
    with pytest.raises(IndexingError) as caught:
        take(A, i + np.array(1, dtype))
    assert "test_single.py" in caught.value.line
    assert np.array_equal(take(A, i).numpy(), A[i])


def test_repeated_rows_add_up():
    i = np.array([1, 1, 3, 1, -1])
    step = cr.compile(lambda x, w, i: cr.graph.gradients((w[i] * x).sum(), [w])[0], fallback="error")
    x = RNG.normal(size=(5, 6)).astype("f4")
    expected = np.zeros((4, 6), "f4")
    np.add.at(expected, i, x)
    assert np.allclose(step(x, Tensor(A[:, 0], requires_grad=True), i).numpy(), expected, atol=1e-6)


def test_the_first_of_equal_numbers_wins_and_nan_is_largest():
    x = np.array([[1, 3, 3, 0], [np.nan, 9, np.nan, 1], [-np.inf] * 4, [0, np.inf, 5, np.inf]], "f4")
    for axis in (0, 1):
        made = cr.compile(lambda x, a=axis: ops.argmax(x, axis=a), fallback="error")(x).numpy()
        assert np.array_equal(made, np.argmax(x, axis))


def test_dropout_keeps_what_the_plain_gate_keeps():
    x = np.ones((33, 17), "float32")
    step = cr.compile(lambda x, t: ops.dropout(x, t, p=0.4, seed=2**40 + 3, layer=7), fallback="error")
    for t in (0, 1, 2**31 + 5, 2**40):
        plain = ops.dropout(Tensor(x), np.asarray(t), p=0.4, seed=2**40 + 3, layer=7).numpy()
        assert step(x, np.asarray(t)).numpy().tobytes() == plain.tobytes()


def test_sizes_of_nothing():
    empty = np.zeros((0, 3), "float32")
    none = np.zeros(0, "int64")
    step = cr.compile(
        lambda x, i: (ops.concat([x, x], axis=0), x[i], ops.argmax(x, axis=1)), fallback="error"
    )
    assert [v.shape for v in step(empty, none)] == [(0, 3), (0, 3), (0,)]


def test_a_gate_without_a_lowering_is_left_to_numpy():
    made = steps.arranged(lambda x: cr.apply(steps.Halved(), x), np.ones((2, 4), "f4"))
    (group,) = [g for g in made.groups.groups if g.kind == "single"]
    assert type(group.ops[0].gate) not in LOWERINGS
    assert single_tasks(made.groups, group.ops[0], 1) is None
