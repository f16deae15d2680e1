"""The gates by name, as a saved step is read: this table is closed, and no other gate comes out of a file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from ..errors import SettingError
from ..graph import Gate
from ..graph.written import Vocabulary
from .activation import Gelu, Relu, Sigmoid, Silu, Softplus, Tanh, gelu_form
from .arguments import at_least, finite, fraction, known_dtype
from .arithmetic import Add, Divide, Multiply, Negative, Power, Subtract
from .attention import Attention
from .conv import Conv2d, Conv2dInput, Conv2dWeight, Sliding
from .dropout import Dropout
from .elementary import Abs, Cos, Erf, Exp, Expm1, Floor, Log, Log1p, Sign, Sin, Sqrt
from .indexing import Given, Index, IndexAdd, ScatterAlongAxis, Slice, TakeAlongAxis
from .linear import Linear, Matmul
from .loss import BinaryCrossEntropy, Nll, SoftmaxCrossEntropy
from .margin import MulticlassHinge
from .norm import BatchNorm, ChannelSum, LocalResponseNorm
from .order import Argsort
from .penalty import SumOfAbs, SumOfSquares
from .pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake, pool_window
from .product import Prod, ProductOfOthers
from .rectifier import Elu, LeakyRelu, Prelu, Selu
from .recurrent import GruCell, LstmCell
from .reduction import Argmax, Argmin, Max, Mean, Min, Sum, Var
from .regression import AbsoluteError, Huber, SquaredError
from .resample import Resample, check_kind
from .scan import CumulativeSum
from .selection import (
    Clip,
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
from .transposed import ConvTranspose2d
from .unfold import Fold, Unfold, window_of
from .window import Window

GATES: Final[tuple[type[Gate], ...]] = (
    *(Gelu, Relu, Sigmoid, Silu, Softplus, Tanh),
    *(Add, Divide, Multiply, Negative, Power, Subtract),
    *(Attention,),
    *(Conv2d, Conv2dInput, Conv2dWeight),
    *(Dropout,),
    *(Abs, Cos, Erf, Exp, Expm1, Floor, Log, Log1p, Sign, Sin, Sqrt),
    *(Index, IndexAdd, ScatterAlongAxis, TakeAlongAxis),
    *(Linear, Matmul),
    *(BinaryCrossEntropy, Nll, SoftmaxCrossEntropy),
    *(MulticlassHinge,),
    *(BatchNorm, ChannelSum, LocalResponseNorm),
    *(Argsort,),
    *(SumOfAbs, SumOfSquares),
    *(AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake),
    *(Prod, ProductOfOthers),
    *(Elu, LeakyRelu, Prelu, Selu),
    *(GruCell, LstmCell),
    *(Argmax, Argmin, Max, Mean, Min, Sum, Var),
    *(AbsoluteError, Huber, SquaredError),
    *(Resample,),
    *(CumulativeSum,),
    *(
        Clip,
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
    ),
    *(Astype, BroadcastTo, Concat, Pad, PermuteDims, Reshape, Split),
    *(LogSoftmax, Logsumexp, Softmax),
    *(Standardize,),
    *(ConvTranspose2d,),
    *(Fold, Unfold),
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
    if isinstance(gate, Dropout):
        fraction(who, "p", gate.p)
    if isinstance(gate, Huber):
        finite(who, "delta", gate.delta, above=0)
    if isinstance(gate, MulticlassHinge) and (gate.p not in (1, 2) or not math.isfinite(gate.margin)):
        raise impossible(who, "margin and p", (gate.margin, gate.p), "a finite margin, and p 1 or 2")
    if isinstance(gate, LocalResponseNorm) and gate.size < 1:
        raise impossible(who, "size", gate.size, "a number ≥ 1")
    if isinstance(gate, Gelu):
        gelu_form(who, gate.approximate)
    if isinstance(gate, Softplus):
        finite(who, "beta", gate.beta, 1.0, above=0)
    if isinstance(gate, Elu):
        finite(who, "alpha", gate.alpha, 1.0, least=0)
    if isinstance(gate, LeakyRelu):
        finite(who, "negative_slope", gate.negative_slope, 0.01)
    if isinstance(gate, BatchNorm | Standardize):
        finite(who, "eps", gate.eps, 1e-5, above=0)
    if isinstance(gate, Resample):
        check_kind(gate)


def check_windows(gate: Gate) -> None:
    """What slides does so by whole pixels, and a pool sees more than border."""
    who = gate.label
    window: Any = gate.settings().get("window")
    if isinstance(gate, Sliding):
        size = gate.size if isinstance(gate, Conv2dWeight) else 1
        window_of(who, size, gate.stride, gate.padding, gate.dilation)
        at_least(who, "groups", gate.groups, 1)
    elif isinstance(gate, POOLS):
        apart = 1 if isinstance(gate, AvgPool2d | AvgPool2dInput) else window.dilation
        if window != pool_window(who, window.size, window.stride, window.padding, apart):
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
