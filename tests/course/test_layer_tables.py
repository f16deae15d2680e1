"""LeNet-5, AlexNet and VGG-16 layer by layer, as the course tabulates them."""

import math

import pytest

from chainrule import nn, zoo


@pytest.fixture(scope="module")
def tables():
    """The summary of each network, whose weights are never made."""
    names = ("lenet5", "alexnet", "vgg16")
    with nn.init.hollow():
        return {name: nn.summary(zoo.build(name), zoo.default_shape(name)) for name in names}


def layers(table, *kinds):
    """(name, output, parameters) of the layers of these kinds."""
    return [(row.path, row.output, row.parameters) for row in table.rows if row.layer in kinds]


WITH_SHAPE = ("Conv2d", "MaxPool2d", "LocalResponseNorm", "Linear")


def test_lenet5(tables):
    """CONV – POOL – CONV – POOL – FC – FC – FC, filters 5×5 with stride 1, pools 2×2 with stride 2."""
    assert layers(tables["lenet5"], *WITH_SHAPE) == [
        ("conv1", (6, 28, 28), 156),
        ("pool1", (6, 14, 14), 0),
        ("conv2", (16, 10, 10), 2_416),
        ("pool2", (16, 5, 5), 0),
        ("linear1", (120,), 48_120),
        ("linear2", (84,), 10_164),
        ("linear3", (10,), 850),
    ]
    assert tables["lenet5"].parameters == 61_706


ALEXNET = [
    ("conv1", (96, 55, 55), 34_944),  # 96 filters 11×11, stride 4: (227 − 11)/4 + 1 = 55
    ("norm1", (96, 55, 55), 0),
    ("pool1", (96, 27, 27), 0),  # 3×3, stride 2
    ("conv2", (256, 27, 27), 307_456),  # 256 filters 5×5, border 2
    ("norm2", (256, 27, 27), 0),
    ("pool2", (256, 13, 13), 0),
    ("conv3", (384, 13, 13), 885_120),  # 3×3, border 1, and so the next two
    ("conv4", (384, 13, 13), 663_936),
    ("conv5", (256, 13, 13), 442_624),
    ("pool3", (256, 6, 6), 0),
    ("linear1", (4096,), 37_752_832),
    ("linear2", (4096,), 16_781_312),
    ("linear3", (1000,), 4_097_000),
]


def test_alexnet(tables):
    """As in the paper, norm before pool; the course's table has the pool first, which changes one output size."""
    assert layers(tables["alexnet"], *WITH_SHAPE) == ALEXNET
    assert tables["alexnet"].parameters == sum(parameters for *_, parameters in ALEXNET) == 60_965_224


def test_the_first_layer_of_alexnet(tables):
    """Q: the output volume?  55×55×96.  Q: the parameters?  (11·11·3)·96 = 35K, and 96 biases."""
    row = next(row for row in tables["alexnet"].rows if row.path == "conv1")
    assert row.size_sum == "(227+2·0−11)/4+1 = 55"
    assert row.output == (96, 55, 55)
    assert row.parameters == 11 * 11 * 3 * 96 + 96
    assert round(11 * 11 * 3 * 96, -3) == 35_000


def test_the_two_groups_of_alexnet(tables):
    """Its 2nd, 4th and 5th convolution see half of the channels, as on two cards: half of the weights."""
    found = {row.path: row.parameter_sum for row in tables["alexnet"].rows if row.layer == "Conv2d"}
    assert found["conv2"] == "256·(5·5·48+1)"
    assert found["conv3"] == "384·(3·3·256+1)"
    assert found["conv4"] == "384·(3·3·192+1)"
    assert found["conv5"] == "256·(3·3·192+1)"


