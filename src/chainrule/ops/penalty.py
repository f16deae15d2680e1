"""What large weights cost: penalties that are added to the loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from ..errors import DTypeError, ShapeError
from ..graph import Reduction, Value, apply, gate
from .arguments import Operand, finite, named, shape_of
from .elementary import sign
from .reduction import spread


@gate
class SumOfSquares(Reduction):
    """out = Σ x²;  d out/dx = 2 · x"""

    pattern: ClassVar[str] = "scales"
    takes: ClassVar[str] = "float"

    def map(self, xp: Any, x: Any) -> Any:
        return x * x

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return spread(upstream, x.spec, self.axis) * 2 * x


@gate
class SumOfAbs(Reduction):
    """out = Σ |x|;  d out/dx = sign x, so the slope at 0 is taken as 0"""

    pattern: ClassVar[str] = "scales"
    takes: ClassVar[str] = "float"

    def map(self, xp: Any, x: Any) -> Any:
        return xp.abs(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return spread(upstream, x.spec, self.axis) * sign(x)


@named
def l1(weights: Iterable[Operand], strength: float) -> Any:
    """strength · Σ |w| over all weights.

    weights:  arrays of floats, one or more;  strength:  λ, finite, ≥ 0
    Raises ShapeError for no weights, DTypeError for what is no float array, SettingError for another strength.
    Source: Tibshirani 1996.  Also: nn.L1; l1= of an optimizer, which needs no pass of its own.

    >>> import numpy as np
    >>> float(l1([np.array([1.0, -2.0]), np.array([3.0])], 0.5))
    3.0
    """
    return penalty("l1", SumOfAbs, weights, strength)


@named
def l2(weights: Iterable[Operand], strength: float) -> Any:
    """strength · Σ w² over all weights.

    weights:  arrays of floats, one or more;  strength:  λ, finite, ≥ 0
    Raises ShapeError for no weights, DTypeError for what is no float array, SettingError for another strength.
    Source: Hoerl & Kennard 1970.  Also: nn.L2; weight_decay= of an optimizer, which is 2 · λ of this.

    >>> import numpy as np
    >>> float(l2([np.array([1.0, 2.0]), np.array([3.0])], 0.1))
    1.4000000000000001
    """
    return penalty("l2", SumOfSquares, weights, strength)


@named
def elastic_net(weights: Iterable[Operand], l1: float, l2: float) -> Any:
    """l1 · Σ |w| + l2 · Σ w² over all weights.

    weights:  arrays of floats, one or more;  l1, l2:  finite, ≥ 0
    Raises ShapeError for no weights, DTypeError for what is no float array, SettingError for other strengths.
    Source: Zou & Hastie 2005, equation 3.  Also: nn.ElasticNet.

    >>> import numpy as np
    >>> float(elastic_net([np.array([1.0, -2.0])], l1=0.5, l2=0.1))
    2.0
    """
    many = listed("elastic_net", weights)
    return penalty("elastic_net", SumOfAbs, many, l1) + penalty("elastic_net", SumOfSquares, many, l2)


def penalty(
    who: str, kind: type[SumOfAbs] | type[SumOfSquares], weights: Iterable[Operand], strength: float
) -> Any:
    """strength · the sum of one reduction over many arrays."""
    strength = finite(who, "strength", strength, 1e-4, least=0)
    parts = [apply(kind(tuple(range(len(shape_of(w))))), w) for w in listed(who, weights)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total * strength


def listed(who: str, weights: Any) -> list[Any]:
    """The weights as a list, with at least one in it; one array alone would be taken apart into its rows."""
    if isinstance(weights, Value | np.ndarray | str) or not isinstance(weights, Iterable):
        raise DTypeError(who, f"a {type(weights).__name__}", "several arrays", "[w], or model.parameters()")
    many = list(weights)
    if not many:
        raise ShapeError(who, "no weights", "at least one array", "model.parameters()")
    return many
