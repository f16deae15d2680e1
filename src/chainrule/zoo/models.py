"""The zoo by name, as the command line knows it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable

from .. import nn
from ..errors import UsageError
from ..random import Generator
from .convnets import alexnet, convnet, lenet5, vgg16
from .feedforward import linear, three_layer, two_layer
from .recurrent import lstm
from .resnet import resnet20

MODELS: dict[str, Callable[..., nn.Module]] = {
    "linear": linear,
    "two-layer": two_layer,
    "three-layer": three_layer,
    "lenet5": lenet5,
    "convnet": convnet,
    "resnet20": resnet20,
    "lstm": lstm,
    "alexnet": alexnet,
    "vgg16": vgg16,
}


def find(name: str) -> Callable[..., nn.Module]:
    """The function of this name, or a UsageError that names the nearest ones."""
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=2, cutoff=0.4) or ["convnet"]
        hint = " or ".join(near)
        raise UsageError("model", f"no model named {name!r}", f"one of {', '.join(MODELS)}", hint)
    return MODELS[name]


def default_shape(name: str) -> tuple[int, ...]:
    """The input shape (C, H, W) that a model of the zoo was made for."""
    return inspect.signature(find(name)).parameters["input_shape"].default


def build(
    name: str,
    input_shape: tuple[int, ...] | None = None,
    classes: int | None = None,
    rng: Generator | None = None,
) -> nn.Module:
    """The model of this name, with its own input shape and classes unless told.

    >>> sum(p.size for p in build("lenet5").parameters())
    61706
    """
    given = {"input_shape": input_shape, "classes": classes}
    return find(name)(**{key: value for key, value in given.items() if value is not None}, rng=rng)
