"""Weighted sums along an axis in a compiled step: one kernel for each axis, in the order in which pictures lie."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor

from . import steps


@pytest.mark.parametrize("channels", [2, 17])
def test_pictures_stay_as_a_convolution_made_them(channels):
    """Two convolutions with an upsampling between: nothing is turned."""
    rng = np.random.default_rng(0)
    x, w, v = (
        Tensor(rng.normal(size=shape).astype("float32"))
        for shape in ((2, 16, 6, 5), (channels, 16, 3, 3), (3, channels, 3, 3))
    )

    def step(x, w, v):
        return cr.conv2d(cr.upsample(cr.relu(cr.conv2d(x, w)), scale_factor=2, mode="bilinear"), v)

    compiled = cr.compile(step, fallback="error")
    assert np.allclose(compiled(x, w, v).numpy(), step(x, w, v).numpy(), 1e-5, 1e-5)
    names = [task.name for task, _, _ in compiled.plan(x, w, v).rows]
    at = [n for n, name in enumerate(names) if name == "resample"]
    assert len(at) == 2 and at[1] == at[0] + 1


def test_no_pictures_and_views():
    compiled = cr.compile(
        lambda x: cr.upsample(cr.permute_dims(x, (0, 1, 3, 2)), size=(4, 3)), fallback="error"
    )
    assert compiled(np.zeros((0, 1, 3, 2), "float32")).shape == (0, 1, 4, 3)
    x = np.random.default_rng(0).normal(size=(2, 1, 3, 2)).astype("float32")
    assert np.array_equal(compiled(x).numpy(), cr.upsample(x.swapaxes(2, 3), size=(4, 3)))


def test_an_axis_that_stays_needs_no_pass():
    made = steps.arranged(lambda x: cr.upsample(x, scale_factor=(2, 1)), np.ones((1, 1, 3, 3), "f4"))
    assert steps.labels(made) == [["resample"]]
