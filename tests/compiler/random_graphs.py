"""Random training steps, drawn from the whole table of gates: made by a seed, run plain and compiled, and made
smaller when the two disagree.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np

import chainrule as cr
from chainrule import Tensor, graph, ops, optim
from chainrule.compiler import gradients, last, pixels, products, remake, tiles, update, winograd
from chainrule.compiler.arrange import is_plain
from chainrule.graph.interpreter import evaluate
from chainrule.ops.pool import MaxPool2d, MaxPool2dTake
from chainrule.ops.rectifier import Prelu
from chainrule.ops.reduction import Var
from chainrule.ops.window import Window

DIMS = (1, 2, 3, 4, 5, 7, 8, 16, 17, 19, 33)
MOST = 3000
"""Elements of a value at most."""
LARGE = 6.0
"""Values stay below this, so that rounding errors stay small too."""
STEPS = 3
LARGER: dict[Any, dict[str, int]] = {
    remake: {"LEAST_BYTES": 0},
    update: {"LARGE": 1},
    products: {"SMALL": 0, "OFTEN": 1, "LARGE": 1},
    last: {"MOST_SUMS": 0},
    winograd: {"MANY_FILTERS": 0, "AT_ONCE": 1 << 16},
    gradients: {"SUMS_BYTES": 1 << 16},
}
"""What passes take for large, in every second graph: else nothing here would be."""

Name = tuple[str, int]
"""A value of a recipe: ("parameter", 0), ("input", 1), ("node", 2)."""


@dataclass(frozen=True)
class Node:
    """A few gates applied to values."""

    label: str
    inputs: tuple[Name, ...]
    run: Callable[..., Any]


@dataclass(frozen=True)
class Recipe:
    """A training step, free of tensors: what can be drawn, run in either width, and made smaller.

    terms:  the values whose means of squares make the loss;  returned: what the step hands out beside it
    averaged:  the value whose running mean is kept in a cell, or None
    """

    seed: int
    dtype: str
    optimizer: str
    parameters: tuple[np.ndarray, ...]
    inputs: tuple[np.ndarray, ...]
    nodes: tuple[Node, ...]
    terms: tuple[Name, ...]
    returned: tuple[Name, ...] = ()
    averaged: Name | None = None

    def __str__(self) -> str:
        rows = [f"seed {self.seed}, {self.dtype}, {self.optimizer}"]
        rows += [f"  parameter {k}: {a.shape}" for k, a in enumerate(self.parameters)]
        rows += [f"  input {k}: {a.shape} {a.dtype}" for k, a in enumerate(self.inputs)]
        rows += [f"  node {k}: {n.label} of {show(n.inputs)}" for k, n in enumerate(self.nodes)]
        return "\n".join([*rows, f"  loss of {show(self.terms)}, returns {show(self.returned)}"])


def show(names: tuple[Name, ...]) -> str:
    return ", ".join(f"{kind} {number}" for kind, number in names)


class NoFit(Exception):
    """A move finds no values that suit it."""


# --- Drawing ---------------------------------------------------------------------------------------------


class Draw:
    """A recipe that is being drawn, with its values in float64 at hand."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.parameters: list[np.ndarray] = []
        self.inputs: list[np.ndarray] = []
        self.nodes: list[Node] = []
        self.values: dict[Name, Tensor] = {}

    def choice(self, options: Any) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def shape(self, ndim: int | None = None) -> tuple[int, ...]:
        """A random shape of moderate size."""
        ndim = self.choice((1, 2, 2, 2, 3, 3, 4)) if ndim is None else ndim
        while True:
            shape = tuple(self.choice(DIMS) for _ in range(ndim))
            if math.prod(shape) <= MOST // 3:
                return shape

    def parameter(self, shape: tuple[int, ...]) -> Name:
        """A new parameter; its numbers are known to float32."""
        width = 1 / math.sqrt(max(shape[-1], 1)) if len(shape) > 1 else 0.7
        self.parameters.append(self.rng.normal(0, width, shape).astype(np.float32))
        return self.enter(("parameter", len(self.parameters) - 1), self.parameters[-1])

    def input(self, array: np.ndarray) -> Name:
        self.inputs.append(array)
        return self.enter(("input", len(self.inputs) - 1), array)

    def enter(self, name: Name, array: np.ndarray) -> Name:
        self.values[name] = Tensor(array.astype(np.float64) if array.dtype.kind == "f" else array)
        return name

    def some(self, kind: str = "f", suits: Callable[[tuple[int, ...]], bool] = lambda shape: True) -> Name:
        """A value of a kind of dtype whose shape suits; often a recent one, so that chains become long."""
        fitting = [n for n, v in self.values.items() if v.dtype.kind in kind and suits(v.shape)]
        if not fitting:
            raise NoFit
        return self.choice(fitting[-3:] if self.chance(0.5) else fitting)

    def beside(self, x: Name) -> Name:
        """A value that broadcasts with x, or a new parameter that does."""
        shape = self.values[x].shape

        def suits(other: tuple[int, ...]) -> bool:
            pairs = zip(reversed(shape), reversed(other), strict=False)
            wide = math.prod(
                np.maximum(shape[-len(other) :] if other else (), other[-len(shape) :] if shape else ())
            )
            return all(m == n or 1 in (m, n) for m, n in pairs) and wide <= MOST and len(other) <= 4

        if self.chance(0.6):
            y = self.some("f", suits)
            if math.prod(np.broadcast_shapes(shape, self.values[y].shape)) <= MOST:
                return y
        kept = shape[int(self.rng.integers(0, len(shape) + 1)) :]
        return self.parameter(tuple(1 if self.chance(0.3) else n for n in kept))

    def spec(self, name: Name) -> tuple[int, ...]:
        return self.values[name].shape

    def add(self, label: str, inputs: tuple[Name, ...], run: Callable[..., Any]) -> None:
        """A node, if its numbers are moderate."""
        made = run(*(self.values[n] for n in inputs))
        numbers = made.data
        if numbers.size > MOST or numbers.size == 0:
            raise NoFit
        if numbers.dtype.kind == "f" and not np.abs(numbers).max() < LARGE:
            raise NoFit
        self.values["node", len(self.nodes)] = made.detach()
        self.nodes.append(Node(label, inputs, run))


