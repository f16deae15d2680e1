"""Worker: the same steps in PyTorch.  Arguments: network, train or look, the weights, eager or compile."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import torch
from networks import MOMENTUM, NETWORKS, RATE, Network, batches
from torch import nn
from turns import serve


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
    torch.set_num_threads(2)
    network, learn = NETWORKS[sys.argv[1]], sys.argv[2] == "train"
    model = model_of(network)
    with np.load(sys.argv[3]) as arrays:
        model.load_state_dict(
            dict(zip(model.state_dict(), map(torch.from_numpy, arrays.values()), strict=True))
        )
    given = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches(network)]
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM, fused=True)
    loss_function, count = nn.CrossEntropyLoss(), 0
    wrap: Callable[..., nn.Module] = torch.compile if sys.argv[4] == "compile" else lambda module: module
    running = wrap(model)

    def step() -> float:
        nonlocal count
        images, labels = given[count % len(given)]
        count += 1
        if not learn:
            with torch.inference_mode():
                return float(running(images)[0, 0])
        optimizer.zero_grad()
        loss = loss_function(running(images), labels)
        loss.backward()
        optimizer.step()
        return float(loss)

    serve(step, version=torch.__version__)


if __name__ == "__main__":
    main()
