"""Activation functions: the bends between the linear layers.  Those with a kink beside relu are in `rectifier`."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..errors import SettingError
from ..graph import Elementwise, Value, apply, gate
from .arguments import Operand, finite, named
from .arithmetic import negative
from .elementary import erf, exp, log1p
from .selection import greater, where


@gate
class Sigmoid(Elementwise):
    """out = 1 / (1 + exp(-x));  d out/dx = out · (1 - out)"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return 1 / (1 + xp.exp(-x))

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return upstream * out * (1 - out)

    def parts(self, x: Value) -> Any:
        """Four gates: negative, exp, add, divide."""
        return 1 / (1 + exp(-x))


@gate
class Tanh(Elementwise):
    """out = tanh x;  d out/dx = 1 - out²"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.tanh(x)

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return upstream * (1 - out * out)

    def parts(self, x: Value) -> Any:
        """1 - 2 / (e²ˣ + 1): multiply, exp, add, divide, subtract."""
        return 1 - 2 / (exp(x * 2) + 1)


@gate
class Relu(Elementwise):
    """out = max(x, 0);  d out/dx = 1 where out > 0; the slope at 0 is taken as 0"""

    pattern: ClassVar[str] = "routes"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.maximum(x, 0)

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return where(out <= 0, 0.0, upstream)  # type: ignore[operator]


@gate
class Silu(Elementwise):
    """out = x · σ(x) = x / (1 + exp(-x));  d out/dx = σ(x) · (1 + x · (1 - σ(x)))"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return x / (1 + xp.exp(-x))

    def backward(self, upstream: Value, *, x: Value) -> Any:
        s = sigmoid(x)
        return upstream * (s * (x * (1 - s) + 1))

    def parts(self, x: Value) -> Any:
        """x · sigmoid(x)"""
        return x * sigmoid(x)


@gate
class Gelu(Elementwise):
    """out = x · Φ(x) with Φ(x) = (1 + erf(x/√2)) / 2;  d out/dx = Φ(x) + x · exp(-x²/2) / √(2π)

    approximate="tanh":  out = x · σ(u) = x / (1 + exp(-u)) with u = √(8/π) · (x + 0.044715 · x³), and
    d out/dx = σ(u) · (1 + x · (1 - σ(u)) · du/dx)
    """

    pattern: ClassVar[str] = "scales"
    approximate: str = "none"

    def forward(self, xp: Any, x: Any) -> Any:
        if self.approximate == "tanh":
            return x / (1 + xp.exp(-bent(x)))
        return x * xp.normal_cdf(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        if self.approximate == "tanh":
            s, slope = sigmoid(bent(x)), x * x * (3 * CUBIC) + STEEP
            return upstream * (s * (x * (1 - s) * slope + 1))
        density = exp(x * x * -0.5) * math.sqrt(0.5 / math.pi)
        return upstream * (below(x) + x * density)

    def parts(self, x: Value) -> Any:
        """x · ½ · (1 + erf(x/√2)), or ½ · x · (1 + tanh(u/2))"""
        if self.approximate == "tanh":
            return x * 0.5 * (tanh(bent(x) * 0.5) + 1)
        return x * below(x)


STEEP = math.sqrt(8 / math.pi)
CUBIC = 0.044715 * STEEP


def bent(x: Any) -> Any:
    """u of the approximate gelu, of a value or of what a formula computes with."""
    return x * (x * x * CUBIC + STEEP)


def below(x: Value) -> Any:
    """Φ(x), the probability that a standard normal number is below x."""
    return (erf(x * math.sqrt(0.5)) + 1) * 0.5


@gate
class Softplus(Elementwise):
    """out = ln(1 + exp(βx)) / β;  d out/dx = σ(βx).  Computed as max(x, 0) + ln(1 + exp(-|βx|)) / β: no overflow."""

    pattern: ClassVar[str] = "scales"
    beta: float = 1.0

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x * self.beta))) / self.beta

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return upstream * sigmoid(x * self.beta)

    def parts(self, x: Value) -> Any:
        """A choice of signs in the place of max and |βx|: their slopes at 0 do not add up to ½."""
        above, y = greater(x, 0.0), x * self.beta
        return where(above, x, 0.0) + log1p(exp(where(above, -y, y))) / self.beta


