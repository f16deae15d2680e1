"""One batch looked at: losses, scores, gradients as a step has them, and no state that changes."""

import math

import numpy as np
import pytest

from chainrule import nn
from chainrule.check.look import ignorant_loss, looked
from chainrule.random import Generator

from .sick import batch, network, trainer


def test_the_numbers_are_those_of_the_step():
    images, labels = batch()
    middle = nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.3, rng=Generator(0))
    made = trainer(network(*middle), penalty=nn.L2(1e-2))
    before = {
        name: value.data for name, value in [*made.model.named_parameters(), *made.model.named_buffers()]
    }
    look = looked(made, images, labels)
    after = dict([*made.model.named_parameters(), *made.model.named_buffers()])
    assert all(after[name].data is data for name, data in before.items())
    total, scores = made.learn(images, labels)
    assert look.total == pytest.approx(float(total)) == pytest.approx(look.loss + look.penalty)
    np.testing.assert_array_equal(look.scores, scores.numpy())
    gradients = {path: gradient for path, _, gradient in look.gradients()}
    for name, parameter in made.model.named_parameters():
        np.testing.assert_allclose(gradients[name], parameter.grad.numpy(), rtol=1e-6)


def test_what_a_network_that_knows_nothing_has():
    images, labels = batch()
    assert ignorant_loss(looked(trainer(network()), images, labels)) == pytest.approx(math.log(3))
    hinge = looked(trainer(network(), loss=nn.MulticlassHingeLoss(margin=0.5)), images, labels)
    assert ignorant_loss(hinge) == pytest.approx(1.0)
    targets = np.zeros((12, 3), "float32")
    line = looked(trainer(network(), loss=nn.MSELoss()), images, targets)
    assert not line.classifies and ignorant_loss(line) is None and line.penalty is None


def test_a_penalty_that_is_a_plain_number():
    look = looked(trainer(network(), penalty=lambda weights: 0.25), *batch())
    assert look.penalty == 0.25 and look.total == pytest.approx(look.loss + 0.25)
