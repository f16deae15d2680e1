"""What a configuration asks for: data, loss, optimizer and schedule, ready to train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import nn, optim
from ..data import (
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
from ..errors import DataError, SettingError, UsageError
from ..random import Generator
from ..words import many
from .config import Config
from .evaluation import evaluate
from .metrics import Evaluation
from .run import Sight
from .trainer import Schedule, Trainer

RULES: dict[str, Callable[..., optim.Optimizer]] = {
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "sgd": optim.SGD,
    "rmsprop": optim.RMSprop,
    "adagrad": optim.Adagrad,
    "adadelta": optim.Adadelta,
}
"""Optimizers by the names of a configuration."""
EVALUATION_BATCH = 250
"""Pictures at once where nothing is kept for a gradient."""


@dataclass(frozen=True)
class Job:
    """What a configuration asks for, ready to begin.

    batches:  what is learned from;  held: pictures that are only looked at, or None;  sight: what the model sees
    """

    config: Config
    trainer: Trainer
    batches: Batches
    held: Dataset | None
    sight: Sight


def prepared(model: nn.Module, config: Config, train: Dataset, *, plain: bool = False) -> Job:
    """Split, batches, loss, optimizer and schedule as configured: the same bits whenever it is called.

    plain:  run every step gate by gate
    Raises DataError for pictures of one class, UsageError for shifts that can empty a picture.

    >>> import numpy as np
    >>> from chainrule import zoo
    >>> pictures = Dataset(np.zeros((40, 1, 4, 4), np.uint8), np.arange(40) % 2, ("cat", "dog"))
    >>> job = prepared(zoo.build("linear", (1, 4, 4), 2), Config(model="linear", batch_size=8), pictures)
    >>> len(job.batches), len(job.held)
    (5, 4)
    """
    if train.labels.min() == train.labels.max():
        came = f"pictures of one class, {train.classes[train.labels[0]]!r}"
        raise DataError(train.name, came, "two classes or more", "pictures of another class")
    if config.crop >= min(train.shape[1:]):
        came = f"{config.crop} pixels of pictures of {train.shape[1]}×{train.shape[2]}"
        raise UsageError("crop", came, f"fewer than {min(train.shape[1:])}", "--crop 2")
    root = Generator(config.seed)
    learned, held = held_out(train, config.validation, root)
    sight = Sight(train.shape, train.classes, Normalize.fit(learned))
    batches = Batches(
        learned,
        config.batch_size,
        root.split("batches"),
        shuffle=True,
        transform=augmentation(config, sight.normalize),
        mix=Mixup(config.mixup) if config.mixup else None,
        workers=config.workers,
    )
    trainer = make_trainer(model, config, config.epochs * len(batches), plain=plain)
    return Job(config, trainer, batches, held, sight)


def held_out(train: Dataset, share: float, root: Generator) -> tuple[Dataset, Dataset | None]:
    """What is learned from, and the share that is only looked at, or None."""
    try:
        return train.split(1 - share, root.split("split")) if share else (train, None)
    except SettingError:
        came = f"{share}, which leaves nothing of {many(len(train), 'picture')} to learn from or to look at"
        raise UsageError("validation", came, "a share that leaves some of each", "--validation 0") from None


def augmentation(config: Config, normalize: Normalize) -> Compose:
    """What happens to a training batch: shifted, mirrored, turned, erased, normalized."""
    parts: list[Any] = [RandomCrop(config.crop)] if config.crop else []
    parts += [RandomFlip()] if config.flip else []
    parts += [RandomRotation(config.rotate)] if config.rotate else []
    parts += [RandomErasing(config.erase)] if config.erase else []
    return Compose((*parts, normalize))


def plain_batches(dataset: Dataset, sight: Sight) -> Batches:
    """The pictures in their order, normalized."""
    return Batches(dataset, EVALUATION_BATCH, Generator(0), transform=sight.normalize)


def make_loss(config: Config) -> nn.Module:
    """The loss by its name."""
    return nn.CrossEntropyLoss() if config.loss == "cross-entropy" else nn.MulticlassHingeLoss()


def make_trainer(model: nn.Module, config: Config, steps: int, *, plain: bool = False) -> Trainer:
    """Loss, optimizer and schedule by their names."""
    settings: dict[str, Any] = {"lr": config.lr, "weight_decay": config.weight_decay}
    if config.optimizer in ("sgd", "rmsprop"):
        settings["momentum"] = config.momentum
    optimizer = RULES[config.optimizer](model.parameters(), **settings)
    penalty = nn.L2(config.l2) if config.l2 else None
    schedule = make_schedule(config, optimizer, steps)
    return Trainer(model, make_loss(config), optimizer, schedule=schedule, penalty=penalty, plain=plain)


def make_schedule(
    config: Config, optimizer: optim.Optimizer, steps: int
) -> Schedule | optim.ReduceLROnPlateau | None:
    """The schedule by its name, over so many steps."""
    cycle = any(group.uses("momentum") or group.uses("betas") for group in optimizer.param_groups)
    schedules: dict[str, Callable[[], Schedule | optim.ReduceLROnPlateau]] = {
        "one-cycle": lambda: optim.OneCycleLR(optimizer, config.lr, max(2, steps), cycle_momentum=cycle),
        "cosine": lambda: optim.CosineAnnealingLR(optimizer, steps),
        "exponential": lambda: optim.ExponentialLR(optimizer, 0.01 ** (1 / steps)),
        "inverse-time": lambda: optim.InverseTimeLR(optimizer, 9 / steps),
        "polynomial": lambda: optim.PolynomialLR(optimizer, steps),
        "plateau": lambda: optim.ReduceLROnPlateau(optimizer, patience=1),
    }
    return schedules[config.schedule]() if config.schedule in schedules else None


def evaluate_run(model: nn.Module, config: Config, sight: Sight, test: Dataset) -> Evaluation:
    """A trained model on test pictures."""
    return evaluate(model, make_loss(config), plain_batches(test, sight))
