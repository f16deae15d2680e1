"""What can be trained and searched by name: nearest neighbours, the presets, and the zoo."""

from __future__ import annotations

import difflib

import click

from .. import zoo
from ..errors import UsageError
from ..estimators.knn_run import KNN
from ..train import Config
from ..train.presets import PRESETS, stands_for
from .options import networks

NAMES = (KNN, *PRESETS, *zoo.MODELS)


def classifiers() -> list[tuple[str, str]]:
    """Each name with a line about it."""
    knn = (KNN, "the k nearest training pictures vote; nothing is learned")
    return [knn, *((name, preset.about) for name, preset in PRESETS.items()), *networks()]


def complete_classifier(context: click.Context, parameter: click.Parameter, start: str) -> list[str]:
    """Names that begin so, for the shell."""
    return [name for name in NAMES if name.startswith(start)]


def require_classifier(name: str) -> None:
    """The name of one, or a UsageError that names the nearest."""
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=2, cutoff=0.4) or ["convnet"]
        raise UsageError("model", f"no model named {name!r}", f"one of {', '.join(NAMES)}", " or ".join(near))


def require_own_loss(name: str | None, config: Config) -> None:
    """The loss is the one that the name stands for, where it stands for one, or a UsageError."""
    if name in PRESETS and not stands_for(name, config):
        other = next((preset for preset in PRESETS if stands_for(preset, config)), "linear")
        expected = f"{PRESETS[name].settings['loss']}, which {name} stands for"
        raise UsageError("loss", f"{config.loss} with {name}", expected, f"{other} instead of {name}")
