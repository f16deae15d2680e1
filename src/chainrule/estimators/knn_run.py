"""Runs of nearest neighbours: nothing is learned, but there is a folder with settings, pictures, a test and a report.

config.toml          what was asked; `chainrule train knn --config` takes it
model.json           what the pictures are: input shape and class names
weights.safetensors  all training pictures with their labels: they are the model
result.json          how it ended
report.html          all of it as pictures
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..data import Dataset, Normalize
from ..errors import FileError, LabelError, UsageError
from ..train import Evaluation, RunFolder, Sight
from ..train.settings import Settings, nearest, read_toml
from .neighbours import METRICS, KNeighborsClassifier

KNN = "knn"
"""The model of such runs."""


@dataclass(frozen=True)
class KnnConfig(Settings):
    """The settings of a run of nearest neighbours.

    data:  a name or a path, see `data.load`;  k: how many neighbours vote;  metric: l1, l2 or cosine
    """

    model: str = KNN
    data: str = "fashion-6k"
    k: int = 5
    metric: str = "l2"

    def __post_init__(self) -> None:
        if self.model != KNN:
            raise UsageError("model", repr(self.model), f"{KNN}, in settings with k and metric", KNN)
        if self.metric not in METRICS:
            hint = nearest(self.metric, tuple(METRICS))
            raise UsageError("metric", repr(self.metric), f"one of {', '.join(METRICS)}", hint)
        if self.k < 1:
            raise UsageError("k", f"{self.k}", "1 or more", "--k 5")

    def require_fewer(self, pictures: Dataset) -> None:
        """There are at least k pictures, or a UsageError."""
        if self.k > len(pictures):
            came = f"{self.k} neighbours of {len(pictures):,} training pictures"
            raise UsageError("k", came, f"at most {len(pictures):,}", "--k 5")


@dataclass(frozen=True)
class KnnResult:
    """How a run ended.  test_accuracy: 0 to 1;  pictures: that vote;  seconds: of the test."""

    test_accuracy: float
    k: int
    metric: str
    pictures: int
    seconds: float
    run: str


@dataclass(frozen=True)
class Neighbours:
    """Nearest neighbours out of a run's folder.

    sight:  the shape and the classes of its pictures;  images, labels: those that vote
    said:  what `votes` are called
    """

    said: ClassVar[str] = "votes"

    run: RunFolder
    config: KnnConfig
    sight: Sight
    images: NDArray[Any]
    labels: NDArray[np.int64]
    classifier: KNeighborsClassifier

    @classmethod
    def of(cls, run: RunFolder, config: KnnConfig, pictures: Dataset) -> Neighbours:
        """Nearest neighbours among these pictures."""
        channels = pictures.shape[0]
        sight = Sight(pictures.shape, pictures.classes, Normalize((0.0,) * channels, (1.0,) * channels))
        classifier = KNeighborsClassifier(config.k, metric=config.metric)
        classifier.fit(pictures.images, pictures.labels)
        return cls(run, config, sight, pictures.images, pictures.labels, classifier)

    @classmethod
    def read(cls, run: RunFolder) -> Neighbours:
        """Out of the folder of a run.

        Raises UsageError or FileError if one of its files is damaged or does not fit the others.
        """
        place = run.path / "config.toml"
        config, sight = KnnConfig.of(read_toml(place), str(place)), run.sight()
        weights = run.weights()
        path, expected = (
            run.path / "weights.safetensors",
            "images and labels, as chainrule train knn leaves them",
        )
        if set(weights) != {"images", "labels"}:
            raise FileError(str(path), f"arrays {', '.join(sorted(weights))}", expected, "another run")
        try:
            pictures = Dataset(weights["images"], weights["labels"], sight.classes, str(run.path))
            if pictures.shape != sight.input_shape:
                raise LabelError(
                    str(path), f"pictures of shape {pictures.shape}", f"{sight.input_shape}", "another run"
                )
            config.require_fewer(pictures)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise FileError(str(path), f"damaged: {error}", expected, "another run, or train again") from None
        return cls.of(run, config, pictures)

    @property
    def parameters(self) -> int:
        """Nothing is learned."""
        return 0

    def votes(self, images: NDArray[Any]) -> NDArray[np.float64]:
        """(N, classes) the share of the votes that each class of the run has."""
        shares = np.zeros((len(images), len(self.sight.classes)))
        shares[:, self.classifier.classes_] = self.classifier.predict_proba(images)
        return shares

    def evaluate(self, test: Dataset) -> Evaluation:
        """The neighbours asked about test pictures; scores are logarithms of shares, and there is no loss."""
        with np.errstate(divide="ignore"):
            return Evaluation(np.log(self.votes(test.images)), test.labels, float("nan"))

    def nearest(self, images: NDArray[Any]) -> NDArray[np.int64]:
        """(N, k) the numbers of the nearest pictures, the nearest first."""
        return self.classifier.kneighbors(images, return_distance=False)


def is_knn(run: str | Path) -> bool:
    """Whether a folder is that of such a run."""
    place = Path(run) / "config.toml"
    return place.is_file() and read_toml(place).get("model") == KNN


def asked(neighbours: Neighbours, test: Dataset) -> tuple[Evaluation, KnnResult]:
    """Ask about all test pictures, and leave everything but the report in the folder."""
    run, config = neighbours.run, neighbours.config
    run.begin(config, neighbours.sight)
    run.save_weights({"images": neighbours.images, "labels": neighbours.labels})
    began = time.perf_counter()
    tested = neighbours.evaluate(test)
    seconds = round(time.perf_counter() - began, 2)
    result = KnnResult(
        tested.accuracy, config.k, config.metric, len(neighbours.labels), seconds, str(run.path)
    )
    run.finish(asdict(result))
    return tested, result
