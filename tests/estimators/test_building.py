"""What network an estimator learns with, and networks that do not fit the samples."""

import numpy as np
import pytest

from chainrule import nn, zoo
from chainrule.errors import DataError, SettingError, UsageError
from chainrule.estimators.building import builder, built, shaped
from chainrule.random import Generator


def test_networks_of_all_kinds():
    def own(input_shape, classes, rng):
        return nn.Linear(input_shape[0], classes, rng=rng)

    for model, shape in ((None, (6,)), ("lenet5", (1, 28, 28)), (zoo.convnet, (3, 8, 8)), (own, (6,))):
        network = built("Who", builder("Who", model, (8, 4)), shape, 5, Generator(0))
        assert nn.output_shape(network, shape) == (5,)
    sizes = [p.shape for p in builder("Who", None, np.array([8, 4]))((6,), 5, rng=None).parameters()]
    assert sizes == [(8, 6), (8,), (4, 8), (4,), (5, 4), (5,)]


REFUSED = {
    "a network": (nn.ReLU(), SettingError, "model is a ReLU"),
    "a number": (3, SettingError, "model is a int"),
    "another function": (lambda shape, classes: None, SettingError, "model <lambda>: .*'rng'"),
    "an unknown name": ("convnat", UsageError, "no model named 'convnat'; .*convnet"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_builds_no_network(name):
    model, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        builder("Who", model, ())


@pytest.mark.parametrize(
    ("hidden", "words"),
    [("100", "hidden '100'"), (100, "hidden 100"), ((8, 0), "hidden 0"), ((2.5,), "hidden 2.5")],
)
def test_what_is_no_size(hidden, words):
    with pytest.raises(SettingError, match=f"^Who: {words}"):
        builder("Who", None, hidden)


UNFIT = {
    "small pictures": (
        "vgg16",
        (1, 8, 8),
        DataError,
        r"vgg16 does not fit samples of shape \(1, 8, 8\): pool4: ",
    ),
    "rows": (
        "convnet",
        (64,),
        DataError,
        r"convnet does not fit .*\(64,\): conv1: .*try: input_shape=\(1, 8, 8\)",
    ),
    "rows without axes": (
        "lenet5",
        (8,),
        DataError,
        r"lenet5 does not fit samples of shape \(8,\); expected",
    ),
    "rows to read": ("lstm", (192,), DataError, r"lstm does not fit .*try: input_shape=\(3, 8, 8\)"),
    "no network": (lambda shape, classes, rng: 3, (64,), SettingError, "model <lambda> makes a int"),
    "other classes": (
        lambda shape, classes, rng: nn.Linear(64, 3),
        (64,),
        DataError,
        r"<lambda> makes \(3,\) of one sample; expected \(10,\)",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
def test_networks_that_do_not_fit_the_samples(name):
    model, shape, kind, words = UNFIT[name]
    with pytest.raises(kind, match=f"^Who: {words}"):
        built("Who", builder("Who", model, ()), shape, 10, Generator(0))


def test_shapes():
    rows = np.arange(24).reshape(2, 12)
    assert shaped("Who", rows, [3, 2, 2]).shape == (2, 3, 2, 2)
    for wrong, kind, words in (
        (
            (1, 28, 28),
            DataError,
            r"samples of shape \(12,\) with input_shape \(1, 28, 28\); expected 12 numbers",
        ),
        ((3, -2, -2), DataError, "input_shape=.3, 2, 2."),
        ((3, 2.0, 2), SettingError, "input_shape .3, 2.0, 2."),
    ):
        with pytest.raises(kind, match=f"^Who: .*{words}"):
            shaped("Who", rows, wrong)