Move = Callable[[Draw], None]
MOVES: list[Move] = []


def move(weight: int) -> Callable[[Move], Move]:
    """Enter a move among those that are drawn, so many times."""

    def enter(function: Move) -> Move:
        MOVES.extend([function] * weight)
        return function

    return enter


UNARY: dict[str, Callable[[Any], Any]] = {
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "relu": ops.relu,
    "exp": lambda x: ops.exp(ops.minimum(x, 1.5)),
    "log": lambda x: ops.log(ops.abs(x) + 0.5),
    "sqrt": lambda x: ops.sqrt(ops.abs(x) + 0.3),
    "abs": ops.abs,
    "clip": lambda x: ops.clip(x, -0.6, 0.7),
    "sign": lambda x: ops.sign(x) * 0.5 + x,
    "negative": ops.negative,
    "square": lambda x: x**2,
    "cube": lambda x: (x * 0.5) ** 3,
    "root": lambda x: (ops.abs(x) + 0.5) ** 0.5,
    "odd power": lambda x: (ops.abs(x) + 0.5) ** 1.3,
    "scale": lambda x: 2 - x * 0.7,
    "third": lambda x: x / 3 + 1,
    "reciprocal": lambda x: 1 / (x * x + 0.6),
    "expm1": lambda x: ops.expm1(ops.minimum(x, 1.5)),
    "log1p": lambda x: ops.log1p(ops.abs(x)),
    "erf": ops.erf,
    "sin": ops.sin,
    "cos": ops.cos,
    "floor": lambda x: ops.floor(ops.sign(x) * 0.7) + x,
    "silu": ops.silu,
    "gelu": ops.gelu,
    "gelu by tanh": lambda x: ops.gelu(x, approximate="tanh"),
    "softplus": lambda x: ops.softplus(x, beta=1.5),
    "leaky relu": lambda x: ops.leaky_relu(x, negative_slope=0.2),
    "elu": lambda x: ops.elu(x, alpha=0.7),
    "selu": ops.selu,
    "leak": lambda x: ops.maximum(x, x * 0.1),
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": ops.add,
    "subtract": ops.subtract,
    "multiply": ops.multiply,
    "divide": lambda x, y: x / (y * y + 0.7),
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "power": lambda x, y: ops.power(ops.abs(x) + 0.5, ops.tanh(y)),
    "prelu": lambda x, y: graph.apply(Prelu(), x, y),
    "gated": lambda x, y: ops.sigmoid(x) * ops.tanh(y),
}
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "greater": ops.greater,
    "greater_equal": ops.greater_equal,
    "less": ops.less,
    "less_equal": ops.less_equal,
    "equal": lambda x, y: ops.equal(ops.sign(x), ops.sign(y)),
    "not_equal": lambda x, y: ops.not_equal(ops.sign(x), ops.sign(y)),
}
REDUCE: dict[str, Callable[..., Any]] = {
    "sum": lambda x, **where: ops.sum(x * 0.3, **where),
    "mean": ops.mean,
    "max": ops.max,
    "min": ops.min,
    "prod": lambda x, **where: ops.prod(ops.sigmoid(x) + 0.5, **where),
    "var": ops.var,
    "logsumexp": ops.logsumexp,
}


SCORE: dict[str, Callable[[Any, Any], Any]] = {
    "softmax_cross_entropy": ops.softmax_cross_entropy,
    "multiclass_hinge": ops.multiclass_hinge,
    "squared hinge": lambda x, labels: ops.multiclass_hinge(x, labels, margin=0.5, p=2) * 0.2,
    "nll": lambda x, labels: ops.nll(ops.log_softmax(x, axis=1), labels),
}
ERROR: dict[str, Callable[[Any, Any], Any]] = {
    "mse": ops.mse,
    "absolute error": ops.absolute_error,
    "huber": lambda x, y: ops.huber(x, y, delta=0.7),
    "binary cross-entropy": lambda x, y: ops.binary_cross_entropy_with_logits(x, ops.sigmoid(y)),
}


@move(8)
def unary(draw: Draw) -> None:
    label = draw.choice(list(UNARY))
    draw.add(label, (draw.some(),), UNARY[label])


@move(8)
def binary(draw: Draw) -> None:
    label, x = draw.choice(list(BINARY)), draw.some()
    pair = (x, draw.beside(x))
    draw.add(label, pair if draw.chance(0.5) else pair[::-1], BINARY[label])


@move(2)
def compare(draw: Draw) -> None:
    label, x = draw.choice(list(COMPARE)), draw.some()
    draw.add(label, (x, draw.beside(x)), COMPARE[label])


@move(2)
def choose(draw: Draw) -> None:
    """where, with a mask and two values that broadcast with it."""
    mask = draw.some("b")
    x = draw.beside(mask)
    draw.add("where", (mask, x, draw.beside(x)), ops.where)


