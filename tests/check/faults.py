"""Faults to plant in kernels, and in how pictures come to them: where, what text, and a step in which they show at
one known line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler import records
from chainrule.compiler.last import ChannelsLast
from chainrule.kernels import indexing, pooling
from chainrule.kernels.dropout import Dropout
from chainrule.kernels.indexing import Add, Numbers, Take, Within
from chainrule.kernels.language import engine
from chainrule.kernels.large import Blocks
from chainrule.kernels.loops import Nest
from chainrule.kernels.panels import Packing
from chainrule.kernels.pooling import Axis, Line, MaxPoolInput
from chainrule.kernels.pooling_inside import Inside, MaxPoolInputApart
from chainrule.kernels.product import Rows, Walk, Window
from chainrule.kernels.squares import Square

from ..kernels.machines import plant


class Fault(NamedTuple):
    """A fault that stays within memory.

    owner, method, old, new:  the text that is changed
    path, gate, kernel:  the line that has to be named, and a word of its kernels
    step, batch:  a function to compile and what it is called with;  phase: of the line
    """

    owner: Any
    method: str
    old: str
    new: str
    path: str
    gate: str
    kernel: str
    step: Callable[..., Any]
    batch: Callable[[], tuple[Any, ...]]
    phase: str = "forward"


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers of both signs, none of them near 0."""
    rng = np.random.default_rng(seed)
    return (rng.choice([-1, 1], shape) * rng.uniform(0.5, 2, shape)).astype("float32")


def product(x, y):
    return cr.exp(x * 0.1) @ y


def recurrent(x, w, h, u):
    return x @ w + h @ u


def narrow(x, w):
    return cr.linear(x * 2.0, w) * 3.0


def rows(x, b):
    return cr.tanh(x + 1.0) * b - x


def turned(x, y):
    return cr.permute_dims(x, (1, 0)) + y


def columns(x):
    return x.sum(axis=0)


def whole(x):
    return cr.exp(x), cr.exp(x).sum()


def largest(x):
    return x.max(axis=1), x * 1.0


def picked(x, k):
    return (x * 2.0)[k] + 1.0


def added(x, k):
    y = x[k]
    loss = (y * y).sum()
    loss.backward()
    return loss, x.grad


def first(x):
    return cr.argmax(x, axis=1), x + 1.0


def judged(scores, labels):
    return cr.softmax_cross_entropy(scores * 2.0, labels)


def drawn(x, step):
    return cr.dropout(x * 2.0, step, p=0.5, seed=3)


def slid(x, w):
    return cr.conv2d(cr.exp(x * 0.1), w, stride=2, padding=1) * 3.0


def learned(x, w):
    loss = cr.tanh(cr.conv2d(x, w, padding=1)).sum()
    loss.backward()
    return loss, w.grad


def sent_back(x, w):
    loss = cr.tanh(cr.conv2d(x, w, stride=2)).sum()
    loss.backward()
    return loss, x.grad


def tallest(x):
    return cr.max_pool2d(x * 2.0, 3, stride=2, padding=1) + 1.0


def square(x):
    return cr.max_pool2d(x * 2.0, 2) + 1.0


def squared(x):
    y = cr.max_pool2d(x, 2)
    loss = (y * y).sum()
    loss.backward()
    return loss, x.grad


def middling(x):
    return cr.avg_pool2d(x * 2.0, 3, stride=2, padding=1) + 1.0


def returned(x):
    y = cr.max_pool2d(x, 3, stride=2)
    loss = (y * y).sum()
    loss.backward()
    return loss, x.grad


def shared(x):
    y = cr.avg_pool2d(x, 3, stride=2)
    loss = (y * y).sum()
    loss.backward()
    return loss, x.grad


def neighbourly(x):
    return cr.local_response_norm(x * 2.0, 5, alpha=1.0) + 1.0


def pictures(channels: int, *, grad: bool = False) -> Callable[[], tuple[Any, ...]]:
    """Two pictures of 7 × 6 pixels."""
    return lambda: (Tensor(numbers(2, channels, 7, 6), requires_grad=grad),)


def filtered(*, images: bool = False, filters: bool = False) -> Callable[[], tuple[Any, ...]]:
    """The same with 5 channels, and 17 filters: too many for pictures abreast; one of the two is learned."""
    return lambda: (
        Tensor(numbers(2, 5, 7, 6), requires_grad=images),
        Tensor(numbers(17, 5, 3, 3, seed=1) * 0.1, requires_grad=filters),
    )


def two(m: int, k: int, n: int) -> Callable[[], tuple[Any, ...]]:
    return lambda: (numbers(m, k), numbers(k, n, seed=1))


TIES = np.array([[1, 3, 3, 0], [2, 2, 2, 2], [0, 1, 5, 5]], "float32")

