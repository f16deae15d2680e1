"""Comparisons, and the gates that choose: maximum, minimum, where."""

from __future__ import annotations

from typing import Any, ClassVar

from ..graph import Elementwise, Value, apply, gate
from .arguments import Operand


@gate
class Maximum(Elementwise):
    """out = the larger of x and y, NaN if one is;  routes the upstream gradient to it, to x where they are equal."""

    pattern: ClassVar[str] = "routes"
    takes: ClassVar[str] = "number"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return xp.maximum(x, y)

    def backward(self, upstream: Value, *, x: Value, y: Value) -> Any:
        return lambda: where(less(x, y), 0.0, upstream), lambda: where(less(x, y), upstream, 0.0)


@gate
class Minimum(Elementwise):
    """out = the smaller of x and y, NaN if one is;  routes the upstream gradient to it, to x where they are equal."""

    pattern: ClassVar[str] = "routes"
    takes: ClassVar[str] = "number"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return xp.minimum(x, y)

    def backward(self, upstream: Value, *, x: Value, y: Value) -> Any:
        return lambda: where(less(y, x), 0.0, upstream), lambda: where(less(y, x), upstream, 0.0)


@gate
class Where(Elementwise):
    """out = x where condition, y elsewhere;  the upstream gradient goes where the number came from."""

    pattern: ClassVar[str] = "routes"
    takes: ClassVar[str] = "any"
    masks: ClassVar[tuple[str, ...]] = ("condition",)

    def forward(self, xp: Any, condition: Any, x: Any, y: Any) -> Any:
        return xp.where(condition, x, y)

    def backward(self, upstream: Value, *, condition: Value) -> Any:
        return None, lambda: where(condition, upstream, 0.0), lambda: where(condition, 0.0, upstream)


class Comparison(Elementwise):
    """Numbers in, bool out; no gradient."""

    pattern: ClassVar[str] = "compares"
    takes: ClassVar[str] = "number"
    gives: ClassVar[str | None] = "bool"


@gate
class Greater(Comparison):
    """out = x > y"""

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x > y


@gate
class GreaterEqual(Comparison):
    """out = x ≥ y"""

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x >= y


@gate
class Less(Comparison):
    """out = x < y"""

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x < y


@gate
class LessEqual(Comparison):
    """out = x ≤ y"""

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x <= y


@gate
class Equal(Comparison):
    """out = (x = y)"""

    takes: ClassVar[str] = "any"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x == y


@gate
class NotEqual(Comparison):
    """out = (x ≠ y)"""

    takes: ClassVar[str] = "any"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x != y


@gate
class LogicalAnd(Elementwise):
    """out = x and y, of masks"""

    pattern: ClassVar[str] = "compares"
    takes: ClassVar[str] = "bool"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x & y


@gate
class LogicalOr(Elementwise):
    """out = x or y, of masks"""

    pattern: ClassVar[str] = "compares"
    takes: ClassVar[str] = "bool"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x | y


@gate
class LogicalNot(Elementwise):
    """out = not x, of a mask"""

    pattern: ClassVar[str] = "compares"
    takes: ClassVar[str] = "bool"

    def forward(self, xp: Any, x: Any) -> Any:
        return ~x


def maximum(x: Operand, y: Operand) -> Any:
    """The larger of two numbers, element by element; the gradient is routed to the winner.

    >>> from chainrule import Tensor, maximum
    >>> x = Tensor([1.0, 5.0], requires_grad=True)
    >>> maximum(x, 3.0).sum().backward()
    >>> x.grad
    Tensor([0., 1.])
    """
    return apply(Maximum(), x, y)


def minimum(x: Operand, y: Operand) -> Any:
    """The smaller of two numbers, element by element; the gradient is routed to the winner."""
    return apply(Minimum(), x, y)


def where(condition: Operand, x: Operand, y: Operand) -> Any:
    """x where the condition holds, y elsewhere; both are computed, one is chosen.

    >>> from chainrule import Tensor, where
    >>> x = Tensor([-1.0, 4.0])
    >>> where(x > 0, x, 0.0)
    Tensor([0., 4.])
    """
    return apply(Where(), condition, x, y)


def greater(x: Operand, y: Operand) -> Any:
    """x > y as bool."""
    return apply(Greater(), x, y)


def greater_equal(x: Operand, y: Operand) -> Any:
    """x ≥ y as bool."""
    return apply(GreaterEqual(), x, y)


def less(x: Operand, y: Operand) -> Any:
    """x < y as bool."""
    return apply(Less(), x, y)


def less_equal(x: Operand, y: Operand) -> Any:
    """x ≤ y as bool."""
    return apply(LessEqual(), x, y)


def equal(x: Operand, y: Operand) -> Any:
    """x = y as bool, element by element."""
    return apply(Equal(), x, y)


def not_equal(x: Operand, y: Operand) -> Any:
    """x ≠ y as bool, element by element."""
    return apply(NotEqual(), x, y)


def logical_and(x: Operand, y: Operand) -> Any:
    """Both, of masks."""
    return apply(LogicalAnd(), x, y)


def logical_or(x: Operand, y: Operand) -> Any:
    """One or both, of masks."""
    return apply(LogicalOr(), x, y)


def logical_not(x: Operand) -> Any:
    """The opposite, of a mask."""
    return apply(LogicalNot(), x)
