"""No plan of a network of the zoo leaves a line to NumPy."""

import pytest

import chainrule as cr
from chainrule import nn, optim, zoo
from chainrule.compiler.table import table

from ..nn.steps import pictures
from .trial import SHAPES

SMALL = ("linear", "two-layer", "three-layer", "lstm", "lenet5", "convnet")
DEEP = ("resnet20", "alexnet", "vgg16")
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
    shape = SHAPES[name]
    with nn.init.hollow():  # a plan follows from shapes
        return zoo.build(name, shape, 10), pictures(shape, 10)


def assert_all_native(step, batch):
    """Every line of the plan has a kernel."""
    found = table(step.plan(*batch))
    left = step.left_to_numpy(*batch)
    said = f"{len(left)} lines of {found.name} are left to NumPy: {', '.join(gate.label for gate in left)}"
    assert len(left) == 0 == len(found.plain), said
    assert found.entries


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("extras", [False, True], ids=["bare", "penalty and clipping"])
def test_training(name, rule, loss, extras):
    trained(name, rule, loss, extras=extras)


@pytest.mark.parametrize("name", DEEP)
def test_training_of_the_deep_ones(name):
    trained(name, "momentum", "cross-entropy", extras=False)


def test_these_are_all():
    assert {*SMALL, *DEEP} == set(zoo.MODELS)


def trained(name, rule, loss, *, extras):
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


@pytest.mark.parametrize("name", [*SMALL, *DEEP])
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
