"""The summary: output sizes, parameters and multiply-adds as sums one can read."""

import numpy as np
import pytest

from chainrule import nn, ops, zoo
from chainrule.errors import SettingError, ShapeError
from chainrule.nn.summary import readable_bytes
from chainrule.random import Generator


def test_the_example_of_the_notes():
    row = nn.summary(nn.Conv2d(3, 10, 5, stride=1, padding=2), (3, 32, 32)).rows[0]
    assert row.size_sum == "(32+2·2−5)/1+1 = 32"
    assert (row.parameter_sum, row.parameters) == ("10·(5·5·3+1)", 760)
    assert row.output == (10, 32, 32)
    assert row.multiply_adds == 10 * 32 * 32 * 5 * 5 * 3
    assert row.bytes == 4 * 10 * 32 * 32


def test_the_example_of_the_notes_as_printed():
    told = nn.summary(nn.Sequential({"conv": nn.Conv2d(3, 10, 5, padding=2)}), (3, 32, 32), name="example")
    assert str(told).splitlines() == [
        "example on 3×32×32",
        "layer          output    output size          parameters          multiply-adds    memory",
        "─────────────────────────────────────────────────────────────────────────────────────────",
        "conv (Conv2d)  10×32×32  (32+2·2−5)/1+1 = 32  10·(5·5·3+1) = 760        768,000  40.0 KiB",
        "760 parameters (3.0 KiB), 768,000 multiply-adds and 40.0 KiB of outputs for one picture",
    ]


def test_different_height_and_width():
    row = nn.summary(nn.Conv2d(1, 2, (3, 5), (1, 2)), (1, 9, 12)).rows[0]
    assert row.output == (2, 7, 4)
    assert row.size_sum == "(9+2·0−3)/1+1 = 7, (12+2·0−5)/2+1 = 4"


ALEXNET = {  # Krizhevsky et al. 2012, figure 2: output, parameters, multiply-adds
    "conv1": ((96, 55, 55), 34_944, 105_415_200),
    "norm1": ((96, 55, 55), 0, None),
    "pool1": ((96, 27, 27), 0, None),
    "conv2": ((256, 27, 27), 307_456, 223_948_800),
    "pool2": ((256, 13, 13), 0, None),
    "conv3": ((384, 13, 13), 885_120, 149_520_384),
    "conv4": ((384, 13, 13), 663_936, 112_140_288),
    "conv5": ((256, 13, 13), 442_624, 74_760_192),
    "pool3": ((256, 6, 6), 0, None),
    "flatten1": ((9216,), 0, None),
    "dropout1": ((9216,), 0, None),
    "linear1": ((4096,), 37_752_832, 37_748_736),
    "linear2": ((4096,), 16_781_312, 16_777_216),
    "linear3": ((1000,), 4_097_000, 4_096_000),
}


@pytest.fixture(scope="module")
def alexnet():
    with nn.init.hollow():
        return nn.summary(zoo.alexnet(), (3, 227, 227), name="alexnet")


@pytest.mark.parametrize("layer", ALEXNET)
def test_alexnet_layer_by_layer(alexnet, layer):
    row = next(row for row in alexnet.rows if row.path == layer)
    output, parameters, multiply_adds = ALEXNET[layer]
    assert (row.output, row.parameters) == (output, parameters)
    assert row.bytes == (0 if row.layer == "Dropout" else 4 * np.prod(output))
    assert multiply_adds is None or row.multiply_adds == multiply_adds


def test_alexnet_in_sums(alexnet):
    assert alexnet.parameters == sum(row.parameters for row in alexnet.rows) == 60_965_224
    assert alexnet.multiply_adds == sum(row.multiply_adds for row in alexnet.rows) == 724_406_816
    assert alexnet.bytes == sum(row.bytes for row in alexnet.rows)
    sums = {row.path: (row.size_sum, row.parameter_sum) for row in alexnet.rows}
    assert sums["conv1"] == ("(227+2·0−11)/4+1 = 55", "96·(11·11·3+1)")
    assert sums["conv2"] == ("(27+2·2−5)/1+1 = 27", "256·(5·5·48+1)")
    assert sums["pool3"] == ("(13+2·0−3)/2+1 = 6", "")
    assert sums["linear1"] == ("", "4096·(9216+1)")


def test_rows_stand_in_the_order_in_which_a_picture_meets_the_layers(alexnet):
    paths = [row.path for row in alexnet.rows]
    assert paths[:4] == ["conv1", "relu1", "norm1", "pool1"]
    assert paths[-7:] == ["dropout1", "linear1", "relu6", "dropout2", "linear2", "relu7", "linear3"]


class Residual(nn.Module):
    def __init__(self):
        self.conv = nn.Conv2d(2, 2, 3, padding=1, rng=Generator(0))
        self.scale = nn.Parameter(np.ones(1, "float32"))

    def forward(self, x):
        return ops.relu(self.conv(self.conv(x)) + x) * self.scale


def test_a_block_with_a_shortcut_a_shared_layer_and_weights_of_its_own():
    told = nn.summary(Residual(), (2, 5, 5))
    assert [(row.path, row.layer) for row in told.rows] == [("conv", "Conv2d"), ("", "Residual")]
    assert told.parameters == sum(row.parameters for row in told.rows) == 2 * (2 * 9 + 1) + 1
    assert told.multiply_adds == 2 * (2 * 25 * 9 * 2)


def test_nothing_is_computed_and_nothing_changes():
    model = nn.Sequential(nn.BatchNorm2d(2), nn.Dropout(0.5))
    told = nn.summary(model, (2, 5, 5))
    assert model.training
    assert model[0].num_batches_tracked.item() == model[1].counter.item() == 0
    assert [row.layer for row in told.rows] == ["BatchNorm2d", "Dropout"]


def test_a_picture_that_does_not_fit():
    with pytest.raises(ShapeError, match=r"^pool1: max_pool2d: .* = 0; expected at least 1"):
        nn.summary(zoo.lenet5(), (1, 1, 1))
    model = nn.Sequential(nn.MaxPool2d(3))
    with pytest.raises(ShapeError):
        nn.summary(model, (1, 2, 2))
    assert model.training


def test_output_shape():
    assert nn.output_shape(
        nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.MaxPool2d(2), nn.Flatten()), (3, 17, 21)
    ) == (160,)


def test_bytes_for_people():
    assert [readable_bytes(n) for n in (0, 1023, 1024, 3 * 2**20, 5 * 2**30)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "3.0 MiB",
        "5.0 GiB",
    ]


@pytest.mark.parametrize("function", [nn.summary, nn.output_shape])
def test_who_refuses_what_is_no_model_or_no_shape(function):
    for call in (lambda: function(None, (3, 8, 8)), lambda: function(nn.ReLU(), "3×8×8")):
        with pytest.raises(SettingError) as caught:
            call()
        assert caught.value.who == function.__name__
