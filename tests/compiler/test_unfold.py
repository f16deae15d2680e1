"""Windows as columns in a compiled step: one kernel each way, beside whatever lies around."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.unfold import sizes
from chainrule.ops.window import Window


def test_sizes_are_told_axis_by_axis():
    window = Window((3, 2), (2, 1), (1, 0), (1, 2))
    assert sizes(window, (4, 5, 9, 8), "unfold") == [9, 5, 3, 2, 1, 1, 8, 6, 2, 1, 0, 2]


@pytest.mark.parametrize("turn", [(0, 1, 2, 3), (0, 2, 3, 1)], ids=["as it lies", "turned"])
def test_both_ways_are_kernels(turn):
    """Of pictures that lie in another order too."""
    x = Tensor(np.random.default_rng(0).normal(size=(2, 5, 6, 4)).astype("float32"), requires_grad=True)

    def step(x):
        columns = cr.unfold(cr.permute_dims(x * 2.0, turn), (2, 3), stride=(2, 1), padding=(0, 1))
        return cr.grad(lambda c: (c * c).sum())(columns), columns

    compiled = cr.compile(step, fallback="error")
    for made, plain in zip(compiled(x), step(x), strict=True):
        assert np.allclose(made.numpy(), plain.numpy(), 1e-6)
    names = [task.name for task, _, _ in compiled.plan(x).rows]
    assert "unfold" in names


def test_no_pictures():
    compiled = cr.compile(lambda x: cr.fold(cr.unfold(x, 2), 3, 2), fallback="error")
    assert compiled(np.zeros((0, 1, 3, 3), "float32")).shape == (0, 1, 3, 3)
    assert compiled(np.ones((1, 1, 3, 3), "float32")).tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]
