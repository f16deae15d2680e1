"""A whole run: training, test, everything into the run folder; and a run that was broken off, gone on with."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .. import nn
from ..data import Dataset
from ..errors import DataError, DivergedError, FileError, StateError, UsageError
from .checkpoint import Checkpoint
from .checkpoints import Checkpoints
from .config import Config
from .events import EpochEnd, FitBegin, StepEnd
from .fingerprint import fingerprint
from .job import Job, plain_batches, prepared
from .metrics import Evaluation
from .position import Position
from .report import write_report
from .run import WAY, RunFolder
from .start import Start
from .trainer import Trainer

Listen = Callable[[Trainer], None]


@dataclass(frozen=True)
class Result:
    """How a run ended.  test_accuracy: 0 to 1;  test_loss: nats (or hinge);  seconds: training alone."""

    test_accuracy: float
    test_loss: float
    parameters: int
    seconds: float
    run: str


def train_run(
    model: nn.Module,
    config: Config,
    train: Dataset,
    test: Dataset,
    run: RunFolder,
    listen: Listen = lambda trainer: None,
    *,
    plain: bool = False,
    start: str = "",
) -> Result:
    """Train the model as configured, test it once, and leave everything in the run folder.

    plain:  run every step gate by gate
    listen:  called with the trainer before it starts, to subscribe to its events
    start:  the folder of the run whose weights the model has; "" where they are those of the seed
    Weights are saved after every epoch, checkpoints more often: `resume_run` goes on from the last of them.
    """
    job = prepared(model, config, train, plain=plain)
    record = Record(run, job, (train, test))
    run.begin(config, job.sight, Start.of(model, start, plain))
    record.follow()
    return finished(record, None, test, listen)


def resume_run(
    model: nn.Module,
    checkpoint: Checkpoint,
    config: Config,
    train: Dataset,
    test: Dataset,
    run: RunFolder,
    listen: Listen = lambda trainer: None,
    *,
    plain: bool = False,
) -> Result:
    """Go on with a run from one of its checkpoints, to the same bits as if it had never been broken off.

    model:  of the same shape; its weights do not matter;  the rest as of `train_run`
    Raises UsageError if the configuration is another one, DataError if the pictures are, StateError for another model,
    FileError if the metrics are not whole.
    """
    check_same(checkpoint, config, (train, test), run)
    job = prepared(model, config, train, plain=plain)
    record = Record(run, job, (train, test))
    try:
        record.checkpoints.put(checkpoint, job.trainer)
        record.seconds = float(checkpoint.noted["seconds"])
        length = int(checkpoint.noted["metrics"])
    except (KeyError, TypeError, ValueError) as error:
        came = f"a checkpoint without what a run notes: {type(error).__name__} {error}"
        raise StateError(str(run.path), came, "seconds and metrics", "a checkpoint of a run") from None
    run.cut(length)
    run.describe(job.sight)  # it may have been lost meanwhile
    record.follow()
    return finished(record, checkpoint.position, test, listen)


def finished(record: Record, start: Position | None, test: Dataset, listen: Listen) -> Result:
    """Train to the end, test, and write down how it ended."""
    job, run = record.job, record.run
    config, trainer, sight = job.config, job.trainer, job.sight
    listen(trainer)
    held = None if job.held is None else plain_batches(job.held, sight)
    trainer.fit(job.batches, held, epochs=config.epochs, start=start)
    seconds = round(record.passed(), 2)
    tested = trainer.evaluate(plain_batches(test, sight))
    check_finite(tested, config)
    parameters = sum(p.size for p in trainer.model.parameters())
    result = Result(tested.accuracy, tested.loss, parameters, seconds, str(run.path))
    if not (run.path / "weights.safetensors").is_file():
        run.save_weights(trainer.model.state_dict())
    write_report(run, trainer.model, config, sight, test, tested, asdict(result))
    run.finish(asdict(result))  # last: a folder with it is finished
    return result


def check_finite(tested: Evaluation, config: Config) -> None:
    """The very last step can ruin the weights too, and no later step shows it."""
    if not math.isfinite(tested.loss):
        came = f"a loss of {tested.loss} on the test pictures"
        hint = f"lr {config.lr / 10:.2g} instead of {config.lr:.2g}"
        raise DivergedError("train_run", came, "a finite loss", hint)


def check_same(
    checkpoint: Checkpoint, config: Config, pictures: tuple[Dataset, Dataset], run: RunFolder
) -> None:
    """The checkpoint is of this configuration and these pictures."""
    saved, own = checkpoint.noted.get("config"), config.bits()
    if not isinstance(saved, Mapping):
        came = f"{checkpoint.name} that no run of chainrule wrote"
        raise FileError(str(run.checkpoints), came, "checkpoints of this run", "the folder of a run")
    other = [key for key in {**own, **saved} if own.get(key) != saved.get(key)]
    if other:
        key = other[0]
        came = f"{key} {own.get(key)!r} in config.toml, and {saved.get(key)!r} in its checkpoint {checkpoint.name}"
        hint = "the folder as the run left it, or chainrule train RUN for a new run from its weights"
        raise UsageError(str(run.path), came, "a run and its own checkpoints", hint)
    for which, dataset, known in zip(("training", "test"), pictures, prints(checkpoint), strict=True):
        if (here := fingerprint(dataset)) != known:
            came = f"other {which} pictures in {dataset.name} than when {run.path} began: fingerprint {here[:12]}…"
            hint = "the data set as it was; for a new run: chainrule train RUN --data …"
            raise DataError("--resume", came, f"the fingerprint {str(known)[:12]}…", hint)


def prints(checkpoint: Checkpoint) -> tuple[Any, Any]:
    """The fingerprints of training and test pictures that a checkpoint notes."""
    noted = checkpoint.noted.get("data")
    found = noted if isinstance(noted, list) and len(noted) == 2 else [None, None]
    return found[0], found[1]


class Record:
    """What a run writes down while it trains: metrics, weights, checkpoints.

    seconds:  of training before this process
    """

    def __init__(self, run: RunFolder, job: Job, pictures: tuple[Dataset, Dataset]) -> None:
        self.run, self.job, self.seconds = run, job, 0.0
        self.waiting: list[StepEnd | EpochEnd] = []
        self.data = [fingerprint(dataset) for dataset in pictures]
        config = job.config
        self.checkpoints = Checkpoints(
            run.checkpoints, keep=config.keep, seconds=config.checkpoint_seconds, note=self.note, way=WAY
        )

    def follow(self) -> None:
        """Listen to the trainer; the metrics of a step are there before its checkpoint."""
        trainer = self.job.trainer
        self.began = time.perf_counter()
        trainer.on(FitBegin, self.begin)
        trainer.on(StepEnd, self.waiting.append)
        trainer.on(EpochEnd, self.save_epoch)
        self.checkpoints.follow(trainer)

    def begin(self, event: FitBegin) -> None:
        self.began = time.perf_counter()

    def passed(self) -> float:
        """Seconds of training, in all processes."""
        return self.seconds + time.perf_counter() - self.began

    def save_epoch(self, event: EpochEnd) -> None:
        """The epoch's metrics and the weights after it."""
        self.waiting.append(event)
        self.write_metrics()
        self.run.save_weights(self.job.trainer.model.state_dict())

    def write_metrics(self) -> int:
        """Append what is waiting; returns the length of the file."""
        length = self.run.append(self.waiting)
        self.waiting.clear()
        return length

    def note(self) -> dict[str, Any]:
        """What a checkpoint of a run says beside the state."""
        return {
            "config": self.job.config.bits(),
            "data": self.data,
            "metrics": self.write_metrics(),
            "seconds": self.passed(),
        }
