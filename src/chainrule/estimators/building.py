"""What network an estimator learns with: layers by their sizes, the zoo by name, or a function of its user."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import nn
from ..errors import ChainruleError, DataError, SettingError
from ..ops.arguments import at_least, whole_numbers
from ..random import Generator
from ..zoo.feedforward import layers
from ..zoo.models import find

Build = Callable[..., nn.Module]
"""(input_shape, classes, *, rng) → Module"""


def builder(who: str, model: str | Build | None, hidden: Sequence[int]) -> Build:
    """The function that builds the network; of no model, fully connected layers of these sizes.

    Raises SettingError for what is neither a name nor such a function, UsageError for an unknown name.

    >>> builder("network", None, (8,))((1, 2, 2), 3, rng=Generator(0)).linear1
    Linear(4, 8)
    """
    if model is None:
        return fully_connected(who, hidden)
    if isinstance(model, str):
        return find(model)
    if isinstance(model, nn.Module) or not callable(model):
        came, expected = (
            f"model is a {type(model).__name__}",
            "a name of the zoo, or a function that builds one",
        )
        raise SettingError(who, came, expected, "model=lambda input_shape, classes, *, rng: nn.Sequential(…)")
    try:
        inspect.signature(model).bind((), 2, rng=None)
    except TypeError as error:
        expected = "a function (input_shape, classes, *, rng)"
        raise SettingError(who, f"model {name_of(model)}: {error}", expected, "as zoo.convnet") from None
    return model


def fully_connected(who: str, hidden: Sequence[int]) -> Build:
    """Layers of these sizes, with relu between them."""
    if isinstance(hidden, str) or not isinstance(hidden, Sequence | np.ndarray):
        came, hint = f"hidden {hidden!r}", "hidden=(100,), or model= with a name of the zoo"
        raise SettingError(who, came, "the sizes of the hidden layers", hint)
    sizes = [at_least(who, "hidden", size, 1) for size in hidden]

    def network(input_shape: tuple[int, ...], classes: int, *, rng: Generator) -> nn.Module:
        return layers([math.prod(input_shape), *sizes, classes], rng)

    return network


def built(who: str, build: Build, input_shape: tuple[int, ...], classes: int, rng: Generator) -> nn.Module:
    """The network, which makes one score for each class of such samples.

    Raises DataError if it cannot look at them, or makes something else, SettingError for what is no network.
    """
    try:
        network = build(input_shape, classes, rng=rng)
        made = nn.output_shape(network, input_shape) if isinstance(network, nn.Module) else None
    except (ChainruleError, ValueError, IndexError) as error:
        said = f": {error.layer or error.who}: {error.came}" if isinstance(error, ChainruleError) else ""
        came = f"{name_of(build)} does not fit samples of shape {input_shape}{said}"
        hint = f"input_shape={likely(input_shape[0])}" if len(input_shape) == 1 else "another model"
        raise DataError(who, came, "samples that it can look at", hint) from error
    if made is None:
        came = f"model {name_of(build)} makes a {type(network).__name__}"
        raise SettingError(who, came, "a Module", "return nn.Sequential(…)")
    if made != (classes,):
        came = f"{name_of(build)} makes {made} of one sample"
        raise DataError(who, came, f"({classes},), a score for each class", "the classes it is built with")
    return network


def shaped(who: str, X: NDArray[Any], input_shape: Sequence[int]) -> NDArray[Any]:
    """Samples in the axes of this shape.

    Raises SettingError for what is no shape, DataError for one of another number of numbers.
    """
    shape, numbers = whole_numbers(who, "input_shape", input_shape), math.prod(X.shape[1:])
    if math.prod(shape) != numbers or min(shape, default=0) < 1:
        came = f"samples of shape {X.shape[1:]} with input_shape {shape}"
        raise DataError(who, came, f"{numbers} numbers in it", f"input_shape={likely(numbers)}")
    return X.reshape(len(X), *shape)


def likely(numbers: int) -> str:
    """The shape of square pictures of so many numbers, grey or in colours, for a hint.

    >>> likely(784), likely(3072), likely(7)
    ('(1, 28, 28)', '(3, 32, 32)', '(C, H, W)')
    """
    for channels in (1, 3):
        side = math.isqrt(numbers // channels)
        if channels * side * side == numbers:
            return f"({channels}, {side}, {side})"
    return "(C, H, W)"


def name_of(build: Build) -> str:
    """What messages call a function."""
    return str(getattr(build, "__name__", type(build).__name__))
