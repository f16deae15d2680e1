"""Penalties on weights, by hand, and for some of the parameters only."""

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.random import Generator


def test_penalties_and_their_slopes():
    weights = [nn.Parameter([1.0, -2.0]), nn.Parameter([[3.0]])]
    assert nn.L1(0.5)(weights).item() == 3.0
    penalty = nn.L2(0.5)(w for w in weights)
    assert penalty.item() == 7.0
    penalty.backward()
    assert weights[0].grad.tolist() == [1.0, -2.0]


def test_elastic_net():
    weights = [nn.Parameter([1.0, -2.0]), nn.Parameter([[3.0]])]
    penalty = nn.ElasticNet(0.5, 0.25)(weights)
    penalty.backward()
    assert penalty.item() == 0.5 * 6 + 0.25 * 14
    assert weights[0].grad.tolist() == [1.0, -1.5]


def test_a_penalty_for_some_of_the_parameters_in_a_compiled_step():
    model = nn.Linear(3, 2, rng=Generator(0))
    few, smooth = nn.L1(0.1), nn.L2(0.01)

    def step(x):
        model.weight.grad = model.bias.grad = None
        loss = model(x).sum() + few([model.weight]) + smooth([model.bias])
        loss.backward()
        return loss

    run = cr.compile(step, keep_gradients=True, fallback="error")
    x = np.ones((2, 3), "float32")
    for again in (step, run):
        again(x)
        np.testing.assert_allclose(model.weight.grad, 2 + 0.1 * np.sign(model.weight.numpy()), 1e-6)
        np.testing.assert_allclose(model.bias.grad, 2 + 0.02 * model.bias.numpy(), 1e-6)


def test_printed_form():
    assert repr(nn.L2(1e-4)) == "L2(0.0001)"
    assert repr(nn.ElasticNet(1e-5, 1e-4)) == "ElasticNet(l1=1e-05, l2=0.0001)"
