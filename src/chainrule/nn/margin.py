"""Losses that are content with a margin, of scores and of distances."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..errors import SettingError
from ..ops.arguments import finite
from .loss import Loss


class MarginLoss(Loss):
    """What losses with a margin share."""

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = finite(type(self).__name__, "margin", margin, 1.0, least=0)

    def settings(self) -> dict[str, Any]:
        return {"margin": self.margin}


class Hinge(MarginLoss):
    """What hinges share: p is 1, or 2 for the squared one."""

    def __init__(self, margin: float = 1.0, p: int = 1, *, reduction: str = "mean") -> None:
        super().__init__(margin, reduction=reduction)
        if isinstance(p, bool) or p not in (1, 2):
            raise SettingError(type(self).__name__, f"p {p!r}", "1, or 2 for the square", "p=2")
        self.p = int(p)

    def settings(self) -> dict[str, Any]:
        return {"margin": self.margin, **({"p": 2} if self.p == 2 else {})}


class MulticlassHingeLoss(Hinge):
    """The mean over the batch of Σ over wrong classes of max(0, score - score of the label + margin)ᵖ.

    scores (N, C, …) float, labels (N, …) integers from 0 to C - 1.
    margin:  ≥ 0;  p: 1, or 2 for the squared hinge of the L2-SVM;  reduction: "mean", "sum" or "none"
    Raises LabelError for other labels, ShapeError and DTypeError for other scores, DataError for the mean of an empty
    batch, SettingError for other settings.
    Source: Weston & Watkins 1999; the sum over the classes, as in the course (PyTorch averages over them).

    >>> import numpy as np
    >>> from chainrule import Tensor, nn
    >>> nn.MulticlassHingeLoss(p=2)(Tensor([[3.0, 5.0, -1.0]]), np.array([0]))
    Tensor(9.)
    """

    def forward(self, scores: Any, labels: Any) -> Any:
        return self.reduced(ops.multiclass_hinge(scores, labels, margin=self.margin, p=self.p))


class BinaryHingeLoss(Hinge):
    """The mean of max(0, margin - y · score)ᵖ, with y = 1 where the label is above 0, and -1 elsewhere.

    scores float, labels of the same shape, integers or bool: 1 and -1, or 1 and 0.
    margin:  ≥ 0;  p: 1, or 2 for the squared hinge;  reduction: "mean", "sum" or "none"
    Raises ShapeError and DTypeError for others, DataError for the mean of an empty batch, SettingError for other
    settings.
    Source: Cortes & Vapnik 1995.

    >>> import numpy as np
    >>> from chainrule import Tensor, nn
    >>> nn.BinaryHingeLoss()(Tensor([0.25, 0.25]), np.array([1, -1]))
    Tensor(1.)
    """

    def forward(self, scores: Any, labels: Any) -> Any:
        return self.reduced(ops.binary_hinge(scores, labels, margin=self.margin, p=self.p))


class TripletMarginLoss(MarginLoss):
    """The mean of max(0, ‖anchor - positive‖ - ‖anchor - negative‖ + margin), of rows (N, D).

    margin, eps:  ≥ 0; eps is added to each difference;  reduction: "mean", "sum" or "none"
    Raises ShapeError and DTypeError for other inputs, DataError for the mean of an empty batch, SettingError for other
    settings.
    Source: Balntas et al. 2016, with Euclidean distance as PyTorch.

    >>> from chainrule import Tensor, nn
    >>> anchor, same, other = Tensor([[0.0, 0.0]]), Tensor([[3.0, 4.0]]), Tensor([[0.0, 2.0]])
    >>> round(nn.TripletMarginLoss()(anchor, same, other).item(), 3)
    4.0
    """

    def __init__(self, margin: float = 1.0, eps: float = 1e-6, *, reduction: str = "mean") -> None:
        super().__init__(margin, reduction=reduction)
        self.eps = finite("TripletMarginLoss", "eps", eps, 1e-6, least=0)

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        each = ops.triplet_margin(anchor, positive, negative, margin=self.margin, eps=self.eps)
        return self.reduced(each)


class ContrastiveLoss(MarginLoss):
    """The mean of d² / 2 for a pair of one kind, max(0, margin - d)² / 2 for a pair of two, d = ‖x - y‖ of rows (N, D).

    labels (N,) integers or bool: 0 for a pair of one kind, above 0 for a pair of two.
    margin:  ≥ 0;  reduction: "mean", "sum" or "none"
    Raises ShapeError and DTypeError for other inputs, DataError for the mean of an empty batch, SettingError for other
    settings.
    Source: Hadsell, Chopra & LeCun 2006, equation 4.

    >>> import numpy as np
    >>> from chainrule import Tensor, nn
    >>> nn.ContrastiveLoss(3.0)(Tensor([[0.0, 0.0]]), Tensor([[0.0, 2.0]]), np.array([1]))
    Tensor(0.5)
    """

    def forward(self, x: Any, y: Any, labels: Any) -> Any:
        return self.reduced(ops.contrastive(x, y, labels, margin=self.margin))
