"""Standardizing: mean 0 and variance 1 over some axes of each sample, as in layer, group and instance norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Gate, Spec, Value, apply, check_axes, gate, reduced_shape, require_kind
from .arguments import Axis, Operand, at_least, axes, checked_shape, finite, named, with_axes
from .arithmetic import add, multiply
from .elementary import sqrt
from .reduction import mean, size, spread
from .shape import reshape


@gate
class Standardize(Gate):
    """out = (x - mean) / deviation with deviation = √(var + eps), mean and variance over some axes.

    downstream = (upstream - mean(upstream) - out · mean(upstream · out)) / deviation;  d deviation/dx = out / n
    """

    pattern: ClassVar[str] = "normalizes"
    axis: tuple[int, ...]
    eps: float = 1e-5
    outputs: ClassVar[tuple[str, ...]] = ("out", "deviation")

    def spec(self, x: Spec) -> tuple[Spec, Spec]:
        require_kind(self.label, "x", x, "float")
        check_axes(self.label, x, self.axis)
        count = size(x.shape, self.axis)
        if count < 2:
            came = f"x {x}: {count} number{'' if count else 's'} along axis {self.axis}"
            raise ShapeError(self.label, came, "at least two, or there is no variance", "more axes")
        return x, x.with_shape(reduced_shape(x.shape, self.axis, True))

    def forward(self, x: np.ndarray) -> Any:
        var = np.var(x, axis=self.axis, keepdims=True)
        deviation = np.sqrt(var + np.asarray(self.eps, x.dtype))
        return (x - np.mean(x, axis=self.axis, keepdims=True)) / deviation, deviation

    def backward(self, upstream: Any, *, out: Value, deviation: Value) -> Any:
        up, up_deviation = upstream
        to_x = None
        if up is not None:
            along, average = (mean(u, axis=self.axis, keepdims=True) for u in (up * out, up))
            to_x = (up - average - out * along) * (1 / deviation)  # one division for each sample
        if up_deviation is not None:
            share = out * spread(up_deviation / size(out.shape, self.axis), out.spec, self.axis)
            to_x = share if to_x is None else to_x + share
        return to_x

    def parts(self, x: Value) -> Any:
        apart = x - mean(x, axis=self.axis, keepdims=True)
        deviation = sqrt(mean(apart * apart, axis=self.axis, keepdims=True) + self.eps)
        return apart * (1 / deviation), deviation


def standardize(x: Operand, *, axis: Axis = -1, eps: float = 1e-5) -> Any:
    """Numbers with mean 0 and variance 1 along axes: out = (x - mean) / √(var + eps).

    x:  any shape, float, with at least two numbers along the axes
    eps:  added to the variance, so that equal numbers give 0
    Returns out, of the shape of x, and the deviation √(var + eps), with size 1 along the axes; the variance is the
    biased one.
    Raises ShapeError for fewer than two numbers, IndexingError for axes that x does not have, DTypeError unless x is
    float, SettingError unless eps > 0.

    >>> from chainrule import Tensor, standardize
    >>> out, deviation = standardize(Tensor([[1.0, 3.0], [10.0, 30.0]]), eps=1e-9)
    >>> out
    Tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    return apply(
        Standardize(
            axes("standardize", axis, len(checked_shape("standardize", x))),
            finite("standardize", "eps", eps, 1e-5, above=0),
        ),
        x,
    )


