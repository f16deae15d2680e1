"""Running totals in a compiled step: which kernel, and how it is shared out."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.kernels.scan import ScanColumns, ScanRows

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "axis", "kernel", "pieces"),
    [
        ((50,), 0, ScanRows(np.dtype("f4")), 1),
        ((200_000,), 0, ScanRows(np.dtype("f4")), 1),
        ((300, 400), 1, ScanRows(np.dtype("f4")), 8),
        ((300, 400), 0, ScanColumns(np.dtype("f4"), False, True), 8),
        ((300, 20, 20), 1, ScanColumns(np.dtype("f4")), 8),
    ],
)
def test_the_kernel(shape, axis, kernel, pieces):
    x = RNG.normal(size=shape).astype("float32")
    step = cr.compile(lambda x: cr.cumulative_sum(x, axis=axis), fallback="error")
    np.testing.assert_allclose(step(x), np.cumsum(x, axis), rtol=1e-3, atol=1e-2)
    ((task, _, _),) = step.plan(x).rows
    assert (task.name, task.kernel, task.pieces) == ("scan", kernel, pieces)


def test_views_are_copied_and_nothing_is_nothing():
    x = RNG.normal(size=(3, 4, 5)).astype("float32")
    step = cr.compile(lambda x: cr.cumulative_sum(cr.permute_dims(x, (2, 0, 1)), axis=1), fallback="error")
    np.testing.assert_allclose(step(x), np.cumsum(x.transpose(2, 0, 1), 1), rtol=1e-5, atol=1e-5)
    assert step(x[:0]).shape == (5, 0, 4)
