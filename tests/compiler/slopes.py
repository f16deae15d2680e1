"""Functions of pictures with their slopes of first and second order: compiled they are what they are plain, as far as
float64 says.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule import Tensor

from .random_graphs import difference

RNG = np.random.default_rng(0)
X, W, B = (RNG.normal(size=shape).astype("f4") for shape in ((2, 3, 6, 5), (4, 3, 3, 3), (4,)))
W_NEXT = RNG.normal(size=(6, 4, 2, 2)).astype("f4")


def arrays(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype("f4") for shape in shapes]


def with_slopes(function: Any) -> Any:
    """The step that returns a function's value and its gradients to all arguments, under a drawn upstream."""

    def step(*given):
        made = function(*given)
        upstream = np.random.default_rng(1).normal(size=made.shape).astype(str(made.dtype))
        places = tuple(range(len(given)))
        return made, *cr.grad(lambda *xs: (function(*xs) * upstream).sum(), places)(*given)

    return step


def with_second_slopes(function: Any) -> Any:
    """The step that returns the gradients of the squared length of all gradients."""

    def length(*given):
        places = tuple(range(len(given)))
        slopes = cr.grad(lambda *xs: (function(*xs) ** 2).sum(), places, create_graph=True)(*given)
        return sum((slope * slope).mean() for slope in slopes)

    return lambda *given: cr.grad(length, tuple(range(len(given))))(*given)


def as_plain(step: Any, *given: np.ndarray, numpy: bool = False, tight: bool = False) -> Any:
    """A step gives compiled what it gives plain, as far as float64 says; numpy: it may run lines."""
    compiled = cr.compile(step, fallback="error")
    tensors, wide = [*map(Tensor, given)], [Tensor(a.astype("f8")) for a in given]
    wrong = difference(
        numbered(compiled(*tensors)), numbered(step(*tensors)), numbered(step(*wide)), tight=tight
    )
    assert not wrong, wrong
    if not numpy:
        assert not compiled.left_to_numpy(*tensors)
    return compiled


def numbered(made: Any) -> dict[str, np.ndarray]:
    return {f"value {k}": value.data for k, value in enumerate(made)}


def agrees(function: Any, *given: np.ndarray, numpy: bool = False) -> None:
    """Forward and backward, in both widths."""
    as_plain(with_slopes(function), *given, numpy=numpy)
    as_plain(with_slopes(function), *(a.astype("f8") for a in given), numpy=numpy, tight=True)


def after_a_convolution(function: Any) -> Any:
    """A function of a value (N, 4, H, W) that lies in another order."""
    return lambda x, w, *rest: function(cr.conv2d(x, w, padding=1), *rest)
