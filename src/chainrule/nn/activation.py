"""Activation layers, which hold no parameters."""

from __future__ import annotations

from typing import Any

from .. import ops
from .module import Module


class ReLU(Module):
    """max(x, 0)"""

    def forward(self, x: Any) -> Any:
        return ops.relu(x)


class Sigmoid(Module):
    """1 / (1 + exp(-x))"""

    def forward(self, x: Any) -> Any:
        return ops.sigmoid(x)


class Tanh(Module):
    """tanh x"""

    def forward(self, x: Any) -> Any:
        return ops.tanh(x)


class Softmax(Module):
    """Scores to probabilities along an axis (PyTorch's `dim`)."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return ops.softmax(x, axis=self.axis)

    def extra_repr(self) -> str:
        return f"axis={self.axis}"


class LogSoftmax(Softmax):
    """ln softmax along an axis."""

    def forward(self, x: Any) -> Any:
        return ops.log_softmax(x, axis=self.axis)
