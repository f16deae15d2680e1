"""The folder of a run: configuration, metrics, weights and report, each whole or not there.

config.toml          what was asked; `--config` takes it
model.json           what the model sees and says: input shape, class names, normalization
start.json           where the first weights came from, and what it ran on
metrics.jsonl        one line for each step and each epoch
checkpoints/         the last few moments at which it can be gone on with, and the best
weights.safetensors  the weights
result.json          how it ended
report.html          all of it as pictures
"""

from __future__ import annotations

import io
import json
import math
import os
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..data import Normalize
from ..errors import ChainruleError, FileError, UsageError
from ..files import append_whole, told, write_whole
from ..notation import from_json
from ..reading import opened, whole_file
from ..sealed import Kind, arrays_of, seal
from ..words import in_short, printable
from .checkpoint import Checkpoint, checkpoints_in, last_whole
from .config import Config
from .events import EpochEnd, StepEnd
from .settings import Settings
from .start import Start

WAY = "--out"
"""How the user says where a run goes."""
METRICS, WEIGHTS, RESULT = "metrics.jsonl", "weights.safetensors", "result.json"
KIND = Kind("chainrule.weights", 1, "the weights of a run", "the folder of a run", "train again")

MOST_FACTS = 1 << 20
MOST_LINE = 1 << 12
"""Bytes of a file of facts, and of a line of metrics."""
MOST_PIXELS = 1 << 28

T = TypeVar("T")


