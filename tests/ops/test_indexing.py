"""Indexing against NumPy, with gradients that add up where an element is picked twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError, TraceError

from .peers import refused

A = np.arange(24, dtype="float32").reshape(2, 3, 4)
KEYS = {
    "integer": 1,
    "negative": -1,
    "numpy integer": np.int64(1),
    "integers": (0, 2, 3),
    "slice": slice(1, None),
    "steps": (slice(None), slice(None, None, -2)),
    "far slices": (slice(-100, 100), slice(5, 2)),
    "ellipsis": (..., 0),
    "all": ...,
    "new axes": (None, 1, ..., None),
    "nothing": (),
    "array": np.array([1, 0, 1]),
    "duplicates": (slice(None), np.array([0, 0, 2, 0])),
    "negative array": (0, np.array([-1, 0])),
    "list": [0, 1, 1],
    "two arrays": (np.array([0, 1, 0]), np.array([2, 2, 2])),
    "broadcasting arrays": (np.array([[0], [1]]), np.array([0, 2])),
    "arrays apart": (np.array([0, 1]), slice(None), np.array([3, 3])),
    "bytes": np.array([1, 1], "uint8"),
    "unsigned": np.array([1, 0], "uint64"),
    "zero axes": np.array(1),
    "empty array": np.array([], int),
    "empty list": [],
    "list of lists": [[0, 1], [1, 1]],
    "mask": A > 7,
    "mask of rows": np.array([False, True]),
    "mask in the middle": (slice(None), np.array([True, False, True])),
    "mask of two axes": A[..., 0] > 4,
    "mask behind a slice": (slice(1, None), A[0] % 2 > 0),
    "mask behind ellipsis": (..., np.array([True, False, True, True])),
    "mask and an integer": (1, np.array([True, False, True])),
    "mask and an array": (np.array([True, True]), np.array([2, 0])),
    "mask of nothing": A < 0,
    "list of bools": [True, False],
}


@pytest.mark.parametrize("name", KEYS)
def test_index_is_that_of_numpy(name):
    key = KEYS[name]
    x = Tensor(A, requires_grad=True)
    expected = A[key]
    out = x[key]
    assert out.shape == expected.shape and np.array_equal(out.numpy(), expected)
    upstream = np.arange(1, expected.size + 1, dtype="float32").reshape(expected.shape)
    out.backward(Tensor(upstream))
    gradient = np.zeros_like(A)
    np.add.at(gradient, key, upstream)
    assert np.array_equal(x.grad.numpy(), gradient)


@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_basic_index_is_that_of_numpy(data):
    bound = st.one_of(st.none(), st.integers(-6, 6))
    step = st.one_of(st.none(), st.integers(1, 3), st.integers(-3, -1))
    entries = [st.one_of(st.integers(-n, n - 1), st.builds(slice, bound, bound, step)) for n in A.shape]
    key = data.draw(st.tuples(*entries[: data.draw(st.integers(0, 3))]))
    assert np.array_equal(Tensor(A)[key].numpy(), A[key])


def test_tensors_index_tensors():
    x = Tensor(A)
    assert np.array_equal(x[Tensor([1, 0])].numpy(), A[[1, 0]])
    assert x[Tensor(1)].shape == (3, 4)


def test_a_mask_may_be_a_tensor():
    x = Tensor(A, requires_grad=True)
    picked = x[x > 20]
    assert picked.tolist() == [21, 22, 23]
    (picked * picked).sum().backward()
    assert np.array_equal(x.grad.numpy(), np.where(A > 20, 2 * A, 0))


@pytest.mark.parametrize("run", [cr.trace, lambda step, *a: cr.compile(step)(*a)])
def test_a_mask_of_a_traced_step_is_refused(run):
    state = Tensor(A > 3)
    for step in (lambda x: x[x > 1].sum(), lambda x: x[1:, x[0] > 1], lambda x: x[state]):
        with pytest.raises(TraceError) as caught:
            run(step, A)
        error = caught.value
        assert error.who == "index" and "where(mask, x, 0)" in error.hint and "test_indexing.py" in error.line


def test_a_mask_known_beforehand_may_stand_in_a_traced_step():
    mask = A > 20
    step = cr.compile(lambda x: x[mask] * 2, fallback="error")
    assert step(A).tolist() == [42, 44, 46]


def test_indices_of_a_traced_step_are_values_of_the_run():
    program = cr.trace(lambda x, k: x[k], A, np.array([0]))
    assert np.array_equal(program(A, np.array([1])).numpy(), A[[1]])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_take_along_axis_is_that_of_numpy(axis):
    shape = list(A.shape)
    shape[axis] = 5
    indices = np.random.default_rng(0).integers(-A.shape[axis], A.shape[axis], shape)
    x = Tensor(A, requires_grad=True)
    out = cr.take_along_axis(x, indices, axis=axis)
    assert np.array_equal(out.numpy(), np.take_along_axis(A, indices, axis))
    out.sum().backward()
    assert x.grad.numpy().sum() == out.size


def test_scatter_adds_where_an_index_comes_twice():
    out = cr.scatter_along_axis(np.array([1.0, 2.0, 4.0]), np.array([1, 1, -1]), axis=0, size=3)
    assert out.tolist() == [0, 3, 4]
    small = cr.scatter_along_axis(np.ones((2, 3)), np.zeros((2, 3), "uint8"), axis=1, size=1)
    assert small.tolist() == [[3], [3]]


@pytest.mark.parametrize(
    ("kind", "key", "parts"),
    [
        (IndexingError, 2, ("x f32[2,3,4]", "out of bounds")),
        (IndexingError, (0, 0, 0, 0), ("too many indices",)),
        (IndexingError, np.array([0, 2]), ("indices within the shape",)),
        (IndexingError, (np.array([0, 1]), np.array([0, 1, 2])), ("broadcast",)),
        (IndexingError, 1.5, ("type float",)),
        (IndexingError, True, ("type bool",)),
        (IndexingError, "a", ("type str",)),
        (IndexingError, A[0, 0] > 1, ("a mask into shape (2, 3, 4)", "boolean index did not match")),
        (IndexingError, (slice(None), A > 1), ("too many indices",)),
        (IndexingError, np.array(True), ("one bool as an index",)),
        (IndexingError, [True], ("boolean index did not match",)),
        (IndexingError, slice(0.5, 2), ("a slice with a bound of type float",)),
        (IndexingError, slice(None, None, 0), ("slice step cannot be zero",)),
        (IndexingError, [[0], [0, 1]], ("rows that differ in length",)),
        (IndexingError, (..., ...), ("ellipsis",)),
        (DTypeError, [0.0, 1.0], ("an index array of float64",)),
        (DTypeError, Tensor([1.0]), ("an index array of float32",)),
        (DTypeError, np.array([0.0]), ("an index array of float64",)),
    ],
)
def test_wrong_indices(kind, key, parts):
    refused(kind, lambda: Tensor(A)[key], "index", *parts)


def test_wrong_indices_along_an_axis():
    x, one = Tensor(A), np.zeros((2, 3, 1), int)
    take = "take_along_axis"
    refused(IndexingError, lambda: cr.take_along_axis(x, one + 4), take, "index 4", "-4 … 3")
    refused(IndexingError, lambda: cr.take_along_axis(x, one - 5), take, "index -5")
    refused(IndexingError, lambda: cr.take_along_axis(x, one, axis=3), take, "axis 3")
    refused(ShapeError, lambda: cr.take_along_axis(x, one[0]), take, "indices i64[3,1]")
    refused(DTypeError, lambda: cr.take_along_axis(x, one * 1.0), take, "an integer dtype")
    scatter = "scatter_along_axis"
    refused(ShapeError, lambda: cr.scatter_along_axis(x, one, axis=2, size=4), scatter, "equal shapes")
    refused(SettingError, lambda: cr.scatter_along_axis(x, one, axis=2, size=-1), scatter, "size -1")
    refused(
        IndexingError, lambda: cr.scatter_along_axis(one * 1.0, one + 9, axis=2, size=4), scatter, "index 9"
    )
