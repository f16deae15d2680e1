"""Losses of probabilities: one number for how wrong a network is, in nats."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..errors import DataError, DTypeError, SettingError
from ..graph import Value
from ..ops.arguments import fraction
from ..ops.loss import weighted_mean
from .module import Buffer, Module

REDUCTIONS = ("mean", "sum", "none")


class Loss(Module):
    """What losses share: they give the mean over the batch, the sum, or, for "none", each on its own."""

    reductions: ClassVar[tuple[str, ...]] = REDUCTIONS

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in self.reductions:
            came, expected = f"reduction {reduction!r}", f"one of {', '.join(self.reductions)}"
            raise SettingError(type(self).__name__, came, expected, 'reduction="mean"')
        self.reduction = reduction

    def reduced(self, each: Any) -> Any:
        """The losses as asked for; the mean of an empty batch is an error, since it would be NaN."""
        if self.reduction == "none":
            return each
        if self.reduction == "sum":
            return ops.sum(each)
        require_some(self, each)
        return ops.mean(each)

    def settings(self) -> dict[str, Any]:
        """What the printed form says, where it is not as usual."""
        return {}

    def extra_repr(self) -> str:
        said = [f"{name}={value:g}" for name, value in self.settings().items()]
        return ", ".join(said + [f"reduction={self.reduction!r}"] * (self.reduction != "mean"))


def require_some(loss: Module, x: Any) -> None:
    """At least one number, or a DataError."""
    if 0 in getattr(x, "shape", ()):
        came = f"an empty batch of shape {tuple(x.shape)}"
        raise DataError(type(loss).__name__, came, "at least one picture", "leave the empty batch out")


class ClassLoss(Loss):
    """What losses of labels share: weights of classes, and a label that does not count."""

    def __init__(
        self, weight: Any = None, *, ignore_index: int | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        who = type(self).__name__
        self.weight = None if weight is None else weights(who, "weight", weight)
        if self.weight is not None and len(self.weight.shape) != 1:
            came = f"weight of shape {self.weight.shape}"
            raise SettingError(who, came, "one number for each class", "weight=[1.0, 2.0]")
        if ignore_index is not None and (
            isinstance(ignore_index, bool) or not isinstance(ignore_index, int | np.integer)
        ):
            raise SettingError(who, f"ignore_index {ignore_index!r}", "a whole number", "ignore_index=-100")
        self.ignore_index = ignore_index

    def counted(self, each: Any, scores: Any, labels: Any) -> Any:
        """As asked for; the mean counts each label by its weight."""
        whole = getattr(labels, "dtype", np.dtype(np.int64)).kind != "f"
        if self.reduction != "mean" or not whole or (self.weight is None and self.ignore_index is None):
            return self.reduced(each)
        require_some(self, each)
        return weighted_mean(each, labels, like(self.weight, scores), self.ignore_index, scores.shape[1])

    def extra_repr(self) -> str:
        own = [] if self.ignore_index is None else [f"ignore_index={self.ignore_index}"]
        return ", ".join([*own, *filter(None, [super().extra_repr()])])


def weights(who: str, name: str, given: Any) -> Buffer:
    """Weights ≥ 0 of a loss: state, not learned."""
    array = given.numpy() if isinstance(given, Value) and hasattr(given, "numpy") else np.asarray(given)
    if array.dtype.kind not in "fiu":
        raise DTypeError(who, f"{name} {given!r}", "numbers", f"{name}=[1.0, 2.0]")
    if not np.all((array >= 0) & np.isfinite(array)):
        raise SettingError(who, f"{name} {given!r}", "finite numbers ≥ 0", f"{name}=[1.0, 2.0]")
    return Buffer(array if array.dtype.kind == "f" else array.astype("float32"))


def like(weight: Buffer | None, x: Any) -> Any:
    """Weights in the dtype of the scores that they are for."""
    dtype = getattr(x, "dtype", None)
    if weight is None or dtype not in (np.float32, np.float64) or weight.dtype == dtype:
        return weight
    return ops.astype(weight, dtype)


class CrossEntropyLoss(ClassLoss):
    """The mean of -ln softmax(scores)[label], in nats; ln C for a network that knows nothing.

    scores (N, C, …) float, labels (N, …) integers from 0 to C - 1; or probabilities, labels (N, C, …) float.
    weight:  (C,) how much each class counts; the mean is then Σ losses / Σ weights of the labels
    ignore_index:  the label of what does not count; None, as here, counts all (PyTorch: -100).  If none counts, the
    mean is 0 (PyTorch: NaN)
    reduction:  "mean", "sum" or "none";  label_smoothing: from 0 to below 1, see ops.softmax_cross_entropy
    Raises LabelError for other labels, ShapeError and DTypeError for other scores, DataError for the mean of an empty
    batch, SettingError for other settings.

    >>> import numpy as np
    >>> from chainrule import Tensor, nn
    >>> nn.CrossEntropyLoss()(Tensor(np.zeros((2, 10), "float32")), np.array([3, 7]))
    Tensor(2.3025851)
    """

    def __init__(
        self,
        weight: Any = None,
        *,
        ignore_index: int | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index=ignore_index, reduction=reduction)
        self.label_smoothing = fraction("CrossEntropyLoss", "label_smoothing", label_smoothing)

    def forward(self, scores: Any, labels: Any) -> Any:
        each = ops.softmax_cross_entropy(
            scores,
            labels,
            weight=like(self.weight, scores),
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
        )
        return self.counted(each, scores, labels)

    def settings(self) -> dict[str, Any]:
        return {"label_smoothing": self.label_smoothing} if self.label_smoothing else {}


class NLLLoss(ClassLoss):
    """The mean of -x[label], for log-probabilities x (N, C, …) and labels (N, …), in nats.

    weight, ignore_index, reduction:  as of CrossEntropyLoss
    Raises LabelError for other labels, ShapeError and DTypeError for other x, DataError for the mean of an empty batch,
    SettingError for other settings.

    >>> import numpy as np
    >>> from chainrule import Tensor, nn
    >>> nn.NLLLoss()(Tensor(np.log([[0.2, 0.5, 0.3]])), np.array([1])).item()
    0.6931471805599453
    """

    def forward(self, x: Any, labels: Any) -> Any:
        each = ops.nll(x, labels, weight=like(self.weight, x), ignore_index=self.ignore_index)
        return self.counted(each, x, labels)


class BCEWithLogitsLoss(Loss):
    """The mean of -target · ln σ(x) - (1 - target) · ln(1 - σ(x)), in nats: yes or no, for each number.

    x float, target of the same shape and dtype, from 0 to 1.
    pos_weight:  how much a yes counts; a number, or an array that stretches to x
    reduction:  "mean", "sum" or "none"
    Raises ShapeError and DTypeError for others, DataError for the mean of an empty batch, SettingError for other
    settings.

    >>> from chainrule import Tensor, nn
    >>> nn.BCEWithLogitsLoss()(Tensor([0.0, 0.0]), Tensor([1.0, 0.0]))
    Tensor(0.6931472)
    """

    def __init__(self, *, pos_weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.pos_weight = (
            None if pos_weight is None else weights("BCEWithLogitsLoss", "pos_weight", pos_weight)
        )

    def forward(self, x: Any, target: Any) -> Any:
        return self.reduced(
            ops.binary_cross_entropy_with_logits(x, target, pos_weight=like(self.pos_weight, x))
        )


class KLDivLoss(Loss):
    """The mean of target · (ln target - x), for log-probabilities x, in nats; 0 where the target is 0.

    x, target:  floats of equal shape and dtype;  log_target: whether the target is logarithms
    reduction:  "mean" over all numbers, "batchmean", the sum over the number of rows, which is the divergence, "sum" or
    "none"
    Raises ShapeError and DTypeError for others, DataError for the mean of an empty batch, SettingError for other
    settings.

    >>> import numpy as np
    >>> from chainrule import Tensor, nn
    >>> x, target = Tensor(np.log([[0.5, 0.5]])), Tensor(np.array([[1.0, 0.0]]))
    >>> nn.KLDivLoss(reduction="batchmean")(x, target).item()
    0.6931471805599453
    """

    reductions = (*REDUCTIONS, "batchmean")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        if not isinstance(log_target, bool):
            raise SettingError("KLDivLoss", f"log_target {log_target!r}", "True or False", "log_target=True")
        self.log_target = log_target

    def forward(self, x: Any, target: Any) -> Any:
        each = ops.kl_divergence(x, target, log_target=self.log_target)
        if self.reduction != "batchmean":
            return self.reduced(each)
        require_some(self, each)
        return ops.sum(each) / (each.shape[0] if each.shape else 1)