@move(2)
def logic(draw: Draw) -> None:
    mask = draw.some("b")
    shape = draw.spec(mask)
    other = draw.some("b", lambda s: s == shape)
    both = draw.choice((ops.logical_and, ops.logical_or))
    draw.add(f"not {both.__name__}", (mask, other), lambda m, n: ops.logical_not(both(m, n)))


@move(4)
def reduce(draw: Draw) -> None:
    x = draw.some("f", lambda s: len(s) > 0)
    ndim = len(draw.spec(x))
    axes = tuple(a for a in range(ndim) if draw.chance(0.5)) or (draw.choice(range(ndim)),)
    label, keepdims = draw.choice(list(REDUCE)), draw.chance(0.4)
    draw.add(f"{label} {axes} {keepdims}", (x,), lambda x: REDUCE[label](x, axis=axes, keepdims=keepdims))


@move(1)
def scan(draw: Draw) -> None:
    """Running totals, from either end."""
    x = draw.some("f", lambda s: len(s) > 0)
    axis = draw.choice(range(len(draw.spec(x))))
    draw.add(f"cumulative_sum {axis}", (x,), lambda x: ops.cumulative_sum(x * 0.4, axis=axis))


@move(2)
def normalize(draw: Draw) -> None:
    x = draw.some("f", lambda s: len(s) > 0)
    axis, function = (
        draw.choice(range(len(draw.spec(x)))),
        draw.choice((ops.softmax, ops.log_softmax, spread_out)),
    )
    draw.add(f"{function.__name__} {axis}", (x,), lambda x: function(x, axis=axis))


def spread_out(x: Any, *, axis: int) -> Any:
    """Standardized, with so much added to the variance that small ones stay calm; one number as it is."""
    return x if x.shape[axis] < 2 else ops.standardize(x, axis=axis, eps=0.1)[0]


@move(1)
def attend(draw: Draw) -> None:
    """Attention with queries of its own, and a mask or none."""
    x = draw.some("f", lambda s: len(s) == 2)
    steps, width = draw.spec(x)
    q, causal = draw.parameter((draw.choice((1, 3)), width)), draw.chance(0.3)
    draw.add(
        f"attention {causal}",
        (q, x),
        lambda q, x: ops.scaled_dot_product_attention(q, ops.tanh(x), x, causal=causal),
    )


@move(3)
def dense(draw: Draw) -> None:
    x = draw.some("f", lambda s: len(s) > 0)
    columns, rows = draw.spec(x)[-1], draw.choice(DIMS)
    w = draw.parameter((rows, columns))
    if draw.chance(0.5):
        draw.add("linear", (x, w), ops.linear)
    else:
        draw.add("linear with bias", (x, w, draw.parameter((rows,))), ops.linear)


@move(3)
def product(draw: Draw) -> None:
    """A product with a transposed view or a stack of matrices, scaled."""
    x = draw.some("f", lambda s: len(s) > 1)
    *stack, m, k = draw.spec(x)
    near = [
        n
        for n, v in draw.values.items()
        if v.dtype.kind == "f" and v.ndim > 1 and k in v.shape[-2:] and v.ndim <= 3
    ]
    y = draw.choice(near) if near and draw.chance(0.7) else draw.parameter((*stack, k, draw.choice(DIMS)))
    turn = draw.spec(y)[-2] != k
    label = "matmul of transposed" if turn else "matmul"
    scale = 1 / math.sqrt(k)
    draw.add(label, (x, y), lambda x, y: ops.matmul(x * scale, ops.matrix_transpose(y) if turn else y))


@move(1)
def products(draw: Draw) -> None:
    """What several matrices times their weights come to, as in a step of a recurrent network."""
    x = draw.some("f", lambda s: len(s) == 2)
    rows, columns = draw.spec(x)[0], draw.choice(DIMS)
    terms = [
        x,
        *(draw.some("f", lambda s: len(s) == 2 and s[0] == rows) for _ in range(draw.choice((1, 2, 5)))),
    ]
    weights = [draw.parameter((draw.spec(term)[1], columns)) for term in terms]
    scale = 1 / math.sqrt(sum(draw.spec(term)[1] for term in terms))

    def run(*given: Any) -> Any:
        pairs = zip(given[: len(terms)], given[len(terms) :], strict=True)
        total, *rest = [ops.matmul(a * scale, b) for a, b in pairs]
        for other in rest:
            total = total + other
        return total

    draw.add("sum of products", (*terms, *weights), run)


@move(3)
def reshape(draw: Draw) -> None:
    x = draw.some()
    size, parts = math.prod(draw.spec(x)), []
    while size > 1 and len(parts) < 3:
        divisors = [d for d in range(2, size + 1) if size % d == 0]
        parts.append(draw.choice(divisors))
        size //= parts[-1]
    shape = (*parts, size) if size > 1 or draw.chance(0.3) else tuple(parts)
    draw.add(f"reshape {shape}", (x,), lambda x: ops.reshape(x, shape))


@move(3)
def permute(draw: Draw) -> None:
    x = draw.some("fb", lambda s: len(s) > 1)
    axes = tuple(int(a) for a in draw.rng.permutation(len(draw.spec(x))))
    draw.add(f"permute {axes}", (x,), lambda x: ops.permute_dims(x, axes))


