"""Views against NumPy: reshapes without a copy, indexing, loops that join."""

import math

import numpy as np
import pytest

from chainrule.compiler.views import View, collapsed, contiguous, indexed, is_basic, reshaped, view_of
from chainrule.graph import Spec
from chainrule.ops.arithmetic import Negative
from chainrule.ops.indexing import Given, Index, Slice
from chainrule.ops.shape import BroadcastTo, PermuteDims, Reshape


def random_array(rng):
    """A view with gaps, stretched and turned axes, of an array that counts its elements."""
    shape = tuple(int(n) for n in rng.choice([1, 1, 2, 3, 4, 6], rng.integers(0, 5)))
    x = np.arange(4 * math.prod(shape) + 1)[1 : math.prod(shape) + 1].reshape(shape)
    for _ in range(rng.integers(0, 3)):
        if x.ndim and rng.random() < 0.4:
            x = x[(slice(None),) * rng.integers(x.ndim) + (slice(None, None, rng.choice([1, 2, -1])),)]
        elif rng.random() < 0.5:
            x = x.transpose(rng.permutation(x.ndim))
        else:
            x = np.broadcast_to(x, (2, *x.shape))
    return x


def random_shape(rng, size):
    """Some shape of so many elements."""
    shape = []
    while size > 1:
        divisors = [d for d in range(2, size + 1) if size % d == 0]
        shape.append(int(rng.choice(divisors)))
        size //= shape[-1]
    for _ in range(rng.integers(0, 3)):
        shape.insert(rng.integers(len(shape) + 1), 1)
    return tuple(shape)


def strides_of(x):
    return tuple(s // x.itemsize for s in x.strides)


def elements(view, base):
    """The numbers of a view of a flat array."""
    places = np.full(view.shape, view.offset)
    for axis, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        places += np.arange(n).reshape([-1] + [1] * (len(view.shape) - axis - 1)) * stride
    return base[places]


@pytest.mark.parametrize("seed", range(4))
def test_reshaped_is_numpys_reshape_without_a_copy(seed):
    rng = np.random.default_rng(seed)
    found = 0
    for _ in range(400):
        x = random_array(rng)
        wanted = random_shape(rng, x.size)
        there = x.reshape(wanted)
        strides = reshaped(x.shape, strides_of(x), wanted)
        if not np.shares_memory(there, x):
            assert strides is None, (x.shape, x.strides, wanted)
            continue
        found += 1
        assert strides is not None, (x.shape, x.strides, wanted)
        for n, ours, theirs in zip(wanted, strides, strides_of(there), strict=True):
            assert n == 1 or ours == theirs
    assert 50 < found < 400


def test_nothing_can_be_reshaped_to_any_nothing():
    assert reshaped((3, 0), (5, 2), (0, 7, 2)) == contiguous((0, 7, 2))


def random_key(rng, shape):
    key, options = [], [None, *range(-3, 4)]
    for n in shape[: rng.integers(len(shape) + 1)]:
        start, stop = (options[rng.integers(len(options))] for _ in range(2))
        step = [None, 1, 2, -1, -2][rng.integers(5)]
        key.append(int(rng.integers(-n, n)) if rng.random() < 0.3 else slice(start, stop, step))
        if rng.random() < 0.2:
            key.append(None)
    if rng.random() < 0.4:
        key.insert(rng.integers(len(key) + 1), Ellipsis)
    return tuple(key)


@pytest.mark.parametrize("seed", range(4))
def test_indexed_is_numpys_indexing(seed):
    rng = np.random.default_rng(seed)
    for _ in range(300):
        shape = tuple(int(n) for n in rng.integers(1, 6, rng.integers(1, 4)))
        base = np.arange(math.prod(shape))
        numpy_key = random_key(rng, shape)
        key = tuple(Slice(k.start, k.stop, k.step) if isinstance(k, slice) else k for k in numpy_key)
        try:
            expected = base.reshape(shape)[numpy_key]
        except IndexError:  # the ellipsis moved a number to a shorter axis
            continue
        view = indexed(View(0, shape, contiguous(shape)), key)
        assert view.shape == expected.shape, (shape, key)
        assert np.array_equal(elements(view, base), expected), (shape, key)


def test_gates_that_only_look_are_views_and_others_are_not():
    x = View(3, (2, 3), (3, 1))
    f32 = np.dtype(np.float32)
    turned = view_of(PermuteDims((1, 0)), x, Spec((3, 2), f32))
    assert turned == View(3, (3, 2), (1, 3)) and not turned.whole and x.whole
    assert view_of(Reshape((6,)), turned, Spec((6,), f32)) is None
    assert view_of(Reshape((6,)), x, Spec((6,), f32)) == View(3, (6,), (1,))
    assert view_of(BroadcastTo((4, 2, 3)), x, Spec((4, 2, 3), f32)) == View(3, (4, 2, 3), (0, 3, 1))
    assert view_of(Index((-1, Slice(None, None, -1))), x, Spec((3,), f32)) == View(3, (3,), (-1,), 5)
    assert view_of(Index((Given(),)), x, Spec((4, 3), f32)) is None
    assert view_of(Negative(), x, Spec((2, 3), f32)) is None
    assert is_basic((1, None, Ellipsis)) and not is_basic((1, Given()))


def test_an_axis_of_size_one_stretches():
    assert View(0, (3, 1), (1, 9)).stretched((2, 3, 4)) == (0, 1, 0)
    assert View(0, (), ()).stretched((2,)) == (0,)
    assert View(0, (1, 2), (7, 1)).stretched((1, 2)) == (7, 1)


@pytest.mark.parametrize("seed", range(3))
def test_collapsed_loops_meet_the_same_elements(seed):
    rng = np.random.default_rng(seed)
    for _ in range(100):
        shape = tuple(int(n) for n in rng.choice([1, 2, 3, 4], rng.integers(1, 5)))
        arrays = [contiguous(shape)]
        for _ in range(2):
            own = tuple(1 if rng.random() < 0.4 else n for n in shape)
            arrays.append(View(0, own, contiguous(own)).stretched(shape))
        reduced = tuple(a for a in range(len(shape)) if rng.random() < 0.3)
        axes = collapsed(shape, arrays, reduced)
        assert math.prod(a.size for a in axes) == math.prod(shape)
        assert all(a.size > 1 for a in axes)
        for number, strides in enumerate(arrays):
            before = elements(View(0, shape, strides), np.arange(9999)).ravel()
            loops = View(0, tuple(a.size for a in axes), tuple(a.strides[number] for a in axes))
            assert np.array_equal(before, elements(loops, np.arange(9999)).ravel())
        kept = math.prod(n for a, n in enumerate(shape) if a not in reduced)
        assert math.prod(a.size for a in axes if not a.reduced) == kept


def test_how_many_different_elements_there_are():
    rng = np.random.default_rng(1)
    for _ in range(100):
        x = random_array(rng)
        strides = tuple(s // x.itemsize for s in x.strides)
        assert View(0, x.shape, strides).there == len(np.unique(x)), (x.shape, strides)
    assert View(0, (3, 0), (0, 0)).there == 0
