"""Pooling against PyTorch, with borders and overlapping windows, ties and NaN."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, SettingError, ShapeError

from .compiled import compiles_natively, normal
from .peers import agrees_with_torch, refused

SETTINGS = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2},
    {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 1)},
    {"kernel_size": (2, 3), "stride": 3, "padding": (1, 0)},
    {"kernel_size": 1},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_pooling_is_that_of_torch(name, settings):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    ours, theirs = getattr(cr, name), getattr(torch.nn.functional, name)
    agrees_with_torch(lambda x: ours(x, **settings), lambda x: theirs(x, **settings), (2, 3, 7, 6))


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_cut_windows_borders_and_indices_are_those_of_torch(size, stride, ceil_mode):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    f = torch.nn.functional
    for padding in range(size // 2 + 1):
        settings = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
        for high in (3, 4, 5, 6):
            for border in ({}, {"count_include_pad": False}):
                agrees_with_torch(
                    lambda x, s=settings | border: cr.avg_pool2d(x, size, **s),
                    lambda x, s=settings | border: f.avg_pool2d(x, size, **s),
                    (1, 2, high, 7),
                )
            x = np.random.default_rng(high).normal(size=(2, 2, high, 7))
            for more in ({}, {"dilation": (1, 2)}):
                ours = cr.max_pool2d(x, size, return_indices=True, **settings, **more)
                theirs = f.max_pool2d(torch.tensor(x), size, return_indices=True, **settings, **more)
                assert all(np.array_equal(a, b.numpy()) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1, "ceil_mode": True}], ids=str)
def test_they_compile(settings):
    compiles_natively(lambda x: cr.max_pool2d(x, 3, dilation=2, **settings), normal(2, 3, 6, 8))
    compiles_natively(lambda x: cr.avg_pool2d(x, 3, count_include_pad=False, **settings), normal(2, 3, 6, 8))


def test_the_picture_of_the_notes():
    x = np.array([[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4.0]])[None, None]
    assert cr.max_pool2d(x, 2)[0, 0].tolist() == [[6, 8], [3, 4]]
    assert cr.avg_pool2d(x, 2)[0, 0].tolist() == [[3.25, 5.25], [2, 2]]


def test_the_first_winner_gets_the_gradient():
    x = Tensor(np.ones((1, 1, 2, 2), "float32"), requires_grad=True)
    cr.max_pool2d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[[1, 0], [0, 0]]]]


@pytest.mark.parametrize("place", range(4))
def test_nan_is_not_hidden(place):
    x = np.arange(4.0)
    x[place] = np.nan
    assert np.isnan(cr.max_pool2d(x.reshape(1, 1, 2, 2), 2)).all()


def test_a_border_never_wins():
    x = -np.ones((1, 1, 2, 2))
    assert (cr.max_pool2d(x, 2, stride=1, padding=1) == -1).all()


X = np.ones((1, 1, 3, 4), "float32")


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize(
    ("kind", "x", "settings", "parts"),
    [
        (ShapeError, X, {"kernel_size": 4}, ("a window of 4 over 3 pixels: (3+2·0−4)/4+1 = 0", "at most 3")),
        (ShapeError, X[0], {"kernel_size": 2}, ("4 axes (N, C, H, W)",)),
        (SettingError, X, {"kernel_size": 2, "padding": 2}, ("padding (2, 2)", "at most half")),
        (SettingError, X, {"kernel_size": 0}, ("kernel_size 0",)),
        (SettingError, X, {"kernel_size": 2, "stride": 0}, ("stride 0",)),
        (DTypeError, X.astype(int), {"kernel_size": 2}, ("float32 or float64",)),
    ],
)
def test_what_does_not_fit(name, kind, x, settings, parts):
    refused(kind, lambda: getattr(cr, name)(x, **settings), name, *parts)
