"""Networks without convolution: pictures as rows of numbers."""

from __future__ import annotations

import math

from .. import nn
from ..random import Generator, chosen
from .naming import named


def layers(sizes: list[int], rng: Generator | None) -> nn.Sequential:
    """Flatten, then linear layers with relu between them."""
    rng = chosen(rng)
    parts: list[nn.Module] = [nn.Flatten()]
    for number, (n_in, n_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        parts += [nn.ReLU()] if number else []
        parts.append(nn.Linear(n_in, n_out, rng=rng))
    return named(*parts)


def linear(
    input_shape: tuple[int, ...] = (1, 28, 28), classes: int = 10, *, rng: Generator | None = None
) -> nn.Sequential:
    """s = Wx + b: one template for each class."""
    return layers([math.prod(input_shape), classes], rng)


def two_layer(
    input_shape: tuple[int, ...] = (1, 28, 28),
    classes: int = 10,
    *,
    hidden: int = 100,
    rng: Generator | None = None,
) -> nn.Sequential:
    """s = W₂ max(0, W₁x)"""
    return layers([math.prod(input_shape), hidden, classes], rng)


def three_layer(
    input_shape: tuple[int, ...] = (1, 28, 28),
    classes: int = 10,
    *,
    hidden: tuple[int, int] = (512, 512),
    rng: Generator | None = None,
) -> nn.Sequential:
    """s = W₃ max(0, W₂ max(0, W₁x))"""
    return layers([math.prod(input_shape), *hidden, classes], rng)
