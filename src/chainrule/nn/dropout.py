"""Dropout layers: of single numbers, and of whole channels."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..errors import ShapeError
from ..graph import no_grad
from ..ops.arguments import fraction
from ..random import Generator, chosen
from .module import Buffer, Module


class Dropout(Module):
    """In training: zero each number with probability p, divide the others by 1 - p.  In evaluation: nothing.

    The mask follows from the seed drawn here and a counter of calls, so that runs repeat to the bit.
    Raises SettingError unless 0 ≤ p < 1, DTypeError unless x is float.
    Source: Srivastava et al. 2014.
    """

    def __init__(self, p: float = 0.5, *, rng: Generator | None = None) -> None:
        self.p = fraction(type(self).__name__, "p", p)
        self.draw_seed(rng)
        self.counter = Buffer(np.zeros((), np.int64), persistent=False)

    def draw_seed(self, rng: Generator | None) -> None:
        """A seed, and so masks, of its own."""
        self.seed = int(chosen(rng).integers(0, 2**31, (1,))[0])

    def forward(self, x: Any) -> Any:
        self.check(x)
        if not self.training or self.p == 0:
            return x
        with no_grad():
            self.counter.assign(self.counter + 1)
        return self.drop(x)

    def check(self, x: Any) -> None:
        """Any shape will do."""

    def drop(self, x: Any) -> Any:
        """The numbers that are left at this count."""
        return ops.dropout(x, self.counter, p=self.p, seed=self.seed)

    def extra_repr(self) -> str:
        return f"p={self.p:g}"


class AlphaDropout(Dropout):
    """Dropout behind selu: in training each number is put with probability p where selu saturates, and all are
    rescaled, so that mean 0 and variance 1 stay.  In evaluation: nothing.

    Raises SettingError unless 0 ≤ p < 1, DTypeError unless x is float.
    Source: Klambauer et al. 2017.
    """

    def drop(self, x: Any) -> Any:
        return ops.alpha_dropout(x, self.counter, p=self.p, seed=self.seed)


class ChannelDropout(Dropout):
    """In training: zero each channel of each sample with probability p, divide the others by 1 - p."""

    shape: ClassVar[tuple[str, ...]]

    def check(self, x: Any) -> None:
        shape = tuple(getattr(x, "shape", ()))
        if len(shape) != len(self.shape):
            expected = f"({', '.join(self.shape)})"
            raise ShapeError(type(self).__name__, f"x of shape {shape}", expected, "Dropout for other shapes")

    def drop(self, x: Any) -> Any:
        return ops.channel_dropout(x, self.counter, p=self.p, seed=self.seed)


class Dropout1d(ChannelDropout):
    """Dropout of whole channels of (N, C, L): in training each with probability p, in evaluation none.

    Raises SettingError unless 0 ≤ p < 1, ShapeError unless x is (N, C, L), DTypeError unless it is float.
    Source: Tompson et al. 2015.
    """

    shape = ("N", "C", "L")


class Dropout2d(ChannelDropout):
    """Dropout of whole channels of (N, C, H, W): in training each with probability p, in evaluation none.

    Neighbouring pixels say much the same, so that dropping some of them alone would hide little.
    Raises SettingError unless 0 ≤ p < 1, ShapeError unless x is (N, C, H, W), DTypeError unless it is float.
    Source: Tompson et al. 2015.

    >>> import numpy as np
    >>> from chainrule import nn
    >>> from chainrule.random import Generator
    >>> out = nn.Dropout2d(0.5, rng=Generator(0))(np.ones((1, 4, 2, 2), "float32"))
    >>> out.sum(axis=(2, 3))
    Tensor([[8., 0., 0., 8.]])
    """

    shape = ("N", "C", "H", "W")
