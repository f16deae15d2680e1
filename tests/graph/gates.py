"""Gates as a user writes them: what the tests of this room apply."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from chainrule import Tensor, sigmoid
from chainrule.graph import Elementwise, Gate, Spec, gate


@gate
class Softplus(Elementwise):
    """out = ln(1 + eˣ);  d out/dx = 1 / (1 + e⁻ˣ)"""

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.log(1 + xp.exp(x))

    def backward(self, upstream: Any, *, x: Any) -> Any:
        return upstream * sigmoid(x)


@gate
class Outer(Gate):
    """out[i,j] = x[i] · y[j], a gate of its own with a setting"""

    scale: float = 1.0

    def spec(self, x: Spec, y: Spec) -> Spec:
        return Spec((*x.shape, *y.shape), x.dtype)

    def forward(self, x: np.ndarray, y: np.ndarray) -> Any:
        return np.multiply.outer(x, y) * np.asarray(self.scale, x.dtype)

    def backward(self, upstream: Any, *, x: Any, y: Any) -> Any:
        return (
            lambda: (upstream * y).sum(axis=1) * self.scale,
            lambda: (upstream * x.reshape(-1, 1)).sum(axis=0) * self.scale,
        )


@gate
class SumAndDifference(Gate):
    """two outputs: x + y and x - y"""

    outputs: ClassVar[tuple[str, ...]] = ("total", "difference")

    def spec(self, x: Spec, y: Spec) -> tuple[Spec, Spec]:
        return x, x

    def forward(self, x: np.ndarray, y: np.ndarray) -> Any:
        return x + y, x - y

    def backward(self, upstream: Any) -> Any:
        up_total, up_difference = upstream
        if up_total is None:
            return up_difference, -up_difference
        if up_difference is None:
            return up_total, up_total
        return up_total + up_difference, up_total - up_difference


@gate
class LongTail(Gate):
    """out = x, whatever else comes"""

    def spec(self, x: Spec, y: Spec, *rest: Spec) -> Spec:
        return x

    def forward(self, x: np.ndarray, y: np.ndarray, *rest: np.ndarray) -> Any:
        return x * 1


class Counting(Gate):
    """A gate of two inputs that notes which of its rules were called."""

    called: ClassVar[list[str]] = []

    def spec(self, x: Spec, y: Spec) -> Spec:
        return x

    def backward(self, upstream: Any) -> Any:
        def rule(name: str) -> Any:
            self.called.append(name)
            return upstream

        return lambda: rule("x"), lambda: rule("y")


@gate
class Watched(Counting):
    """out = x + y"""

    def forward(self, x: np.ndarray, y: np.ndarray) -> Any:
        return x + y


def leaf(*numbers: float, dtype: str = "float32") -> Tensor:
    """A vector whose gradient is wanted."""
    return Tensor(list(numbers), dtype=dtype, requires_grad=True)


def same_bits(a: Any, b: Any) -> bool:
    """Whether two tensors or arrays are equal to the bit."""
    a, b = np.asarray(a), np.asarray(b)
    return (a.shape, a.dtype, a.tobytes()) == (b.shape, b.dtype, b.tobytes())
