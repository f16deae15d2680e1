"""The gates by name, as a saved step is read: this table is closed, and no other gate comes out of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..errors import SettingError
from ..graph import Gate
from ..graph.written import Vocabulary
from .activation import Relu, Sigmoid, Tanh
from .arguments import known_dtype
from .arithmetic import Add, Divide, Multiply, Negative, Power, Subtract
from .attention import Attention
from .conv import Conv2d, Conv2dInput, Conv2dWeight, Fold, Sliding, Unfold, checked_groups, window_of
from .dropout import Dropout
from .elementary import Abs, Exp, Log, Sign, Sqrt
from .indexing import Given, Index, IndexAdd, ScatterAlongAxis, Slice, TakeAlongAxis
from .linear import Linear, Matmul
from .loss import MulticlassHinge, SoftmaxCrossEntropy, SquaredError, SumOfAbs, SumOfSquares
from .norm import BatchNorm, ChannelSum, LocalResponseNorm
from .pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake, pool_window
from .recurrent import GruCell, LstmCell
from .reduction import Argmax, Max, Mean, Sum, Var
from .selection import (
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    LogicalAnd,
    LogicalNot,
    LogicalOr,
    Maximum,
    Minimum,
    NotEqual,
    Where,
)
from .shape import Astype, BroadcastTo, Concat, Pad, PermuteDims, Reshape, Split
from .softmax import LogSoftmax, Logsumexp, Softmax
from .standardize import Standardize
from .window import Window

GATES: Final[tuple[type[Gate], ...]] = (
    *(Relu, Sigmoid, Tanh),
    *(Add, Divide, Multiply, Negative, Power, Subtract),
    *(Attention,),
    *(Conv2d, Conv2dInput, Conv2dWeight, Fold, Unfold),
    *(Dropout,),
    *(Abs, Exp, Log, Sign, Sqrt),
    *(Index, IndexAdd, ScatterAlongAxis, TakeAlongAxis),
    *(Linear, Matmul),
    *(MulticlassHinge, SoftmaxCrossEntropy, SquaredError, SumOfAbs, SumOfSquares),
    *(BatchNorm, ChannelSum, LocalResponseNorm),
    *(AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake),
    *(GruCell, LstmCell),
    *(Argmax, Max, Mean, Sum, Var),
    *(Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual),
    *(LogicalAnd, LogicalNot, LogicalOr, Maximum, Minimum, Where),
    *(Astype, BroadcastTo, Concat, Pad, PermuteDims, Reshape, Split),
    *(LogSoftmax, Logsumexp, Softmax),
    *(Standardize,),
)

VOCABULARY: Final = Vocabulary(
    {gate.label: gate for gate in GATES}, {kind.__name__: kind for kind in (Given, Slice, Window)}
)
"""Every gate of this room, and the classes in their settings."""

POOLS: Final = (AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake)


def check_settings(gate: Gate) -> None:
    """Settings are those that a call of the gate's function could have made, where the shape rule relies on it.

    Raises SettingError or DTypeError.

    >>> check_settings(Pad(((0, -3),)))
    Traceback (most recent call last):
    chainrule.errors.SettingError: pad: widths ((0, -3),); expected numbers ≥ 0; try: the range that the function names
    """
    who, settings = gate.label, gate.settings()
    check_windows(gate)
    for name, value in settings.items():
        if name != "key" and any(n < 0 for n in whole_numbers(value)):
            raise impossible(who, name, value, "numbers ≥ 0")
    axis = settings.get("axis")
    if isinstance(axis, tuple) and list(axis) != sorted(set(axis)):
        raise impossible(who, "axis", axis, "sorted axes")
    if isinstance(gate, Astype) and known_dtype(who, gate.dtype).name != gate.dtype:
        raise impossible(who, "dtype", gate.dtype, "its full name")
    if isinstance(gate, Dropout) and not 0 <= gate.p < 1:
        raise impossible(who, "p", gate.p, "0 ≤ p < 1")
    if isinstance(gate, LocalResponseNorm) and gate.size < 1:
        raise impossible(who, "size", gate.size, "a number ≥ 1")


def check_windows(gate: Gate) -> None:
    """What slides does so by whole pixels, and a pool sees more than border."""
    who = gate.label
    window: Any = gate.settings().get("window")
    if isinstance(gate, Sliding):
        size = gate.size if isinstance(gate, Conv2dWeight) else 1
        window_of(who, size, gate.stride, gate.padding, gate.dilation)
        checked_groups(who, gate.groups)
    elif isinstance(gate, POOLS):
        if window != pool_window(who, window.size, window.stride, window.padding):
            raise impossible(who, "window", window, "pixels side by side")
    elif isinstance(window, Window):
        window_of(who, window.size, window.stride, window.padding, window.dilation)


def whole_numbers(value: Any) -> Iterator[int]:
    """The whole numbers in a setting."""
    if isinstance(value, tuple):
        for part in value:
            yield from whole_numbers(part)
    elif type(value) is int:
        yield value


def impossible(who: str, name: str, value: Any, expected: str) -> SettingError:
    return SettingError(who, f"{name} {value}", expected, "the range that the function names")
