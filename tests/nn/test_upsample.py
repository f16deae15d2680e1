"""Layers that make larger pictures."""

import numpy as np
import pytest

from chainrule import nn

from .layers import Layer, check_layer, noise
from .twins import agrees

ROWS = {
    "nearest": Layer(lambda rng: nn.Upsample(scale_factor=2), (2, 3, 4, 5), (2, 3, 8, 10)),
    "bilinear": Layer(lambda rng: nn.Upsample((7, 9), mode="bilinear"), (2, 3, 4, 5), (2, 3, 7, 9)),
    "shuffled": Layer(lambda rng: nn.PixelShuffle(2), (2, 8, 3, 4), (2, 2, 6, 8)),
    "unshuffled": Layer(lambda rng: nn.PixelUnshuffle(3), (2, 2, 6, 9), (2, 18, 2, 3)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


@pytest.mark.parametrize(
    "settings",
    [
        {"scale_factor": 2},
        {"scale_factor": (1.5, 3)},
        {"size": (3, 11)},
        {"scale_factor": 2, "mode": "bilinear"},
        {"size": (7, 9), "mode": "bilinear", "align_corners": True},
    ],
    ids=str,
)
def test_upsample_is_that_of_torch(settings):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees(torch, nn.Upsample(**settings), torch.nn.Upsample(**settings), (2, 3, 5, 6))


def test_shuffles_are_those_of_torch():
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees(torch, nn.PixelShuffle(2), torch.nn.PixelShuffle(2), (2, 12, 3, 4))
    agrees(torch, nn.PixelUnshuffle(2), torch.nn.PixelUnshuffle(2), (2, 3, 4, 6))


def test_one_shuffle_undoes_the_other():
    x = noise((2, 8, 3, 4))
    assert np.array_equal(nn.PixelUnshuffle(2)(nn.PixelShuffle(2)(x)), x)


def test_printed_form():
    assert repr(nn.Upsample((3, 4), mode="bilinear", align_corners=True)) == (
        "Upsample(size=(3, 4), mode='bilinear', align_corners=True)"
    )
    assert repr(nn.PixelShuffle(2)) == "PixelShuffle(upscale_factor=2)"
    assert repr(nn.PixelUnshuffle(3)) == "PixelUnshuffle(downscale_factor=3)"
