"""Dead units, flat curves, odd inputs: where they begin to count, and what counts as a unit."""

import numpy as np
import pytest

from chainrule import nn
from chainrule.check import activity
from chainrule.check.look import looked
from chainrule.random import Generator

from .sick import batch, network, trainer


def biased(dead, hidden=20):
    model = network(hidden=hidden)
    model.first.bias.assign(np.where(np.arange(hidden) < dead, -50, 0).astype("float32"))
    return looked(trainer(model), *batch(64))


@pytest.mark.parametrize(("dead", "named"), [(0, 0), (10, 0), (13, 1), (20, 1)])
def test_dead_units_count_from_a_share_on(dead, named):
    findings = list(activity.dead_units(biased(dead)))
    assert len(findings) == named
    assert not named or findings[0].measured == f"{dead / 20:.0%} of 20 units are 0 for all 64 examples"


def test_a_unit_of_pictures_is_a_channel():
    conv = nn.Conv2d(1, 5, 3, rng=Generator(0))
    conv.bias.assign(np.array([-90, -90, -90, -90, -2], "float32"))
    model = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(5 * 4 * 4, 3, rng=Generator(1)))
    look = looked(trainer(model), Generator(2).normal((8, 1, 6, 6)), np.arange(8) % 3)
    (finding,) = activity.dead_units(look)
    assert finding.measured.startswith("80% of 5 units")
    assert activity.shared_axes(np.zeros((2, 3, 4))) == (0, 1) and activity.units_of(np.zeros((2, 3, 4))) == 4


@pytest.mark.parametrize(("factor", "named"), [(0.1, 0), (1, 0), (40, 1)])
def test_flat_curves(factor, named):
    model = network(nn.Tanh())
    model.first.weight.assign(model.first.weight.numpy() * np.float32(factor))
    assert len(list(activity.saturated(looked(trainer(model), *batch())))) == named


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda x: x, 0),
        (lambda x: (x - x.min()) / (x.max() - x.min()), 0),
        (lambda x: x * 60, 1),
        (lambda x: x + 40, 1),
        (lambda x: x * 0.001, 1),
        (lambda x: x * 0 + 1, 1),
    ],
    ids=["normal", "0 to 1", "large", "far", "tiny", "constant"],
)
def test_odd_inputs(change, named):
    images, labels = batch(64)
    look = looked(trainer(network()), change(images).astype("float32"), labels)
    assert len(list(activity.odd_inputs(look))) == named


def test_one_class_of_several_examples():
    images, _ = batch(4)
    one = looked(trainer(network()), images, np.full(4, 2))
    assert next(activity.one_class(one)).measured == "4 examples, all of class 2"
    assert not list(activity.one_class(looked(trainer(network()), images[:1], np.array([2]))))


def test_gradients_that_are_0_throughout():
    model = network(nn.Tanh())
    assert not list(activity.zero_gradients(looked(trainer(model), *batch())))
    model.last.weight.assign(model.last.weight.numpy() * 0)
    names = [finding.where for finding in activity.zero_gradients(looked(trainer(model), *batch()))]
    assert names == ["first.weight", "first.bias"]