def sigmoid(x: Operand) -> Any:
    """1 / (1 + exp(-x)), between 0 and 1, of any shape.

    Raises DTypeError unless x is float32 or float64.
    Also: nn.Sigmoid.

    >>> from chainrule import Tensor, sigmoid
    >>> sigmoid(Tensor([0.0]))
    Tensor([0.5])
    """
    return apply(Sigmoid(), x)


def tanh(x: Operand) -> Any:
    """The hyperbolic tangent (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ), between -1 and 1, of any shape.

    Raises DTypeError unless x is float32 or float64.
    Also: nn.Tanh.

    >>> from chainrule import Tensor, tanh
    >>> tanh(Tensor([0.0]))
    Tensor([0.])
    """
    return apply(Tanh(), x)


def relu(x: Operand) -> Any:
    """max(x, 0), of any shape; its slope at 0 is taken as 0.

    Raises DTypeError unless x is float32 or float64.
    Source: Nair and Hinton 2010.  Also: nn.ReLU.

    >>> from chainrule import Tensor, relu
    >>> relu(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
    return apply(Relu(), x)


def silu(x: Operand) -> Any:
    """x · sigmoid(x), of any shape: a smooth relu that dips to -0.28 at x = -1.28.  Also called swish.

    Raises DTypeError unless x is float32 or float64.
    Source: Elfwing et al. 2017; Ramachandran et al. 2017.  Also: nn.SiLU.

    >>> from chainrule import Tensor, silu
    >>> silu(Tensor([0.0, 100.0]))
    Tensor([  0., 100.])
    """
    return apply(Silu(), x)


def gelu(x: Operand, *, approximate: str = "none") -> Any:
    """x · Φ(x), of any shape, with Φ(x) the probability that a standard normal number is below x.

    x:  float
    approximate:  "none" for Φ(x) = (1 + erf(x/√2)) / 2, "tanh" for (1 + tanh(√(2/π) · (x + 0.044715 · x³))) / 2,
        which is at most 0.0005 away and quicker
    Raises SettingError for another `approximate`, DTypeError unless x is float32 or float64.
    Source: Hendrycks and Gimpel 2016.  Also: nn.GELU.

    >>> from chainrule import Tensor, gelu
    >>> gelu(Tensor([0.0, 1.0], dtype="float64"))
    Tensor([0.        , 0.84134475], dtype=float64)
    """
    return apply(Gelu(gelu_form("gelu", approximate)), x)


def gelu_form(who: str, approximate: Any) -> str:
    """The name of a form of gelu."""
    if not (isinstance(approximate, str) and approximate in ("none", "tanh")):
        raise SettingError(who, f"approximate {approximate!r}", '"none" or "tanh"', 'approximate="tanh"')
    return approximate


def softplus(x: Operand, *, beta: float = 1.0) -> Any:
    """ln(1 + exp(βx)) / β, of any shape: a smooth relu, the nearer to it the larger β is.

    x:  float
    beta:  above 0
    Nothing overflows however large x is, so that PyTorch's `threshold` is not needed.
    Raises SettingError for another beta, DTypeError unless x is float32 or float64.
    Source: Dugas et al. 2001.  Also: nn.Softplus.

    >>> from chainrule import Tensor, softplus
    >>> softplus(Tensor([-1000.0, 1000.0]))
    Tensor([   0., 1000.])
    """
    return apply(Softplus(finite("softplus", "beta", beta, 1.0, above=0)), x)


@named
def log_sigmoid(x: Operand) -> Any:
    """ln sigmoid(x) = -softplus(-x), of any shape: the log-probability of a class with score x against 0.

    Raises DTypeError unless x is float32 or float64.
    Also: nn.LogSigmoid.

    >>> from chainrule import Tensor, log_sigmoid
    >>> log_sigmoid(Tensor([-1000.0, 1000.0]))
    Tensor([-1000.,    -0.])
    """
    return negative(softplus(negative(x)))