@move(4)
def cut(draw: Draw) -> None:
    """Slices, negative steps, numbers, new axes, an ellipsis."""
    x = draw.some("fb", lambda s: len(s) > 0)
    key: list[Any] = []
    for n in draw.spec(x):
        start, stop = sorted(int(k) for k in draw.rng.integers(0, n + 1, 2))
        step = draw.choice((1, 2, 3))
        options = [
            slice(None),
            slice(None, None, -step),
            slice(start, max(stop, start + 1), step),
            slice(-n, None),
        ]
        key.append(draw.choice([*options, int(draw.rng.integers(-n, n))] if n > 1 else options))
        if draw.chance(0.1):
            key.append(None)
    if draw.chance(0.3):
        key[-1:] = [Ellipsis]
    draw.add(f"cut {key}", (x,), lambda x: x[tuple(key)])


@move(2)
def stretch(draw: Draw) -> None:
    x = draw.some()
    shape = tuple(draw.choice(DIMS) if n == 1 else n for n in draw.spec(x))
    shape = (draw.choice(DIMS), *shape) if draw.chance(0.5) and len(shape) < 4 else shape
    draw.add(f"broadcast_to {shape}", (x,), lambda x: ops.broadcast_to(x, shape))


@move(2)
def border(draw: Draw) -> None:
    x = draw.some("f", lambda s: 0 < len(s) <= 3)
    widths = [tuple(int(n) for n in draw.rng.integers(0, 3, 2)) for _ in draw.spec(x)]
    value = draw.choice((0.0, 0.5, -1.0))
    draw.add(f"pad {widths} {value}", (x,), lambda x: ops.pad(x, widths, value=value))


@move(3)
def join(draw: Draw) -> None:
    x = draw.some("f", lambda s: len(s) > 0)
    shape = draw.spec(x)
    axis = draw.choice(range(len(shape)))

    def agree(other: tuple[int, ...]) -> bool:
        cut = lambda s: (*s[:axis], *s[axis + 1 :])  # noqa: E731
        return len(other) == len(shape) and cut(other) == cut(shape)

    names = [draw.some("f", agree) for _ in range(draw.choice((1, 2)))]
    if draw.chance(0.5):
        names.append(draw.parameter((*shape[:axis], draw.choice(DIMS), *shape[axis + 1 :])))
    draw.add(f"concat {axis}", (x, *names), lambda *arrays: ops.concat(arrays, axis=axis))


@move(2)
def exchange(draw: Draw) -> None:
    """Cut in two, and joined the other way round."""
    x = draw.some("f", lambda s: max(s, default=0) > 1)
    shape = draw.spec(x)
    axis = draw.choice([a for a, n in enumerate(shape) if n > 1])
    first = int(draw.rng.integers(1, shape[axis]))
    sizes = (first, shape[axis] - first)

    def run(x: Any) -> Any:
        low, high = ops.split(x, sizes, axis=axis)
        return ops.concat([high * 0.7, low], axis=axis)

    draw.add(f"split {sizes} {axis}", (x,), run)


def indices(draw: Draw, size: int, shape: tuple[int, ...]) -> np.ndarray:
    """Random positions in an axis, in one of the dtypes that may index."""
    dtype = draw.choice(("int64", "int64", "int32", "uint8"))
    low = 0 if dtype == "uint8" else -size
    return draw.rng.integers(low, size, shape).astype(dtype)


@move(2)
def gather(draw: Draw) -> None:
    """x[..., numbers, ...]: rows by number, as an embedding does."""
    x = draw.some("f", lambda s: len(s) > 0)
    shape = draw.spec(x)
    axis = draw.choice(range(len(shape)))
    numbers = draw.input(indices(draw, shape[axis], draw.shape(draw.choice((1, 1, 2)))))
    whole = (slice(None),) * axis
    draw.add(f"gather {axis}", (x, numbers), lambda x, i: x[(*whole, i)])


@move(2)
def along(draw: Draw) -> None:
    """take_along_axis and scatter_along_axis."""
    x = draw.some("f", lambda s: len(s) > 0)
    shape = draw.spec(x)
    axis, count = draw.choice(range(len(shape))), draw.choice(DIMS)
    if draw.chance(0.5):
        numbers = draw.input(indices(draw, shape[axis], (*shape[:axis], count, *shape[axis + 1 :])))
        draw.add(f"take {axis}", (x, numbers), lambda x, i: ops.take_along_axis(x, i, axis=axis))
        return
    numbers = draw.input(np.abs(indices(draw, count, shape)) % count)
    draw.add(
        f"scatter {axis}", (x, numbers), lambda x, i: ops.scatter_along_axis(x, i, axis=axis, size=count)
    )


@move(1)
def best(draw: Draw) -> None:
    """The largest by argmax and take, or the smallest, with whole numbers in arithmetic on the way."""
    x = draw.some("f", lambda s: len(s) > 0)
    axis, winner = draw.choice(range(len(draw.spec(x)))), draw.choice((ops.argmax, ops.argmin))
    ordered = np.sort(draw.values[x].data, axis=axis)
    ends = (-1, -2) if winner is ops.argmax else (1, 0)
    first, second = (np.take(ordered, [place], axis=axis, mode="wrap") for place in ends)
    if ordered.shape[axis] > 1 and (first - second).min() < 1e-3:
        raise NoFit  # which of two equal ones wins is up to rounding

    def run(x: Any) -> Any:
        numbers = winner(x, axis=axis, keepdims=True)
        seen = ops.take_along_axis(x, numbers, axis=axis)
        return seen + ops.astype(ops.maximum(numbers * 2, 3), str(x.dtype)) * 0.01

    draw.add(f"{winner.__name__} {axis}", (x,), run)


