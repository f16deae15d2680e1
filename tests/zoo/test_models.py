"""The zoo by name: exact counts, default shapes, and traced training equal to direct training, to the bit."""

import numpy as np
import pytest

from chainrule import nn, zoo
from chainrule.errors import UsageError
from chainrule.random import Generator

from ..nn.steps import OPTIMIZERS, pictures, traced_is_direct

PARAMETERS = {  # name, input shape, classes: parameters
    ("linear", (1, 28, 28), 10): 7_850,
    ("linear", (3, 32, 32), 10): 30_730,
    ("two-layer", (1, 28, 28), 10): 79_510,
    ("three-layer", (1, 28, 28), 10): 669_706,
    ("lenet5", (1, 28, 28), 10): 61_706,
    ("lenet5", (1, 32, 32), 10): 61_706,
    ("convnet", (1, 28, 28), 10): 870_634,
    ("convnet", (3, 32, 32), 10): 1_116_970,
    ("resnet20", (3, 32, 32), 10): 272_474,
    ("lstm", (1, 28, 28), 10): 82_186,
    ("lstm", (3, 32, 32), 10): 117_002,
    ("alexnet", (3, 227, 227), 1000): 60_965_224,
    ("vgg16", (3, 224, 224), 1000): 138_357_544,
}

TRAINED = {  # what is trained in seconds: smaller pictures for the larger ones
    "linear": (1, 28, 28),
    "two-layer": (1, 28, 28),
    "three-layer": (1, 12, 12),
    "lenet5": (1, 28, 28),
    "convnet": (3, 16, 12),
    "resnet20": (3, 16, 16),
    "lstm": (3, 6, 5),
}


@pytest.mark.parametrize(("name", "shape", "classes"), PARAMETERS)
def test_parameters(name, shape, classes):
    with nn.init.hollow():
        model = zoo.build(name, shape, classes)
    assert sum(p.size for p in model.parameters()) == PARAMETERS[name, shape, classes]
    assert nn.output_shape(model, shape) == (classes,)


@pytest.mark.parametrize("name", zoo.MODELS)
def test_each_has_the_shape_it_was_made_for(name):
    with nn.init.hollow():
        model = zoo.build(name)
    classes = 1000 if name in ("alexnet", "vgg16") else 10
    assert nn.output_shape(model, zoo.default_shape(name)) == (classes,)


def test_every_model_is_counted_and_every_small_one_trained():
    assert {name for name, _, _ in PARAMETERS} == set(zoo.MODELS)
    assert set(TRAINED) == set(zoo.MODELS) - {"alexnet", "vgg16"}


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_traced_is_direct(name, optimizer):
    images, labels = pictures(TRAINED[name], 10)
    traced_is_direct(lambda: zoo.build(name, TRAINED[name], rng=Generator(0)), optimizer, images, labels)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shape"), [("alexnet", (3, 67, 67)), ("vgg16", (3, 32, 32))])
def test_traced_is_direct_for_the_large_ones(name, shape):
    images, labels = pictures(shape, 3, count=2)
    traced_is_direct(lambda: zoo.build(name, shape, 3, Generator(0)), "sgd", images, labels, runs=2)


@pytest.mark.parametrize("name", TRAINED)
def test_the_generator_decides_the_weights(name):
    first, again, other = (zoo.build(name, TRAINED[name], rng=Generator(s)).state_dict() for s in (0, 0, 1))
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert not all(np.array_equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize(("name", "hint"), [("lenet", "lenet5"), ("resnet", "resnet20"), ("???", "convnet")])
def test_unknown_names(name, hint):
    with pytest.raises(UsageError) as caught:
        zoo.build(name)
    assert caught.value.hint.split(" or ")[0] == hint
    assert all(known in caught.value.expected for known in zoo.MODELS)
