"""Penalties on weights, to be added to the loss; each takes the parameters it is for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import ops
from ..ops.arguments import finite
from .module import Module


class Penalty(Module):
    """What weight penalties share: a strength λ ≥ 0; called with parameters, to be added to the loss."""

    def __init__(self, strength: float) -> None:
        self.strength = finite(type(self).__name__, "strength", strength, 1e-4, least=0)

    def extra_repr(self) -> str:
        return f"{self.strength:g}"


class L1(Penalty):
    """λ · Σ |w|, which pulls small weights to zero.

    Called with several arrays of floats: model.parameters(), or those of one part.
    Raises ShapeError for no weights, DTypeError for what is no float array, SettingError unless λ ≥ 0.

    >>> from chainrule import nn
    >>> nn.L1(0.5)([nn.Parameter([1.0, -2.0])])
    Tensor(1.5, made by multiply)
    """

    def forward(self, weights: Iterable[Any]) -> Any:
        return ops.l1(weights, self.strength)


class L2(Penalty):
    """λ · Σ w², which prefers many small weights to a few large ones.

    Called with several arrays of floats: model.parameters(), or those of one part.
    Raises ShapeError for no weights, DTypeError for what is no float array, SettingError unless λ ≥ 0.

    >>> from chainrule import nn
    >>> nn.L2(0.5)([nn.Parameter([1.0, 2.0])])
    Tensor(2.5, made by multiply)
    """

    def forward(self, weights: Iterable[Any]) -> Any:
        return ops.l2(weights, self.strength)


class ElasticNet(Module):
    """l1 · Σ |w| + l2 · Σ w²: few weights, and none of them large.

    Called with several arrays of floats: model.parameters(), or those of one part.
    Raises ShapeError for no weights, DTypeError for what is no float array, SettingError unless l1 and l2 are ≥ 0.
    Source: Zou & Hastie 2005, equation 3.

    >>> from chainrule import nn
    >>> nn.ElasticNet(l1=0.5, l2=0.1)([nn.Parameter([1.0, -2.0])])
    Tensor(2., made by add)
    """

    def __init__(self, l1: float, l2: float) -> None:
        self.l1 = finite("ElasticNet", "l1", l1, 1e-5, least=0)
        self.l2 = finite("ElasticNet", "l2", l2, 1e-4, least=0)

    def forward(self, weights: Iterable[Any]) -> Any:
        return ops.elastic_net(weights, self.l1, self.l2)

    def extra_repr(self) -> str:
        return f"l1={self.l1:g}, l2={self.l2:g}"