@move(2)
def score(draw: Draw) -> None:
    """A loss of scores and labels, a value for each row."""
    x = draw.some("f", lambda s: len(s) > 1)
    n, classes, *rest = draw.spec(x)
    labels = draw.input(draw.rng.integers(0, classes, (n, *rest)).astype(draw.choice(("int64", "uint8"))))
    label = draw.choice(list(SCORE))
    draw.add(label, (x, labels), lambda x, labels: SCORE[label](x, labels) * 0.2)


@move(1)
def error(draw: Draw) -> None:
    x = draw.some()
    shape = draw.spec(x)
    label = draw.choice(list(ERROR))
    draw.add(label, (x, draw.some("f", lambda s: s == shape)), lambda x, y: ERROR[label](x, y) * 0.5)


@move(1)
def penalty(draw: Draw) -> None:
    function = draw.choice((ops.l1, ops.l2))
    draw.add(function.__name__, (draw.some(), draw.some()), lambda x, y: function([x, y], 0.003))


@move(1)
def cell(draw: Draw) -> None:
    """One step of an LSTM or a GRU on pieces of what there is."""
    x = draw.some("f", lambda s: len(s) == 2)
    n, features = draw.spec(x)
    units = draw.choice((1, 3, 5, 8))
    h = draw.parameter((n, units)) if draw.chance(0.5) else draw.some("f", lambda s: s == (n, units))
    if draw.chance(0.5):
        w = draw.parameter((4 * units, features))
        run = lambda x, h, w: ops.concat(ops.lstm_cell(ops.linear(x, w), h), axis=1)  # noqa: E731
        draw.add("lstm_cell", (x, h, w), run)
        return
    weights = draw.parameter((3 * units, features)), draw.parameter((3 * units, units))
    run = lambda x, h, w, u: ops.gru_cell(ops.linear(x, w), ops.linear(h, u), h)  # noqa: E731
    draw.add("gru_cell", (x, h, *weights), run)


@move(1)
def thin(draw: Draw) -> None:
    """Dropout, at a step that is a number of the program."""
    seed, p = int(draw.rng.integers(2**40)), draw.choice((0.1, 0.5))
    step = draw.input(np.asarray(draw.rng.integers(50)))
    draw.add(
        f"dropout {p}", (draw.some(), step), lambda x, s: ops.dropout(x, s, p=p, seed=seed, layer=3) * 0.7
    )


def images(draw: Draw) -> Name:
    """Pictures: a value of four axes, or a new parameter."""
    if draw.chance(0.3):
        size = draw.choice((3, 4, 5, 6, 9)), draw.choice((3, 4, 5, 8))
        return draw.parameter((draw.choice((1, 2, 3, 6)), draw.choice((1, 2, 4, 17)), *size))
    return draw.some("f", lambda s: len(s) == 4 and s[2] > 2 and s[3] > 2 and math.prod(s) < 1500)


