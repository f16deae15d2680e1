"""`chainrule train`: options, file and run folder into one configuration; then the run, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.status import Status
from rich.text import Text

from .. import data, nn
from ..data import Dataset
from ..errors import UsageError
from ..estimators.knn_run import KNN
from ..train import Config, EpochEnd, FitEnd, Result, RunFolder, Trainer, train_run
from ..train.config import LOSSES, OPTIMIZERS, SCHEDULES
from ..train.presets import PRESETS
from ..train.progress import TerminalProgress
from .classifiers import classifiers, complete_classifier
from .help import Argument, Option, Verb
from .knn import data_place, train_knn, wants_knn
from .options import complete_data, data_sets, json_option, threads_option
from .output import facts, loss_text, show, show_json, stderr
from .runs import Trained, build, check_fit, discard, fresh_place, is_run, note_other_names, restore, sizes

SETTINGS: tuple[tuple[str, str, str, str], ...] = (
    ("Pictures", "data", "NAME", "Data set: a name, or a path to a folder or npz file; see below."),
    (
        "Pictures",
        "validation",
        "SHARE",
        "Share of the training pictures that is held out and only looked at.",
    ),
    ("Pictures", "crop", "PIXELS", "Shift each picture at random by up to so many pixels."),
    ("Pictures", "flip", "", "Mirror half of the pictures."),
    ("Training", "epochs", "N", "Passes over the training pictures."),
    ("Training", "batch_size", "N", "Pictures in one step."),
    ("Training", "lr", "RATE", "Learning rate; with a schedule, the largest."),
    ("Training", "schedule", "NAME", f"How the rate moves: {', '.join(SCHEDULES)}."),
    ("Training", "optimizer", "NAME", f"{', '.join(OPTIMIZERS)}."),
    ("Training", "momentum", "NUMBER", "Momentum of sgd and rmsprop."),
    ("Training", "weight_decay", "NUMBER", "The optimizer's."),
    ("Training", "l2", "λ", "Add λ·ΣW² to the loss."),
    ("Training", "loss", "NAME", f"{' or '.join(LOSSES)}."),
    ("Training", "seed", "N", "Of weights, order, augmentation and the held-out part."),
)
"""Heading, key of the configuration, what it takes, what it is."""


def settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """One option for each key of the configuration; None where it is not given."""
    # click puts the last decorator first
    for group, key, metavar, about in reversed(SETTINGS):
        standard = getattr(Config, key)
        name = "--" + key.replace("_", "-")
        shown: dict[str, Any] = {"group": group, "help": about, "cls": Option, "default": None}
        if isinstance(standard, bool):
            option = click.option(f"{name}/--no-{key}", **shown)
        else:
            complete = complete_data if key == "data" else None
            shown |= {
                "metavar": metavar,
                "type": type(standard),
                "standard": str(standard),
                "shell_complete": complete,
            }
            option = click.option(name, **shown)
        function = option(function)
    return function


@click.command(
    cls=Verb,
    examples=(
        ("chainrule train", "the small ConvNet on 5,000 pictures of clothes"),
        ("chainrule train two-layer --epochs 3 --lr 0.001", "another network, shorter"),
        ("chainrule train knn --k 3 --metric l1", "no learning: the nearest training pictures vote"),
        ("chainrule train resnet20 --data cifar10-jpeg --crop 4 --flip", "colours, augmented"),
        ("chainrule train lenet5 --data pictures/", "your own: one sub-folder of pictures a class"),
        ("chainrule train runs/convnet-… --lr 0.0002 --epochs 2", "go on from the weights of a run"),
    ),
    more={"Models": classifiers(), "Data sets": data_sets()},
    environment=(("CHAINRULE_DATA", "the folder of the data sets that do not come with the package"),),
)
@click.argument(
    "model",
    cls=Argument,
    required=False,
    metavar="[MODEL]",
    shell_complete=complete_classifier,
    help="knn, svm, softmax, a network of the zoo [convnet], or the folder of a run to start from.",
)
@settings
@click.option(
    "--k",
    cls=Option,
    group="Nearest neighbours",
    type=int,
    metavar="N",
    standard="5",
    help="How many neighbours vote.",
)
@click.option(
    "--metric",
    cls=Option,
    group="Nearest neighbours",
    metavar="NAME",
    standard="l2",
    help="Their distance: l1, l2 or cosine.",
)
@click.option("--config", cls=Option, group="Output", metavar="FILE", help="Settings from a TOML file.")
@click.option(
    "--out",
    cls=Option,
    group="Output",
    metavar="FOLDER",
    standard="runs/MODEL-TIME",
    help="Where the run goes: a new or empty folder.",
)
@click.option(
    "--plain",
    is_flag=True,
    cls=Option,
    group="Training",
    help="Run every step gate by gate, not compiled.",
)
@threads_option
@json_option
@click.option("--quiet", is_flag=True, cls=Option, group="Output", help="No progress.")
def train(
    model: str | None,
    config: str | None,
    out: str | None,
    plain: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Train a model on pictures, test it, and leave a report to look at.

    svm and softmax are the linear network with settings of their own; knn keeps the pictures and learns nothing. What
    is not given as an option comes from the --config file, then from the run folder given as MODEL, then
    from the defaults below. A name of the zoo comes before a folder of that name; ./NAME is the folder.
    """
    if wants_knn(model, config):
        train_knn(config, out, as_json, quiet, given | {"plain": plain or None})
        return
    require_network_options(given)
    start = restore(model) if model and is_run(model) else None
    configuration = configured(model, start, config, given)
    pictures, test = data.load(configuration.data)
    network = started(configuration, start, pictures)
    run = RunFolder.create(out or fresh_place(model if model in PRESETS else configuration.model))
    told = Told(stderr(), quiet, configuration)
    with told.following(run), np.errstate(all="ignore"):
        told.begin(network, pictures, test)
        origin = "" if start is None else str(start.run.path.resolve())
        result = train_run(
            network, configuration, pictures, test, run, told.listen, plain=plain, start=origin
        )
    if as_json:
        show_json(asdict(result))
    else:
        show(facts(ending(result), strong="test accuracy"))


