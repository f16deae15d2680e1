"""Normalizing: batch norm over pictures of a batch, local response norm over neighbouring channels."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import ShapeError
from ..graph import Gate, Spec, Value, apply, common_dtype, gate, require_kind
from .arguments import Operand, at_least, finite
from .elementary import sqrt
from .indexing import Index, Slice
from .reduction import mean, size, spread, sum
from .selection import maximum, where
from .shape import reshape


@gate
class BatchNorm(Gate):
    """out = w · (x - mean) / √(var + eps) + b, with mean and variance over all axes but 1.

    downstream to x = w / √(var + eps) · (upstream - mean(upstream) - x̂ · mean(upstream · x̂))
    """

    pattern: ClassVar[str] = "normalizes"
    eps: float = 1e-5
    outputs: ClassVar[tuple[str, ...]] = ("out", "mean", "var")

    def spec(self, x: Spec, w: Spec, b: Spec) -> tuple[Spec, Spec, Spec]:
        dtype = common_dtype(self.label, {"x": x, "w": w, "b": b}, "float")
        if x.ndim < 2 or w.shape != x.shape[1:2] or b.shape != w.shape:
            hint = f"{x.shape[1] if x.ndim > 1 else 'C'} channels in w and b"
            raise ShapeError(self.label, f"x {x}, w {w}, b {b}", "x (N, C, …), w (C,), b (C,)", hint)
        if x.size // max(1, x.shape[1]) < 2:
            came = f"x {x}: one number for each channel"
            raise ShapeError(
                self.label, came, "at least two, or there is no variance", "a larger batch, or eval()"
            )
        statistics = Spec(w.shape, dtype)
        return x, statistics, statistics

    def axes(self, ndim: int) -> tuple[int, ...]:
        return (0, *range(2, ndim))

    def forward(self, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> Any:
        axes = self.axes(x.ndim)
        mean = np.mean(x, axis=axes, keepdims=True)
        apart = x - mean
        var = np.mean(apart * apart, axis=axes, keepdims=True)
        scale = w.reshape(mean.shape) / np.sqrt(var + np.asarray(self.eps, x.dtype))
        return apart * scale + b.reshape(mean.shape), mean.reshape(-1), var.reshape(-1)

    def backward(self, upstream: Any, *, x: Value, w: Value, b: Spec, mean: Value, var: Value) -> Any:
        axes, column = self.axes(len(x.shape)), (1, -1) + (1,) * (len(x.shape) - 2)
        count = int(np.prod([x.shape[a] for a in axes]))
        apart = x - reshape(mean, column)
        slope = 1 / sqrt(reshape(var, column) + self.eps)
        normal = apart * slope
        up, up_mean, up_var = upstream
        to_x = to_w = to_b = None
        if up is not None:
            to_w, to_b = sum(up * normal, axis=axes), sum(up, axis=axes)
            inner = up - reshape(to_b, column) / count - normal * (reshape(to_w, column) / count)
            to_x = reshape(w, column) * slope * inner
        # nobody sends a gradient into the statistics but a user who asks for it
        if up_mean is not None:
            to_x = total(to_x, spread(up_mean / count, x.spec, axes))
        if up_var is not None:
            to_x = total(to_x, reshape(up_var, column) * apart * (2.0 / count))
        return to_x, to_w, to_b

    def parts(self, x: Value, w: Value, b: Value) -> Any:
        """Mean and variance in one pass, around the mean of the first sample: however far that is from the others,
        the variance is at least its square distance over N, so that at most log₂(N + 1) bits cancel.  What is not
        finite spreads as it does in the whole gate: near - near is 0, or NaN.  Source: Chan, Golub and LeVeque 1983, on
        shifted data.
        """
        axes, column = self.axes(len(x.shape)), (1, -1) + (1,) * (len(x.shape) - 2)
        pivot = mean(apply(Index((Slice(0, 1, 1),)), x), axis=axes)
        near = x - reshape(pivot, column)
        shift, square, average = mean(near, axis=axes), mean(near * near, axis=axes), mean(x, axis=axes)
        small = maximum(square, abs(average)) < np.inf
        spreading = where(small, maximum(square - shift * shift, 0.0), np.inf) + mean(near - near, axis=axes)
        scale = w / sqrt(spreading + self.eps)
        return (
            (x - reshape(average, column)) * reshape(scale, column) + reshape(b, column),
            average,
            spreading,
        )


def total(first: Any, second: Any) -> Any:
    """The sum of two gradients of which the first may be missing."""
    return second if first is None else first + second


@gate
class ChannelSum(Gate):
    """out[c] = Σ x[c - before … c + after] over neighbouring channels of pictures;  the gradient sums the other way
    round.
    """

    pattern: ClassVar[str] = "spreads"
    before: int
    after: int

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "float")
        if x.ndim != 4:
            raise ShapeError(self.label, f"x {x}", "(N, C, H, W)", "local_response_norm, for other shapes")
        return x

    def forward(self, x: np.ndarray) -> Any:
        channels = x.shape[1]
        out, (before, after) = np.zeros_like(x), self.reach(channels)
        for shift in range(-before, after + 1):
            low, high = max(0, -shift), min(channels, channels - shift)
            if low < high:
                out[:, low:high] += x[:, low + shift : high + shift]
        return out

    def reach(self, channels: int) -> tuple[int, int]:
        """How many of so many channels before and behind one it sees at most."""
        return min(self.before, channels), min(self.after, channels)

    def backward(self, upstream: Value) -> Any:
        return apply(ChannelSum(self.after, self.before), upstream)


@gate
class LocalResponseNorm(Gate):
    """out = x / s^β with s = k + α/size · Σ x² over `size` neighbouring channels.

    downstream = upstream / s^β - 2αβ/size · x · Σ' (upstream · x / s^(β+1)), Σ' over the mirrored neighbours
    """

    pattern: ClassVar[str] = "normalizes"
    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def neighbours(self) -> ChannelSum:
        return ChannelSum(self.size // 2, (self.size - 1) // 2)

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "float")
        if x.ndim < 2:
            raise ShapeError(self.label, f"x {x}", "(N, C, …)", "add the batch axis")
        return x

    def forward(self, x: np.ndarray) -> Any:
        s = self.neighbours().forward(x * x) * np.asarray(self.alpha / self.size, x.dtype)
        return x * (s + np.asarray(self.k, x.dtype)) ** np.asarray(-self.beta, x.dtype)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        around = self.neighbours()
        s = summed(around, x * x) * (self.alpha / self.size) + self.k
        mirrored = summed(ChannelSum(around.after, around.before), upstream * x * s ** (-self.beta - 1))
        return upstream * s ** (-self.beta) - x * mirrored * (2 * self.alpha * self.beta / self.size)

    def parts(self, x: Value) -> Any:
        s = summed(self.neighbours(), x * x) * (self.alpha / self.size) + self.k
        return x * s ** (-self.beta)


def summed(around: ChannelSum, x: Value) -> Any:
    """Sums over neighbouring channels of x (N, C, …), as pictures."""
    pictures = (*x.shape[:2], size(x.shape, tuple(range(2, len(x.shape)))), 1)
    out = apply(around, x if len(x.shape) == 4 else reshape(x, pictures))
    return reshape(out, x.shape)


def batch_norm(x: Operand, w: Operand, b: Operand, *, eps: float = 1e-5) -> Any:
    """Each channel with mean 0 and variance 1 over the batch, then scaled by w and shifted by b.

    x:  (N, C, …) float;  w, b:  (C,) float
    Returns out (N, C, …), mean (C,), variance (C,); the variance is the biased one.
    Raises ShapeError if the channels differ or there is one number for a channel, DTypeError unless all are of one
    float dtype, SettingError unless eps > 0.
    Source: Ioffe and Szegedy 2015.  Also: nn.BatchNorm2d, which keeps running statistics.
    """
    return apply(BatchNorm(finite("batch_norm", "eps", eps, 1e-5, above=0)), x, w, b)


def local_response_norm(
    x: Operand, size: int, *, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """Each number divided by what its neighbours in `size` channels weigh: x / (k + α/size · Σ x²)^β.

    x:  (N, C, …) float
    size:  how many channels, the one in the middle among them
    Raises ShapeError unless x has channels, DTypeError unless it is float, SettingError for a size that is no whole
    number ≥ 1 and for what is no number ≥ 0.
    Source: Krizhevsky et al. 2012, §3.3, with the sum averaged as PyTorch does.
    """
    who = "local_response_norm"
    numbers = (
        finite(who, name, value, least=0) for name, value in (("alpha", alpha), ("beta", beta), ("k", k))
    )
    gate = LocalResponseNorm(at_least(who, "size", size, 1), *numbers)
    return apply(gate, x)
