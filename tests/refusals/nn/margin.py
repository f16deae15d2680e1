"""What the losses of `nn/margin` refuse."""

import numpy as np

from chainrule import nn
from chainrule.errors import DataError, DTypeError, SettingError, ShapeError

from ..rows import Refusal, refuses, tensor
from ..scores import LABELS, not_scores
from .loss import EMPTY, NONE, not_settings

X, SIGNS = tensor(2, 3), np.array([[1, -1, 1], [1, 1, -1]])


def not_a_margin(loss: type[nn.Module]) -> tuple[Refusal, ...]:
    """What is no finite number ≥ 0."""
    return (
        refuses(SettingError, lambda: loss(margin=-1), "margin -1"),
        refuses(SettingError, lambda: loss(margin=float("inf")), "margin inf"),
        refuses(SettingError, lambda: loss(margin="wide"), "margin 'wide'"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "MulticlassHingeLoss": (
        *not_settings(nn.MulticlassHingeLoss),
        *not_a_margin(nn.MulticlassHingeLoss),
        *not_scores(nn.MulticlassHingeLoss()),
        refuses(SettingError, lambda: nn.MulticlassHingeLoss(p=3), "p 3"),
        refuses(DataError, lambda: nn.MulticlassHingeLoss()(EMPTY, NONE), "an empty batch"),
    ),
    "BinaryHingeLoss": (
        *not_settings(nn.BinaryHingeLoss),
        *not_a_margin(nn.BinaryHingeLoss),
        refuses(SettingError, lambda: nn.BinaryHingeLoss(p="2"), "p '2'"),
        refuses(ShapeError, lambda: nn.BinaryHingeLoss()(X, LABELS), "i64[2]"),
        refuses(DTypeError, lambda: nn.BinaryHingeLoss()(X, X), "f32[2,3]"),
        refuses(DataError, lambda: nn.BinaryHingeLoss()(EMPTY, EMPTY.astype(int)), "an empty batch"),
    ),
    "TripletMarginLoss": (
        *not_settings(nn.TripletMarginLoss),
        *not_a_margin(nn.TripletMarginLoss),
        refuses(SettingError, lambda: nn.TripletMarginLoss(eps=-1), "eps -1"),
        refuses(ShapeError, lambda: nn.TripletMarginLoss()(X, X, tensor(1, 3)), "f32[1,3]"),
        refuses(DTypeError, lambda: nn.TripletMarginLoss()(X, X, SIGNS), "i64[2,3]"),
        refuses(DataError, lambda: nn.TripletMarginLoss()(EMPTY, EMPTY, EMPTY), "an empty batch"),
    ),
    "ContrastiveLoss": (
        *not_settings(nn.ContrastiveLoss),
        *not_a_margin(nn.ContrastiveLoss),
        refuses(ShapeError, lambda: nn.ContrastiveLoss()(X, X, SIGNS), "i64[2,3]"),
        refuses(DTypeError, lambda: nn.ContrastiveLoss()(X, X, tensor(2)), "f32[2]"),
        refuses(DataError, lambda: nn.ContrastiveLoss()(EMPTY, EMPTY, NONE), "an empty batch"),
    ),
}
