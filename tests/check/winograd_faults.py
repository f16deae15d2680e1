"""Faults to plant in Winograd's algorithm: its transforms, its tiles, its sums; as in `faults`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import chainrule as cr
from chainrule import Tensor
from chainrule.kernels import gradients, transforms
from chainrule.kernels.epilogue import Epilogue
from chainrule.kernels.results import Best, Results
from chainrule.kernels.tiles import Tiles
from chainrule.kernels.winograd import Summing, WinogradResults, WinogradTiles

from .faults import Fault, numbers


def tiled(x, w):
    return cr.conv2d(cr.exp(x * 0.1), w, padding=1) * 3.0


def learned(x, w):
    loss = cr.tanh(cr.conv2d(x, w, padding=1) * 0.1).sum()
    loss.backward()
    return loss, w.grad


def sent_back(x, w):
    """The way there is a direct sum: tiles would lie mostly beyond 5 × 5 results."""
    loss = cr.tanh(cr.conv2d(x, w) * 0.1).sum()
    loss.backward()
    return loss, x.grad


def pooled(x, w):
    return cr.max_pool2d(cr.conv2d(x, w, padding=1), 2)


def shifted(x, w, b):
    """The gradient to a bias is summed up where its terms are made."""
    loss = cr.tanh(cr.conv2d(cr.relu(cr.conv2d(x, w, b, padding=1)), w, padding=1) * 0.1).sum()
    loss.backward()
    return loss, x.grad, b.grad


def with_bias():
    return *pair(images=True)(), Tensor(numbers(32, seed=2), requires_grad=True)


def pair(
    channels: int = 32, filters: int = 32, *, wide: int = 6, images: bool = False, learn: bool = False
) -> Callable[[], tuple[Any, ...]]:
    """Two pictures of 7 × 6 pixels, and filters; one of the two may be learned."""
    return lambda: (
        Tensor(numbers(2, channels, 7, wide), requires_grad=images),
        Tensor(numbers(filters, channels, 3, 3, seed=1) * 0.1, requires_grad=learn),
    )


FAULTS: dict[str, Fault] = {
    "winograd: a wrong number in the transform of pictures": Fault(
        transforms,
        "seen_inside",
        "plus(-5.0 * d3, 4.0, d1)",
        "plus(-4.0 * d3, 4.0, d1)",
        "conv2d",
        "conv2d",
        "winograd",
        tiled,
        pair(),
    ),
    "winograd: a wrong sign in the transform of filters": Fault(
        transforms,
        "filtered",
        "scale * (even - odd)",
        "scale * (odd - even)",
        "conv2d",
        "conv2d",
        "pack",
        tiled,
        pair(),
    ),
    "winograd: the last tile": Fault(
        Tiles,
        "__init__",
        "self.pictures * self.down * self.across",
        "self.pictures * self.down * self.across - 1",
        "conv2d",
        "conv2d",
        "winograd",
        tiled,
        pair(),
    ),
    "winograd: the last row of pixels": Fault(
        Results,
        "tile",
        "tiles.inside(t, i, j) > 0",
        "tiles.inside(t, i + 1, j) > 0",
        "conv2d",
        "conv2d",
        "winograd",
        tiled,
        pair(),
    ),
    "winograd: a window's first pixel wins wherever it is": Fault(
        Best,
        "meet",
        "self.winner.set(winner)",
        "self.winner.set(winner - winner)",
        "max_pool2d.winner",
        "max_pool2d",
        "winograd",
        pooled,
        pair(),
    ),
    "winograd: only the last tile is added up": Fault(
        Epilogue,
        "add",
        "self.k.load(rows, place) + more.get()",
        "more.get()",
        "sum.back",
        "sum",
        "winograd",
        shifted,
        with_bias,
        "backward",
    ),
    "winograd on the way back: a wrong number in the transform of results": Fault(
        transforms,
        "results_inside",
        "plus(near[i % 2], 2.0**i, far[i % 2])",
        "plus(near[i % 2], 2.0, far[i % 2])",
        "x.grad",
        "conv2d_input",
        "winograd",
        sent_back,
        pair(wide=7, images=True),
        "backward",
    ),
    "winograd sums: a wrong number in the transform of gradients": Fault(
        transforms,
        "sent",
        "plus(near, 2.0 ** (i - 1), value)",
        "plus(near, 2.0, value)",
        "w.grad",
        "conv2d_weight",
        "winograd",
        learned,
        pair(learn=True),
        "backward",
    ),
    "winograd sums: the last block of tiles": Fault(
        Summing,
        "sum_up",
        "((share + 1) * each).at_most(tiles.blocks)",
        "((share + 1) * each).at_most(tiles.blocks - 1)",
        "w.grad",
        "conv2d_weight",
        "winograd",
        learned,
        pair(learn=True),
        "backward",
    ),
    "winograd in three passes: the last tile of each piece": Fault(
        WinogradTiles,
        "__call__",
        "stop - start)",
        "stop - start - 1)",
        "conv2d",
        "conv2d",
        "tiles",
        tiled,
        pair(128, 144),
    ),
    "winograd in three passes: tiles brought back to others' places": Fault(
        WinogradResults,
        "__call__",
        "start * tiles.filters)",
        "(start + 1) * tiles.filters)",
        "conv2d",
        "conv2d",
        "winograd",
        tiled,
        pair(128, 144),
    ),
    "winograd sums, tiles ahead: the last tile of each piece": Fault(
        WinogradTiles,
        "__call__",
        "stop - start)",
        "stop - start - self.back)",
        "w.grad",
        "conv2d_weight",
        "tiles",
        learned,
        pair(128, 144, learn=True),
        "backward",
    ),
    "winograd sums: a wrong number on the way back to filters": Fault(
        transforms,
        "gathered",
        "far * 2.0**i",
        "far * 2.0",
        "w.grad",
        "conv2d_weight",
        "turn",
        learned,
        pair(learn=True),
        "backward",
    ),
    "winograd sums: only the first share of them": Fault(
        gradients,
        "added",
        "k.range(1, shares[0])",
        "k.range(1, shares[0] - shares[0] + 1)",
        "w.grad",
        "conv2d_weight",
        "turn",
        learned,
        pair(wide=70, learn=True),
        "backward",
    ),
    "winograd, tiles ahead: the sums of the first channels for all": Fault(
        gradients.TransformedGradient,
        "__call__",
        "+ c * filters",
        "+ c * 0",
        "w.grad",
        "conv2d_weight",
        "turn",
        learned,
        pair(128, 144, learn=True),
        "backward",
    ),
    "sums of windows: the last filters": Fault(
        gradients.DirectGradient,
        "__call__",
        "k.when(f + i < filters)",
        "k.when(f + i < filters - 1)",
        "w.grad",
        "conv2d_weight",
        "turn",
        learned,
        pair(6, 18, learn=True),
        "backward",
    ),
}
