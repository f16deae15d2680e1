"""Rectifiers beside relu: straight above 0, and something else below; and maxout, straight in each of its pieces."""

from __future__ import annotations

from typing import Any, ClassVar

from ..errors import ShapeError
from ..graph import Elementwise, Value, apply, gate
from .arguments import Operand, at_least, finite, named, one_axis, shape_of
from .elementary import expm1
from .reduction import max
from .selection import greater, minimum, where
from .shape import reshape


@gate
class LeakyRelu(Elementwise):
    """out = x where x > 0, s · x elsewhere;  d out/dx = 1 or s; the slope at 0 is taken as s"""

    pattern: ClassVar[str] = "scales"
    negative_slope: float = 0.01

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.where(x > 0, x, x * self.negative_slope)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return where(greater(x, 0.0), upstream, upstream * self.negative_slope)


@gate
class Prelu(Elementwise):
    """out = x where x > 0, w · x elsewhere;  d out/dx = 1 or w, d out/dw = 0 or x; the slope at 0 is taken as w"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any, w: Any) -> Any:
        return xp.where(x > 0, x, x * w)

    def backward(self, upstream: Value, *, x: Value, w: Value) -> Any:
        above = greater(x, 0.0)
        return lambda: where(above, upstream, upstream * w), lambda: where(above, 0.0, upstream * x)


@gate
class Elu(Elementwise):
    """out = x where x > 0, α · (eˣ - 1) elsewhere;  d out/dx = 1 or out + α; the slope at 0 is taken as α"""

    pattern: ClassVar[str] = "scales"
    alpha: float = 1.0

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.where(x > 0, x, xp.expm1(x) * self.alpha)

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return where(greater(out, 0.0), upstream, upstream * (out + self.alpha))

    def parts(self, x: Value) -> Any:
        """greater, minimum, expm1, multiply, where"""
        return where(greater(x, 0.0), x, expm1(minimum(x, 0.0)) * self.alpha)


@gate
class Selu(Elementwise):
    """out = λ · x where x > 0, λα · (eˣ - 1) elsewhere;  d out/dx = λ or out + λα; the slope at 0 is taken as λα"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.where(x > 0, x * SCALE, xp.expm1(x) * (SCALE * ALPHA))

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return upstream * where(greater(out, 0.0), SCALE, out + SCALE * ALPHA)

    def parts(self, x: Value) -> Any:
        """λ · elu(x) with its α"""
        return elu(x, alpha=ALPHA) * SCALE


ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805
"""With these, mean 0 and variance 1 stay what they are.  Source: Klambauer et al. 2017, eq. 14."""
SATURATED = -SCALE * ALPHA
"""Where selu ends for very small numbers."""


def leaky_relu(x: Operand, *, negative_slope: float = 0.01) -> Any:
    """x where x > 0, negative_slope · x elsewhere, of any shape: a relu whose units cannot die.

    x:  float
    negative_slope:  a finite number; it is the slope at 0 too
    Raises SettingError for another slope, DTypeError unless x is float32 or float64.
    Source: Maas et al. 2013.  Also: nn.LeakyReLU.

    >>> from chainrule import Tensor, leaky_relu
    >>> leaky_relu(Tensor([-2.0, 3.0]), negative_slope=0.25)
    Tensor([-0.5,  3. ])
    """
    return apply(LeakyRelu(finite("leaky_relu", "negative_slope", negative_slope, 0.01)), x)


def prelu(x: Operand, w: Operand) -> Any:
    """x where x > 0, w · x elsewhere: a leaky relu that learns its slopes.

    x:  (N, C, …) float; of any shape if there is one slope
    w:  (C,) or (1,) float     a slope for each channel, or one for all; it is the slope at 0 too
    Raises ShapeError for another number of slopes, DTypeError unless x and w are floats of one dtype.
    Source: He et al. 2015.  Also: nn.PReLU.

    >>> from chainrule import Tensor, prelu
    >>> prelu(Tensor([[-2.0, -2.0]]), Tensor([0.25, 0.5]))
    Tensor([[-0.5, -1. ]])
    """
    shape, slopes = shape_of(x), shape_of(w)
    if slopes in ((), (1,)):
        return apply(Prelu(), x, reshape(w, ()) if slopes else w)
    if len(shape) < 2 or slopes != shape[1:2]:
        came, hint = (
            f"w of shape {slopes} for x of shape {shape}",
            "a slope for each channel of x, or one for all",
        )
        raise ShapeError("prelu", came, "x (N, C, …) and w (C,) or (1,)", hint)
    return apply(Prelu(), x, reshape(w, (-1,) + (1,) * (len(shape) - 2)))


def elu(x: Operand, *, alpha: float = 1.0) -> Any:
    """x where x > 0, α · (eˣ - 1) elsewhere, of any shape: never below -α.

    x:  float
    alpha:  a finite number ≥ 0; it is the slope at 0 too
    Raises SettingError for another alpha, DTypeError unless x is float32 or float64.
    Source: Clevert et al. 2016.  Also: nn.ELU.

    >>> from chainrule import Tensor, elu
    >>> elu(Tensor([-1000.0, 2.0]))
    Tensor([-1.,  2.])
    """
    return apply(Elu(finite("elu", "alpha", alpha, 1.0, least=0)), x)


def selu(x: Operand) -> Any:
    """1.0507 · elu(x) with α = 1.6733, of any shape: signals keep mean 0 and variance 1 from layer to layer.

    Raises DTypeError unless x is float32 or float64.
    Source: Klambauer et al. 2017.  Also: nn.SELU.

    >>> from chainrule import Tensor, selu
    >>> selu(Tensor([0.0, 1.0], dtype="float64"))
    Tensor([0.        , 1.05070099], dtype=float64)
    """
    return apply(Selu(), x)


@named
def maxout(x: Operand, pieces: int, *, axis: int = 1) -> Any:
    """The largest of every `pieces` neighbours along an axis; the gradient is routed to the first winner.

    out[n, c, …] = max of x[n, c·pieces, …] to x[n, (c + 1)·pieces - 1, …]

    x:  (N, C·pieces, …) float or integer
    pieces:  how many neighbours compete, ≥ 1
    axis:  where they stand; 1 for the features or channels
    Returns (N, C, …).
    Raises SettingError for pieces below 1, ShapeError if they do not divide the axis, IndexingError for an axis that x
    lacks, DTypeError unless x is a float or integer.
    Source: Goodfellow et al. 2013.  Also: nn.Maxout.

    >>> from chainrule import Tensor, maxout
    >>> maxout(Tensor([[1.0, 5.0, 7.0, 2.0]]), 2)
    Tensor([[5., 7.]])
    """
    shape, each = shape_of(x), at_least("maxout", "pieces", pieces, 1)
    along = one_axis("maxout", axis, len(shape))
    count = shape[along]
    if count % each:
        came, expected = (
            f"x of shape {shape} in pieces of {each}",
            f"pieces that divide axis {along}, of size {count}",
        )
        raise ShapeError("maxout", came, expected, "as many features as outputs times pieces")
    wide = (*shape[:along], count // each, each, *shape[along + 1 :])
    return max(reshape(x, wide), axis=along + 1)
