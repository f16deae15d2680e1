"""Which way the vector of an indexing kernel runs, and how it is shared out."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.indexing import around_axis, fitting
from chainrule.kernels.indexing import Add, AddEach, Largest, LargestOfRow, Take

RNG = np.random.default_rng(0)


def kernels(step, *inputs):
    """The indexing kernels of a step, which computes what it should."""
    compiled = cr.compile(step, fallback="error")
    for made, plain in zip(compiled(*inputs), step(*inputs), strict=True):
        np.testing.assert_allclose(np.asarray(made), np.asarray(plain), rtol=1e-5, atol=1e-5)
    rows = compiled.plan(*inputs).rows
    return [t for t, _, _ in rows if isinstance(t.kernel, Take | Add | AddEach | Largest | LargestOfRow)]


def slopes(key, *shape):
    x = Tensor(RNG.normal(size=shape).astype("float32"), requires_grad=True)

    def step(x):
        taken = x[key]
        return [taken, cr.graph.gradients((taken * taken).sum(), [x])[0]]

    return kernels(step, x)


def numbers(size, *shape):
    return np.random.default_rng(1).integers(0, size, shape)


@pytest.mark.parametrize(
    ("shape", "key", "across", "back"),
    [
        ((8, 64), (numbers(8, 5),), False, Add),
        ((8, 70_000), (numbers(8, 1),), True, Add),
        ((500,), (numbers(500, 70_000),), True, AddEach),
        ((20, 30), (numbers(20, 700), numbers(30, 700)), False, AddEach),
        ((300, 400), (slice(None), numbers(400, 3)), False, Add),
    ],
)
def test_the_way_of_the_vector(shape, key, across, back):
    there, added = slopes(key, *shape)
    assert type(there.kernel) is Take and there.kernel.across == across
    assert type(added.kernel) is back
    assert (added.pieces > 1) == (back is Add and across)


def test_along_an_axis_with_one_number_for_each_row():
    """As a label picks a score: the vector runs over the rows, there and back."""
    labels = numbers(10, 5000, 1)

    def step(x):
        taken = cr.take_along_axis(x, labels, axis=1)
        return [taken, cr.graph.gradients((taken * taken).sum(), [x])[0]]

    x = Tensor(RNG.normal(size=(5000, 10)).astype("float32"), requires_grad=True)
    there, back = kernels(step, x)
    assert there.arguments[1:4] == [1, 1, 5000] and back.arguments[1:4] == [1, 1, 5000]


@pytest.mark.parametrize(("high", "count", "width"), [(1, 1, 1), (3, 1, 1), (3, 5, 1), (5, 3, 1), (2, 3, 4)])
def test_every_space_along_an_axis(high, count, width):
    indices = numbers(6, high, count, width)

    def step(x):
        taken = cr.take_along_axis(x, indices, axis=1)
        return [taken, cr.graph.gradients((taken * taken).sum(), [x])[0]]

    assert len(kernels(step, Tensor(RNG.normal(size=(high, 6, width)), requires_grad=True))) == 2


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_the_winner_has_one_kernel_for_both(name):
    x = RNG.normal(size=(6, 7)).astype("float32")
    for axis in (0, 1):
        (task,) = kernels(lambda x, axis=axis: [getattr(cr, name)(x, axis=axis)], x)
        assert type(task.kernel) is Largest and task.kernel.smallest == (name == "argmin")
    for long in (RNG.normal(size=(6, 32)), RNG.normal(size=40)):
        (task,) = kernels(lambda x: [getattr(cr, name)(x, axis=-1)], long)
        assert type(task.kernel) is LargestOfRow and task.kernel.smallest == (name == "argmin")
    (task,) = kernels(lambda x: [getattr(cr, name)(x.T, axis=-1)], RNG.normal(size=(40, 5)))
    assert type(task.kernel) is LargestOfRow  # of a copy


def test_shapes_and_strides():
    assert around_axis((2, 3, 4), 0) == (1, 2, 12)
    assert fitting((5, 2, 1)) == (5, 2) and fitting((5, 2, 0)) == (5, 2) and fitting((5, 2, 3)) == (5, 2, 3)
