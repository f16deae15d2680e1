"""What batches cost a compiled training step of the small ConvNet, with and without augmentation, made ahead or not.

All in one process, in turns: the threads of batches whose turn it is not wait, and the batches that they made meanwhile
are not counted.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

from convnets_chainrule import model_of
from pictures import CONVNETS
from work_chainrule import learner, momentum

import chainrule as cr
from chainrule import data
from chainrule.data import (
    Batches,
    Compose,
    Dataset,
    Mixup,
    Normalize,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomRotation,
)
from chainrule.random import Generator

TURNS, STEPS, NOT_COUNTED = 15, 4, 4
"""Turns besides the first; steps of one turn that count, and before them those whose batches were made meanwhile."""
WORKERS = (0, 1, 2)
NETWORK = CONVNETS["convnet"]
Source = Iterator[tuple[Any, Any]]
Taken = tuple[list[float], list[float]]


def augment() -> list[dict[str, Any]]:
    """What batches of CIFAR-10 (JPEG copy) add to a compiled training step of the small ConvNet, 128 pictures."""
    pictures, _ = data.load("cifar10-jpeg")
    normalize = Normalize.fit(pictures)
    moved = (RandomCrop(4), RandomFlip())
    kinds: dict[str, tuple[Callable[..., Any], Mixup | None]] = {
        "normalized": (normalize, None),
        "crop, flip": (Compose((*moved, normalize)), None),
        "crop, flip, rotate, erase, mixup": (
            Compose((*moved, RandomRotation(15), RandomErasing(0.5), normalize)),
            Mixup(0.2),
        ),
    }
    model = model_of("convnet")
    step = cr.compile(learner(model, momentum(model, NETWORK.rate)), fallback="error")
    sources = {
        (kind, workers): batches(pictures, transform, mix, workers)
        for kind, (transform, mix) in kinds.items()
        for workers in WORKERS
    }
    return rows(times(step, repeat(next(sources["normalized", 0])), sources))


def batches(pictures: Dataset, transform: Callable[..., Any], mix: Mixup | None, workers: int) -> Source:
    """Batches of one epoch after the other."""
    source = Batches(
        pictures,
        NETWORK.batch,
        Generator(0),
        shuffle=True,
        drop_last=True,
        transform=transform,
        mix=mix,
        workers=workers,
    )
    return (batch for _ in repeat(None) for batch in source)


def times(step: Callable[..., Any], ready: Source, sources: dict[Any, Source]) -> dict[Any, Taken]:
    """Turn by turn, the seconds of steps with their batches, and of those before and after, whose batch is ready."""
    found: dict[Any, Taken] = {key: ([], []) for key in sources}
    for turn in range(TURNS + 1):
        for key, source in sources.items():
            before = seconds(step, ready, STEPS)
            seconds(step, source, NOT_COUNTED)
            mine = seconds(step, source, STEPS)
            if turn:
                found[key][0].append(mine)
                found[key][1].append((before + seconds(step, ready, STEPS)) / 2)
    return found


def seconds(step: Callable[..., Any], source: Source, steps: int) -> float:
    began = time.perf_counter()
    for _ in range(steps):
        step(*next(source))
    return (time.perf_counter() - began) / steps


def rows(found: dict[Any, Taken]) -> list[dict[str, Any]]:
    """Medians over the turns."""
    return [
        {
            "batches": kind,
            "workers": workers,
            "ms a step": round(1e3 * statistics.median(mine), 2),
            "batch ready, ms": round(1e3 * statistics.median(least), 2),
            "times": round(statistics.median(a / b for a, b in zip(mine, least, strict=True)), 3),
        }
        for (kind, workers), (mine, least) in found.items()
    ]
