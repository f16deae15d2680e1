"""From a name to a network: of the zoo, or out of the folder of a run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from rich.text import Text

from .. import data, nn, ops, zoo
from ..data import Dataset
from ..errors import ShapeError, UsageError
from ..estimators.knn_run import Neighbours, is_knn
from ..files import take_away
from ..graph import no_grad
from ..random import Generator
from ..tensor import Tensor
from ..train import Config, Evaluation, RunFolder, Sight, evaluate_run
from .classifiers import NAMES
from .output import stderr

TOGETHER = 250
"""Pictures in one forward pass."""


@dataclass(frozen=True)
class Trained:
    """A finished run, read back.  model: with its weights;  said: what `votes` are called"""

    said: ClassVar[str] = "probability"

    run: RunFolder
    config: Config
    sight: Sight
    model: nn.Module

    @property
    def parameters(self) -> int:
        return sum(p.size for p in self.model.parameters())

    def evaluate(self, test: Dataset) -> Evaluation:
        """The network on test pictures."""
        return evaluate_run(self.model, self.config, self.sight, test)

    def votes(self, images: Any) -> Any:
        """(N, classes) the probability of each class: the softmax of the scores."""
        parts = []
        with nn.evaluating(self.model), no_grad():
            for start in range(0, len(images), TOGETHER):
                seen = self.sight.normalize(images[start : start + TOGETHER])
                parts.append(ops.softmax(self.model(Tensor(seen)), axis=1).numpy())
        return np.concatenate(parts)


def is_run(model: str) -> bool:
    """Whether MODEL means a folder: a name of the zoo comes first, and ./name is always a folder.

    >>> is_run("convnet"), is_run("./convnet"), is_run("runs/convnet-1")
    (False, True, True)
    """
    return model not in NAMES and (Path(model).is_dir() or "/" in model or "\\" in model)


def open_run(path: str) -> RunFolder:
    """The folder of a run of a network.

    Raises UsageError for the name of a model and a run without a network, FileError for anything else that is not one.
    """
    require_path(path)
    require_network(path)
    return RunFolder.open(path)


def require_network(path: str) -> None:
    """The folder is not that of nearest neighbours, or a UsageError."""
    if is_knn(path):
        came, hint = (
            "a run of nearest neighbours, which has no network",
            f"chainrule evaluate {path}, or predict",
        )
        raise UsageError(path, came, "the run of a network", hint)


def require_path(path: str) -> None:
    """It is no name of a model without a folder, or a UsageError."""
    if path in NAMES and not (Path(path) / "config.toml").is_file():
        hint = f"chainrule train {path}, which prints the folder of its run"
        raise UsageError(
            "RUN", f"{path!r} is the name of a model, not trained yet", "the folder of a run", hint
        )


def restore(path: str) -> Trained:
    """A finished run with its network and weights.

    Raises UsageError, FileError or StateError if there is none, it is damaged, or it has no network.
    """
    run = open_run(path)
    config, sight, weights = run.config(), run.sight(), run.weights()
    model = build(config.model, sight.input_shape, len(sight.classes), str(run.path))
    return Trained(run, config, sight, model.load_state_dict(weights))


def reopen(path: str) -> Trained | Neighbours:
    """A finished run, of a network or of nearest neighbours, which answers either way.

    Raises what `restore` raises.
    """
    require_path(path)
    return Neighbours.read(RunFolder.open(path)) if is_knn(path) else restore(path)


def build(name: str, shape: tuple[int, ...], classes: int | None, pictures: str, seed: int = 0) -> nn.Module:
    """The network of the zoo for such pictures, its weights drawn from the seed.

    pictures:  where they are from, for the message
    Raises UsageError, with the arithmetic, if they do not fit.
    """
    try:
        model = zoo.build(name, shape, classes, Generator(seed).split("weights"))
        nn.output_shape(model, shape)
    except ShapeError as error:
        came = f"pictures of {sizes(shape)} do not fit into {name}: {error.who}: {error.came}"
        hint = (
            f"pictures of {sizes(zoo.default_shape(name))}, for which {name} was made, or a smaller network"
        )
        raise UsageError(pictures, came, error.expected, hint) from error
    return model


def sizes(shape: tuple[int, ...]) -> str:
    """
    >>> sizes((3, 32, 32))
    '3×32×32'
    """
    return "×".join(map(str, shape))


def check_fit(trained: Trained | Neighbours, pictures: Dataset) -> None:
    """The data have the shape and the number of classes that the run has learned, or a UsageError."""
    own = (trained.sight.input_shape, len(trained.sight.classes))
    if (pictures.shape, len(pictures.classes)) != own:
        came = f"{len(pictures.classes)} classes of {sizes(pictures.shape)}"
        expected = f"{own[1]} classes of {sizes(own[0])}, as {trained.run.path} has learned them"
        raise UsageError(f"--data {pictures.name}", came, expected, f"--data {trained.config.data}")


def note_other_names(trained: Trained | Neighbours, pictures: Dataset) -> None:
    """Say so when classes are as many but called otherwise: folders of IDX files only number them."""
    pairs = enumerate(zip(pictures.classes, trained.sight.classes, strict=True))
    place, (theirs, own) = next(((i, names) for i, names in pairs if names[0] != names[1]), (0, ("", "")))
    if theirs != own:
        said = f"the data call class {place} {theirs!r}, the run calls it {own!r}"
        note = f"chainrule: note: {said}; classes are compared by their order"
        stderr().print(Text(note, "yellow"))


def placed(name: Any) -> Any:
    """The data set as it is called from any working folder: a path from the root."""
    path = isinstance(name, str) and name not in data.names() and Path(name).exists()
    return str(Path(name).resolve()) if path else name


def fresh_place(model: str) -> Path:
    """Where a run goes that was told no place: runs/<model>-<time>, numbered if there is one."""
    place = Path("runs") / f"{model}-{time.strftime('%Y%m%d-%H%M%S')}"
    numbered = (place.with_name(f"{place.name}-{n}") for n in range(2, 10_000))
    return place if not place.exists() else next(p for p in numbered if not p.exists())


def discard(run: RunFolder) -> None:
    """Take a folder away that never came to a checkpoint, and nothing else that lies in it."""
    names = ("config.toml", "model.json", "start.json", "metrics.jsonl", "weights.safetensors")
    take_away([run.path / name for name in names], (run.checkpoints, run.path))
