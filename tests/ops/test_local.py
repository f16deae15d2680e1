"""Filters of their own at every place: against loops, and against convolution where they are all the same."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor

from .compiled import compiles_natively, normal

SETTINGS = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}


def test_every_place_has_its_filters():
    x, w, b = normal(2, 3, 6, 5), normal(3, 3, 4, 3, 3, 2), normal(4, 3, 3)
    out = cr.locally_connected2d(x, w, b, **SETTINGS)
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 0)))
    assert out.shape == (2, 4, 3, 3)
    for i, j in np.ndindex(3, 3):
        seen = wide[:, None, :, 2 * i : 2 * i + 3, j : j + 3 : 2]
        assert np.allclose(out[:, :, i, j], (seen * w[i, j]).sum((2, 3, 4)) + b[:, i, j], atol=1e-5)


def test_gradients_are_those_of_convolution_summed_over_places():
    x, w = (Tensor(normal(*s).astype("float64"), requires_grad=True) for s in ((2, 3, 6, 5), (4, 3, 3, 2)))
    wide = Tensor(np.broadcast_to(w.numpy(), (3, 3, *w.shape)).copy(), requires_grad=True)
    upstream = Tensor(normal(2, 4, 3, 3).astype("float64"))
    cr.conv2d(x, w, **SETTINGS).backward(upstream)
    right = x.grad.numpy()
    x.grad = None
    cr.locally_connected2d(x, wide, **SETTINGS).backward(upstream)
    assert np.allclose(x.grad.numpy(), right)
    assert np.allclose(wide.grad.numpy().sum((0, 1)), w.grad.numpy())


@pytest.mark.parametrize("settings", [{}, SETTINGS], ids=str)
def test_it_compiles(settings):
    places = cr.conv2d(np.ones((1, 1, 6, 5)), np.ones((1, 1, 3, 2)), **settings).shape[2:]
    compiles_natively(
        lambda x, w, b: cr.locally_connected2d(x, w, b, **settings),
        *(normal(2, 3, 6, 5), normal(*places, 4, 3, 3, 2), normal(4, *places)),
    )
