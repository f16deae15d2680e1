"""Parameters and their three lists: what the model has, what a gradient reaches, what the optimizer knows."""

import numpy as np

from chainrule import nn, optim
from chainrule.check.look import looked
from chainrule.check.registered import parameters_of, strays
from chainrule.random import Generator

from .sick import CLASSES, FEATURES, batch, in_a_closure, network, trainer


def found(made, data):
    return [(f.name, f.where.split()[0]) for f in strays(looked(made, *data))]


def test_none_of_a_healthy_model():
    assert not found(trainer(network()), batch())


def test_a_loss_has_parameters_too():
    class Weighted(nn.Module):
        def __init__(self):
            self.inner, self.weight = nn.CrossEntropyLoss(), nn.Parameter(np.ones((), "float32"))

        def forward(self, scores, labels):
            return self.inner(scores, labels) * self.weight

    model, loss = network(), Weighted()
    known = optim.SGD([*model.parameters(), *loss.parameters()], lr=0.1)
    assert not found(trainer(model, loss=loss, optimizer=known), batch())
    assert found(trainer(model, loss=loss), batch()) == [("unoptimized", "weight")]
    assert len(parameters_of(trainer(model, loss=loss))) == 5


def test_frozen_parameters_are_left_alone():
    model = network()
    model.first.requires_grad_(False)
    assert not found(trainer(model), batch())


def test_a_parameter_of_two_layers_counts_once():
    model = network(nn.Tanh(), nn.Linear(20, 20, rng=Generator(2)), nn.Tanh())
    model.middle2.again = model.middle1.weight
    assert not found(trainer(model), batch())


def test_who_reads_it_and_whether_it_is_trained():
    made, data = in_a_closure()
    (finding,) = strays(looked(made, *data))
    assert finding.measured.startswith("read by multiply at sick.py:") and finding.measured.endswith(
        "; the optimizer has it"
    )


def test_a_tensor_that_wants_a_gradient_is_none_of_the_models():
    class Net(nn.Module):
        def __init__(self):
            self.inner, self.cache = nn.Linear(FEATURES, CLASSES, rng=Generator(0)), {}

        def forward(self, x):
            return self.inner(x) + self.cache["shift"]

    model = Net()
    model.cache["shift"] = nn.Parameter(np.zeros(CLASSES, "float32"), name="shift")
    assert found(trainer(model), batch()) == [("unregistered", "shift")]
