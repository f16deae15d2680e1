"""How wrong probabilities are, in nats: cross-entropy of classes, of yes and no, and of whole distributions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Elementwise, Gate, Spec, Value, apply, gate
from .activation import sigmoid, softplus
from .arguments import Operand, dtype_of, finite, named, shape_of
from .elementary import exp, log
from .labels import check_labels, check_scores, of_class
from .reduction import mean, spread, sum
from .regression import require_alike, require_equal
from .selection import equal, greater, where
from .shape import astype, reshape
from .softmax import log_softmax, lowered, shifted, softmax


@gate
class SoftmaxCrossEntropy(Gate):
    """out = ln Σ exp scores - score of the label, in nats;  downstream = upstream · (softmax - one-hot label)"""

    pattern: ClassVar[str] = "judges"

    def spec(self, scores: Spec, labels: Spec) -> Spec:
        check_scores(self.label, scores, labels)
        return scores.with_shape(labels.shape)

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> Any:
        check_labels(self.label, labels, scores.shape[1])
        _, rest = shifted(scores, 1)
        right = np.take_along_axis(rest, np.expand_dims(labels, 1).astype(np.intp), axis=1).squeeze(1)
        return np.log(np.sum(np.exp(rest), axis=1)) - right

    def backward(self, upstream: Value, *, scores: Value, labels: Value) -> Any:
        one_hot = astype(of_class(labels, scores.shape[1], len(scores.shape)), scores.dtype)
        return spread(upstream, scores.spec, (1,)) * (softmax(scores, axis=1) - one_hot), None

    def parts(self, scores: Value, labels: Value) -> Any:
        _, rest = lowered(scores, 1)
        right = where(of_class(labels, scores.shape[1], len(scores.shape)), rest, 0.0)
        return log(sum(exp(rest), axis=1)) - sum(right, axis=1)


@gate
class Nll(Gate):
    """out = -x of the label, x being log-probabilities;  d out/dx = -1 for the label, 0 for the others"""

    pattern: ClassVar[str] = "judges"

    def spec(self, x: Spec, labels: Spec) -> Spec:
        check_scores(self.label, x, labels, "x")
        return x.with_shape(labels.shape)

    def forward(self, x: np.ndarray, labels: np.ndarray) -> Any:
        check_labels(self.label, labels, x.shape[1])
        return -np.take_along_axis(x, np.expand_dims(labels, 1).astype(np.intp), axis=1).squeeze(1)

    def backward(self, upstream: Value, *, x: Spec, labels: Value) -> Any:
        return where(of_class(labels, x.shape[1], x.ndim), spread(-upstream, x, (1,)), 0.0), None

    def parts(self, x: Value, labels: Value) -> Any:
        return -sum(where(of_class(labels, x.shape[1], len(x.shape)), x, 0.0), axis=1)


@gate
class BinaryCrossEntropy(Elementwise):
    """out = (1 - target) · x + (1 + (weight - 1) · target) · ln(1 + e⁻ˣ)

    d out/dx = 1 - target - (1 + (weight - 1) · target) · sigmoid(-x)
    """

    pattern: ClassVar[str] = "scales"

    def spec(self, *inputs: Spec) -> Spec:
        x, target, weight = inputs
        require_equal(self.label, x, target)
        whole = super().spec(x, target, weight)
        if whole.shape != x.shape:
            came = f"weight {weight} for x {x}"
            raise ShapeError(self.label, came, "a weight that stretches to x", "one weight for each column")
        return whole

    def forward(self, xp: Any, x: Any, target: Any, weight: Any) -> Any:
        of_yes = xp.maximum(-x, 0) + xp.log1p(xp.exp(-xp.abs(x)))  # ln(1 + e⁻ˣ), without overflow
        return (1 - target) * x + (1 + (weight - 1) * target) * of_yes

    def backward(self, upstream: Value, *, x: Value, target: Value, weight: Value) -> Any:
        def to_x() -> Any:
            return upstream * (1 - target - (1 + (weight - 1) * target) * sigmoid(-x))

        return (
            to_x,
            lambda: upstream * ((weight - 1) * softplus(-x) - x),
            lambda: upstream * target * softplus(-x),
        )


@named
def softmax_cross_entropy(
    scores: Operand,
    labels: Operand,
    *,
    weight: Operand | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Any:
    """-ln softmax(scores)[label], in nats, for each picture; or -Σ_c target[c] · ln softmax(scores)[c].

    With weights w and smoothing ε:  (1 - ε) · w[label] · -ln p[label] + ε / C · Σ_c w[c] · -ln p[c];
    a target t becomes (1 - ε) · t + ε / C, and class c counts w[c].

    scores:  (N, C, …) float
    labels:  (N, …) integers from 0 to C - 1; or (N, C, …) probabilities, in the dtype of the scores
    weight:  (C,) how much each class counts, in the dtype of the scores
    ignore_index:  the label of pictures that do not count: their loss is 0, and so is its gradient
    label_smoothing:  ε, 0 ≤ ε ≤ 1: the share of the label that is given to all classes alike
    Returns (N, …).
    Raises LabelError for other labels, ShapeError for other shapes, DTypeError for other dtypes, SettingError for
    another label_smoothing or ignore_index, or one with probabilities.
    Source: smoothing: Szegedy et al. 2016, §7; all together as PyTorch.  Also: nn.CrossEntropyLoss, its mean.

    >>> import numpy as np
    >>> softmax_cross_entropy(np.zeros((1, 10)), np.array([3])).round(4)  # ln 10
    array([2.3026])
    >>> softmax_cross_entropy(np.zeros((2, 10)), np.array([3, 255]), ignore_index=255).round(4)
    array([2.3026, 0.    ])
    """
    who = "softmax_cross_entropy"
    label_smoothing = finite(who, "label_smoothing", label_smoothing, 0.1, least=0, most=1)
    if dtype_of(labels).kind == dtype_of(scores).kind == "f" and len(shape_of(labels)) > 1:
        return of_shares(who, scores, labels, weight, ignore_index, label_smoothing)
    labels, counted = without(who, labels, ignore_index)
    loss = apply(SoftmaxCrossEntropy(), scores, labels)
    classes, ndim = shape_of(scores)[1], len(shape_of(scores))
    if weight is not None:
        loss = loss * label_weight(who, weight, labels, classes, ndim)
    if label_smoothing:
        each = -log_softmax(scores, axis=1)
        if weight is not None:
            each = each * column(who, weight, classes, ndim)
        loss = loss * (1 - label_smoothing) + sum(each, axis=1) * (label_smoothing / classes)
    return loss if counted is None else where(counted, loss, 0.0)


def of_shares(
    who: str,
    scores: Operand,
    target: Operand,
    weight: Operand | None,
    ignore_index: int | None,
    label_smoothing: float,
) -> Any:
    """Cross-entropy with a probability for each class."""
    if ignore_index is not None:
        came = f"ignore_index {ignore_index!r} with probabilities"
        raise SettingError(who, came, "labels that are integers", "a row of zeros, which counts nothing")
    require_alike(who, "scores", scores, "labels", target)
    shape = shape_of(scores)
    if len(shape) < 2 or shape[1] < 1:
        raise ShapeError(who, f"scores of shape {shape}", "scores (N, C, …)", "one row for each picture")
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / shape[1]
    each = target * log_softmax(scores, axis=1)
    if weight is not None:
        each = each * column(who, weight, shape[1], len(shape))
    return -sum(each, axis=1)


def nll(
    x: Operand, labels: Operand, *, weight: Operand | None = None, ignore_index: int | None = None
) -> Any:
    """-w[label] · x[label] for each picture: the negative log-likelihood of log-probabilities x, in nats.

    x:  (N, C, …) float, as log_softmax gives;  labels:  (N, …) integers from 0 to C - 1
    weight, ignore_index:  as of softmax_cross_entropy
    Returns (N, …).
    Raises LabelError for other labels, ShapeError for other shapes, DTypeError for other dtypes, SettingError for an
    ignore_index that is no whole number.
    Source: Fisher 1922.  Also: nn.NLLLoss, its mean.

    >>> import numpy as np
    >>> nll(np.log([[0.2, 0.5, 0.3]]), np.array([1])).round(4)  # ln 2
    array([0.6931])
    """
    labels, counted = without("nll", labels, ignore_index)
    loss = apply(Nll(), x, labels)
    if weight is not None:
        loss = loss * label_weight("nll", weight, labels, shape_of(x)[1], len(shape_of(x)))
    return loss if counted is None else where(counted, loss, 0.0)


@named
def binary_cross_entropy_with_logits(
    x: Operand, target: Operand, *, pos_weight: Operand | None = None
) -> Any:
    """-p · target · ln σ(x) - (1 - target) · ln(1 - σ(x)), in nats, element by element; without overflow.

    x:  any shape, float: scores, of which sigmoid makes probabilities
    target:  the shape and dtype of x, from 0 to 1
    pos_weight:  p, how much a yes counts; a number, or an array that stretches to x
    Raises ShapeError for other shapes, DTypeError for other dtypes.
    Source: Good 1952; the stable form as PyTorch.  Also: nn.BCEWithLogitsLoss, its mean.

    >>> import numpy as np
    >>> binary_cross_entropy_with_logits(np.array([0.0, 100.0]), np.array([1.0, 1.0])).round(4)
    array([0.6931, 0.    ])
    """
    return apply(BinaryCrossEntropy(), x, target, 1.0 if pos_weight is None else pos_weight)


def kl_divergence(x: Operand, target: Operand, *, log_target: bool = False) -> Any:
    """target · (ln target - x), in nats, element by element; its sum is the distance from x to the target.

    x:  any shape, float: log-probabilities
    target:  the shape and dtype of x: probabilities; their logarithms with log_target
    Where the target is 0, the element and its gradients are 0.
    Raises ShapeError for other shapes, DTypeError for other dtypes.
    Source: Kullback & Leibler 1951, in PyTorch's order.  Also: nn.KLDivLoss.

    >>> import numpy as np
    >>> kl_divergence(np.log([0.5, 0.5]), np.array([1.0, 0.0])).round(4)  # ln 2 in all
    array([0.6931, 0.    ])
    """
    require_alike("kl_divergence", "x", x, "target", target)
    if log_target:
        return exp(target) * (target - x)
    there = greater(target, 0.0)
    share = where(there, target, 1.0)
    return where(there, share * (log(share) - x), 0.0)


def weighted_mean(
    each: Any, labels: Operand, weight: Operand | None, ignore_index: int | None, classes: int
) -> Any:
    """Σ losses / Σ weights of the labels that count; 0 if none does.

    each:  (N, …) losses that are weighted already, 0 where a label does not count
    """
    labels, counted = without("weighted_mean", labels, ignore_index)
    if weight is None and counted is None:
        return mean(each)
    if weight is None:
        counts = astype(counted, each.dtype)
    else:
        counts = label_weight("weighted_mean", weight, labels, classes, len(shape_of(labels)) + 1)
        counts = counts if counted is None else where(counted, counts, 0.0)
    total = sum(counts)
    return sum(each) / where(equal(total, 0.0), 1.0, total)


def without(who: str, labels: Operand, ignore_index: int | None) -> tuple[Any, Any]:
    """Labels with class 0 in the place of those that do not count, and a mask of those that do, or None."""
    if ignore_index is None:
        return labels, None
    if isinstance(ignore_index, bool) or not isinstance(ignore_index, int | np.integer):
        raise SettingError(who, f"ignore_index {ignore_index!r}", "a whole number", "ignore_index=-100")
    if dtype_of(labels).kind not in "iu":
        return labels, None  # which the gate refuses
    labels = astype(labels, "int64")
    ignored = equal(labels, int(ignore_index))
    return where(ignored, 0, labels), ~ignored


def column(who: str, weight: Operand, classes: int, ndim: int) -> Any:
    """The weights of the classes in the shape (1, C, 1, …)."""
    if shape_of(weight) != (classes,):
        came = f"weight of shape {shape_of(weight)}"
        raise ShapeError(who, came, f"({classes},)", "one weight for each class")
    return reshape(weight, (1, classes) + (1,) * (ndim - 2))


def label_weight(who: str, weight: Operand, labels: Any, classes: int, ndim: int) -> Any:
    """The weight of each label, (N, …)."""
    return sum(where(of_class(labels, classes, ndim), column(who, weight, classes, ndim), 0.0), axis=1)
