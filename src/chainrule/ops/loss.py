"""How wrong a network is: softmax cross-entropy, multiclass SVM hinge, squared error, and weight penalties."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from ..errors import DTypeError, LabelError, ShapeError
from ..graph import Elementwise, Gate, Reduction, Spec, Value, apply, common_dtype, gate, require_kind
from .activation import relu
from .arguments import Operand, shape_of
from .elementary import exp, log, sign
from .reduction import mean, spread, sum
from .selection import equal, greater, where
from .shape import astype, reshape
from .softmax import lowered, shifted, softmax


def check_scores(who: str, scores: Spec, labels: Spec) -> None:
    """scores (N, C, …) and labels (N, …) go together."""
    if scores.dtype.kind in "iu" and labels.dtype.kind == "f":
        came, expected = f"scores {scores} and labels {labels}", "scores of floats, labels of integers"
        raise DTypeError(who, came, expected, "the scores first, then the labels")
    if labels.dtype.kind == "f" and labels.shape == scores.shape:
        hint = "labels.argmax(axis=1) of one-hot rows"
        raise DTypeError(who, f"labels {labels}", "one integer for each row of scores", hint)
    require_kind(who, "scores", scores, "float")
    require_kind(who, "labels", labels, "integer")
    if scores.ndim < 2 or scores.shape[1] < 1 or labels.shape != (scores.shape[0], *scores.shape[2:]):
        wanted = (scores.shape[0], *scores.shape[2:]) if scores.ndim > 1 else "(N,)"
        came = f"scores {scores} and labels {labels}"
        raise ShapeError(
            who, came, f"scores (N, C, …) and labels {wanted}", "one label for each row of scores"
        )


def check_labels(who: str, labels: np.ndarray, classes: int) -> None:
    """Every label is one of 0 … classes - 1."""
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        worst = labels.max() if labels.max() >= classes else labels.min()
        place = tuple(int(i) for i in np.argwhere(labels == worst)[0])
        came = f"label {worst} at {place if len(place) > 1 else place[0]}"
        from_one = labels.max() == classes and labels.min() >= 1
        hint = (
            "labels - 1, as they count from 1" if from_one else "other labels, or a network of more outputs"
        )
        raise LabelError(who, came, f"labels from 0 to {classes - 1}", hint)


def of_class(labels: Any, classes: int, ndim: int) -> Any:
    """A mask (N, C, …): is this the column of the label?"""
    shape = shape_of(labels)
    columns = np.arange(classes).reshape((1, classes) + (1,) * (ndim - 2))
    # in int64, since bytes could not count to 300 classes
    return equal(reshape(astype(labels, columns.dtype), (shape[0], 1, *shape[1:])), columns)


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
class MulticlassHinge(Gate):
    """out = Σ over wrong classes of max(0, score - score of the label + margin).

    downstream = upstream for each class inside the margin, and minus their number for the label
    """

    pattern: ClassVar[str] = "judges"
    margin: float = 1.0

    def spec(self, scores: Spec, labels: Spec) -> Spec:
        check_scores(self.label, scores, labels)
        return scores.with_shape(labels.shape)

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> Any:
        check_labels(self.label, labels, scores.shape[1])
        place = np.expand_dims(labels, 1).astype(np.intp)
        margins = scores - np.take_along_axis(scores, place, axis=1) + np.asarray(self.margin, scores.dtype)
        np.put_along_axis(margins, place, 0, axis=1)
        return np.sum(np.maximum(margins, 0), axis=1)

    def backward(self, upstream: Value, *, scores: Value, labels: Value) -> Any:
        right = of_class(labels, scores.shape[1], len(scores.shape))
        own = sum(where(right, scores, 0.0), axis=1, keepdims=True)
        inside = where(right, 0.0, astype(greater(scores - own + self.margin, 0.0), scores.dtype))
        pull = where(right, -sum(inside, axis=1, keepdims=True), inside)
        return spread(upstream, scores.spec, (1,)) * pull, None

    def parts(self, scores: Value, labels: Value) -> Any:
        right = of_class(labels, scores.shape[1], len(scores.shape))
        own = sum(where(right, scores, 0.0), axis=1, keepdims=True)
        return sum(where(right, 0.0, relu(scores - own + self.margin)), axis=1)


@gate
class SquaredError(Elementwise):
    """out = (x - target)², for equal shapes only;  d out/dx = 2 · (x - target)"""

    pattern: ClassVar[str] = "scales"
    broadcasts: ClassVar[bool] = False

    def spec(self, *inputs: Spec) -> Spec:
        x, target = inputs
        if x.shape != target.shape:
            hint = (
                f"target.reshape({', '.join(map(str, x.shape))})"
                if x.size == target.size
                else "one target for each x"
            )
            expected = "equal shapes: a loss does not broadcast"
            raise ShapeError(self.label, f"x {x} and target {target}", expected, hint)
        return Spec(x.shape, common_dtype(self.label, {"x": x, "target": target}, "float"))

    def forward(self, xp: Any, x: Any, target: Any) -> Any:
        return (x - target) * (x - target)

    def backward(self, upstream: Value, *, x: Value, target: Value) -> Any:
        return lambda: upstream * 2 * (x - target), lambda: upstream * 2 * (target - x)


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


def softmax_cross_entropy(scores: Operand, labels: Operand) -> Any:
    """-ln softmax(scores)[label], in nats, for each picture.

    scores:  (N, C, …) float;  labels:  (N, …) integers from 0 to C - 1
    Returns (N, …).
    Raises LabelError for other labels, ShapeError for other shapes.
    Also: nn.CrossEntropyLoss, its mean.

    >>> import numpy as np
    >>> softmax_cross_entropy(np.zeros((1, 10)), np.array([3])).round(4)  # ln 10
    array([2.3026])
    """
    return apply(SoftmaxCrossEntropy(), scores, labels)


def multiclass_hinge(scores: Operand, labels: Operand, *, margin: float = 1.0) -> Any:
    """Σ over wrong classes of max(0, score - score of the label + margin), for each picture.

    scores:  (N, C, …) float;  labels:  (N, …) integers from 0 to C - 1
    Returns (N, …).
    Source: Weston and Watkins 1999, summed over the wrong classes.

    >>> import numpy as np
    >>> multiclass_hinge(np.array([[3.2, 5.1, -1.7]]), np.array([0])).round(4)
    array([2.9])
    """
    return apply(MulticlassHinge(float(margin)), scores, labels)


def mse(x: Operand, target: Operand) -> Any:
    """The mean squared error of equal shapes; (N, 1) against (N,) is an error, not N² differences."""
    return mean(apply(SquaredError(), x, target))


def l1(weights: Iterable[Operand], strength: float) -> Any:
    """strength · Σ |w| over all weights."""
    return penalty(SumOfAbs, weights, strength)


def l2(weights: Iterable[Operand], strength: float) -> Any:
    """strength · Σ w² over all weights.

    >>> import numpy as np
    >>> float(l2([np.array([1.0, 2.0]), np.array([3.0])], 0.1))
    1.4000000000000001
    """
    return penalty(SumOfSquares, weights, strength)


def penalty(kind: type[SumOfAbs] | type[SumOfSquares], weights: Iterable[Operand], strength: float) -> Any:
    """strength · the sum of one reduction over many arrays."""
    parts = [apply(kind(tuple(range(len(shape_of(w))))), w) for w in weights]
    if not parts:
        raise ShapeError("penalty", "no weights", "at least one array", "model.parameters()")
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total * strength
