"""No plan of a network of the zoo leaves a line to NumPy."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim, zoo
from chainrule.compiler.table import table
from chainrule.random import Generator

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


MEAN, STD = (np.array(v, "float32").reshape(1, 3, 1, 1) for v in ((0.49, 0.48, 0.45), (0.25, 0.24, 0.26)))


@pytest.mark.parametrize("name", ["lenet5", "convnet", "resnet20"])
def test_bytes_are_cast_and_normalized_inside_of_the_plan(name):
    """A quarter of the memory comes in, and NumPy does nothing."""
    losses = []
    images, labels = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8), np.arange(4)
    for compiled in (False, True):
        model = zoo.build(name, (3, 32, 32), 10, Generator(0))
        optimizer, loss_of = optim.SGD(model.parameters(), lr=1e-3), nn.CrossEntropyLoss()

        def step(images, labels, model=model, optimizer=optimizer, loss_of=loss_of):
            optimizer.zero_grad()
            seen = (cr.astype(images, "float32") * np.float32(1 / 255) - MEAN) / STD
            loss = loss_of(model(seen), labels)
            loss.backward()
            optimizer.step()
            return loss

        run = cr.compile(step, fallback="error") if compiled else step
        losses.append([run(images, labels).item() for _ in range(3)])
        if compiled:
            assert run.left_to_numpy(images, labels) == []
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-4)
    assert losses[0][0] != losses[0][1], "it learns"
