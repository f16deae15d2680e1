"""Worker: plain training steps of the small ConvNet in chainrule.  Writes its first weights for the peer."""

from __future__ import annotations

import sys

import numpy as np
from work_chainrule import work

from chainrule import zoo
from chainrule.random import Generator


def batches() -> list[tuple[np.ndarray, np.ndarray]]:
    """Five batches of 128 noisy pictures 3×32×32, each class around a mean picture of its own."""
    rng = np.random.default_rng(0)
    means = rng.normal(size=(10, 3, 32, 32))
    labels = rng.integers(0, 10, (5, 128))
    return [((0.5 * means[y] + rng.normal(size=(128, 3, 32, 32))).astype("f4"), y) for y in labels]


def main() -> None:
    model = zoo.convnet((3, 32, 32), 10, rng=Generator(0))
    work(model, batches(), learn=True, weights=sys.argv[1], plain=True)


if __name__ == "__main__":
    main()