def configured(
    model: str | None, start: Trained | None, file: str | None, given: Mapping[str, Any]
) -> Config:
    """Option before file before run folder or preset before default."""
    preset = PRESETS[model].settings if model in PRESETS else {}
    table: dict[str, Any] = {**preset} if start is None else asdict(start.config)
    table |= Config.read(file) if file else {}
    table |= {key: value for key, value in given.items() if value is not None}
    if model:
        table["model"] = start.config.model if start else preset.get("model", model)
    if "data" in table:
        table["data"] = data_place(table["data"])  # the run can be tested from another working folder
    return Config.of(table)


def require_network_options(given: dict[str, Any]) -> None:
    """No option of nearest neighbours is given; they are taken away."""
    for name in ("k", "metric"):
        if given.pop(name) is not None:
            hint = f"chainrule train {KNN} --{name} …"
            raise UsageError(f"--{name}", "for a network, which has none", "it with knn alone", hint)


def started(config: Config, start: Trained | None, pictures: Dataset) -> nn.Module:
    """The network before its first step: new, or as the run left it."""
    if start is None:
        return build(config.model, pictures.shape, len(pictures.classes), pictures.name, config.seed)
    check_fit(start, pictures)
    note_other_names(start, pictures)
    return start.model


def ending(result: Result) -> dict[str, str]:
    """How the run ended, for people."""
    return {
        "test accuracy": f"{result.test_accuracy:.1%}",
        "test loss": loss_text(result.test_loss),
        "parameters": f"{result.parameters:,}",
        "seconds": f"{result.seconds:.1f}",
        "run": result.run,
        "report": str(Path(result.run) / "report.html"),
    }


@dataclass
class Told:
    """What is said on the console while training, and where the weights are when it is broken off."""

    console: Console
    quiet: bool
    config: Config
    epochs: int = 0

    def __post_init__(self) -> None:
        self.progress = TerminalProgress(self.console)
        self.testing = Status("testing, and drawing the report", console=self.console)

    @property
    def watched(self) -> bool:
        return self.console.is_terminal and not self.quiet

    def begin(self, network: nn.Module, pictures: Dataset, test: Dataset) -> None:
        """What is going to be done."""
        if self.watched:
            parameters = sum(p.size for p in network.parameters())
            counts = f"{len(pictures):,} + {len(test):,} pictures of {sizes(pictures.shape)}"
            model, name = (self.config.model, "bold"), (pictures.name, "bold")
            self.console.print(Text.assemble(model, f", {parameters:,} parameters; ", name, f", {counts}"))

    def listen(self, trainer: Trainer) -> None:
        """Follow the trainer; the weights of an epoch are saved before this hears of it."""
        if self.watched:
            self.progress.follow(trainer)
            trainer.on(FitEnd, lambda event: self.testing.start())
        trainer.on(EpochEnd, self.saved)

    def saved(self, event: EpochEnd) -> None:
        self.epochs = event.epoch

    @contextmanager
    def following(self, run: RunFolder) -> Iterator[None]:
        """Inside, whatever breaks the run off says what is left of it; a run without weights is taken away."""
        try:
            yield
        except BaseException as stop:
            for note in self.left(run):
                stop.add_note(note)
            raise
        finally:
            if self.watched:
                self.progress.stop()
                self.testing.stop()

    def left(self, run: RunFolder) -> list[str]:
        """Where the weights of the last whole epoch are, and what can be done with them."""
        # asked of the disk: a signal can come after the weights are there and before `saved` is told
        if not (run.path / "weights.safetensors").exists():
            discard(run)
            return [f"No epoch was finished: {run.path} was taken away."]
        return [
            f"The weights after epoch {max(1, self.epochs)} of {self.config.epochs} are in {run.path}",
            f"chainrule evaluate {run.path}    tests them",
            f"chainrule train {run.path}    starts from them",
        ]