VGG16 = [
    # stage, output, numbers (in thousands, as printed), weights without biases
    ("conv1", (64, 224, 224), "3.2M", 3 * 3 * 3 * 64),
    ("conv2", (64, 224, 224), "3.2M", 3 * 3 * 64 * 64),
    ("pool1", (64, 112, 112), "800K", 0),
    ("conv3", (128, 112, 112), "1.6M", 3 * 3 * 64 * 128),
    ("conv4", (128, 112, 112), "1.6M", 3 * 3 * 128 * 128),
    ("pool2", (128, 56, 56), "400K", 0),
    ("conv5", (256, 56, 56), "800K", 3 * 3 * 128 * 256),
    ("conv6", (256, 56, 56), "800K", 3 * 3 * 256 * 256),
    ("conv7", (256, 56, 56), "800K", 3 * 3 * 256 * 256),
    ("pool3", (256, 28, 28), "200K", 0),
    ("conv8", (512, 28, 28), "400K", 3 * 3 * 256 * 512),
    ("conv9", (512, 28, 28), "400K", 3 * 3 * 512 * 512),
    ("conv10", (512, 28, 28), "400K", 3 * 3 * 512 * 512),
    ("pool4", (512, 14, 14), "100K", 0),
    ("conv11", (512, 14, 14), "100K", 3 * 3 * 512 * 512),
    ("conv12", (512, 14, 14), "100K", 3 * 3 * 512 * 512),
    ("conv13", (512, 14, 14), "100K", 3 * 3 * 512 * 512),
    ("pool5", (512, 7, 7), "25K", 0),
    ("linear1", (4096,), "4096", 7 * 7 * 512 * 4096),
    ("linear2", (4096,), "4096", 4096 * 4096),
    ("linear3", (1000,), "1000", 4096 * 1000),
]


def biases(path, output):
    return 0 if path.startswith("pool") else output[0]


def test_vgg16(tables):
    """conv3-64 ×2, pool, conv3-128 ×2, pool, 256 ×3, pool, 512 ×3, pool, 512 ×3, pool, and three dense layers."""
    expected = [(path, output, weights + biases(path, output)) for path, output, _, weights in VGG16]
    assert layers(tables["vgg16"], "Conv2d", "MaxPool2d", "Linear") == expected


def test_vgg16_has_138_million_parameters(tables):
    assert tables["vgg16"].parameters == 138_357_544
    assert (
        sum(weights for *_, weights in VGG16) == 138_344_128
    )  # the sum of the course's column, without biases
    dense = sum(row.parameters for row in tables["vgg16"].rows if row.layer == "Linear")
    assert dense / tables["vgg16"].parameters > 0.89  # most of them in the dense layers, 103M in the first


def printed(numbers):
    """A number of numbers as the course rounds it."""
    for unit, letter in ((1e6, "M"), (1e3, "K")):
        if numbers >= unit and numbers not in (4096, 1000):
            return numbers / unit, letter
    return numbers, ""


@pytest.mark.parametrize(
    ("path", "output", "said"), [row[:3] for row in VGG16], ids=[row[0] for row in VGG16]
)
def test_memory_of_each_layer_of_vgg16(tables, path, output, said):
    """The course's column of memory, to the digits that it prints."""
    (row,) = (row for row in tables["vgg16"].rows if row.path == path)
    assert row.output == output
    numbers, letter = printed(math.prod(output))
    assert said.endswith(letter)
    assert numbers == pytest.approx(float(said.removesuffix(letter) if letter else said), rel=0.01)


def test_memory_of_vgg16(tables):
    """The course adds its column up to 24M numbers; they are 15.2M, and 28.7M with what each relu makes too."""
    column = 3 * 224 * 224 + sum(math.prod(output) for _, output, *_ in VGG16)
    assert column == 15_237_608
    everything = tables["vgg16"].bytes // 4
    assert column < 24e6 < everything == 28_667_880
    early = sum(math.prod(output) for path, output, *_ in VGG16 if path in ("conv1", "conv2"))
    assert early / column > 0.4  # most of it in the first convolutions
