"""Worker: the same steps in PyTorch.  Arguments: network, train or look, the weights, eager or compile."""

from __future__ import annotations

import sys

import torch
from networks import NETWORKS, Network, batches
from torch import nn
from work_torch import work


class Reader(nn.Module):
    """An LSTM over the rows of a picture, and a linear layer on its last hidden state."""

    def __init__(self, features: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(images[:, 0])
        return self.linear(outputs[:, -1])


def model_of(network: Network) -> nn.Module:
    if network.lstm:
        return Reader(*network.sizes)
    layers: list[nn.Module] = [nn.Flatten()]
    for wide, narrow in zip(network.sizes[:-1], network.sizes[1:], strict=True):
        layers += [nn.Linear(wide, narrow), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def main() -> None:
    name, verb, weights, mode = sys.argv[1:]
    network = NETWORKS[name]
    work(model_of(network), batches(network), learn=verb == "train", weights=weights, mode=mode)


if __name__ == "__main__":
    main()
