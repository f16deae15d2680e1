"""How far numbers are from their targets: squared and absolute error, and what lies between."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import DTypeError, ShapeError
from ..graph import Elementwise, Spec, Value, apply, common_dtype, gate
from .arguments import Operand, dtype_of, finite, named, shape_of
from .elementary import sign
from .reduction import mean
from .selection import maximum, minimum


def require_equal(who: str, x: Spec, target: Spec, names: tuple[str, str] = ("x", "target")) -> None:
    """Equal shapes: (N, 1) against (N,) would be N² differences."""
    if x.shape != target.shape:
        first, second = names
        hint = f"one {second} for each x"
        if x.size == target.size:
            hint = f"{second}.reshape({', '.join(map(str, x.shape))})"
        expected = "equal shapes: a loss does not broadcast"
        raise ShapeError(who, f"{first} {x} and {second} {target}", expected, hint)


def require_alike(who: str, name: str, x: Operand, other: str, y: Operand) -> None:
    """Two arrays of floats of one shape and dtype."""
    given = {name: x, other: y}
    for known, value in given.items():
        if not isinstance(value, Value | np.ndarray):
            came = f"{known}, a {type(value).__name__}"
            raise DTypeError(who, came, "a tensor or an array", "Tensor(...) around it")
    first, second = (Spec(shape_of(v), dtype_of(v)) for v in (x, y))
    common_dtype(who, {name: first, other: second}, "float")
    require_equal(who, first, second, (name, other))


class Error(Elementwise):
    """A function of x - target, of equal shapes only."""

    pattern: ClassVar[str] = "scales"
    broadcasts: ClassVar[bool] = False

    def spec(self, *inputs: Spec) -> Spec:
        x, target = inputs
        require_equal(self.label, x, target)
        return Spec(x.shape, common_dtype(self.label, {"x": x, "target": target}, "float"))


@gate
class SquaredError(Error):
    """out = (x - target)², for equal shapes only;  d out/dx = 2 · (x - target)"""

    def forward(self, xp: Any, x: Any, target: Any) -> Any:
        return (x - target) * (x - target)

    def backward(self, upstream: Value, *, x: Value, target: Value) -> Any:
        return lambda: upstream * 2 * (x - target), lambda: upstream * 2 * (target - x)


@gate
class AbsoluteError(Error):
    """out = |x - target|, for equal shapes only;  d out/dx = sign(x - target), so the slope at 0 is taken as 0"""

    def forward(self, xp: Any, x: Any, target: Any) -> Any:
        return xp.abs(x - target)

    def backward(self, upstream: Value, *, x: Value, target: Value) -> Any:
        return lambda: upstream * sign(x - target), lambda: upstream * sign(target - x)


@gate
class Huber(Error):
    """out = d² / 2 where |d| ≤ delta, delta · (|d| - delta / 2) elsewhere, with d = x - target

    d out/dx = d, at most delta and at least -delta
    """

    delta: float = 1.0

    def forward(self, xp: Any, x: Any, target: Any) -> Any:
        near = xp.minimum(xp.abs(x - target), self.delta)
        return near * (xp.abs(x - target) - near / 2)

    def backward(self, upstream: Value, *, x: Value, target: Value) -> Any:
        def cut(d: Any) -> Any:
            return maximum(minimum(d, self.delta), -self.delta)

        return lambda: upstream * cut(x - target), lambda: upstream * cut(target - x)


def squared_error(x: Operand, target: Operand) -> Any:
    """(x - target)², element by element.

    x, target:  floats of equal shape and dtype
    Raises ShapeError for other shapes, DTypeError for other dtypes.
    Source: Gauss 1809.  Also: nn.MSELoss, its mean; mse.

    >>> import numpy as np
    >>> squared_error(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    array([0., 4.])
    """
    return apply(SquaredError(), x, target)


def absolute_error(x: Operand, target: Operand) -> Any:
    """|x - target|, element by element; the slope at 0 is taken as 0.

    x, target:  floats of equal shape and dtype
    Raises ShapeError for other shapes, DTypeError for other dtypes.
    Source: Laplace 1774.  Also: nn.L1Loss, its mean.

    >>> import numpy as np
    >>> absolute_error(np.array([1.0, 4.0]), np.array([1.0, 6.0]))
    array([0., 2.])
    """
    return apply(AbsoluteError(), x, target)


def huber(x: Operand, target: Operand, *, delta: float = 1.0) -> Any:
    """d² / 2 where |d| ≤ delta, delta · (|d| - delta / 2) elsewhere, with d = x - target.

    x, target:  floats of equal shape and dtype
    delta:  > 0; where the parabola becomes a line
    Raises ShapeError for other shapes, DTypeError for other dtypes, SettingError for another delta.
    Source: Huber 1964, equation 2.  Also: nn.HuberLoss, its mean.

    >>> import numpy as np
    >>> huber(np.array([0.5, 3.0]), np.array([0.0, 0.0]))
    array([0.125, 2.5  ])
    """
    return apply(Huber(finite("huber", "delta", delta, above=0)), x, target)


@named
def smooth_l1(x: Operand, target: Operand, *, beta: float = 1.0) -> Any:
    """d² / (2 · beta) where |d| ≤ beta, |d| - beta / 2 elsewhere, with d = x - target: huber(…, delta=beta) / beta.

    x, target:  floats of equal shape and dtype
    beta:  > 0; where the parabola becomes a line
    Raises ShapeError for other shapes, DTypeError for other dtypes, SettingError for another beta.
    Source: Girshick 2015, equation 3.  Also: nn.SmoothL1Loss, its mean.

    >>> import numpy as np
    >>> smooth_l1(np.array([0.5, 3.0]), np.array([0.0, 0.0]), beta=2.0)
    array([0.0625, 2.    ])
    """
    return apply(Huber(finite("smooth_l1", "beta", beta, above=0)), x, target) / float(beta)


@named
def mse(x: Operand, target: Operand) -> Any:
    """The mean squared error of equal shapes; (N, 1) against (N,) is an error, not N² differences.

    x, target:  floats of equal shape and dtype
    Raises ShapeError for other shapes, DTypeError for other dtypes.
    Also: nn.MSELoss; squared_error, before the mean.

    >>> import numpy as np
    >>> float(mse(np.array([1.0, 4.0]), np.array([1.0, 2.0])))
    2.0
    """
    return mean(squared_error(x, target))
