"""Worker: plain training steps of the small ConvNet in chainrule.  Writes its first weights for the peer."""

from __future__ import annotations

import sys

import numpy as np
from turns import serve

import chainrule as cr
from chainrule import nn, optim, zoo
from chainrule.random import Generator


def batches() -> list[tuple[np.ndarray, np.ndarray]]:
    """Five batches of 128 noisy pictures 3×32×32, each class around a mean picture of its own."""
    rng = np.random.default_rng(0)
    means = rng.normal(size=(10, 3, 32, 32))
    labels = rng.integers(0, 10, (5, 128))
    return [((0.5 * means[y] + rng.normal(size=(128, 3, 32, 32))).astype("f4"), y) for y in labels]


def main() -> None:
    model = zoo.convnet((3, 32, 32), 10, rng=Generator(0))
    np.savez(sys.argv[1], **model.state_dict())
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    loss_function, given = nn.CrossEntropyLoss(), batches()
    count = 0

    def step() -> float:
        nonlocal count
        images, labels = given[count % len(given)]
        count += 1
        optimizer.zero_grad()
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        return float(loss)

    serve(step, version=cr.__version__, numpy=np.__version__)


if __name__ == "__main__":
    main()
