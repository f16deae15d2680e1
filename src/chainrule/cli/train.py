"""`chainrule train`: options, file and run folder into one configuration; then the run, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from .. import data, nn
from ..data import Dataset
from ..errors import UsageError
from ..estimators.knn_run import KNN
from ..files import alone
from ..train import Config, Result, RunFolder, resume_run, train_run
from ..train.config import LOSSES, OPTIMIZERS, SCHEDULES
from ..train.presets import PRESETS
from .classifiers import classifiers, complete_classifier, require_classifier, require_own_loss
from .help import Argument, Option, Verb
from .knn import train_knn, wants_knn
from .options import complete_data, data_sets, json_option, quiet_option, threads_option
from .output import facts, loss_text, show, show_json, stderr
from .resume import Resumable, note, resumable
from .runs import Trained, build, check_fit, fresh_place, is_run, note_other_names, placed, restore
from .told import Told

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
    ("Pictures", "rotate", "DEGREES", "Turn each picture at random by up to so many degrees."),
    ("Pictures", "erase", "SHARE", "Paint over a random rectangle in this share of the pictures."),
    ("Pictures", "mixup", "α", "Mix pictures in pairs, by shares from Beta(α, α); with cross-entropy."),
    ("Pictures", "workers", "N", "Threads that make batches ahead, which changes no number."),
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
    ("Checkpoints", "checkpoint_seconds", "SECONDS", "Save a checkpoint so often, and after every epoch."),
    ("Checkpoints", "keep", "N", "How many of the last checkpoints to keep, beside the best."),
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
        ("chainrule train runs/convnet-… --lr 0.0002 --epochs 2", "a new run, from the weights of another"),
        ("chainrule train --resume runs/convnet-…", "go on with a run that was broken off"),
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
@click.option(
    "--resume",
    cls=Option,
    group="Checkpoints",
    metavar="RUN",
    help="Go on with a run that was broken off, from its last checkpoint, to the same bits.",
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
@quiet_option
def train(
    model: str | None,
    resume: str | None,
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

    A run that is broken off, be it by Ctrl-C, a kill, or the power that fails, is gone on with by --resume: with the
    same numbers, to the bit, as if nothing had happened. Then --checkpoint-seconds and --keep may be given anew.
    """
    if resume is None and wants_knn(model, config):
        train_knn(config, out, as_json, quiet, given | {"plain": plain or None})
        return
    require_network_options(given)
    if resume is not None:
        again(resume, model, config, out, plain, given, quiet=quiet, as_json=as_json)
        return
    start = restore(model) if model and is_run(model) else None
    configuration = configured(model, start, config, given)
    pictures, test = data.load(configuration.data)
    network = started(configuration, start, pictures)
    run = RunFolder.create(out or fresh_place(model if model in PRESETS else configuration.model))
    told = Told(stderr(), quiet, configuration)
    with alone(run.path), told.following(run), np.errstate(all="ignore"):
        told.begin(network, pictures, test)
        origin = "" if start is None else str(start.run.path.resolve())
        result = train_run(
            network, configuration, pictures, test, run, told.listen, plain=plain, start=origin
        )
    tell(result, as_json)


def again(
    path: str,
    model: str | None,
    file: str | None,
    out: str | None,
    plain: bool,
    given: Mapping[str, Any],
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """Go on with a run."""
    asked = {**(Config.read(file) if file else {}), **{k: v for k, v in given.items() if v is not None}}
    asked |= {"model": model} if model else {}
    if "data" in asked:
        asked["data"] = placed(asked["data"])
    found = resumable(path, asked, out=out, plain=plain)
    with alone(found.run.path):
        go_on(found, quiet=quiet, as_json=as_json)


def go_on(found: Resumable, *, quiet: bool, as_json: bool) -> None:
    """From the last checkpoint to the end."""
    if (result := found.ended()) is not None:
        note(f"{found.run.path} is finished; this is how it ended")
        tell(result, as_json)
        return
    checkpoint = found.last()
    pictures, test = data.load(found.config.data)
    network = found.network(pictures)
    told = Told(stderr(), quiet, found.config)
    with told.following(found.run), np.errstate(all="ignore"):
        told.begin(network, pictures, test, checkpoint.position.told)
        result = resume_run(
            network, checkpoint, found.config, pictures, test, found.run, told.listen, plain=found.plain
        )
    tell(result, as_json)


def tell(result: Result, as_json: bool) -> None:
    """Print how a run ended."""
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
        if start is None:
            require_classifier(model)
        table["model"] = start.config.model if start else preset.get("model", model)
    if "data" in table:
        table["data"] = placed(table["data"])
    config = Config.of(table)
    if start is None:
        require_own_loss(model, config)
    return config


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
