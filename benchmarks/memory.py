"""Worker: resident memory around 100 and around 1,000 training steps of 64 pictures.  Argument: a model."""

from __future__ import annotations

import json
import statistics
import sys

from resident import resident

from chainrule import data, nn, optim, zoo
from chainrule.random import Generator
from chainrule.train import Trainer


def main() -> None:
    name = sys.argv[1]
    pictures, _ = data.load("fashion-6k")
    model = zoo.build(name, pictures.shape, 10, Generator(0))
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3))
    prepare = data.Normalize.fit(pictures)
    batches = data.Batches(pictures, 64, Generator(0), shuffle=True, transform=prepare)
    held: list[float] = []
    while len(held) < 1000:
        for images, labels in batches:
            trainer.step(images, labels)
            held.append(resident())
    # the allocator gives pages back and takes them again from step to step: medians of 50 steps
    after = {step: statistics.median(held[step - 50 : step]) for step in (100, 1000)}
    growth = after[1000] / after[100] - 1
    row = {"what": name, "MiB after 100": round(after[100], 1), "MiB after 1,000": round(after[1000], 1)}
    print(json.dumps({**row, "growth %": round(100 * growth, 2)}))


if __name__ == "__main__":
    main()
