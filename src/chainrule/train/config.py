"""What a training run is asked to do."""

from __future__ import annotations

import reprlib
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import UsageError
from .settings import Settings, nearest

OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta")
SCHEDULES = ("one-cycle", "cosine", "exponential", "inverse-time", "polynomial", "plateau", "constant")
LOSSES = ("cross-entropy", "hinge")
FREE = ("checkpoint_seconds", "keep", "workers")
"""Settings that change no number of a run."""
MOST_WORKERS = 64


@dataclass(frozen=True)
class Config(Settings):
    """The settings of a training run.

    model:  a name of the zoo;  data: a name or a path, see `data.load`
    epochs:  passes over the training pictures;  batch_size: pictures in a step
    lr:  the (largest) learning rate;  optimizer: adam, adamw, sgd, rmsprop, adagrad or adadelta
    momentum: of sgd and rmsprop
    schedule:  one-cycle, cosine or constant, step by step; exponential to a hundredth of lr, inverse-time to a tenth,
    polynomial to 0 in a straight line; plateau: a tenth, whenever two epochs have not helped
    loss:  cross-entropy or hinge;  weight_decay: the optimizer's;  l2: λ of λ·ΣW² in the loss
    crop:  random shifts of up to so many pixels;  flip: mirror half of the pictures
    rotate:  turns of up to so many degrees either way;  erase: the share of pictures that lose a rectangle
    mixup:  α of Beta(α, α), by which pictures are mixed in pairs, with cross-entropy; 0: not mixed
    workers:  threads that make batches ahead, which changes no number
    validation:  the share of the training pictures that is held out and only looked at
    seed:  of weights, order, augmentation and the held-out part
    checkpoint_seconds:  a checkpoint so often beside those of every epoch; 0: after every step
    keep:  so many of the last checkpoints stay, and the best
    """

    model: str = "convnet"
    data: str = "fashion-6k"
    epochs: int = 8
    batch_size: int = 64
    lr: float = 2e-3
    optimizer: str = "adam"
    momentum: float = 0.9
    schedule: str = "one-cycle"
    loss: str = "cross-entropy"
    weight_decay: float = 0.0
    l2: float = 0.0
    crop: int = 0
    flip: bool = False
    rotate: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0
    workers: int = 1
    validation: float = 0.1
    seed: int = 0
    checkpoint_seconds: float = 60.0
    keep: int = 3

    def __post_init__(self) -> None:
        for name, allowed in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("loss", LOSSES)):
            if getattr(self, name) not in allowed:
                hint = nearest(getattr(self, name), allowed)
                raise UsageError(
                    name, reprlib.repr(getattr(self, name)), f"one of {', '.join(allowed)}", hint
                )
        for name, good, expected, hint in (
            ("epochs", self.epochs >= 1, "1 or more", "--epochs 8"),
            ("batch_size", self.batch_size >= 1, "1 or more", "--batch-size 64"),
            ("lr", 0 < self.lr < float("inf"), "a number above 0", "--lr 0.001"),
            ("momentum", 0 <= self.momentum < 1, "0 ≤ momentum < 1", "momentum = 0.9"),
            ("weight_decay", 0 <= self.weight_decay < float("inf"), "0 or more", "weight_decay = 0.0"),
            ("l2", 0 <= self.l2 < float("inf"), "0 or more", "l2 = 0.0"),
            ("crop", self.crop >= 0, "0 or more pixels", "crop = 2"),
            ("rotate", 0 <= self.rotate <= 180, "0 to 180 degrees", "rotate = 15.0"),
            ("erase", 0 <= self.erase <= 1, "0 ≤ erase ≤ 1", "erase = 0.5"),
            ("mixup", 0 <= self.mixup < float("inf"), "0 or more", "mixup = 0.2"),
            ("workers", 0 <= self.workers <= MOST_WORKERS, f"0 to {MOST_WORKERS} threads", "workers = 1"),
            ("validation", 0 <= self.validation < 1, "0 ≤ validation < 1", "validation = 0.1"),
            (
                "checkpoint_seconds",
                0 <= self.checkpoint_seconds < float("inf"),
                "0 or more seconds",
                "--checkpoint-seconds 60",
            ),
            ("keep", self.keep >= 1, "1 or more checkpoints", "--keep 3"),
            ("seed", 0 <= self.seed < 2**63, "0 ≤ seed < 2⁶³", "--seed 0"),
        ):
            if not good:
                raise UsageError(name, f"{getattr(self, name)}", expected, hint)
        if self.mixup and self.loss != "cross-entropy":
            came = f"{self.mixup} with {self.loss}, which takes no shares of classes"
            raise UsageError("mixup", came, "cross-entropy, or mixup = 0", "--loss cross-entropy")

    def bits(self) -> dict[str, Any]:
        """The settings that the numbers depend on: all but how often and how much is saved, and who makes batches.

        >>> Config(keep=1).bits() == Config().bits(), Config(seed=1).bits() == Config().bits()
        (True, False)
        """
        return {key: value for key, value in asdict(self).items() if key not in FREE}
