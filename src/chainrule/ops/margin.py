"""Losses that are content with a margin: hinges of scores, and of distances between pictures."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import DTypeError, SettingError, ShapeError
from ..graph import Gate, Spec, Value, apply, common_dtype, gate
from .activation import relu
from .arguments import Operand, dtype_of, finite, shape_of
from .elementary import sqrt
from .labels import check_labels, check_scores, of_class
from .reduction import spread, sum
from .regression import require_alike
from .selection import greater, where
from .shape import astype


@gate
class MulticlassHinge(Gate):
    """out = Σ over wrong classes of max(0, score - score of the label + margin)ᵖ.

    downstream = upstream · p · max(0, …)ᵖ⁻¹ for each class inside the margin, and minus their sum for the label
    """

    pattern: ClassVar[str] = "judges"
    margin: float = 1.0
    p: int = 1

    def spec(self, scores: Spec, labels: Spec) -> Spec:
        check_scores(self.label, scores, labels)
        return scores.with_shape(labels.shape)

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> Any:
        check_labels(self.label, labels, scores.shape[1])
        place = np.expand_dims(labels, 1).astype(np.intp)
        margins = scores - np.take_along_axis(scores, place, axis=1) + np.asarray(self.margin, scores.dtype)
        np.put_along_axis(margins, place, 0, axis=1)
        return np.sum(np.maximum(margins, 0) ** self.p, axis=1)

    def backward(self, upstream: Value, *, scores: Value, labels: Value) -> Any:
        right = of_class(labels, scores.shape[1], len(scores.shape))
        own = sum(where(right, scores, 0.0), axis=1, keepdims=True)
        over = scores - own + self.margin
        slope = astype(greater(over, 0.0), scores.dtype) if self.p == 1 else relu(over) * 2
        inside = where(right, 0.0, slope)
        pull = where(right, -sum(inside, axis=1, keepdims=True), inside)
        return spread(upstream, scores.spec, (1,)) * pull, None

    def parts(self, scores: Value, labels: Value) -> Any:
        right = of_class(labels, scores.shape[1], len(scores.shape))
        own = sum(where(right, scores, 0.0), axis=1, keepdims=True)
        over = relu(scores - own + self.margin)
        return sum(where(right, 0.0, over if self.p == 1 else over * over), axis=1)


def multiclass_hinge(scores: Operand, labels: Operand, *, margin: float = 1.0, p: int = 1) -> Any:
    """Σ over wrong classes of max(0, score - score of the label + margin)ᵖ, for each picture.

    scores:  (N, C, …) float;  labels:  (N, …) integers from 0 to C - 1
    margin:  any finite number;  p:  1, or 2 for the squared hinge of the L2-SVM
    Returns (N, …).
    Raises LabelError for other labels, ShapeError for other shapes, DTypeError for other dtypes, SettingError for
    another margin or p.
    Source: Weston & Watkins 1999, summed over the wrong classes; squared: Tang 2013.  Also: nn.MulticlassHingeLoss.

    >>> import numpy as np
    >>> multiclass_hinge(np.array([[3.2, 5.1, -1.7]]), np.array([0])).round(4)
    array([2.9])
    """
    require_power("multiclass_hinge", p)
    return apply(MulticlassHinge(finite("multiclass_hinge", "margin", margin), int(p)), scores, labels)


def binary_hinge(scores: Operand, labels: Operand, *, margin: float = 1.0, p: int = 1) -> Any:
    """max(0, margin - y · score)ᵖ, element by element, with y = 1 where the label is above 0, and -1 elsewhere.

    scores:  any shape, float
    labels:  the same shape, integers or bool: 1 and -1, or 1 and 0
    margin:  any finite number;  p:  1, or 2 for the squared hinge
    Raises ShapeError for other shapes, DTypeError for other dtypes, SettingError for another margin or p.
    Source: Cortes & Vapnik 1995.  Also: nn.BinaryHingeLoss, its mean.

    >>> import numpy as np
    >>> binary_hinge(np.array([0.25, 0.25, 3.0]), np.array([1, 0, 1]))
    array([0.75, 1.25, 0.  ])
    """
    who = "binary_hinge"
    require_power(who, p)
    margin = finite(who, "margin", margin)
    yes = marked(who, "scores", scores, labels, shape_of(scores))
    inside = relu(margin - where(yes, scores, -scores))
    return inside if p == 1 else inside * inside


def triplet_margin(
    anchor: Operand, positive: Operand, negative: Operand, *, margin: float = 1.0, eps: float = 1e-6
) -> Any:
    """max(0, ‖anchor - positive + eps‖ - ‖anchor - negative + eps‖ + margin), for each picture.

    anchor, positive, negative:  (N, D) float: of one thing, the same thing, another thing
    margin:  any finite number;  eps:  ≥ 0, added to each difference; where a distance is 0, so is its slope
    Returns (N,).
    Raises ShapeError for other shapes, DTypeError for other dtypes, SettingError for another margin or eps.
    Source: Balntas et al. 2016, with Euclidean distance and eps as PyTorch.  Also: nn.TripletMarginLoss.

    >>> import numpy as np
    >>> triplet_margin(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.array([[0.0, 2.0]])).round(4)
    array([4.])
    """
    who = "triplet_margin"
    margin, eps = finite(who, "margin", margin), finite(who, "eps", eps, 1e-6, least=0)
    near = distance(squares(who, "anchor", anchor, "positive", positive, eps))
    far = distance(squares(who, "anchor", anchor, "negative", negative, eps))
    return relu(near - far + margin)


def contrastive(x: Operand, y: Operand, labels: Operand, *, margin: float = 1.0) -> Any:
    """d² / 2 for a pair of one kind (label 0), max(0, margin - d)² / 2 for a pair of two (label 1), d = ‖x - y‖.

    x, y:  (N, D) float;  labels:  (N,) integers or bool, above 0 for a pair of two kinds
    margin:  any finite number; where a distance is 0, its slope is taken as 0
    Returns (N,).
    Raises ShapeError for other shapes, DTypeError for other dtypes, SettingError for another margin.
    Source: Hadsell, Chopra & LeCun 2006, equation 4.  Also: nn.ContrastiveLoss.

    >>> import numpy as np
    >>> x, y = np.zeros((2, 2)), np.array([[0.0, 2.0], [0.0, 2.0]])
    >>> contrastive(x, y, np.array([0, 1]), margin=3.0)
    array([2. , 0.5])
    """
    who = "contrastive"
    margin = finite(who, "margin", margin)
    apart = squares(who, "x", x, "y", y, 0.0)
    different = marked(who, "x", x, labels, shape_of(x)[:1])
    missing = relu(margin - distance(apart))
    return where(different, missing * missing, apart) / 2


def squares(who: str, name: str, x: Operand, other: str, y: Operand, eps: float) -> Any:
    """Σ (x - y + eps)² of each row."""
    require_alike(who, name, x, other, y)
    if len(shape_of(x)) != 2:
        raise ShapeError(who, f"{name} of shape {shape_of(x)}", "(N, D)", "one row for each picture")
    difference = x - y + eps if eps else x - y
    return sum(difference * difference, axis=1)


def distance(apart: Any) -> Any:
    """√ of squares whose slope at 0 is 0, where that of the root is infinite."""
    there = greater(apart, 0.0)
    return where(there, sqrt(where(there, apart, 1.0)), 0.0)


def marked(who: str, name: str, x: Operand, labels: Operand, shape: tuple[int, ...]) -> Any:
    """Where a label is above 0."""
    for known, value in {name: x, "labels": labels}.items():
        if not isinstance(value, Value | np.ndarray):
            came = f"{known}, a {type(value).__name__}"
            raise DTypeError(who, came, "a tensor or an array", "Tensor(...) around it")
    common_dtype(who, {name: Spec(shape_of(x), dtype_of(x))}, "float")
    given = Spec(shape_of(labels), dtype_of(labels))
    if given.dtype.kind not in "iub":
        raise DTypeError(who, f"labels {given}", "integers or bool", 'labels.astype("int64")')
    if given.shape != shape:
        raise ShapeError(
            who, f"labels {given} for {name} of shape {shape_of(x)}", f"{shape}", "one label each"
        )
    return greater(astype(labels, "int64"), 0)


def require_power(who: str, p: int) -> None:
    """1 or 2."""
    if isinstance(p, bool) or p not in (1, 2):
        raise SettingError(who, f"p {p!r}", "1, or 2 for the square", "p=2")