@move(3)
def convolve(draw: Draw) -> None:
    """A convolution with any of its settings, and a bias."""
    x = images(draw)
    channels = draw.spec(x)[1]
    groups = draw.choice([g for g in (1, 1, 2, 4) if channels % g == 0])
    w = draw.parameter((groups * draw.choice((1, 3, 8)), channels // groups, 3, draw.choice((1, 2, 3))))
    settings = {"stride": draw.choice((1, 1, 2)), "padding": draw.choice((0, 1)), "groups": groups}
    settings["dilation"] = draw.choice((1, 1, 1, 2))
    b = draw.parameter((draw.spec(w)[0],))
    draw.add(f"conv2d {settings}", (x, w, b), lambda x, w, b: ops.conv2d(x, w, b, **settings) * 0.5)


@move(1)
def transposed(draw: Draw) -> None:
    """A convolution the other way round, from as many filters as there are channels."""
    x = images(draw)
    w = draw.parameter((draw.spec(x)[1], draw.choice((1, 3)), 3, 2))
    settings = {"stride": draw.choice((1, 2)), "padding": draw.choice((0, 1))}
    draw.add(
        f"conv_transpose2d {settings}", (x, w), lambda x, w: ops.conv_transpose2d(x, w, **settings) * 0.5
    )


@move(1)
def separate(draw: Draw) -> None:
    """A filter for each of enough channels, behind one that makes them."""
    x = images(draw)
    wide, each = draw.parameter((16, draw.spec(x)[1], 1, 1)), draw.parameter((16, 1, 3, draw.choice((1, 2))))
    settings = {"stride": draw.choice((1, 1, 2)), "padding": draw.choice((1, 2)), "groups": 16}

    def run(x: Any, wide: Any, each: Any) -> Any:
        return ops.conv2d(ops.conv2d(x, wide) * 0.5, each, **settings) * 0.5

    draw.add(f"depthwise {settings}", (x, wide, each), run)


@move(2)
def pool(draw: Draw) -> None:
    """The largest or the mean of windows that may overlap."""
    x, gather = images(draw), draw.choice((ops.max_pool2d, ops.avg_pool2d))
    settings = {"stride": draw.choice((1, 2, 3)), "padding": draw.choice((0, 1))}
    draw.add(f"{gather.__name__} {settings}", (x,), lambda x: gather(x, (2, 3), **settings))


@move(1)
def pool_alike(draw: Draw) -> None:
    """Numbers taken where others are the largest: what a second slope of pooling does."""
    window = Window((3, 2), (2, 1), (1, 0))

    def run(x: Any) -> Any:
        _, winner = graph.apply(MaxPool2d(window), x)
        return graph.apply(MaxPool2dTake(window), ops.tanh(x), winner)

    draw.add("max_pool2d_take", (images(draw),), run)


@move(1)
def norm_pictures(draw: Draw) -> None:
    """Batch norm, and local response norm."""
    x = images(draw)
    channels = draw.spec(x)[1]
    if draw.chance(0.5):
        draw.add("local_response_norm", (x,), lambda x: ops.local_response_norm(x, 3, alpha=0.5))
        return
    w, b = draw.parameter((channels,)), draw.parameter((channels,))
    draw.add("batch_norm", (x, w, b), lambda x, w, b: ops.batch_norm(x, w, b, eps=0.1)[0])


@move(1)
def windows(draw: Draw) -> None:
    """Windows as columns, and laid back."""
    x = images(draw)
    size, settings = draw.spec(x)[2:], {"stride": draw.choice((1, 2)), "padding": draw.choice((0, 1))}
    draw.add("unfold", (x,), lambda x: ops.tanh(ops.unfold(x * 0.9, 2, **settings)))
    if draw.chance(0.5):
        draw.add("fold", (("node", len(draw.nodes) - 1),), lambda x: ops.fold(x, size, 2, **settings))


@move(1)
def resized(draw: Draw) -> None:
    """Pictures in another size, by pixels, by pixels between, by means of shares."""
    x = images(draw)
    size = draw.choice((2, 4, 7)), draw.choice((1, 3, 6))
    run = draw.choice(
        (
            lambda x: ops.upsample(x, size=size),
            lambda x: ops.upsample(x, size=size, mode="bilinear"),
            lambda x: ops.adaptive_avg_pool2d(x, size),
        )
    )
    draw.add("resized", (x,), run)


@move(1)
def several(draw: Draw) -> None:
    """x[rows, columns], with or without an axis between them."""
    x = draw.some("f", lambda s: len(s) > 1)
    shape, count = draw.spec(x), draw.choice(DIMS)
    apart = len(shape) > 2 and draw.chance(0.5)
    sizes = shape[: 3 if apart else 2 : 2 if apart else 1]
    pair = tuple(draw.input(indices(draw, size, (count,))) for size in sizes)
    draw.add("index pairs", (x, *pair), lambda x, i, j: x[i, :, j] if apart else x[i, j])


@move(1)
def ascending(draw: Draw) -> None:
    """Numbers in order, which NumPy finds."""
    x = draw.some("f", lambda s: len(s) > 0)
    axis = draw.choice(range(len(draw.spec(x))))
    apart = np.diff(np.sort(draw.values[x].data, axis=axis), axis=axis)
    if apart.size and apart.min() < 1e-3:
        raise NoFit  # the order of equal ones is up to rounding
    draw.add(f"sort {axis}", (x,), lambda x: ops.sort(x, axis=axis))


OPTIMIZERS: dict[str, Callable[[list[Tensor]], Any]] = {
    "SGD": lambda ps: optim.SGD(ps, lr=0.02),
    "SGD momentum": lambda ps: optim.SGD(ps, lr=0.02, momentum=0.9, weight_decay=0.01),
    "SGD nesterov": lambda ps: optim.SGD(ps, lr=0.02, momentum=0.5, nesterov=True),
    "Adam": lambda ps: optim.Adam(ps, lr=0.01, eps=0.01),
    "AdamW": lambda ps: optim.AdamW(ps, lr=0.01, eps=0.01),
    "clipped Adam": lambda ps: optim.Adam(ps, lr=0.01, eps=0.01),
}


def drawn(seed: int) -> Recipe:
    """The recipe of a seed: a step whose values, loss and gradients are moderate numbers."""
    for attempt in range(20):
        recipe = attempted(seed, attempt)
        if recipe is not None:
            return recipe
    raise NoFit


def attempted(seed: int, attempt: int) -> Recipe | None:
    draw = Draw(seed * 20 + attempt)
    for _ in range(draw.choice((1, 2, 3))):
        draw.input(draw.rng.normal(0, 1, draw.shape()).astype(np.float32))
    draw.input(draw.rng.integers(0, 2, draw.shape(2)).astype(bool))
    draw.parameter(draw.shape())
    wanted, tries = int(draw.rng.integers(8, 25)), 0
    while len(draw.nodes) < wanted and tries < 400:
        tries += 1
        try:
            draw.choice(MOVES)(draw)
        except (NoFit, cr.errors.ShapeError):
            continue
    used = {n for node in draw.nodes for n in node.inputs}
    floats = [("node", k) for k in range(len(draw.nodes)) if draw.values["node", k].dtype.kind == "f"]
    ends = [n for n in floats if n not in used]
    terms = tuple(dict.fromkeys([*ends, *(n for n in floats if draw.chance(0.15))]))
    every = list(draw.values)
    recipe = Recipe(
        seed,
        draw.choice(("float32", "float64")),
        draw.choice(list(OPTIMIZERS)),
        tuple(draw.parameters),
        tuple(draw.inputs),
        tuple(draw.nodes),
        terms,
        tuple(every[int(k)] for k in draw.rng.integers(0, len(every), draw.choice((0, 1, 3)))),
        draw.choice(floats) if draw.chance(0.4) else None,
    )
    return alive(recipe) if calm(recipe) else None


def alive(recipe: Recipe) -> Recipe:
    """The recipe without what does not matter for loss, state and returned values: the numbers stay."""
    wanted = {*recipe.terms, *recipe.returned, *([recipe.averaged] if recipe.averaged else [])}
    for k in reversed(range(len(recipe.nodes))):
        if ("node", k) in wanted:
            wanted.update(recipe.nodes[k].inputs)
    places: dict[str, dict[int, int]] = {"node": {}, "parameter": {}, "input": {}}
    for kind, number in sorted(wanted):
        places[kind][number] = len(places[kind])
    if not places["parameter"]:
        places["parameter"][0] = 0
    moved = lambda names: tuple((kind, places[kind][number]) for kind, number in names)  # noqa: E731
    nodes = tuple(
        replace(recipe.nodes[k], inputs=moved(recipe.nodes[k].inputs)) for k in sorted(places["node"])
    )
    return replace(
        recipe,
        nodes=nodes,
        parameters=tuple(recipe.parameters[k] for k in sorted(places["parameter"])),
        inputs=tuple(recipe.inputs[k] for k in sorted(places["input"])),
        terms=moved(recipe.terms),
        returned=moved(recipe.returned),
        averaged=moved([recipe.averaged])[0] if recipe.averaged else None,
    )


def calm(recipe: Recipe) -> bool:
    """Whether there is a loss, and three plain steps in float64 stay among moderate numbers."""
    learner = Learner(recipe, "float64")
    try:
        for k in range(STEPS):
            loss = learner.step(*(Tensor(a) for a in learner.arrays(k)))[0]
            grads = [p.grad.data for p in learner.parameters if p.grad is not None]
            if not grads or not all(np.abs(g).max() < 50 for g in grads) or not abs(loss.item()) < 50:
                return False
    except cr.errors.GradientError:  # no parameter reaches the loss
        return False
    return True


# --- Running ---------------------------------------------------------------------------------------------


class Learner:
    """The parameters, cells and optimizer of a recipe, in one width, and its step."""

    def __init__(self, recipe: Recipe, dtype: str | None = None) -> None:
        self.recipe, self.dtype = recipe, dtype or recipe.dtype
        self.parameters = [
            Tensor(a.astype(self.dtype), requires_grad=True, name=f"p{k}")
            for k, a in enumerate(recipe.parameters)
        ]
        self.optimizer = OPTIMIZERS[recipe.optimizer](self.parameters)
        self.average = Tensor(np.zeros((), self.dtype), name="average")
        self.count = Tensor(0, name="count")

    def arrays(self, step: int) -> list[np.ndarray]:
        """The arguments of a step: floats change a little from step to step."""
        return [
            a.astype(self.dtype) * (1 - step / 8) if a.dtype.kind == "f" else a for a in self.recipe.inputs
        ]

    def step(self, *inputs: Any) -> list[Any]:
        """Forward, backward, update: what is compiled."""
        recipe = self.recipe
        self.optimizer.zero_grad()
        values: dict[Name, Any] = {("parameter", k): p for k, p in enumerate(self.parameters)}
        values |= {("input", k): x for k, x in enumerate(inputs)}
        for k, node in enumerate(recipe.nodes):
            values["node", k] = node.run(*(values[n] for n in node.inputs))
        loss = sum((values[n] * values[n]).mean() for n in recipe.terms)
        loss.backward()
        if recipe.optimizer.startswith("clipped"):
            optim.clip_grad_norm(self.parameters, 0.5)
        self.optimizer.step()
        if recipe.averaged is not None:
            with cr.no_grad():
                mean = values[recipe.averaged].mean()
                self.average.assign(self.average * 0.9 + mean * 0.1)
                self.count.assign(self.count + 1)
        return [loss, *(values[n] for n in recipe.returned)]

    def state(self) -> dict[str, np.ndarray]:
        """Everything that the step changes, by name."""
        tensors = {p.name: p for p in [*self.parameters, self.average, self.count]}
        tensors |= self.optimizer._state
        return {name: t.numpy().copy() for name, t in tensors.items()}


def compared(recipe: Recipe, coverage: Counter[str] | None = None) -> str:
    """Run the steps plain, compiled and plain in float64; what differs first, or "".

    A float32 step next to a kink (a comparison, a maximum, a relu) may take the other side: that is no fault.
    """
    with ExitStack() as stack:
        for module, sizes in LARGER.items() if recipe.seed % 2 else ():
            stack.enter_context(patch.multiple(module, **sizes))
        return run_beside(recipe, coverage)


def run_beside(recipe: Recipe, coverage: Counter[str] | None) -> str:
    """The same, as large as things are."""
    plain, far = Learner(recipe), Learner(recipe, "float64")
    learner = Learner(recipe)
    step = cr.compile(learner.step, fallback="error")
    if coverage is not None:
        count(step.plan(*learner.arrays(0)), coverage)
    for k in range(STEPS):
        runs = []
        for one, run in ((learner, step), (plain, plain.step), (far, far.step)):
            arrays = one.arrays(k)
            made = run(*(arrays if run is step else map(Tensor, arrays)))
            numbers = {f"output {n}": v.data for n, v in enumerate(made)} | one.state()
            runs.append(numbers)
        wrong = difference(*runs, tight=recipe.dtype == "float64")
        if wrong:
            beside = near_a_kink(recipe, k) if recipe.dtype == "float32" else ""
            if beside:
                if coverage is not None:
                    coverage["beside a kink"] += 1
                return ""
            return f"step {k}, {wrong}"
    return ""


def difference(came: Any, plain: Any, far: Any, tight: bool) -> str:
    """The first array that is further from float64 than it may be."""
    for name, array in came.items():
        if (array.shape, array.dtype) != (plain[name].shape, plain[name].dtype):
            return f"{name}: {array.shape} {array.dtype}, plain {plain[name].shape} {plain[name].dtype}"
        if array.dtype.kind != "f":
            if not np.array_equal(array, plain[name]):
                return f"{name}: {array}, plain {plain[name]}"
            continue
        if array.size:
            scale = max(1.0, float(np.abs(far[name]).max()))
            bound = 1e-10 * scale if tight else 10 * np.abs(plain[name] - far[name]).max() + 2e-5 * scale
            apart = np.abs(array - far[name]).max()
            if not apart <= bound:
                return f"{name}: {apart:.2g} from float64, allowed {bound:.2g}"
    return ""


KINKS = {"Relu", "LeakyRelu", "Prelu", "Elu", "Selu", "Abs", "Sign", "SumOfAbs"}
SIDES = {
    "Greater",
    "GreaterEqual",
    "Less",
    "LessEqual",
    "Equal",
    "NotEqual",
    "Maximum",
    "Minimum",
    "AbsoluteError",
}


def near_a_kink(recipe: Recipe, last: int, margin: float = 2e-4) -> str:
    """The gate that is next to a kink in some step up to this one, in float64."""
    learner = Learner(recipe, "float64")
    program = cr.trace(learner.step, *learner.arrays(0))
    spreads = {n for line in program.lines if isinstance(line.gate, Var) for n in line.outputs}
    for k in range(last + 1):
        values = evaluate(program, *learner.arrays(k))
        for line in program.lines:
            if type(line.gate).__name__ in (*KINKS, *SIDES) and any(
                (values[n] == 0).any() for n in spreads.intersection(line.inputs)
            ):
                return str(line.gate)  # the variance of equal numbers is 0, or what rounding leaves
            if gap(type(line.gate).__name__, line.gate, [values[n] for n in line.inputs]) < margin:
                return str(line.gate)
        learner.step(*map(Tensor, learner.arrays(k)))
    return ""


def gap(name: str, gate: Any, arrays: list[np.ndarray]) -> float:
    """How near some number is to a kink of the gate, without being on it."""
    if name in KINKS:
        gaps = arrays[0]
    elif name in SIDES and arrays[0].dtype.kind == "f":
        gaps = arrays[0] - arrays[1]
    elif name == "Clip":
        gaps = np.concatenate([np.ravel(arrays[0] - bound) for bound in arrays[1:]])
    elif name in ("Argmax", "Max"):
        gaps = arrays[0] - arrays[0].max(axis=gate.axis, keepdims=True)
    elif name in ("Argmin", "Min"):
        gaps = arrays[0] - arrays[0].min(axis=gate.axis, keepdims=True)
    elif name == "Argsort":
        gaps = np.diff(np.sort(arrays[0], axis=gate.axis), axis=gate.axis)
    elif name == "MulticlassHinge":
        scores, labels = arrays
        right = np.take_along_axis(scores, labels[:, None].astype(np.int64), 1)
        gaps = scores - right + gate.margin
    elif name == "MaxPool2d":
        gaps = np.diff(np.sort(arrays[0].ravel()))
    else:
        return math.inf
    gaps = np.abs(gaps[gaps != 0])
    return float(gaps.min(initial=math.inf))


def count(plan: Any, coverage: Counter[str]) -> None:
    """What a plan is made of: kernels by name, gates that ran natively, views, gates for NumPy."""
    groups = plan.made.groups.groups
    coverage.update(f"kernel {row.task.name}" for row in plan.rows)
    coverage["sums of products"] += sum(getattr(row.task.kernel, "pairs", 1) > 1 for row in plan.rows)
    coverage["values made again"] += len(plan.groups.flow.again)
    inside = set()
    for number, group in enumerate(groups):
        kind = "numpy" if is_plain(plan.made, number) else "native"
        gates = {named_gate(plan, op) for op in group.ops}
        coverage.update(f"{kind} {gate.__name__}" for gate in gates)
        inside |= gates
    for line in plan.program.lines:
        if type(line.gate) not in inside:
            coverage[f"native {type(line.gate).__name__}"] += 1


def named_gate(plan: Any, op: Any) -> type:
    """The gate of an op; of one that the compiler wrote down for a gate of pictures, that gate."""
    written = type(op.gate).__module__ in (pixels.__name__, tiles.__name__) and op.line >= 0
    return type(plan.program.lines[op.line].gate if written else op.gate)


# --- Making smaller --------------------------------------------------------------------------------------


def smaller(recipe: Recipe) -> Iterator[Recipe]:
    """Recipes with one thing less."""
    for k in range(len(recipe.returned)):
        yield replace(recipe, returned=recipe.returned[:k] + recipe.returned[k + 1 :])
    if recipe.averaged is not None:
        yield replace(recipe, averaged=None)
    if recipe.optimizer != "SGD":
        yield replace(recipe, optimizer="SGD")
    for k in range(len(recipe.terms)):
        if len(recipe.terms) > 1:
            yield replace(recipe, terms=recipe.terms[:k] + recipe.terms[k + 1 :])
    for k in reversed(range(len(recipe.nodes))):
        for name in recipe.nodes[k].inputs:
            swapped = lambda names, k=k, name=name: tuple(name if n == ("node", k) else n for n in names)  # noqa: E731
            nodes = tuple(replace(n, inputs=swapped(n.inputs)) for n in recipe.nodes)
            yield replace(recipe, nodes=nodes, terms=swapped(recipe.terms), returned=swapped(recipe.returned))


def minimal(recipe: Recipe, fails: Callable[[Recipe], bool]) -> Recipe:
    """The smallest recipe that still fails, one thing left out at a time."""
    while True:
        for other in smaller(recipe):
            try:
                other = alive(other)
                if len(str(other)) < len(str(recipe)) and calm(other) and fails(other):
                    recipe = other
                    break
            except Exception:  # a swap may not fit
                continue
        else:
            return recipe
