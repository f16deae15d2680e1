"""More or fewer places along one axis, each a weighted sum of a few: interpolation, and means of shares."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Gate, Spec, Value, apply, check_axes, gate, require_kind

Table = tuple[np.ndarray, np.ndarray, np.ndarray]

KINDS = ("nearest", "linear", "aligned", "mean", "shares")
"""How a place is made: the pixel it lies in; two pixels, by distance; the same, the outermost places on the outermost
pixels; the mean of its share of all pixels; or a place for each pixel of each share, the shares side by side.
"""


@gate
class Resample(Gate):
    """out[…, j, …] = Σ_k weight[j, k] · x[…, place[j, k], …];  its gradient goes back by the same weights.

    kind:   how places are made: one of `KINDS`
    size, output:  pixels of the axis, and places, or shares, made of them
    step:   pixels from one place to the next, where the kind does not say it itself
    back:   whether this is the way back, from `output` to `size`
    """

    pattern: ClassVar[str] = "mixes"
    axis: int
    kind: str
    size: int
    output: int
    step: float = 1.0
    back: bool = False

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "float")
        check_axes(self.label, x, (self.axis,))
        came, made = (self.places(), self.size) if self.back else (self.size, self.places())
        if x.shape[self.axis] != came:
            expected = f"{came} pixels along axis {self.axis}"
            raise ShapeError(self.label, f"x {x}", expected, "the size that the gate was made for")
        return x.with_shape((*x.shape[: self.axis], made, *x.shape[self.axis + 1 :]))

    def places(self) -> int:
        """How many places the axis has after."""
        return self.output * (longest(self) if self.kind == "shares" else 1)

    def table(self) -> Table:
        """For term k of place j: its pixel [k, j], its weight [k, j], and how many terms place j has [j]."""
        to, of, weight = PAIRS[self.kind](self)
        if self.back:
            to, of = of, to
        some = weight != 0
        to, of, weight = to[some], of[some], weight[some]
        order = np.lexsort((of, to))
        to, of, weight = to[order], of[order], weight[order]
        count = np.bincount(to, minlength=self.size if self.back else self.places())
        term = np.arange(len(to)) - (np.cumsum(count) - count)[to]
        shape = (int(count.max(initial=0)), len(count))
        places, weights = np.zeros(shape, np.int64), np.zeros(shape)
        places[term, to], weights[term, to] = of, weight
        return places, weights, count.astype(np.int64)

    def forward(self, x: np.ndarray) -> Any:
        places, weights, count = self.table()
        rows = np.moveaxis(x, self.axis, -1)
        out = np.zeros((*rows.shape[:-1], len(count)), x.dtype)
        for term, (place, weight) in enumerate(zip(places, weights.astype(x.dtype), strict=True)):
            there = count > term
            out[..., there] += rows[..., place[there]] * weight[there]
        return np.moveaxis(out, -1, self.axis)

    def backward(self, upstream: Value) -> Any:
        way = (self.axis, self.kind, self.size, self.output, self.step)
        return apply(Resample(*way, not self.back), upstream)


def nearest(gate: Resample) -> Table:
    """Each place, the pixel that it lies in, and weight 1."""
    places = np.arange(gate.output)
    pixels = np.minimum(places * gate.step, gate.size - 1).astype(np.int64)
    return places, pixels, np.ones(gate.output)


def linear(gate: Resample) -> Table:
    """Each place twice: the pixels before and after its centre, weighted by how near they are."""
    return between(gate, np.maximum((np.arange(gate.output) + 0.5) * gate.step - 0.5, 0))


def aligned(gate: Resample) -> Table:
    """The same for centres from the first pixel to the last."""
    step = (gate.size - 1) / (gate.output - 1) if gate.output > 1 else 0.0
    return between(gate, np.arange(gate.output) * step)


def between(gate: Resample, centre: np.ndarray) -> Table:
    before = np.minimum(centre, gate.size - 1).astype(np.int64)
    after = np.minimum(before + 1, gate.size - 1)
    far = np.where(after > before, np.minimum(centre - before, 1.0), 0.0)
    places = np.arange(gate.output)
    return np.tile(places, 2), np.concatenate([before, after]), np.concatenate([1 - far, far])


def mean(gate: Resample) -> Table:
    """Each place as often as it has pixels, from ⌊j·size/output⌋ to before ⌈(j + 1)·size/output⌉."""
    first, stop = shares(gate.size, gate.output)
    count = stop - first
    places = np.repeat(np.arange(gate.output), count)
    pixels = np.arange(len(places)) - np.repeat(np.cumsum(count) - count, count) + first[places]
    return places, pixels, 1 / count[places]


def laid_out(gate: Resample) -> Table:
    """The pixels of each share side by side, shares made equally long by more of their last pixel."""
    first, stop = shares(gate.size, gate.output)
    pixels = np.minimum(first[:, None] + np.arange(longest(gate)), stop[:, None] - 1).ravel()
    return np.arange(len(pixels)), pixels, np.ones(len(pixels))


def longest(gate: Resample) -> int:
    """The pixels of the longest share."""
    first, stop = shares(gate.size, gate.output)
    return int((stop - first).max())


def shares(size: int, output: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each of `output` shares of `size` pixels begins, and before which one it ends; shares may overlap."""
    place = np.arange(output)
    return place * size // output, -(-(place + 1) * size // output)


PAIRS = {"nearest": nearest, "linear": linear, "aligned": aligned, "mean": mean, "shares": laid_out}
"""For each kind: pairs of a place and a pixel, and their weight."""


def check_kind(gate: Resample) -> None:
    """The settings are those of a table."""
    good = math.isfinite(gate.step) and gate.step >= 0
    if gate.kind not in KINDS or gate.size < 1 or gate.output < 1 or not good:
        raise SettingError(gate.label, f"{gate}", f"one of {', '.join(KINDS)}, sizes ≥ 1", "upsample")
