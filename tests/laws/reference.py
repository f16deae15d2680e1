"""What each gate should compute, said a second time and plainly: loops where the gate is clever.

Each function takes the gate (for its settings) and float64 or integer arrays.  Nothing here is fast.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from chainrule.ops.window import Window
from chainrule.random import random_bits

Array = np.ndarray


def one_by_one(function: Callable[..., Any]) -> Callable[..., Array]:
    """A function of Python numbers as the reference of an elementwise gate."""

    def reference(gate: Any, *arrays: Array) -> Array:
        stretched = np.broadcast_arrays(*arrays)
        numbers = zip(*(a.ravel().tolist() for a in stretched), strict=True)
        return np.array([function(*n) for n in numbers]).reshape(stretched[0].shape)

    return reference


def along(function: Callable[[Array], Any]) -> Callable[..., Array]:
    """A function of one row of numbers as the reference of a reduction over axes."""

    def reference(gate: Any, x: Array) -> Array:
        axes = gate.axis if isinstance(gate.axis, tuple) else (gate.axis,)
        kept = [a for a in range(x.ndim) if a not in axes]
        out = np.array(
            [
                function(x[tuple(place[kept.index(a)] if a in kept else slice(None) for a in range(x.ndim))])
                for place in np.ndindex(*(x.shape[a] for a in kept))
            ]
        )
        shape = [1 if a in axes else n for a, n in enumerate(x.shape)]
        return out.reshape(shape if gate.keepdims else [x.shape[a] for a in kept])

    return reference


def rowwise(function: Callable[[Array], Array]) -> Callable[..., Array]:
    """A function from row to row as the reference of a gate that works along one axis."""
    return lambda gate, x: np.apply_along_axis(function, gate.axis, x) if x.size else x


def bordered(x: Array, padding: tuple[int, int], value: float = 0.0) -> Array:
    """x (N, C, H, W) with a border."""
    (ph, pw) = padding
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=value)


def places(window: Window, shape: tuple[int, ...]) -> Iterator[tuple[int, int, slice, slice]]:
    """Every position of a window on a bordered picture: (i, j, rows, columns)."""
    (kh, kw), (sh, sw), (dh, dw) = window.size, window.stride, window.dilation
    (h, w) = shape[-2:]
    tops = range(0, h - dh * (kh - 1), sh)
    lefts = range(0, w - dw * (kw - 1), sw)
    for (i, top), (j, left) in product(enumerate(tops), enumerate(lefts)):
        yield i, j, slice(top, top + dh * (kh - 1) + 1, dh), slice(left, left + dw * (kw - 1) + 1, dw)


def filter_places(gate: Any, size: Any, x: Array, filters: int, depth: int) -> Iterator[tuple[Any, ...]]:
    """Every filter at every position: (f, i, j, the part of the bordered picture that it sees)."""
    window = Window(size, gate.stride, gate.padding, gate.dilation)
    for f in range(filters):
        first = f // (filters // gate.groups) * depth
        for i, j, rows, columns in places(window, x.shape):
            yield f, i, j, (slice(None), slice(first, first + depth), rows, columns)


def conv2d(gate: Any, x: Array, w: Array) -> Array:
    window = Window(w.shape[2:], gate.stride, gate.padding, gate.dilation)
    out = np.zeros((len(x), len(w), *window.output("conv2d", x.shape)))
    x = bordered(x, gate.padding)
    for f, i, j, seen in filter_places(gate, w.shape[2:], x, len(w), w.shape[1]):
        out[:, f, i, j] = (x[seen] * w[f]).sum(axis=(1, 2, 3))
    return out


def conv2d_input(gate: Any, y: Array, w: Array) -> Array:
    out = bordered(np.zeros((len(y), w.shape[1] * gate.groups, *gate.size)), gate.padding)
    for f, i, j, seen in filter_places(gate, w.shape[2:], out, len(w), w.shape[1]):
        out[seen] += y[:, f, i, j][:, None, None, None] * w[f]
    return inner(out, gate.padding, gate.size)


def conv2d_weight(gate: Any, x: Array, y: Array) -> Array:
    depth = x.shape[1] // gate.groups
    out = np.zeros((y.shape[1], depth, *gate.size))
    x = bordered(x, gate.padding)
    for f, i, j, seen in filter_places(gate, gate.size, x, y.shape[1], depth):
        out[f] += (x[seen] * y[:, f, i, j][:, None, None, None]).sum(axis=0)
    return out


def inner(x: Array, padding: tuple[int, int], size: tuple[int, int]) -> Array:
    """A picture without its border."""
    return x[:, :, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]]


def unfold(gate: Any, x: Array) -> Array:
    x = bordered(x, gate.window.padding)
    (kh, kw), count = gate.window.size, x.shape[1]
    seen = [x[:, :, rows, columns] for _, _, rows, columns in places(gate.window, x.shape)]
    return np.stack([s.reshape(len(x), count * kh * kw) for s in seen], axis=-1)


def fold(gate: Any, x: Array) -> Array:
    (kh, kw) = gate.window.size
    out = bordered(np.zeros((len(x), x.shape[1] // (kh * kw), *gate.size)), gate.window.padding)
    for number, (_, _, rows, columns) in enumerate(places(gate.window, out.shape)):
        out[:, :, rows, columns] += x[:, :, number].reshape(len(x), out.shape[1], kh, kw)
    return inner(out, gate.window.padding, gate.size)


def max_pool2d(gate: Any, x: Array) -> tuple[Array, Array]:
    shape = (*x.shape[:2], *gate.window.output("max_pool2d", x.shape))
    out, winner = np.zeros(shape), np.zeros(shape, int)
    x = bordered(x, gate.window.padding, -np.inf)
    for i, j, rows, columns in places(gate.window, x.shape):
        seen = x[:, :, rows, columns].reshape(*x.shape[:2], math.prod(gate.window.size))
        out[:, :, i, j], winner[:, :, i, j] = seen.max(-1), seen.argmax(-1)
    return out, winner


def max_pool2d_input(gate: Any, y: Array, winner: Array) -> Array:
    out = bordered(np.zeros((*y.shape[:2], *gate.size)), gate.window.padding)
    for i, j, rows, columns in places(gate.window, out.shape):
        for n, c in np.ndindex(*y.shape[:2]):
            place = np.unravel_index(winner[n, c, i, j], gate.window.size)
            out[n, c, rows, columns][place] += y[n, c, i, j]
    return inner(out, gate.window.padding, gate.size)


def max_pool2d_take(gate: Any, x: Array, winner: Array) -> Array:
    out = np.zeros(winner.shape)
    x = bordered(x, gate.window.padding)
    for i, j, rows, columns in places(gate.window, x.shape):
        for n, c in np.ndindex(*x.shape[:2]):
            out[n, c, i, j] = x[n, c, rows, columns].ravel()[winner[n, c, i, j]]
    return out


def avg_pool2d(gate: Any, x: Array) -> Array:
    out = np.zeros((*x.shape[:2], *gate.window.output("avg_pool2d", x.shape)))
    x = bordered(x, gate.window.padding)
    for i, j, rows, columns in places(gate.window, x.shape):
        out[:, :, i, j] = x[:, :, rows, columns].mean(axis=(2, 3))
    return out


def avg_pool2d_input(gate: Any, y: Array) -> Array:
    out = bordered(np.zeros((*y.shape[:2], *gate.size)), gate.window.padding)
    (kh, kw) = gate.window.size
    for i, j, rows, columns in places(gate.window, out.shape):
        out[:, :, rows, columns] += y[:, :, i, j][:, :, None, None] / (kh * kw)
    return inner(out, gate.window.padding, gate.size)


def batch_norm(gate: Any, x: Array, w: Array, b: Array) -> tuple[Array, Array, Array]:
    rows = np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)
    mean, var = rows.mean(1), rows.var(1)
    normal = (rows - mean[:, None]) / np.sqrt(var[:, None] + gate.eps)
    out = (normal * w[:, None] + b[:, None]).reshape(x.shape[1], len(x), *x.shape[2:])
    return np.moveaxis(out, 0, 1), mean, var


def standardize(gate: Any, x: Array) -> tuple[Array, Array]:
    """The variance as half the mean squared distance of all pairs, which needs no mean."""
    one = [1 if a in gate.axis else n for a, n in enumerate(x.shape)]
    out, deviation = np.zeros_like(x), np.zeros(one)
    for place in np.ndindex(*one):
        where = tuple(slice(None) if a in gate.axis else n for a, n in enumerate(place))
        row = x[where].ravel()
        pairs = np.mean([(m - n) ** 2 for m in row for n in row])
        deviation[place] = math.sqrt(pairs / 2 + gate.eps)
        out[where] = (x[where] - math.fsum(row) / row.size) / deviation[place]
    return out, deviation


def channel_sum(gate: Any, x: Array) -> Array:
    channels = range(x.shape[1])
    rows = [x[:, max(0, c - gate.before) : c + gate.after + 1].sum(axis=1) for c in channels]
    return np.stack(rows, axis=1) if rows else x


def local_response_norm(gate: Any, x: Array) -> Array:
    out = np.zeros_like(x)
    for c in range(x.shape[1]):
        near = x[:, max(0, c - gate.size // 2) : c + (gate.size - 1) // 2 + 1]
        out[:, c] = x[:, c] / (gate.k + gate.alpha / gate.size * (near**2).sum(1)) ** gate.beta
    return out


def of_scores(loss: Callable[[Any, Array, int], float]) -> Callable[..., Array]:
    """A loss of one row of scores and its label as the reference for scores (N, C, …)."""

    def reference(gate: Any, scores: Array, labels: Array) -> Array:
        rows = np.moveaxis(scores, 1, -1)
        return np.array([loss(gate, rows[p], int(labels[p])) for p in np.ndindex(*labels.shape)]).reshape(
            labels.shape
        )

    return reference


def cross_entropy(gate: Any, scores: Array, label: int) -> float:
    return float(np.log(np.exp(scores).sum()) - scores[label])


def hinge(gate: Any, scores: Array, label: int) -> float:
    wrong = [s for c, s in enumerate(scores) if c != label]
    return float(sum(max(0.0, s - scores[label] + gate.margin) for s in wrong))


def dropout(gate: Any, x: Array, step: Array) -> Array:
    uniform = random_bits(gate.seed, gate.layer, int(step), x.size) / 2.0**32
    return np.where(uniform < 1 - gate.p, x.ravel() / (1 - gate.p), 0).reshape(x.shape)


def matmul(gate: Any, x: Array, y: Array) -> Array:
    return (x[..., :, :, None] * y[..., None, :, :]).sum(axis=-2)


def unit(x: float) -> float:
    """The logistic function, by way of tanh."""
    return (1 + math.tanh(x / 2)) / 2


def lstm_cell(gate: Any, gates: Array, c: Array) -> tuple[Array, Array]:
    h_next, c_next, units = np.zeros_like(c), np.zeros_like(c), c.shape[1]
    for n, k in np.ndindex(*c.shape):
        i, f, g, o = (gates[n, k + piece * units] for piece in range(4))
        c_next[n, k] = unit(f) * c[n, k] + unit(i) * math.tanh(g)
        h_next[n, k] = unit(o) * math.tanh(c_next[n, k])
    return h_next, c_next


def gru_cell(gate: Any, x: Array, h_gates: Array, h: Array) -> Array:
    out, units = np.zeros_like(h), h.shape[1]
    for n, k in np.ndindex(*h.shape):
        (x_r, x_z, x_n), (h_r, h_z, h_n) = (a[n, k::units] for a in (x, h_gates))
        fresh, keep = math.tanh(x_n + unit(x_r + h_r) * h_n), unit(x_z + h_z)
        out[n, k] = keep * h[n, k] + (1 - keep) * fresh
    return out


def attention(gate: Any, q: Array, k: Array, v: Array, *mask: Array) -> tuple[Array, Array]:
    """Query by query, over the keys that it may look at."""
    stack, (length, keys) = q.shape[:-2], (q.shape[-2], k.shape[-2])
    out, weights = np.zeros((*stack, length, v.shape[-1])), np.zeros((*stack, length, keys))
    masks = [np.broadcast_to(m, weights.shape) for m in mask]
    for *batch, i in np.ndindex(*weights.shape[:-1]):
        b = tuple(batch)
        seen = [
            j
            for j in range(keys)
            if (j <= i or not gate.causal) and all(m[(*b, i, j)] is not np.False_ for m in masks)
        ]
        added = [math.fsum(m[(*b, i, j)] for m in masks if m.dtype != bool) for j in seen]
        powers = [
            math.exp(gate.scale * float(q[(*b, i)] @ k[(*b, j)]) + a)
            for j, a in zip(seen, added, strict=True)
        ]
        for j, power in zip(seen, powers, strict=True):
            weights[(*b, i, j)] = power / math.fsum(powers) if power else 0
            out[(*b, i)] += weights[(*b, i, j)] * v[(*b, j)]
    return out, weights


def linear(gate: Any, x: Array, w: Array) -> Array:
    return (x[..., None, :] * w).sum(axis=-1)


def take_along_axis(gate: Any, x: Array, indices: Array) -> Array:
    out = np.zeros(indices.shape, x.dtype)
    for place in np.ndindex(*indices.shape):
        out[place] = x[moved(place, gate.axis, indices[place])]
    return out


def scatter_along_axis(gate: Any, x: Array, indices: Array) -> Array:
    out = np.zeros(moved(x.shape, gate.axis, gate.size), x.dtype)
    for place in np.ndindex(*x.shape):
        out[moved(place, gate.axis, indices[place])] += x[place]
    return out


def moved(place: tuple[int, ...], axis: int, to: Any) -> tuple[int, ...]:
    """A place with another coordinate along an axis."""
    return (*place[:axis], int(to), *place[axis + 1 :])


def plain_key(key: tuple[Any, ...], indices: tuple[Array, ...]) -> tuple[Any, ...]:
    """A key of the index gates with NumPy's slices and arrays in it."""
    arrays = list(indices)
    return tuple(
        slice(*k) if hasattr(k, "stop") else arrays.pop(0) if isinstance(k, tuple) else k for k in key
    )


