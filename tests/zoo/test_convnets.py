"""LeNet-5, the small ConvNet, AlexNet, VGG-16: shapes, costs, forward passes, PyTorch's losses."""

import numpy as np
import pytest

from chainrule import nn, no_grad, zoo
from chainrule.errors import ShapeError
from chainrule.random import Generator

from ..nn.layers import noise
from . import peers
from .peers import learn_alike


def rows(model, shape):
    return {row.path: row.output for row in nn.summary(model, shape).rows}


def test_lenet5_stage_by_stage():
    outputs = rows(zoo.lenet5(), (1, 28, 28))
    assert [
        outputs[name] for name in ("conv1", "pool1", "conv2", "pool2", "linear1", "linear2", "linear3")
    ] == [
        (6, 28, 28),
        (6, 14, 14),
        (16, 10, 10),
        (16, 5, 5),
        (120,),
        (84,),
        (10,),
    ]
    assert rows(zoo.lenet5((1, 32, 32)), (1, 32, 32))["conv1"] == (6, 28, 28)


def test_convnet_stage_by_stage():
    outputs = rows(zoo.convnet((3, 32, 32)), (3, 32, 32))
    assert [outputs[f"conv{k}"][0] for k in (1, 2, 3, 4)] == [32, 32, 64, 64]
    assert outputs["flatten1"] == (64 * 8 * 8,)
    assert [outputs[f"pool{k}"] for k in (1, 2)] == [(32, 16, 16), (64, 8, 8)]


def test_alexnet_costs():
    with nn.init.hollow():
        told = nn.summary(zoo.alexnet(), (3, 227, 227))
        plain = zoo.alexnet(normalize=False)
    assert (told.parameters, told.multiply_adds) == (60_965_224, 724_406_816)
    assert not any(isinstance(module, nn.LocalResponseNorm) for module in plain.modules())


def test_vgg16_costs():
    with nn.init.hollow():
        told = nn.summary(zoo.vgg16(), (3, 224, 224))
    assert told.parameters == 138_357_544
    assert told.multiply_adds == 15_470_264_320
    assert [row.output for row in told.rows if row.layer == "MaxPool2d"] == [
        (64, 112, 112),
        (128, 56, 56),
        (256, 28, 28),
        (512, 14, 14),
        (512, 7, 7),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shape"), [("alexnet", (3, 227, 227)), ("vgg16", (3, 224, 224))])
def test_one_real_forward_pass(name, shape):
    model = zoo.build(name, rng=Generator(0)).eval()
    with no_grad():
        scores = model(noise((1, *shape))).numpy()
    assert scores.shape == (1, 1000)
    assert np.isfinite(scores).all()
    assert scores.std() > 0.1


def test_pictures_too_small():
    with pytest.raises(ShapeError, match="^pool3: max_pool2d"):
        zoo.alexnet((3, 47, 47))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_convnet_learns_as_pytorch_does(dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    shape = (3, 16, 12)
    learn_alike(
        torch, zoo.convnet(shape, rng=Generator(0)), peers.convnet(torch, 3, 64 * 4 * 3), shape, dtype
    )
