"""Running totals along an axis: cumulative_sum."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import SettingError
from ..graph import Gate, Spec, Value, apply, check_axes, gate, require_kind
from .arguments import Operand, checked_shape, flag, one_axis
from .shape import pad


@gate
class CumulativeSum(Gate):
    """out[j] = Σ x[i] over i ≤ j, or i ≥ j in reverse;  downstream = the sum of upstream the other way"""

    pattern: ClassVar[str] = "spreads"
    axis: int
    reverse: bool = False

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "number")
        check_axes(self.label, x, (self.axis,))
        return x.with_shape(x.shape)

    def forward(self, x: np.ndarray) -> Any:
        if not self.reverse:
            return np.cumsum(x, axis=self.axis, dtype=x.dtype)
        return np.flip(np.cumsum(np.flip(x, self.axis), axis=self.axis, dtype=x.dtype), self.axis)

    def backward(self, upstream: Value) -> Any:
        return apply(CumulativeSum(self.axis, not self.reverse), upstream)


def cumulative_sum(x: Operand, *, axis: int | None = None, include_initial: bool = False) -> Any:
    """The running total along an axis: out[j] = x[0] + … + x[j], in the dtype of x.

    axis:  may be left out where x has one
    include_initial:  begin with the total of nothing, 0: one number more
    Raises IndexingError for an axis that x does not have, SettingError where none is named and x has not one,
    DTypeError unless x holds floats or integers.

    >>> from chainrule import Tensor, cumulative_sum
    >>> cumulative_sum(Tensor([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), axis=1)
    Tensor([[1., 3., 6.],
            [1., 2., 3.]])
    >>> cumulative_sum(Tensor([1.0, 2.0]), include_initial=True)
    Tensor([0., 1., 3.])
    """
    ndim = len(checked_shape("cumulative_sum", x))
    initial = flag("cumulative_sum", "include_initial", include_initial)
    if axis is None and ndim != 1:
        came = f"x of {ndim} axes and none named"
        raise SettingError("cumulative_sum", came, "an axis", "axis=-1")
    along = one_axis("cumulative_sum", 0 if axis is None else axis, ndim)
    total = apply(CumulativeSum(along), x)
    widths = [(int(initial and a == along), 0) for a in range(ndim)]
    return pad(total, widths) if initial else total
