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

TURNS, STEPS, NOT_COUNTED = 8, 12, 6
"""Turns, of which the first does not count; steps of one turn; how many of these, the first, do not count."""
WORKERS = (0, 1, 2)
NETWORK = CONVNETS["convnet"]
Source = Iterator[tuple[Any, Any]]


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
    ready: dict[Any, Source] = {("one batch again and again", None): repeat(next(sources["normalized", 0]))}
    return rows(in_turns(step, ready | sources))


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


def in_turns(step: Callable[..., Any], sources: dict[Any, Source]) -> dict[Any, list[float]]:
    """The seconds of steps, each with the taking of its batch."""
    seconds: dict[Any, list[float]] = {key: [] for key in sources}
    for turn in range(TURNS):
        for key, source in sources.items():
            taken = [timed(lambda source=source: step(*next(source))) for _ in range(STEPS)]  # type: ignore[misc]
            seconds[key] += taken[NOT_COUNTED:] if turn else []
    return seconds


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def rows(seconds: dict[Any, list[float]]) -> list[dict[str, Any]]:
    """Medians, beside the step whose batch is ready."""
    medians = {key: statistics.median(taken) for key, taken in seconds.items()}
    least = next(iter(medians.values()))
    return [
        {
            "batches": kind,
            "workers": workers,
            "ms a step": round(1e3 * median, 2),
            "more": f"{median / least - 1:+.1%}",
        }
        for (kind, workers), median in medians.items()
    ]
