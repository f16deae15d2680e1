"""No plan of a network without convolution leaves a line to NumPy."""

import pytest

import chainrule as cr
from chainrule import nn, optim, zoo
from chainrule.random import Generator

from ..nn.steps import pictures

NETWORKS = ("linear", "two-layer", "three-layer", "lstm")
SHAPES = {"three-layer": (1, 12, 12), "lstm": (3, 6, 5)}
RULES = {
    "sgd": lambda parameters: optim.SGD(parameters, lr=0.01),
    "momentum": lambda parameters: optim.SGD(
        parameters, lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4
    ),
    "adam": lambda parameters: optim.Adam(parameters, lr=1e-3),
    "adamw": lambda parameters: optim.AdamW(parameters, lr=1e-3, weight_decay=0.01),
}
LOSSES = {"cross-entropy": nn.CrossEntropyLoss, "hinge": nn.MulticlassHingeLoss}


def network(name):
    shape = SHAPES.get(name, (1, 8, 8))
    return zoo.build(name, shape, 10, Generator(0)), pictures(shape, 10)


def assert_all_native(step, batch):
    """Every line of the plan has a kernel."""
    found = step.table(*batch)
    left = step.left_to_numpy(*batch)
    said = f"{len(left)} lines of {found.name} are left to NumPy: {', '.join(gate.label for gate in left)}"
    assert len(left) == 0 == len(found.plain), said
    assert found.entries


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("extras", [False, True], ids=["bare", "penalty and clipping"])
def test_training(name, rule, loss, extras):
    model, batch = network(name)
    optimizer, criterion = RULES[rule](model.parameters()), LOSSES[loss]()

    @cr.compile(fallback="error")
    def step(images, labels):
        optimizer.zero_grad()
        scores = model(images)
        wrong = criterion(scores, labels)
        if extras:
            wrong = wrong + nn.L2(1e-4)(model.parameters())
        wrong.backward()
        if extras:
            optim.clip_grad_norm(model.parameters(), 1.0)
        optimizer.step()
        return wrong, scores

    assert_all_native(step, batch)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("loss", LOSSES)
def test_evaluation(name, loss):
    model, batch = network(name)
    model.eval()

    @cr.compile(fallback="error")
    def look(images, labels):
        scores = model(images)
        return cr.argmax(scores, axis=1), LOSSES[loss]()(scores, labels)

    with cr.no_grad():
        assert_all_native(look, batch)
