"""Copies that exchange axes go by kernels that turn squares; all others by loops."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.plan import Plan
from chainrule.kernels.turning import Interleave, Turn

from .steps import arranged


def numbers(*shape):
    return np.arange(np.prod(shape), dtype="f4").reshape(shape)


def copied(x, axes):
    """What a compiled step makes of a value with its axes exchanged, and the kernels of its plan."""
    step = lambda x: cr.permute_dims(x, axes)  # noqa: E731
    kernels = [row.task.kernel for row in Plan(arranged(step, Tensor(x))).rows]
    return cr.compile(step, fallback="error")(x).data, kernels


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((33, 40), (1, 0)),
        ((2, 17, 9, 20), (0, 3, 1, 2)),
        ((3, 16, 5, 8), (0, 2, 3, 1)),
        ((8, 9, 10), (2, 1, 0)),
    ],
    ids=str,
)
def test_squares_are_turned(shape, axes):
    made, kernels = copied(numbers(*shape), axes)
    assert (made == numbers(*shape).transpose(axes)).all()
    assert [type(kernel) for kernel in kernels] == [Turn]


@pytest.mark.parametrize(("shape", "axes"), [((3, 50), (1, 0)), ((2, 3, 7, 9), (0, 2, 3, 1))], ids=str)
def test_few_lines_are_interleaved(shape, axes):
    made, kernels = copied(numbers(*shape), axes)
    assert (made == numbers(*shape).transpose(axes)).all()
    assert [type(kernel) for kernel in kernels] == [Interleave]


@pytest.mark.parametrize(
    ("x", "axes"),
    [(numbers(6, 50), (1, 0)), (numbers(20, 30, 40), (1, 0, 2)), (numbers(40, 40) > 3, (1, 0))],
    ids=["few lines", "neighbours stay neighbours", "masks"],
)
def test_other_copies_are_loops(x, axes):
    made, kernels = copied(x, axes)
    assert (made == x.transpose(axes)).all()
    assert not any(isinstance(kernel, Turn | Interleave) for kernel in kernels)


def test_any_number_of_threads_gives_the_same_numbers():
    x = numbers(300, 517)
    step = cr.compile(lambda x: cr.permute_dims(x, (1, 0)), fallback="error")
    for threads in (1, 2, 3):
        cr.set_threads(threads)
        try:
            assert (step(x).data == x.T).all()
        finally:
            cr.set_threads(None)
