"""What the losses of `nn/loss` refuse."""

import numpy as np

from chainrule import nn
from chainrule.errors import DataError, DTypeError, SettingError, ShapeError

from ..rows import Refusal, refuses, tensor
from ..scores import LABELS, SCORES, not_scores

X, EMPTY, NONE = tensor(2, 3), np.zeros((0, 3), "float32"), np.zeros(0, int)


def not_settings(loss: type[nn.Module]) -> tuple[Refusal, ...]:
    """Reductions that no loss knows."""
    return (
        refuses(SettingError, lambda: loss(reduction="average"), "reduction 'average'"),
        refuses(SettingError, lambda: loss(reduction=None), "None"),
    )


def not_weights(loss: type[nn.Module], name: str) -> tuple[Refusal, ...]:
    """What are no weights of classes."""
    return (
        refuses(SettingError, lambda: loss(**{name: [1.0, -1.0]}), "-1.0"),
        refuses(SettingError, lambda: loss(**{name: [1.0, float("nan")]}), "nan"),
        refuses(DTypeError, lambda: loss(**{name: "heavy"}), "'heavy'"),
        refuses(DTypeError, lambda: loss(**{name: [True, False]}), "True"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "CrossEntropyLoss": (
        *not_settings(nn.CrossEntropyLoss),
        *not_weights(nn.CrossEntropyLoss, "weight"),
        *not_scores(nn.CrossEntropyLoss()),
        refuses(SettingError, lambda: nn.CrossEntropyLoss([[1.0]]), "(1, 1)"),
        refuses(SettingError, lambda: nn.CrossEntropyLoss(ignore_index=0.5), "0.5"),
        refuses(SettingError, lambda: nn.CrossEntropyLoss(label_smoothing=1.0), "1.0"),
        refuses(ShapeError, lambda: nn.CrossEntropyLoss([1.0, 2.0])(SCORES, LABELS), "(2,)"),
        refuses(SettingError, lambda: nn.CrossEntropyLoss(ignore_index=0)(SCORES, X), "probabilities"),
        refuses(DataError, lambda: nn.CrossEntropyLoss()(EMPTY, NONE), "an empty batch"),
    ),
    "NLLLoss": (
        *not_settings(nn.NLLLoss),
        *not_weights(nn.NLLLoss, "weight"),
        *not_scores(nn.NLLLoss()),
        refuses(SettingError, lambda: nn.NLLLoss(ignore_index="none"), "'none'"),
        refuses(DTypeError, lambda: nn.NLLLoss()(SCORES, X), "f32[2,3]"),
        refuses(DataError, lambda: nn.NLLLoss()(EMPTY, NONE), "an empty batch"),
    ),
    "BCEWithLogitsLoss": (
        *not_settings(nn.BCEWithLogitsLoss),
        *not_weights(nn.BCEWithLogitsLoss, "pos_weight"),
        refuses(ShapeError, lambda: nn.BCEWithLogitsLoss()(X, tensor(3)), "f32[3]"),
        refuses(DTypeError, lambda: nn.BCEWithLogitsLoss()(X, tensor(2, 3, dtype="float64")), "f64[2,3]"),
        refuses(ShapeError, lambda: nn.BCEWithLogitsLoss(pos_weight=[1, 2])(X, X), "f32[2]"),
        refuses(DataError, lambda: nn.BCEWithLogitsLoss()(EMPTY, EMPTY), "an empty batch"),
    ),
    "KLDivLoss": (
        *not_settings(nn.KLDivLoss),
        refuses(SettingError, lambda: nn.KLDivLoss(log_target=1), "log_target 1"),
        refuses(ShapeError, lambda: nn.KLDivLoss()(X, tensor(3)), "f32[3]"),
        refuses(DTypeError, lambda: nn.KLDivLoss()(X, tensor(2, 3, dtype="int64")), "i64[2,3]"),
        refuses(DataError, lambda: nn.KLDivLoss()(EMPTY, EMPTY), "an empty batch"),
        refuses(DataError, lambda: nn.KLDivLoss("batchmean")(EMPTY, EMPTY), "an empty batch"),
    ),
}
