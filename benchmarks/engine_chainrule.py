"""Worker: compiled steps in chainrule.  Arguments: network, train or look, the file for the first weights."""

from __future__ import annotations

import sys

from networks import NETWORKS, Network, batches
from work_chainrule import work

from chainrule import nn, zoo
from chainrule.random import Generator


def model_of(network: Network) -> nn.Module:
    rng = Generator(0)
    if network.lstm:
        return zoo.lstm((1, 28, 28), 10, hidden=network.sizes[1], rng=rng)
    if len(network.sizes) == 3:
        return zoo.two_layer((1, 28, 28), 10, hidden=network.sizes[1], rng=rng)
    return zoo.three_layer((1, 28, 28), 10, hidden=network.sizes[1:3], rng=rng)


def main() -> None:
    name, verb, weights = sys.argv[1:]
    network = NETWORKS[name]
    work(model_of(network), batches(network), learn=verb == "train", weights=weights)


if __name__ == "__main__":
    main()
