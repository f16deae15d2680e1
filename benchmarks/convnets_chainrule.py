"""Worker: ConvNets in chainrule.  Arguments: network, verb, the file for the first weights.

Verbs: train; look, which is inference; hold, which is train with one batch, to see what memory it takes.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from pictures import CONVNETS, batches
from work_chainrule import learner, momentum, work

import chainrule as cr
from chainrule import nn, zoo
from chainrule.random import Generator


def model_of(name: str) -> nn.Module:
    """The network of the zoo, AlexNet without its norms, and nothing dropped out."""
    network, rng = CONVNETS[name], Generator(0)
    if name == "alexnet":
        model: nn.Module = zoo.alexnet(network.shape, network.classes, normalize=False, rng=rng)
    else:
        model = zoo.build(name, network.shape, network.classes, rng)
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    return model


def first(name: str) -> tuple[Any, np.ndarray, np.ndarray]:
    """A training step of a network that was never called, and a batch."""
    network, model = CONVNETS[name], model_of(name)
    step = learner(model, momentum(model, network.rate))
    return cr.compile(step, fallback="error"), *batches(network)[0]


def main() -> None:
    name, verb, weights = sys.argv[1:]
    network, learn = CONVNETS[name], verb != "look"
    work(model_of(name), batches(network, verb), learn=learn, weights=weights, rate=network.rate)


if __name__ == "__main__":
    main()