def index(gate: Any, x: Array, *indices: Array) -> Array:
    return x[plain_key(gate.key, indices)]


def index_add(gate: Any, x: Array, *indices: Array) -> Array:
    positions = np.arange(int(np.prod(gate.shape))).reshape(gate.shape)[plain_key(gate.key, indices)]
    out = np.zeros(int(np.prod(gate.shape)), x.dtype)
    for position, number in zip(positions.ravel(), x.ravel(), strict=True):
        out[position] += number
    return out.reshape(gate.shape)


def pad(gate: Any, x: Array) -> Array:
    out = np.full([n + a + b for n, (a, b) in zip(x.shape, gate.widths, strict=True)], gate.value, x.dtype)
    out[tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, gate.widths, strict=True))] = x
    return out


def split(gate: Any, x: Array) -> Any:
    rows, taken = list(np.moveaxis(x, gate.axis, 0)), []
    for n in gate.sizes:
        empty = np.zeros((0, *np.moveaxis(x, gate.axis, 0).shape[1:]), x.dtype)
        piece = np.stack([rows.pop(0) for _ in range(n)]) if n else empty
        taken.append(np.moveaxis(piece, 0, gate.axis))
    return tuple(taken) if len(taken) > 1 else taken[0]


def concat(gate: Any, *arrays: Array) -> Array:
    rows = [row for a in arrays for row in np.moveaxis(a, gate.axis, 0)]
    return np.moveaxis(np.stack(rows), 0, gate.axis) if rows else arrays[0]
