"""Dropout layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..graph import no_grad
from ..random import Generator, current
from .module import Buffer, Module
from .settings import fraction


class Dropout(Module):
    """In training: zero each number with probability p, divide the others by 1 - p.  In evaluation: nothing.

    The mask follows from the seed drawn here and a counter of calls, so that runs repeat to the bit.
    Raises SettingError unless 0 ≤ p < 1.
    Source: Srivastava et al. 2014.
    """

    def __init__(self, p: float = 0.5, *, rng: Generator | None = None) -> None:
        self.p = fraction("Dropout", "p", p)
        self.seed = int((rng or current()).integers(0, 2**31, (1,))[0])
        self.counter = Buffer(np.zeros((), np.int64), persistent=False)

    def forward(self, x: Any) -> Any:
        if not self.training or self.p == 0:
            return x
        with no_grad():
            self.counter.assign(self.counter + 1)
        return ops.dropout(x, self.counter, p=self.p, seed=self.seed)

    def extra_repr(self) -> str:
        return f"p={self.p:g}"
