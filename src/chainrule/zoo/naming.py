"""Layers in a line, named by what they are: conv1, relu1, pool1, …, linear2."""

from __future__ import annotations

from collections import Counter

from .. import nn

STEMS = {
    "Conv2d": "conv",
    "MaxPool2d": "pool",
    "AvgPool2d": "pool",
    "LocalResponseNorm": "norm",
    "BatchNorm2d": "norm",
}


def named(*layers: nn.Module) -> nn.Sequential:
    """A Sequential whose layers are named by their kind and their number among it.

    >>> [name for name, _ in named(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)).children()]
    ['linear1', 'relu1', 'linear2']
    """
    counts: Counter[str] = Counter()
    names: dict[str, nn.Module] = {}
    for layer in layers:
        kind = type(layer).__name__
        stem = STEMS.get(kind, kind.lower())
        counts[stem] += 1
        names[f"{stem}{counts[stem]}"] = layer
    return nn.Sequential(names)
