"""Training set-ups with one thing wrong each, and the findings that have to name it; and one that is healthy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from chainrule import nn, optim
from chainrule.random import Generator
from chainrule.train import Trainer

from .wrong_rules import Flat

FEATURES, CLASSES = 12, 3


def network(*middle: nn.Module, hidden: int = 20) -> nn.Sequential:
    """Linear, what stands in the middle (relu), linear."""
    rng = Generator(0)
    first, last = nn.Linear(FEATURES, hidden, rng=rng), nn.Linear(hidden, CLASSES, rng=rng)
    layers = middle or (nn.ReLU(),)
    return nn.Sequential({"first": first, **{f"middle{k}": m for k, m in enumerate(layers)}, "last": last})


def batch(count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Numbers with mean 0 and spread 1, and three classes."""
    return Generator(7).normal((count, FEATURES)), np.arange(count) % CLASSES


def trainer(
    model: nn.Module,
    *,
    lr: float = 0.02,
    loss: Any = None,
    optimizer: Any = None,
    plain: bool = True,
    **more: Any,
) -> Trainer:
    rule = optimizer or optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    return Trainer(model, loss or nn.CrossEntropyLoss(), rule, plain=plain, **more)


class Sick(NamedTuple):
    """make: the trainer and its batch;  names: the findings;  where: what the first of them names"""

    make: Callable[[], tuple[Trainer, Any]]
    names: tuple[str, ...]
    where: str


def sure_of_the_wrong():
    model = network()
    model.last.weight.assign(model.last.weight.numpy() * 40)
    return trainer(model, lr=0.01), batch()


def rewards_large_weights():
    return trainer(network(), penalty=lambda weights: cr.l2(weights, 1e-3) * -1.0), batch()


def only_small_weights():
    return trainer(network(), penalty=nn.L2(10.0), lr=2e-3), batch()


def one_picture_of_all_classes():
    images, labels = batch()
    return trainer(network()), (np.repeat(images[:1], len(images), 0), labels)


def hands_back_a_row():
    class Odd(nn.Module):
        def __init__(self):
            self.inner = nn.Linear(FEATURES, CLASSES, rng=Generator(0))

        def forward(self, x):
            scores = self.inner(x)
            return scores + cr.apply(Flat(), scores)

    return trainer(Odd()), batch()


def nothing_but_zeros():
    model = network(nn.Tanh())
    model.last.weight.assign(np.zeros((CLASSES, 20), "float32"))
    return trainer(model), batch()


def logarithm_of_less_than_nothing():
    class Log(nn.Module):
        def forward(self, x):
            return cr.log(x)

    return trainer(network(Log())), batch()


class Hidden(nn.Module):
    """A layer in a list that was filled later."""

    def __init__(self):
        self.outer = nn.Linear(FEATURES, CLASSES, rng=Generator(0))
        self.layers = []
        self.layers.append(nn.Parameter(np.full((1, CLASSES), 0.1, "float32")))

    def forward(self, x):
        return self.outer(x) * 0.5 + self.layers[0]


def in_a_list():
    return trainer(Hidden()), batch()


def in_a_closure():
    scale = nn.Parameter(np.ones(CLASSES, "float32"), name="scale")
    model = network()
    model.last.forward = lambda x: cr.linear(x, model.last.weight, model.last.bias) * scale
    optimizer = optim.SGD([*model.parameters(), scale], lr=0.02)
    return trainer(model, optimizer=optimizer), batch()


def made_and_not_called():
    model = network()
    model.last.spare = nn.Linear(4, 4, rng=Generator(0))
    return trainer(model), batch()


class Detached(nn.Module):
    def forward(self, x):
        return x.detach()


def cut_off():
    return trainer(network(nn.ReLU(), Detached())), batch()


def depends_on_nothing():
    model = network()
    return trainer(model, loss=lambda scores, labels: scores.detach().sum()), batch()


def half_of_the_parameters():
    model = network()
    return trainer(model, optimizer=optim.SGD(model.last.parameters(), lr=0.05, momentum=0.9)), batch()


def far_below_zero():
    model = network(hidden=40)
    bias = np.zeros(40, "float32")
    bias[:32] = -50
    model.first.bias.assign(bias)
    return trainer(model, lr=0.05), batch()


def written_as_a_maximum():
    class Positive(nn.Module):
        def forward(self, x):
            return cr.maximum(x, 0.0)

    made, data = far_below_zero()
    made.model.middle0 = Positive()
    return made, data


def at_the_ends(curve: Callable[[], nn.Module]):
    model = network(curve())
    model.first.bias.assign(np.where(np.arange(20) < 14, 20, 0).astype("float32"))
    return trainer(model), batch()


def steps_of(lr: float):
    return trainer(network(), lr=lr), batch()


def bytes_as_they_are():
    model = nn.Sequential(nn.BatchNorm1d(FEATURES), *network())
    images, labels = batch()
    return trainer(model), ((images * 40 + 128).astype("float32"), labels)


def class_after_class():
    images, _ = batch()
    return trainer(network()), (images, np.ones(len(images), np.int64))


SICK: dict[str, Sick] = {
    "last weights times 40": Sick(sure_of_the_wrong, ("initial loss",), "the loss of the first batch"),
    "a penalty that rewards": Sick(rewards_large_weights, ("regularization",), "the penalty"),
    "a penalty that outweighs": Sick(only_small_weights, ("regularization",), "the penalty"),
    "the same picture under all labels": Sick(one_picture_of_all_classes, ("overfitting",), "the model"),
    "a gradient of another shape": Sick(hands_back_a_row, ("gradient shape",), "flat at sick.py:"),
    "weights that are all 0": Sick(nothing_but_zeros, ("zero gradient", "zero gradient"), "first.weight"),
    "log of negative numbers": Sick(logarithm_of_less_than_nothing, ("not finite",), "first/log"),
    "a parameter in a list": Sick(in_a_list, ("unregistered",), "f32[1,3]"),
    "a parameter in a closure": Sick(in_a_closure, ("unregistered",), "scale f32[3]"),
    "a layer that is not called": Sick(
        made_and_not_called, ("unreachable", "unreachable"), "last.spare.weight"
    ),
    "detach on the way": Sick(cut_off, ("unreachable", "unreachable"), "first.weight"),
    "a loss of nothing": Sick(
        depends_on_nothing, ("unreachable",), "first.weight, first.bias, last.weight, last.bias"
    ),
    "an optimizer of half": Sick(half_of_the_parameters, ("unoptimized", "unoptimized"), "first.weight"),
    "biases of -50": Sick(far_below_zero, ("dead units",), "first/relu"),
    "the same as a maximum": Sick(written_as_a_maximum, ("dead units",), "first/maximum"),
    "tanh of 20": Sick(lambda: at_the_ends(nn.Tanh), ("saturation",), "first/tanh"),
    "sigmoid of 20": Sick(lambda: at_the_ends(nn.Sigmoid), ("saturation",), "first/sigmoid"),
    "a rate of 2": Sick(lambda: steps_of(2.0), ("update ratio",), "last.weight"),
    "a rate of 1e-8": Sick(lambda: steps_of(1e-8), ("update ratio", "overfitting"), ".weight"),
    "bytes": Sick(bytes_as_they_are, ("inputs",), "the batch"),
    "one class": Sick(class_after_class, ("labels",), "the batch"),
}
