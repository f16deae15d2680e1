"""Losses of numbers and their targets, of equal shapes."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.arguments import finite
from .loss import Loss


class MSELoss(Loss):
    """The mean squared error of two values of equal shape.

    reduction:  "mean", "sum" or "none"
    Raises ShapeError and DTypeError for others, DataError for the mean of an empty batch, SettingError for another
    reduction.

    >>> from chainrule import Tensor, nn
    >>> nn.MSELoss()(Tensor([1.0, 4.0]), Tensor([1.0, 2.0]))
    Tensor(2.)
    """

    def forward(self, x: Any, target: Any) -> Any:
        return self.reduced(ops.squared_error(x, target))


class L1Loss(Loss):
    """The mean absolute error of two values of equal shape.

    reduction:  "mean", "sum" or "none"
    Raises ShapeError and DTypeError for others, DataError for the mean of an empty batch, SettingError for another
    reduction.

    >>> from chainrule import Tensor, nn
    >>> nn.L1Loss()(Tensor([1.0, 4.0]), Tensor([1.0, 2.0]))
    Tensor(1.)
    """

    def forward(self, x: Any, target: Any) -> Any:
        return self.reduced(ops.absolute_error(x, target))


class HuberLoss(Loss):
    """The mean of d² / 2 where |d| ≤ delta, delta · (|d| - delta / 2) elsewhere, with d = x - target.

    delta:  > 0;  reduction: "mean", "sum" or "none"
    Raises ShapeError and DTypeError for others, DataError for the mean of an empty batch, SettingError for other
    settings.
    Source: Huber 1964, equation 2.

    >>> from chainrule import Tensor, nn
    >>> nn.HuberLoss(reduction="none")(Tensor([0.5, 3.0]), Tensor([0.0, 0.0]))
    Tensor([0.125, 2.5  ])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = finite("HuberLoss", "delta", delta, above=0)

    def forward(self, x: Any, target: Any) -> Any:
        return self.reduced(ops.huber(x, target, delta=self.delta))

    def settings(self) -> dict[str, Any]:
        return {"delta": self.delta}


class SmoothL1Loss(Loss):
    """The mean of d² / (2 · beta) where |d| ≤ beta, |d| - beta / 2 elsewhere, with d = x - target.

    beta:  > 0;  reduction: "mean", "sum" or "none"
    Raises ShapeError and DTypeError for others, DataError for the mean of an empty batch, SettingError for other
    settings.
    Source: Girshick 2015, equation 3.

    >>> from chainrule import Tensor, nn
    >>> nn.SmoothL1Loss(beta=2.0, reduction="none")(Tensor([0.5, 3.0]), Tensor([0.0, 0.0]))
    Tensor([0.0625, 2.    ])
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = finite("SmoothL1Loss", "beta", beta, above=0)

    def forward(self, x: Any, target: Any) -> Any:
        return self.reduced(ops.smooth_l1(x, target, beta=self.beta))

    def settings(self) -> dict[str, Any]:
        return {"beta": self.beta}