@named
def layer_norm(
    x: Operand,
    normalized_shape: int | Sequence[int],
    w: Operand | None = None,
    b: Operand | None = None,
    *,
    eps: float = 1e-5,
) -> Any:
    """Each sample with mean 0 and variance 1 over its last axes, then scaled by w and shifted by b.

    x:  (…, *normalized_shape) float
    normalized_shape:  the sizes of the last axes; one number for the last axis alone
    w, b:  normalized_shape float, or None
    Returns the shape of x.
    Raises SettingError for an impossible normalized_shape or eps, ShapeError unless x ends in normalized_shape, w
    and b have it, and it holds two numbers, DTypeError unless all are of one float dtype.
    Source: Ba, Kiros and Hinton 2016.  Also: nn.LayerNorm.

    >>> from chainrule import Tensor, layer_norm
    >>> layer_norm(Tensor([[1.0, 3.0], [10.0, 30.0]]), 2, eps=1e-9)
    Tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    who, tail = "layer_norm", normalized("layer_norm", normalized_shape)
    shape = checked_shape(who, x)
    if shape[max(0, len(shape) - len(tail)) :] != tail:
        expected = f"x (…, {', '.join(map(str, tail))}), as normalized_shape says"
        hint = f"normalized_shape={shape[-len(tail) :] or (1,)}"
        raise ShapeError(who, f"x of shape {shape}", expected, hint)
    out, _ = standardize(
        x, axis=range(len(shape) - len(tail), len(shape)), eps=finite(who, "eps", eps, 1e-5, above=0)
    )
    return scaled(who, out, w, b, tail, tail)


@named
def group_norm(
    x: Operand, groups: int, w: Operand | None = None, b: Operand | None = None, *, eps: float = 1e-5
) -> Any:
    """Each sample with mean 0 and variance 1 over the numbers of each group of channels, then scaled and shifted.

    x:  (N, C, …) float
    groups:  how many groups of neighbouring channels there are; a divisor of C
    w, b:  (C,) float, or None: a scale and a shift for each channel
    Returns the shape of x.
    Raises SettingError for groups that do not divide C and for an impossible eps, ShapeError for other shapes and for
    a group of one number, DTypeError unless all are of one float dtype.
    Source: Wu and He 2018.  Also: nn.GroupNorm.

    >>> from chainrule import Tensor, group_norm
    >>> group_norm(Tensor([[1.0, 3.0, 10.0, 30.0]]), 2, eps=1e-9)
    Tensor([[-1.,  1., -1.,  1.]])
    """
    who, groups = "group_norm", at_least("group_norm", "groups", groups, 1)
    shape = with_axes(who, "x", x, "N, C, …")
    if shape[1] % groups:
        raise SettingError(who, f"groups {groups}", f"a divisor of {shape[1]} channels", "groups=1")
    width = size(shape, tuple(range(1, len(shape)))) // groups
    grouped = reshape(x, (shape[0], groups, width))
    out, _ = standardize(grouped, axis=2, eps=finite(who, "eps", eps, 1e-5, above=0))
    return scaled(who, reshape(out, shape), w, b, shape[1:2], (-1, *(1 for _ in shape[2:])))


@named
def instance_norm(
    x: Operand, w: Operand | None = None, b: Operand | None = None, *, eps: float = 1e-5
) -> Any:
    """Each channel of each sample with mean 0 and variance 1 over its pixels, then scaled by w and shifted by b.

    x:  (N, C, L) or (N, C, H, W) float, or more axes of pixels
    w, b:  (C,) float, or None
    Returns the shape of x.
    Raises ShapeError for other shapes and for one pixel, SettingError unless eps > 0, DTypeError unless all are of one
    float dtype.
    Source: Ulyanov, Vedaldi and Lempitsky 2016.  Also: nn.InstanceNorm2d.

    >>> from chainrule import Tensor, instance_norm
    >>> instance_norm(Tensor([[[1.0, 3.0], [10.0, 30.0]]]), eps=1e-9)
    Tensor([[[-1.,  1.],
             [-1.,  1.]]])
    """
    who = "instance_norm"
    shape = with_axes(who, "x", x, "N, C, L, …")
    out, _ = standardize(x, axis=range(2, len(shape)), eps=finite(who, "eps", eps, 1e-5, above=0))
    return scaled(who, out, w, b, shape[1:2], (-1, *(1 for _ in shape[2:])))


def scaled(
    who: str,
    out: Any,
    w: Operand | None,
    b: Operand | None,
    shape: tuple[int, ...],
    column: tuple[int, ...],
) -> Any:
    """out · w + b, where w and b have this shape and are laid out as `column` says."""
    for name, value in (("w", w), ("b", b)):
        if value is not None and (given := checked_shape(who, value, name)) != shape:
            came = f"{name} of shape {given}"
            raise ShapeError(who, came, f"shape {shape}", f"{name} with one number for each place")
    out = out if w is None else multiply(out, reshape(w, column))
    return out if b is None else add(out, reshape(b, column))


def normalized(who: str, shape: int | Sequence[int]) -> tuple[int, ...]:
    """The sizes of the last axes, each at least 1."""
    sizes = tuple(shape) if isinstance(shape, Sequence) else (shape,)
    if not sizes or any(isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1 for n in sizes):
        expected = "a whole number ≥ 1, or several"
        raise SettingError(who, f"normalized_shape {shape!r}", expected, "normalized_shape=x.shape[-1]")
    return tuple(int(n) for n in sizes)
