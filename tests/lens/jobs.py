"""Small trainings to compare: coloured pictures, a few steps."""

from __future__ import annotations

from typing import Any

from chainrule import zoo
from chainrule.random import Generator
from chainrule.train import Config, Job, prepared

from ..train.runs import coloured_data

CONFIG = {
    "model": "linear",
    "epochs": 2,
    "batch_size": 16,
    "optimizer": "sgd",
    "schedule": "constant",
    "lr": 0.01,
}


def job(*, plain: bool = False, weights: int = 0, **settings: Any) -> Job:
    """A training of three steps an epoch, 6 in all; weights: the seed of the network alone."""
    train, _ = coloured_data()
    config = Config(**{**CONFIG, "validation": 0.0, **settings})
    model = zoo.build(config.model, train.shape, len(train.classes), Generator(weights))
    return prepared(model, config, train, plain=plain)
