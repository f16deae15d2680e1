"""How weights begin: Xavier's and He's rules, drawn from our own generator.

An initializer is a function (shape, rng) -> array.  fan_in is the number of inputs of one output,
fan_out the number of outputs that one input reaches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

import numpy as np

from ..errors import ShapeError
from ..random import Generator, chosen
from .module import Parameter

Initializer: TypeAlias = Callable[[tuple[int, ...], Generator], np.ndarray]

_hollow: ContextVar[bool] = ContextVar("hollow", default=False)


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """fan_in and fan_out of weights (out, in) or filters (F, C/groups, KH, KW).

    >>> fans((64, 32, 3, 3))
    (288, 576)
    """
    if len(shape) < 2:
        expected = "at least 2 axes: (out, in, …)"
        raise ShapeError("fans", f"shape {shape}", expected, "zeros or ones for biases and scales")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def xavier_uniform(shape: tuple[int, ...], rng: Generator) -> np.ndarray:
    """Uniform within ±√(6 / (fan_in + fan_out)).  Source: Glorot and Bengio 2010, eq. 16."""
    bound = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(shape, -bound, bound)


def xavier_normal(shape: tuple[int, ...], rng: Generator) -> np.ndarray:
    """Normal with variance 2 / (fan_in + fan_out).  Source: Glorot and Bengio 2010, eq. 12."""
    return rng.normal(shape, 0.0, math.sqrt(2 / sum(fans(shape))))


def he_uniform(shape: tuple[int, ...], rng: Generator) -> np.ndarray:
    """Uniform within ±√(6 / fan_in).  Source: He et al. 2015, eq. 10."""
    bound = math.sqrt(6 / fans(shape)[0])
    return rng.uniform(shape, -bound, bound)


def he_normal(shape: tuple[int, ...], rng: Generator) -> np.ndarray:
    """Normal with variance 2 / fan_in, which keeps the size of signals through relu.

    Source: He et al. 2015, eq. 10.

    >>> weights = he_normal((100, 50), Generator(0))
    >>> round(float(weights.std() ** 2 * 50), 1)
    2.0
    """
    return rng.normal(shape, 0.0, math.sqrt(2 / fans(shape)[0]))


def standard_normal(shape: tuple[int, ...], rng: Generator) -> np.ndarray:
    """Normal with variance 1, as embeddings begin."""
    return rng.normal(shape, 0.0, 1.0)


def zeros(shape: tuple[int, ...], rng: Generator) -> np.ndarray:
    """All zero, as biases begin."""
    return np.zeros(shape, np.float32)


def ones(shape: tuple[int, ...], rng: Generator) -> np.ndarray:
    """All one, as the scales of batch norm begin."""
    return np.ones(shape, np.float32)


def parameter(shape: tuple[int, ...], initialize: Initializer, rng: Generator | None) -> Parameter:
    """A parameter of this shape; the generator is the one given, or the current one."""
    if _hollow.get():
        hollow = Parameter(0.0)
        hollow.data = np.broadcast_to(hollow.data, shape)
        return hollow
    return Parameter(initialize(shape, chosen(rng)))


@contextmanager
def hollow() -> Iterator[None]:
    """Models built inside have shapes but take no memory: for summaries of big networks.

    >>> from chainrule import nn
    >>> with hollow():
    ...     layer = nn.Linear(100_000, 100_000)
    >>> layer.weight.size
    10000000000
    """
    token = _hollow.set(True)
    try:
        yield
    finally:
        _hollow.reset(token)
