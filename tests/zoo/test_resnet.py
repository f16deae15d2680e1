"""ResNet-20: its blocks, and the same losses as PyTorch."""

import numpy as np
import pytest

from chainrule import nn, ops, zoo
from chainrule.random import Generator
from chainrule.zoo.resnet import Block

from ..nn.layers import noise
from . import peers


@pytest.mark.parametrize(("channels", "stride"), [(4, 1), (2, 1), (4, 2)])
def test_a_shortcut_is_a_convolution_only_where_the_shape_changes(channels, stride):
    block = Block(channels, 4, stride, Generator(0)).eval()
    assert len(block.shortcut) == (0 if (channels, stride) == (4, 1) else 2)
    x = noise((2, channels, 6, 6))
    h = ops.relu(block.bn1(block.conv1(x)))
    expected = ops.relu(block.bn2(block.conv2(h)) + block.shortcut(x))
    assert np.array_equal(block(x), expected)
    assert block(x).shape == (2, 4, 6 // stride, 6 // stride)


def test_twenty_layers_with_weights_and_two_shortcuts():
    model = zoo.resnet20()
    convs = [name for name, module in model.named_modules() if isinstance(module, nn.Conv2d)]
    assert len([name for name in convs if "shortcut" not in name]) + 1 == 20
    assert [name for name in convs if "shortcut" in name] == ["stages.3.shortcut.0", "stages.6.shortcut.0"]
    outputs = {row.path: row.output for row in nn.summary(model, (3, 32, 32)).rows}
    assert [outputs[f"stages.{k}.conv2"] for k in (2, 5, 8)] == [(16, 32, 32), (32, 16, 16), (64, 8, 8)]


def test_a_block_that_adds_its_shortcut_stands_after_its_parts():
    paths = [row.path for row in nn.summary(zoo.resnet20(), (3, 32, 32)).rows]
    parts = [path for path in paths if path == "stages.3" or path.startswith("stages.3.")]
    shortcut = ["stages.3.shortcut.0", "stages.3.shortcut.1"]
    assert parts == [
        *(f"stages.3.{name}" for name in ("conv1", "bn1", "conv2", "bn2")),
        *shortcut,
        "stages.3",
    ]


def test_pictures_of_any_size():
    model = zoo.resnet20((1, 9, 13), 4).eval()
    assert model(noise((2, 1, 9, 13))).shape == (2, 4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_resnet20_learns_as_pytorch_does(dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    ours, theirs = zoo.resnet20(rng=Generator(0)), peers.resnet20(torch, 3)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    size = 16 if dtype == "float32" else 8
    peers.learn_alike(torch, ours, theirs, (3, size, size), dtype)
