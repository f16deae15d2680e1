"""The check that a classification loss makes before its parts: every label names a class."""

from __future__ import annotations

import numpy as np

from ..graph import Gate, Spec, gate
from ..ops.labels import check_labels
from ..ops.loss import Nll, SoftmaxCrossEntropy
from ..ops.margin import MulticlassHinge

CHECKED = (SoftmaxCrossEntropy, MulticlassHinge, Nll)
"""Losses whose parts would pick nothing for a label that is no class."""


@gate
class LabelCheck(Gate):
    """out = true; raises LabelError, as the loss itself would."""

    loss: str
    classes: int

    def spec(self, scores: Spec, labels: Spec) -> Spec:
        return Spec((), np.dtype(np.bool_))

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        check_labels(self.loss, labels, self.classes)
        return np.asarray(True)
