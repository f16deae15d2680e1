"""Recurrent networks: a picture read row by row, from top to bottom."""

from __future__ import annotations

from typing import Any

from .. import nn, ops
from ..random import Generator, chosen


class RowReader(nn.Module):
    """An LSTM that reads the H rows of a picture, C·W numbers each, and one linear on what it then knows."""

    def __init__(self, features: int, hidden: int, classes: int, rng: Generator) -> None:
        self.lstm = nn.LSTM(features, hidden, batch_first=True, rng=rng)
        self.linear = nn.Linear(hidden, classes, rng=rng)

    def forward(self, x: Any) -> Any:
        _, (h, _) = self.lstm(rows(x))
        return self.linear(h[-1])


def rows(x: Any) -> Any:
    """Pictures (N, C, H, W) as sequences (N, H, C·W)."""
    turned = ops.permute_dims(x, (0, 2, 1, 3))
    return ops.reshape(turned, (*turned.shape[:2], ops.size(turned.shape, (2, 3))))


def lstm(
    input_shape: tuple[int, ...] = (1, 28, 28),
    classes: int = 10,
    *,
    hidden: int = 128,
    rng: Generator | None = None,
) -> RowReader:
    """Row by row into an LSTM of 128 units; 82,186 parameters on 1×28×28 with ten classes.

    Source: Le et al. 2015, who read a picture pixel by pixel.
    """
    channels, _, width = input_shape
    return RowReader(channels * width, hidden, classes, chosen(rng))