FAULTS: dict[str, Fault] = {
    "product: a pair that is not gone on with": Fault(
        Walk,
        "multiply",
        "[[total.get() for total in row] for row in sums]",
        "held",
        "add",
        "add",
        "product",
        recurrent,
        lambda: (numbers(40, 9), numbers(9, 24, seed=1), numbers(40, 7, seed=2), numbers(7, 24, seed=3)),
    ),
    "product: the last term of each sum": Fault(
        Rows,
        "steps",
        "self.k.range(self.depth)",
        "self.k.range(self.depth - 1)",
        "matmul",
        "matmul",
        "product",
        product,
        two(9, 21, 33),
    ),
    "product: the last column": Fault(
        Walk,
        "finish",
        ".at_most(self.n)",
        ".at_most(self.n - 1)",
        "matmul",
        "matmul",
        "product",
        product,
        two(9, 21, 37),
    ),
    "product: the last row of a tile": Fault(
        Walk,
        "finish",
        ".at_most(self.tile.rows)",
        ".at_most(self.tile.rows - 1)",
        "matmul",
        "matmul",
        "product",
        product,
        two(32, 21, 37),
    ),
    "product of few rows: all blocks but the last are lost": Fault(
        Blocks,
        "begun",
        "below(block * LANES)",
        "below(0)",
        "matmul",
        "matmul",
        "product",
        product,
        two(9, 1100, 960),
    ),
    "window: the last row of the filters": Fault(
        Window,
        "steps",
        "k.range(outer)",
        "k.range(outer - 1)",
        "conv2d",
        "conv2d",
        "product",
        slid,
        filtered(),
    ),
    "window: a wrong stride down": Fault(
        Window,
        "steps",
        "u * far",
        "u * near",
        "conv2d",
        "conv2d",
        "product",
        slid,
        filtered(),
    ),
    "window: the last place is the one before": Fault(
        Window,
        "at",
        "k.splat(self.m - 1)",
        "k.splat(self.m - 2)",
        "conv2d",
        "conv2d",
        "product",
        slid,
        filtered(),
    ),
    "window: the next line begins too early": Fault(
        Window,
        "at",
        "between - self.inner * near",
        "near - self.inner * near",
        "conv2d",
        "conv2d",
        "product",
        slid,
        filtered(),
    ),
    "window of the filters' gradient: only two lines of each picture": Fault(
        Window,
        "steps",
        "k.range(middle)",
        "k.range(middle.at_most(2))",
        "w.grad",
        "conv2d_weight",
        "product",
        learned,
        filtered(filters=True),
        "backward",
    ),
    "window of the pictures' gradient: the filters are not turned": Fault(
        ChannelsLast,
        "mirrored",
        "Slice(None, None, -1)",
        "Slice(None, None, 1)",
        "x.grad",
        "conv2d_input",
        "product",
        sent_back,
        filtered(images=True),
        "backward",
    ),
    "panels, turned: the last column": Fault(
        Packing,
        "turn",
        "(self.n - (first + lane))",
        "(self.n - 1 - (first + lane))",
        "linear",
        "linear",
        "pack",
        narrow,
        lambda: (numbers(5, 21), numbers(7, 21, seed=1)),
    ),
    "panels, turned: always the same row": Fault(
        Packing,
        "turn",
        "(first + lane).at_most(self.n - 1) * self.stride",
        "first * self.stride",
        "linear",
        "linear",
        "pack",
        narrow,
        lambda: (numbers(5, 40), numbers(7, 40, seed=1)),
    ),
    "panels, straight: the last column": Fault(
        Packing,
        "straight",
        "k.below(self.n - panel",
        "k.below(self.n - 1 - panel",
        "matmul",
        "matmul",
        "pack",
        product,
        two(40, 300, 301),
    ),
    "loop: the last lanes": Fault(
        Nest,
        "body",
        "place.store(i, sources[source], mask)",
        "mask is None and place.store(i, sources[source], mask)",
        "add",
        "add",
        "loop",
        rows,
        lambda: (numbers(3, 21), numbers(21, seed=1)),
    ),
    "loop: every row is the first": Fault(
        Nest,
        "write",
        "p.at(0, i)",
        "p.at(0, i * 0)",
        "add",
        "add",
        "loop",
        rows,
        lambda: (numbers(3, 21), numbers(21, seed=1)),
    ),
    "loop in squares: every line is the first": Fault(
        Square,
        "line",
        "number * LANES - i",
        "number * 0 - i",
        "add",
        "add",
        "loop",
        turned,
        lambda: (numbers(21, 19), numbers(19, 21, seed=1)),
    ),
    "sum over rows: a row is lost": Fault(
        Nest,
        "reduce",
        "self.k.range(self.sizes[dimension])",
        "self.k.range(self.sizes[dimension] - 1)",
        "sum",
        "sum",
        "reduce",
        columns,
        lambda: (numbers(9, 21),),
    ),
    "sum along the vector: the tail is lost": Fault(
        Nest,
        "body",
        "k.where(mask, value,",
        "k.where(mask & (value != value), value,",
        "sum",
        "sum",
        "reduce",
        whole,
        lambda: (numbers(40),),
    ),
    "maximum: of the tail, whatever it is": Fault(
        Nest,
        "body",
        "k.where(mask, value,",
        "k.where(mask & (value != value), value,",
        "max",
        "max",
        "reduce",
        largest,
        lambda: (np.arange(60, dtype="float32").reshape(3, 20),),
    ),
    "taking: the row before": Fault(
        Take,
        "fetch",
        "x.at(1, k.first(where))",
        "x.at(1, k.first(where) * 0)",
        "index",
        "index",
        "take",
        picked,
        lambda: (numbers(5, 21), np.array([3, 0, 4, 4])),
    ),
    "adding back: a row that comes twice": Fault(
        Add,
        "add",
        "row.load(b, mask) + value",
        "value",
        "x.grad",
        "index_add",
        "scatter",
        added,
        lambda: (Tensor(numbers(5, 21), requires_grad=True), np.array([3, 0, 3, 4])),
        "backward",
    ),
    "wrapped indices": Fault(
        Numbers,
        "inside",
        "number < 0, number + size, number",
        "number < 0, number - number, number",
        "index",
        "index",
        "take",
        picked,
        lambda: (numbers(5, 21), np.array([3, -1, 4, -5])),
    ),
    "the last of the largest": Fault(
        indexing,
        "beats",
        "value > held",
        "value >= held",
        "argmax",
        "argmax",
        "argmax",
        first,
        lambda: (TIES,),
    ),
    "pooling: the last pixel of a window": Fault(
        Axis,
        "meeting",
        ".at_most(self.size)",
        ".at_most(self.size - 1)",
        "max_pool2d.out",
        "max_pool2d",
        "pool",
        tallest,
        pictures(5),
    ),
    "pooling: a wrong stride": Fault(
        Axis,
        "meeting",
        "place * self.stride",
        "place",
        "avg_pool2d",
        "avg_pool2d",
        "pool",
        middling,
        pictures(5),
    ),
    "pooling: windows at the upper edge begin a pixel late": Fault(
        Axis,
        "meeting",
        "self.steps(0 - first)",
        "self.steps(1 - first)",
        "avg_pool2d",
        "avg_pool2d",
        "pool",
        middling,
        pictures(5),
    ),
    "pooling: the last of the largest": Fault(
        pooling,
        "beats",
        "value <= best",
        "value < best",
        "max_pool2d.winner",
        "max_pool2d",
        "pool",
        tallest,
        lambda: (np.ones((1, 3, 6, 6), "float32"),),
    ),
    "pooling back: all winners are the first pixel": Fault(
        MaxPoolInput,
        "__call__",
        "place + c, mask) == number",
        "place + c, mask) == 0",
        "x.grad",
        "max_pool2d_input",
        "pool",
        returned,
        pictures(5, grad=True),
        "backward",
    ),
    "pooling back: the first windows": Fault(
        Axis,
        "covering",
        ".at_most(last + 1)",
        ".at_most(last)",
        "x.grad",
        "avg_pool2d_input",
        "pool",
        shared,
        pictures(5, grad=True),
        "backward",
    ),
    "pooling inside: the last pixel of a window": Fault(
        Inside,
        "pixels",
        "for u in range(high) for v in range(wide)",
        "for u in range(high) for v in range(wide - (u == high - 1))",
        "max_pool2d.out",
        "max_pool2d",
        "pool",
        square,
        pictures(5),
    ),
    "pooling back, windows apart: all winners are the first pixel": Fault(
        MaxPoolInputApart,
        "__call__",
        "won == number",
        "won == 0",
        "x.grad",
        "max_pool2d_input",
        "pool",
        squared,
        pictures(5, grad=True),
        "backward",
    ),
    "neighbouring channels: the last one": Fault(
        Line,
        "there",
        "lane < until",
        "lane + 1 < until",
        "local_response_norm",
        "local_response_norm",
        "pool",
        neighbourly,
        pictures(5),
    ),
    "labels: good ones are refused": Fault(
        Within,
        "__call__",
        "number >= k.splat(size)",
        "number >= 0",
        "softmax_cross_entropy",
        "softmax_cross_entropy",
        "check",
        judged,
        lambda: (numbers(7, 5), np.arange(7) % 5),
    ),
    "dropout: another word": Fault(
        Dropout,
        "__call__",
        "k.iota() * 4 + number",
        "k.iota() * 4 + (3 - number)",
        "dropout",
        "dropout",
        "dropout",
        drawn,
        lambda: (numbers(7, 11), np.asarray(5)),
    ),
    "dropout: a limit too far": Fault(
        Dropout,
        "__call__",
        ") < limit",
        ") < (limit >> 1)",
        "dropout",
        "dropout",
        "dropout",
        drawn,
        lambda: (numbers(7, 11), np.asarray(5)),
    ),
}


@contextmanager
def planted(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside, kernels are written anew, with the fault, and nothing is kept on disk."""
    with monkeypatch.context() as patch:
        patch.setattr(records, "_addresses", {})
        patch.setattr(engine().cache, "folder", None)
        plant(patch, fault.owner, fault.method, fault.old, fault.new)
        yield
