"""Convolution against PyTorch, by hand, and with filters that do not fit."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, SettingError, ShapeError
from chainrule.ops import conv
from chainrule.ops.conv import Conv2d

from .peers import agrees_with_torch, functional, refused

SETTINGS = [
    {},
    {"stride": (2, 1), "padding": (1, 2)},
    {"dilation": (1, 2), "padding": 1},
    {"groups": 2, "stride": 3},
    {"groups": 4, "padding": (2, 0), "dilation": (2, 1), "stride": (1, 2)},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_conv2d_is_that_of_torch(settings):
    f, groups = functional(), settings.get("groups", 1)
    agrees_with_torch(
        lambda x, w, b: cr.conv2d(x, w, b, **settings),
        lambda x, w, b: f.conv2d(x, w, b, **settings),
        (2, 4, 7, 6),
        (8, 4 // groups, 3, 2),
        (8,),
    )


def test_a_filter_of_ones_sums():
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    assert cr.conv2d(x, np.ones((1, 1, 2, 2))).tolist() == [[[[8, 12], [20, 24]]]]


def test_the_size_of_the_notes():
    x, w = np.zeros((1, 3, 32, 32), "float32"), np.zeros((10, 3, 5, 5), "float32")
    assert cr.conv2d(x, w, padding=2).shape == (1, 10, 32, 32)
    gate = Conv2d(padding=(2, 2))
    specs = (Tensor(x).spec, Tensor(w).spec)
    assert gate.arithmetic(*specs) == "(32+2·2−5)/1+1 = 32"
    assert gate.multiply_adds(*specs) == 10 * 32 * 32 * 75


def test_pictures_in_chunks_give_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    x, w = (
        Tensor(rng.normal(size=(5, 2, 6, 6)), requires_grad=True),
        Tensor(rng.normal(size=(3, 2, 3, 3)), requires_grad=True),
    )

    def run():
        x.grad = w.grad = None
        out = cr.conv2d(x, w, padding=1)
        (out * out).sum().backward()
        return out.numpy(), x.grad.numpy(), w.grad.numpy()

    whole = run()
    monkeypatch.setattr(conv, "CACHE", 1)
    assert all(np.allclose(a, b) for a, b in zip(run(), whole, strict=True))


X, W = np.ones((1, 4, 5, 5), "float32"), np.ones((2, 4, 3, 3), "float32")


@pytest.mark.parametrize(
    ("kind", "call", "parts"),
    [
        (ShapeError, lambda: cr.conv2d(X[0], W), ("4 axes (N, C, H, W)", "reshape")),
        (ShapeError, lambda: cr.conv2d(X, W[0]), ("w f32[4,3,3]", "(F, C/groups, KH, KW)")),
        (
            ShapeError,
            lambda: cr.conv2d(X[:, :1], W),
            ("x has 1 channels", "filters (F, 1, 3, 3), as of Conv2d(1, …)"),
        ),
        (ShapeError, lambda: cr.conv2d(X[:, :, :2], W), ("(2+2·0−3)/1+1 = 0", "a window of at most 2")),
        (ShapeError, lambda: cr.conv2d(X, W, dilation=3), ("a window of 7 over 5 pixels",)),
        (ShapeError, lambda: cr.conv2d(X, W[:0]), ("each at least 1",)),
        (ShapeError, lambda: cr.conv2d(X, W, np.ones(1, "float32")), ("b of shape (1,)", "shape (2,)")),
        (SettingError, lambda: cr.conv2d(X, W, stride=0), ("stride 0", "≥ 1")),
        (SettingError, lambda: cr.conv2d(X, W, padding=-1), ("padding -1", "≥ 0")),
        (SettingError, lambda: cr.conv2d(X, W, stride=1.5), ("stride 1.5",)),
        (SettingError, lambda: cr.conv2d(X, W, groups=0), ("groups 0",)),
        (SettingError, lambda: cr.conv2d(X, W, groups=3), ("3 groups for 4 channels and 2 filters",)),
        (DTypeError, lambda: cr.conv2d(X.astype("uint8"), W), ("x u8[1,4,5,5]", "astype")),
        (DTypeError, lambda: cr.conv2d(X, W.astype("float64")), ("one dtype",)),
    ],
)
def test_what_does_not_fit(kind, call, parts):
    refused(kind, call, "conv2d", *parts)


def test_a_bias_of_another_width_is_refused():
    refused(DTypeError, lambda: cr.conv2d(X, W, np.ones(2)), "add", "one dtype")


def test_channels_that_come_last_are_told():
    with pytest.raises(ShapeError, match=r"permute_dims\(x, \(0, 3, 1, 2\)\)"):
        cr.conv2d(np.ones((2, 9, 8, 3), "float32"), np.ones((4, 3, 3, 3), "float32"))
