"""Keys with integer arrays in simple ones: NumPy's results, gradients that add up, and no gate left to NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import Spec, Tensor
from chainrule.compiler.keys import in_simple_keys, picking_of, spelled_out
from chainrule.compiler.schedule import Python
from chainrule.errors import IndexingError
from chainrule.ops.indexing import Given, Index, IndexAdd, Slice

F32, I64 = np.dtype("float32"), np.dtype("int64")
WHOLE, PICK = Slice(None, None, None), Given()
A = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")
I, J, K = np.array([0, 2, 1, 1]), np.array([[1], [-3]]), np.array([[4, 0, -1, 2]])
KEYS = {
    "one": (I,),
    "apart": (I, slice(None), K),
    "behind a slice": (slice(1, None), I),
    "behind an integer": (0, I),
    "an integer apart": (0, slice(None), I),
    "an integer between": (slice(None), 0, I),
    "last": (..., I),
    "apart by nothing": (slice(None), I, ..., I),
    "new axes": (None, I, 0, None),
    "apart by a new axis": (I, None, J),
    "broadcasting": (I, J),
    "one number": (np.array(2),),
    "two numbers": (np.array(2), np.array(-1)),
    "all": (I, J, K),
    "backwards": (slice(None, None, -1), I, None, K),
    "in front of steps": (I, slice(1, 3), slice(None, None, 2)),
    "nothing": (I[:0], I[:0]),
}


def both(key, x):
    """x[key] and a gradient: plain, and compiled with no gate left to NumPy."""

    def step(x):
        return x[key], cr.graph.gradients((x[key] * x[key]).sum(), [x])[0]

    compiled = cr.compile(step, fallback="error")
    made = compiled(Tensor(x, requires_grad=True))
    assert not any(isinstance(s, Python) for s in compiled.plan(Tensor(x, requires_grad=True)).segments)
    return step(Tensor(x, requires_grad=True)), made


@pytest.mark.parametrize("name", KEYS)
def test_compiled_keys(name):
    plain, made = both(KEYS[name], A)
    assert np.array_equal(plain[0], A[KEYS[name]]) and np.array_equal(made[0], A[KEYS[name]])
    assert made[1].shape == A.shape and np.allclose(made[1], plain[1], atol=1e-6)


@given(st.data())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_key_is_that_of_numpy(data):
    entry = st.one_of(
        st.sampled_from([PICK, PICK, 0, -1, WHOLE, Slice(1, None, None), Slice(None, None, -1)]),
    )
    key = list(data.draw(st.lists(entry, min_size=1, max_size=3)))
    key.insert(data.draw(st.integers(0, len(key))), PICK)
    key = key[:3]
    for extra in data.draw(st.lists(st.sampled_from([None, Ellipsis]), max_size=2, unique=True)):
        key.insert(data.draw(st.integers(0, len(key))), extra)
    if PICK not in key:
        return
    shapes = [data.draw(st.sampled_from([(2,), (1,), (), (3, 1)])) for k in key if k == PICK]
    indices = [np.random.default_rng(n).integers(-2, 2, shape) for n, shape in enumerate(shapes)]
    places = iter(indices)
    read = tuple(next(places) if k == PICK else slice(*k) if isinstance(k, Slice) else k for k in key)
    picking = picking_of(tuple(key), A.shape, shapes)
    values = [Tensor(i) for i in indices]
    assert np.array_equal(picking.take(Tensor(A), *values), A[read])
    expected = np.zeros_like(A)
    np.add.at(expected, read, A[read])
    assert np.allclose(picking.add(Tensor(A[read]), *values), expected, atol=1e-6)


def test_a_simple_key_is_left_as_it_is():
    x, flat = Spec((2, 3, 4), F32), Spec((5,), I64)
    assert in_simple_keys(Index((WHOLE, PICK)), (x, flat)) is None
    assert in_simple_keys(IndexAdd((WHOLE, PICK), (2, 3, 4)), (Spec((2, 5, 4), F32), flat)) is None
    assert in_simple_keys(Index((1, WHOLE)), (x,)) is None
    for key, index in (((PICK,), flat), ((WHOLE, PICK), Spec((5, 1), I64)), ((WHOLE, PICK, PICK), flat)):
        specs = (x, *(index for k in key if k == PICK))
        assert in_simple_keys(Index(key), specs) is not None


def test_what_a_key_does_to_an_array():
    picking = picking_of((Slice(1, None, None), PICK, WHOLE, PICK), (4, 5, 6, 7), [(2, 1), (3,)])
    assert (picking.cut, picking.places) == ((3, 5, 6, 7), (2, 3))
    assert (picking.before, picking.picked, picking.behind) == ((), (1, 3), (0, 2))
    assert (picking.seen(), picking.sides) == ((1, 5, 7, 18), (1, 18))
    assert picking_of((Slice(1, None, None), PICK, PICK), (4, 5, 6, 7), [(2,), (2,)]).seen() == (3, 5, 6, 7)


def test_a_key_spelled_out():
    assert spelled_out((Ellipsis, 1), 3) == (WHOLE, WHOLE, 1)
    assert spelled_out((None, PICK), 2) == (None, PICK, WHOLE)
    assert spelled_out((PICK, Ellipsis, PICK), 2) == (PICK, PICK)


@pytest.mark.parametrize("wrong", [(3, 0), (-4, 0), (0, 4), (0, -5)])
def test_a_wrong_index_of_several_is_refused_with_the_users_line(wrong):
    step = cr.compile(lambda x, i, j: x[i, j], fallback="error")
    for i, j in (([0, wrong[0], 1], [0, wrong[1], 1]), ([wrong[0]] * 40, [wrong[1]] * 40)):
        with pytest.raises(IndexingError) as caught:
            step(A, np.array(i), np.array(j))
        assert "test_keys.py" in caught.value.line
    assert np.array_equal(step(A, I, I), A[I, I])


def test_many_places_share_out_the_vector():
    """Enough elements for several pieces, few places: each is met many times."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(7, 9)).astype("float32")
    i, j = rng.integers(-7, 7, 70_000), rng.integers(0, 9, 70_000)
    plain, made = both((i, j), x)
    assert np.array_equal(made[0], x[i, j])
    np.testing.assert_allclose(made[1], plain[1], rtol=1e-4)
