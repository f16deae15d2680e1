"""What the functions of `ops/loss` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor
from ..scores import LABELS, SCORES, not_scores

ENTROPY, NLL = ops.softmax_cross_entropy, ops.nll
BINARY, KL = ops.binary_cross_entropy_with_logits, ops.kl_divergence
X, WIDE = tensor(2, 3), tensor(2, 3, dtype="float64")

TABLE: dict[str, tuple[Refusal, ...]] = {
    "softmax_cross_entropy": (
        *not_scores(ENTROPY),
        refuses(ShapeError, lambda: ENTROPY(SCORES, tensor(2, 4)), "f32[2,4]"),
        refuses(DTypeError, lambda: ENTROPY(SCORES, WIDE), "f64[2,3]"),
        refuses(ShapeError, lambda: ENTROPY(SCORES, LABELS, weight=tensor(2)), "(2,)"),
        refuses(DTypeError, lambda: ENTROPY(SCORES, LABELS, weight=tensor(3, dtype="float64")), "f64"),
        refuses(SettingError, lambda: ENTROPY(SCORES, LABELS, ignore_index=1.5), "1.5"),
        refuses(
            SettingError, lambda: ENTROPY(SCORES, X, ignore_index=1), "ignore_index 1 with probabilities"
        ),
        refuses(SettingError, lambda: ENTROPY(SCORES, LABELS, label_smoothing=1.5), "label_smoothing 1.5"),
        refuses(SettingError, lambda: ENTROPY(SCORES, LABELS, label_smoothing="a bit"), "'a bit'"),
    ),
    "nll": (
        *not_scores(NLL),
        refuses(DTypeError, lambda: NLL(SCORES, X), "f32[2,3]"),
        refuses(ShapeError, lambda: NLL(SCORES, LABELS, weight=tensor(3, 1)), "(3, 1)"),
        refuses(SettingError, lambda: NLL(SCORES, LABELS, ignore_index=True), "True"),
    ),
    "binary_cross_entropy_with_logits": (
        *not_values(lambda x: BINARY(x, X)),
        *not_values(lambda x: BINARY(X, x)),
        *not_floats(lambda x: BINARY(x, x), 2, 3),
        refuses(ShapeError, lambda: BINARY(X, tensor(3)), "f32[3]"),
        refuses(DTypeError, lambda: BINARY(X, WIDE), "f64[2,3]"),
        refuses(ShapeError, lambda: BINARY(X, X, pos_weight=tensor(4)), "f32[4]"),
        refuses(ShapeError, lambda: BINARY(X, X, pos_weight=tensor(2, 2, 3)), "f32[2,2,3]"),
    ),
    "kl_divergence": (
        *not_values(lambda x: KL(x, X)),
        *not_values(lambda x: KL(X, x)),
        *not_floats(lambda x: KL(x, x), 2, 3),
        refuses(ShapeError, lambda: KL(X, tensor(2, 1)), "f32[2,1]"),
        refuses(DTypeError, lambda: KL(X, WIDE), "f64[2,3]"),
        refuses(DTypeError, lambda: KL(X, np.arange(6).reshape(2, 3)), "i64[2,3]"),
    ),
}
