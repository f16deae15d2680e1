"""A checkpoint: one sealed file with all that a training needs to go on with the same bits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import FileError
from ..optim.state import State
from ..sealed import Kind, Sealed, seal, unseal
from ..words import in_short
from .events import EpochEnd
from .metrics import Mean
from .position import Position
from .start import versions
from .state import axes_of, laid, part

KIND = Kind(
    "chainrule checkpoint",
    1,
    "a checkpoint of a training",
    "a file from the folder `checkpoints` of a run",
    "an earlier checkpoint",
)
NAME = re.compile(r"epoch-(\d{5,})-step-(\d{7,})\.safetensors")
MEANS = ("losses", "accuracies")


class Best(NamedTuple):
    """The best checkpoint so far.  name: of its file;  value: the larger the better;  by: what was looked at"""

    name: str
    value: float
    by: str


@dataclass(frozen=True)
class Checkpoint:
    """What is in the file.

    state:  as `Trainer.state_dict` names it;  seeds: of layers;  position: the place in the training
    best:  the best checkpoint until here;  also: states of other things, by name
    noted:  what the one who saved it wrote beside: configuration, length of the metrics
    versions:  of Python and the packages, and the processor

    >>> Checkpoint({}, {}, Position(epoch=4, step=17)).name
    'epoch-00003-step-0000017.safetensors'
    """

    state: State
    seeds: dict[str, int]
    position: Position
    best: Best | None = None
    also: dict[str, State] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=versions)

    @property
    def name(self) -> str:
        """The name of its file: names sort as the training went, by whole epochs and steps of the next."""
        return name_of(self.position)

    @property
    def weights(self) -> State:
        """The model's state dict."""
        return part(self.state, "model/")

    def write(self, folder: Path, way: str = "a path") -> Path:
        """Write the file into a folder, whole or not at all.

        Raises ResourceError for a full disk, FileError for a place that cannot be written.
        """
        arrays = dict(self.state)
        for name, state in self.also.items():
            arrays |= {f"also/{name}/{key}": np.asarray(array) for key, array in state.items()}
        strange = {name: axes for name, a in arrays.items() if (axes := axes_of(a)) != list(range(a.ndim))}
        place, means = self.position, {name: getattr(self.position, name).state() for name in MEANS}
        arrays |= {f"position/{name}": mean for name, mean in means.items()}
        arrays["position/lr"] = np.asarray(place.lr, np.float64)
        facts = {
            "position": {key: getattr(place, key) for key in PLACE},
            "seeds": self.seeds,
            "axes": strange,
            "best": None if self.best is None else self.best._asdict(),
            "also": sorted(self.also),
            "noted": self.noted,
            "versions": self.versions,
        }
        seal(folder / self.name, KIND, facts, arrays, way)
        return folder / self.name

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """The content of a file.

        Raises FileError if it is missing, damaged, something else, or of a newer version.
        """
        sealed = unseal(path, KIND)
        try:
            return parsed(sealed)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            came = f"damaged: {in_short(error)}"
            raise FileError(str(path), came, "what a checkpoint says", KIND.again) from None


PLACE = ("epoch", "step", "seconds", "number", "steps", "rng", "data")
"""What is written of a position as JSON; the means are arrays, since they may be NaN."""


def parsed(sealed: Sealed) -> Checkpoint:
    """A checkpoint from facts and arrays that were written as one."""
    facts, axes = sealed.facts, sealed.facts["axes"]
    arrays = {n: laid(a, axes.get(n, list(range(a.ndim)))) for n, a in sealed.arrays.items()}
    losses, accuracies = (Mean.from_state(arrays.pop(f"position/{name}")) for name in MEANS)
    place = Position(**typed(facts["position"]), losses=losses, accuracies=accuracies)
    place.lr = float(arrays.pop("position/lr"))
    also = {str(name): part(arrays, f"also/{name}/") for name in facts["also"]}
    state = {name: array for name, array in arrays.items() if not name.startswith("also/")}
    seeds = {str(name): int(seed) for name, seed in facts["seeds"].items()}
    best = None if facts["best"] is None else best_of(**facts["best"])
    said = {str(name): str(version) for name, version in facts["versions"].items()}
    return Checkpoint(state, seeds, place, best, also, dict(facts["noted"]), said)


def best_of(name: str, value: float, by: str) -> Best:
    """The best so far, or a TypeError."""
    if type(name) is not str or type(value) is not float or type(by) is not str:
        raise TypeError(f"best {name!r}, {value!r}, {by!r}")
    return Best(name, value, by)


def typed(place: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a position, or a ValueError for what cannot be."""
    found = {key: place[key] for key in PLACE}
    counts = [found[key] for key in ("epoch", "step", "number")] + [found["steps"] or 0]
    if any(type(n) is not int or n < 0 for n in counts) or found["epoch"] < 1:
        raise ValueError(f"epoch, step, number and steps {counts}")
    if not isinstance(found["seconds"], int | float) or not isinstance(found["data"], str | None):
        raise TypeError("seconds or data")
    if found["rng"] is not None:
        found["rng"] = {key: int(found["rng"][key]) for key in ("seed", "position")}
    return found


def name_of(position: Position) -> str:
    """The name of the file for a place."""
    return f"epoch-{position.epoch - 1:05}-step-{position.step:07}.safetensors"


def place_of(name: str) -> tuple[int, int] | None:
    """Whole epochs, and steps of the next, by a file's name; None for another file.

    >>> place_of("epoch-00003-step-0000017.safetensors"), place_of("weights.safetensors")
    ((3, 17), None)
    """
    found = NAME.fullmatch(name)
    return None if found is None else (int(found[1]), int(found[2]))


def checkpoints_in(folder: Path) -> list[Path]:
    """The files of a folder that are called like checkpoints, in the order of the training."""
    if not folder.is_dir():
        return []
    named = ((place_of(path.name), path) for path in folder.iterdir())
    return [path for _, path in sorted((place, path) for place, path in named if place is not None)]


def last_whole(
    folder: Path, check: Callable[[Checkpoint], None] = lambda checkpoint: None
) -> tuple[Checkpoint | None, list[FileError]]:
    """The last checkpoint that can be read, and the errors of those behind it; None where there is no file.

    check:  raises FileError for one that cannot be gone on from
    Raises FileError if there are files, and none can be read.
    """
    damaged: list[FileError] = []
    for path in reversed(checkpoints_in(folder)):
        try:
            found = Checkpoint.read(path)
            check(found)
            return found, damaged
        except FileError as error:
            damaged.append(error)
    if len(damaged) > 1:
        last, hint = damaged[0], f"train again: none of {len(damaged)} checkpoints can be gone on from"
        raise FileError(last.who, last.came, last.expected, hint)
    if damaged:
        raise damaged[0]
    return None, []


def goodness(ended: EpochEnd) -> tuple[float, str]:
    """How good an epoch was, the larger the better, and by what: the validation's accuracy, else a loss."""
    if ended.validation_accuracy is not None and np.isfinite(ended.validation_accuracy):
        return ended.validation_accuracy, "validation accuracy"
    if ended.validation_loss is not None:
        return -ended.validation_loss, "validation loss"
    return -ended.loss, "loss"
