"""Worker: compiled steps in chainrule.  Arguments: network, train or look, the file for the first weights."""

from __future__ import annotations

import sys

import numpy as np
from networks import MOMENTUM, NETWORKS, RATE, Network, batches
from turns import serve

import chainrule as cr
from chainrule import nn, optim, zoo
from chainrule.random import Generator


def model_of(network: Network) -> nn.Module:
    rng = Generator(0)
    if network.lstm:
        return zoo.lstm((1, 28, 28), 10, hidden=network.sizes[1], rng=rng)
    if len(network.sizes) == 3:
        return zoo.two_layer((1, 28, 28), 10, hidden=network.sizes[1], rng=rng)
    return zoo.three_layer((1, 28, 28), 10, hidden=network.sizes[1:3], rng=rng)


def main() -> None:
    network, learn = NETWORKS[sys.argv[1]], sys.argv[2] == "train"
    model = model_of(network)
    np.savez(sys.argv[3], **model.state_dict())
    optimizer = optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)
    loss_function, given = nn.CrossEntropyLoss(), batches(network)
    count = 0

    @cr.compile(fallback="error")
    def train(images: np.ndarray, labels: np.ndarray) -> cr.Tensor:
        optimizer.zero_grad()
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss

    @cr.compile(fallback="error")
    def look(images: np.ndarray) -> cr.Tensor:
        return model(images)

    def step() -> float:
        nonlocal count
        images, labels = given[count % len(given)]
        count += 1
        if learn:
            return float(train(images, labels))
        with cr.no_grad():
            return float(look(images).numpy()[0, 0])

    serve(step, version=cr.__version__, numpy=np.__version__)


if __name__ == "__main__":
    main()
