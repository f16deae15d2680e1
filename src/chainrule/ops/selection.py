"""Comparisons, and what chooses: maximum, minimum, clip, where."""

from __future__ import annotations

from typing import Any, ClassVar

from ..errors import SettingError
from ..graph import Elementwise, Value, apply, gate
from .arguments import Operand, named


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
class Clip(Elementwise):
    """out = x, but min where it is below, then max where that is above;  routes the upstream gradient to the winner"""

    pattern: ClassVar[str] = "routes"
    takes: ClassVar[str] = "number"

    def forward(self, xp: Any, x: Any, min: Any, max: Any) -> Any:
        return xp.minimum(xp.maximum(x, min), max)

    def backward(self, upstream: Value, *, x: Value, min: Value, max: Value) -> Any:
        below, above = less(x, min), less(max, maximum(x, min))
        return (
            lambda: where(logical_or(below, above), 0.0, upstream),
            lambda: where(above, 0.0, where(below, upstream, 0.0)),
            lambda: where(above, upstream, 0.0),
        )

    def parts(self, x: Value, min: Value, max: Value) -> Any:
        """maximum, minimum"""
        return minimum(maximum(x, min), max)


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

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats or integers of one dtype.

    >>> from chainrule import Tensor, maximum
    >>> x = Tensor([1.0, 5.0], requires_grad=True)
    >>> maximum(x, 3.0).sum().backward()
    >>> x.grad
    Tensor([0., 1.])
    """
    return apply(Maximum(), x, y)


def minimum(x: Operand, y: Operand) -> Any:
    """The smaller of two numbers, element by element; the gradient is routed to the winner.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats or integers of one dtype.

    >>> from chainrule import Tensor, minimum
    >>> minimum(Tensor([1.0, 5.0]), 3.0)
    Tensor([1., 3.])
    """
    return apply(Minimum(), x, y)


@named
def clip(x: Operand, min: Operand | None = None, max: Operand | None = None) -> Any:
    """x, but `min` where it is below and `max` where it is above, broadcasting.

    The gradient passes inside and on the bounds; outside it goes to the bound, if that wants one.

    x:  float or integer
    min, max:  numbers or arrays in the dtype of x; None for no bound on that side
    Raises SettingError without a bound, and for two numbers that leave nothing between them; ShapeError if the shapes
    do not broadcast, DTypeError unless all are floats or integers of one dtype.

    >>> from chainrule import Tensor, clip
    >>> x = Tensor([-2.0, 0.5, 1.0, 7.0], requires_grad=True)
    >>> clip(x, -1.0, 1.0).sum().backward()
    >>> x.grad
    Tensor([0., 1., 1., 0.])
    """
    numbers = isinstance(min, int | float) and isinstance(max, int | float)
    if (min is None and max is None) or (numbers and not min <= max):  # type: ignore[operator]
        raise SettingError("clip", f"min {min}, max {max}", "a bound, and min ≤ max", "clip(x, -1.0, 1.0)")
    if min is not None and max is not None:
        return apply(Clip(), x, min, max)
    return minimum(x, max) if min is None else maximum(x, min)  # type: ignore[arg-type]


def where(condition: Operand, x: Operand, y: Operand) -> Any:
    """x where the condition holds, y elsewhere; both are computed, one is chosen.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless the condition is bool and x and y of one dtype.

    >>> from chainrule import Tensor, where
    >>> x = Tensor([-1.0, 4.0])
    >>> where(x > 0, x, 0.0)
    Tensor([0., 4.])
    """
    return apply(Where(), condition, x, y)


def greater(x: Operand, y: Operand) -> Any:
    """x > y as bool, broadcasting; false where one is NaN.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats or integers of one dtype.
    """
    return apply(Greater(), x, y)


def greater_equal(x: Operand, y: Operand) -> Any:
    """x ≥ y as bool, broadcasting; false where one is NaN.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats or integers of one dtype.
    """
    return apply(GreaterEqual(), x, y)


def less(x: Operand, y: Operand) -> Any:
    """x < y as bool, broadcasting; false where one is NaN.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats or integers of one dtype.
    """
    return apply(Less(), x, y)


def less_equal(x: Operand, y: Operand) -> Any:
    """x ≤ y as bool, broadcasting; false where one is NaN.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats or integers of one dtype.
    """
    return apply(LessEqual(), x, y)


def equal(x: Operand, y: Operand) -> Any:
    """x = y as bool, element by element, broadcasting; NaN equals nothing.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are of one dtype.
    """
    return apply(Equal(), x, y)


def not_equal(x: Operand, y: Operand) -> Any:
    """x ≠ y as bool, element by element, broadcasting; NaN differs from all.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are of one dtype.
    """
    return apply(NotEqual(), x, y)


def logical_and(x: Operand, y: Operand) -> Any:
    """Both, of masks, broadcasting.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are bool.
    """
    return apply(LogicalAnd(), x, y)


def logical_or(x: Operand, y: Operand) -> Any:
    """One or both, of masks, broadcasting.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are bool.
    """
    return apply(LogicalOr(), x, y)


def logical_not(x: Operand) -> Any:
    """The opposite, of a mask.

    Raises DTypeError unless x is bool.
    """
    return apply(LogicalNot(), x)
