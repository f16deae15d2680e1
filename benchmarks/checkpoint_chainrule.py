"""Saves checkpoints of 60 million parameters: checksum, fsync, rename, fsync of the folder, the older one removed."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from turns import serve

from chainrule import nn, optim
from chainrule.random import Generator
from chainrule.train import Checkpoints, Trainer

SIZE = 7_746
"""Of a square layer: 60,008,262 parameters with its bias."""


def main(folder: str, rule: str) -> None:
    model = nn.Linear(SIZE, SIZE, rng=Generator(0))
    trainer = Trainer(model, nn.MSELoss(), getattr(optim, rule)(model.parameters(), lr=1e-3), plain=True)
    checkpoints = Checkpoints(Path(folder) / "checkpoints", keep=1, seconds=math.inf)
    checkpoints.follow(trainer)
    batch = np.ones((1, SIZE), "float32")
    trainer.fit([(batch, batch)], epochs=1)

    def save() -> float:
        path = checkpoints.save()
        return float(path.stat().st_size) if path else math.nan

    serve(save, bytes=int(save()))


if __name__ == "__main__":
    main(*sys.argv[1:])