@dataclass(frozen=True)
class Sight:
    """What a model sees and says.

    input_shape: (C, H, W) of a picture;  classes: names in the order of the scores
    normalize: what is done to a picture before the model sees it
    """

    input_shape: tuple[int, ...]
    classes: tuple[str, ...]
    normalize: Normalize

    def as_dict(self) -> dict[str, Any]:
        return {
            "input_shape": list(self.input_shape),
            "classes": list(self.classes),
            "normalize": self.normalize.as_dict(),
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Sight:
        shape, classes = facts["input_shape"], facts["classes"]
        normalize = Normalize.from_dict(facts["normalize"])
        if type(shape) is not list or len(shape) != 3 or any(type(n) is not int for n in shape):
            raise ValueError(f"input_shape {reprlib.repr(shape)}")
        if min(shape) < 1 or math.prod(shape) > MOST_PIXELS:
            raise ValueError(f"input_shape {reprlib.repr(shape)}")
        if type(classes) is not list or not classes or any(type(name) is not str for name in classes):
            raise ValueError(f"classes {reprlib.repr(classes)}")
        if len(normalize.mean) != shape[0]:
            raise ValueError(f"{shape[0]} channels, {len(normalize.mean)} of them normalized")
        return cls(tuple(shape), tuple(map(printable, classes)), normalize)


class RunFolder:
    """A run on disk.  Every file is written beside its place and moved there whole."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, path: str | Path) -> RunFolder:
        """A new, empty folder.

        Raises UsageError if something is there already, ResourceError or FileError if it cannot be made.
        """
        run = cls(path)
        with told(run.path, WAY):
            if run.path.exists() and (not run.path.is_dir() or any(run.path.iterdir())):
                hint = f"--out {run.path}-2, or move the old one away"
                raise UsageError("--out", f"{run.path} exists already", "a new or empty folder", hint)
            run.path.mkdir(parents=True, exist_ok=True)
        return run

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """The folder of a run that has weights, finished or not.

        Raises FileError if it is not one.
        """
        run = cls(path)
        missing = [name for name in ("config.toml", "model.json") if not (run.path / name).is_file()]
        if not (run.path / WEIGHTS).is_file() and not checkpoints_in(run.checkpoints):
            missing.append(WEIGHTS)
        if missing:
            came = "no such folder" if not run.path.is_dir() else f"a folder without {', '.join(missing)}"
            raise FileError(str(path), came, "the folder of a run", "the path that `chainrule train` printed")
        return run

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.path / "checkpoints"

    @property
    def finished(self) -> bool:
        """Whether it went to its end."""
        return (self.path / RESULT).is_file()

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file: beside its place, flushed to the disk, then moved there."""
        place = self.path / name
        write_whole(place, content.encode() if isinstance(content, str) else content, WAY)
        return place

    def begin(self, config: Settings, sight: Sight, start: Start | None = None) -> None:
        """What was asked, what the model will see, and how it begins."""
        self.write("config.toml", config.as_toml())
        self.describe(sight)
        if start is not None:
            self.write("start.json", json.dumps(asdict(start), indent=1, ensure_ascii=False) + "\n")

    def describe(self, sight: Sight) -> None:
        """What the model sees and says."""
        self.write("model.json", json.dumps(sight.as_dict(), indent=1, ensure_ascii=False) + "\n")

    def append(self, events: Iterable[StepEnd | EpochEnd]) -> int:
        """Lines of metrics, all or none, flushed to the disk; returns how many bytes there are then."""
        rows = [{"kind": "step" if isinstance(e, StepEnd) else "epoch", **asdict(e)} for e in events]
        lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
        return append_whole(self.path / METRICS, lines, WAY)

    @property
    def recorded(self) -> int:
        """Bytes of metrics."""
        path = self.path / METRICS
        return path.stat().st_size if path.exists() else 0

    def covers(self, checkpoint: Checkpoint) -> None:
        """The metrics go as far as a checkpoint, or a FileError."""
        there, length = self.recorded, checkpoint.noted.get("metrics")
        if isinstance(length, int) and there < length:
            came = f"{METRICS} has {there:,} of the {length:,} bytes that it had then"
            path, hint = self.checkpoints / checkpoint.name, "an earlier checkpoint"
            raise FileError(str(path), came, "the metrics of the run, whole", hint)

    def cut(self, length: int) -> None:
        """Take the metrics back to so many bytes.

        Raises FileError if there are fewer, or the file cannot be written.
        """
        path, there = self.path / METRICS, self.recorded
        if there < length:
            came = f"{there:,} bytes, and its checkpoint was saved with {length:,}"
            raise FileError(str(path), came, "the metrics of the run, whole", "train again")
        if there > length:
            with told(path, WAY), open(path, "r+b") as file:
                file.truncate(length)
                os.fsync(file.fileno())

    def metrics(self, kind: str) -> list[dict[str, Any]]:
        """The lines of one kind, "step" or "epoch".

        Raises FileError if the file is missing or damaged.
        """
        path = self.path / METRICS
        expected = "a JSON object with its kind in each line"
        rows = []
        try:
            with opened(path, lambda came: damaged(path, came, expected)) as (file, _):
                lines = io.BufferedReader(file)
                while line := lines.readline(MOST_LINE):
                    row = from_json(line, numbers=True)
                    if row["kind"] == kind:
                        rows.append(row)
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(path, error, expected) from None
        return rows

    def steps(self) -> list[StepEnd]:
        """Every recorded step, in order.

        Raises FileError if the file is missing or damaged.
        """
        names = [field.name for field in fields(StepEnd)]
        try:
            return [StepEnd(*(row[name] for name in names)) for row in self.metrics("step")]
        except KeyError as error:
            expected = f"{', '.join(names)} in each line of a step"
            raise damaged(self.path / METRICS, error, expected) from None

    def save_weights(self, state: Mapping[str, np.ndarray]) -> None:
        """The state dict as safetensors, with a checksum."""
        seal(self.path / WEIGHTS, KIND, {}, state, WAY)

    def weights(self) -> dict[str, np.ndarray]:
        """The state dict back; that of the last checkpoint where the run came to no whole epoch.

        A safetensors file of another maker will do.
        Raises FileError if the file is damaged or of another format.
        """
        if not (self.path / WEIGHTS).exists() and (found := last_whole(self.checkpoints)[0]) is not None:
            return found.weights
        path, hint = self.path / WEIGHTS, "another run, or train again"
        return arrays_of(
            path, KIND, lambda came: FileError(str(path), came, "a whole safetensors file", hint)
        )

    def config(self) -> Config:
        """What was asked."""
        return Config.of(Config.read(self.path / "config.toml"), str(self.path / "config.toml"))

    def sight(self) -> Sight:
        """What the model sees and says.

        Raises FileError if the file is damaged.
        """
        return facts_in(self.path / "model.json", Sight.from_dict, "input_shape, classes and normalize")

    def start(self) -> Start | None:
        """How it began; None for a folder that does not say so.

        Raises FileError if the file is damaged.
        """
        path = self.path / "start.json"
        if not os.path.lexists(path):
            return None
        return facts_in(path, Start.from_dict, "weights, run, plain and versions")

    def result(self) -> dict[str, Any]:
        """How it ended.

        Raises FileError if it did not, or the file is damaged.
        """
        return facts_in(self.path / RESULT, dict, "a JSON object")

    def finish(self, result: Mapping[str, Any]) -> None:
        """How it ended."""
        self.write(RESULT, json.dumps(dict(result), indent=1, ensure_ascii=False) + "\n")


def facts_in(path: Path, made: Callable[[Mapping[str, Any]], T], expected: str) -> T:
    """What is made of the JSON in a file of a run, or a FileError."""
    content = whole_file(path, MOST_FACTS, lambda came: damaged(path, came, expected))
    try:
        return made(from_json(content))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise damaged(path, error, expected) from None


def damaged(path: Path, error: Exception | str, expected: str) -> FileError:
    """The error of a file of a run that cannot be read."""
    if isinstance(error, ChainruleError):
        error = error.came
    shown = in_short(error if isinstance(error, Exception) else ValueError(error))
    return FileError(str(path), f"damaged: {shown}", expected, "another run, or train again")
