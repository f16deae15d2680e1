"""Worker: the same steps in PyTorch.  Arguments: the weights of step_chainrule, and eager or channels-last."""

from __future__ import annotations

import sys

import numpy as np
import torch
from step_chainrule import batches
from torch import nn
from turns import serve


def convnet() -> nn.Sequential:
    """The small ConvNet, layer by layer in the order of the zoo's."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4096, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    )


def main() -> None:
    torch.set_num_threads(2)
    weights, layout = sys.argv[1], sys.argv[2]
    model = convnet()
    with np.load(weights) as arrays:
        model.load_state_dict(
            dict(zip(model.state_dict(), map(torch.from_numpy, arrays.values()), strict=True))
        )
    form = torch.channels_last if layout == "channels-last" else torch.contiguous_format
    model = model.to(memory_format=form)
    given = [(torch.from_numpy(x).to(memory_format=form), torch.from_numpy(y)) for x, y in batches()]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True)
    loss_function, count = nn.CrossEntropyLoss(), 0

    def step() -> float:
        nonlocal count
        images, labels = given[count % len(given)]
        count += 1
        optimizer.zero_grad()
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        return float(loss)

    serve(step, version=torch.__version__)


if __name__ == "__main__":
    main()
