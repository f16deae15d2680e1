"""The table of gates: one row for each, with settings to try, inputs that suit it, and inputs it refuses.

A gate without a row fails the tests.  The laws in `laws.py` run over all rows and all their cases.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import chainrule
from chainrule.errors import DTypeError, IndexingError, LabelError, SettingError, ShapeError
from chainrule.graph import Gate
from chainrule.ops.activation import Relu, Sigmoid, Tanh
from chainrule.ops.arithmetic import Add, Divide, Multiply, Negative, Power, Subtract
from chainrule.ops.conv import Conv2d, Conv2dInput, Conv2dWeight, Fold, Unfold
from chainrule.ops.dropout import Dropout
from chainrule.ops.elementary import Abs, Exp, Log, Sign, Sqrt
from chainrule.ops.indexing import Given, Index, IndexAdd, ScatterAlongAxis, Slice, TakeAlongAxis
from chainrule.ops.linear import Linear, Matmul
from chainrule.ops.loss import MulticlassHinge, SoftmaxCrossEntropy, SquaredError, SumOfAbs, SumOfSquares
from chainrule.ops.norm import BatchNorm, ChannelSum, LocalResponseNorm
from chainrule.ops.pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake
from chainrule.ops.recurrent import GruCell, LstmCell
from chainrule.ops.reduction import Argmax, Max, Mean, Sum, Var
from chainrule.ops.selection import (
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
from chainrule.ops.shape import Astype, BroadcastTo, Concat, Pad, PermuteDims, Reshape, Split
from chainrule.ops.softmax import LogSoftmax, Logsumexp, Softmax
from chainrule.ops.window import Window

from . import reference
from .reference import along, of_scores, one_by_one, rowwise
from .rows import Bad, Case, Input, Row, apart, bad, case, exact, mask, positive, real, spaced, whole

Maker = Callable[..., Input]

WINDOWS_ALONE = "none yet: convolution reads its windows where they lie"
SEVERAL_ARRAYS = "none yet: a key with several integer arrays"
NARROW_STEP = "none: steps are counted in int64"
NO_PICTURES = "none yet: neighbouring channels are summed in pictures (N, C, H, W)"


def every_gate() -> dict[str, type[Gate]]:
    """Every decorated gate of ops, by name; abstract ones have no label of their own."""
    for module in pkgutil.walk_packages(chainrule.ops.__path__, "chainrule.ops."):
        importlib.import_module(module.name)

    def below(cls: type) -> Iterator[type]:
        for sub in cls.__subclasses__():
            yield sub
            yield from below(sub)

    ours = (c for c in below(Gate) if c.__module__.startswith("chainrule.ops.") and "label" in vars(c))
    return {c.__name__: c for c in ours}


def unary(gate: type[Gate], make: Maker, function: Callable[..., Any], **bounds: Any) -> Row:
    """A row for an elementwise gate with one input."""
    shapes = ((), (5,), (2, 3), (3, 1, 2), (1, 1), (0, 3))
    cases = [case(gate(), make(*shape)) for shape in shapes]
    refused = [bad(DTypeError, gate(), mask(2)), bad(DTypeError, gate(), real(2).of("float16"))]
    if gate.takes == "number":  # type: ignore[attr-defined]
        cases.append(case(gate(), whole(2, 3, low=-5, high=5)))
    else:
        refused.append(bad(DTypeError, gate(), whole(2)))
    return Row(gate.__name__, tuple(cases), one_by_one(function), tuple(refused), **bounds)


def binary(gate: type[Gate], left: Maker, right: Maker, function: Callable[..., Any], **bounds: Any) -> Row:
    """A row for an elementwise gate with two inputs that broadcast."""
    shapes = (
        ((2, 3), (2, 3)),
        ((3, 1), (4,)),
        ((2, 1, 3), (2, 1)),
        ((), (3,)),
        ((), ()),
        ((1, 1), (1,)),
        ((0, 2), (1, 2)),
    )
    cases = [case(gate(), left(*m), right(*n)) for m, n in shapes]
    refused = [
        bad(ShapeError, gate(), left(2, 3), right(4)),
        bad(DTypeError, gate(), left(3), right(3).of("float64")),
        bad(DTypeError, gate(), left(3).of("float16"), right(3).of("float16")),
    ]
    if gate.takes == "float":  # type: ignore[attr-defined]
        refused.append(bad(DTypeError, gate(), whole(3), whole(3)))
    else:
        cases.append(case(gate(), whole(2, 3, high=4), whole(3, high=4)))
    if gate.takes == "any":  # type: ignore[attr-defined]
        cases.append(case(gate(), mask(2, 3), mask(3)))
    else:
        refused.append(bad(DTypeError, gate(), mask(3), mask(3)))
    return Row(gate.__name__, tuple(cases), one_by_one(function), tuple(refused), **bounds)


def beside(*shape: int) -> Input:
    """Numbers half a gap away from spaced ones: no two are equal."""
    return spaced(*shape, shift=0.115)


def masks(gate: type[Gate], function: Callable[..., Any], count: int) -> Row:
    """A row for a gate on masks."""
    shapes = (((3, 4), (4,)), ((4,), (4,)), ((), ()), ((1,), (1,)), ((0, 2), (2,)))
    cases = tuple(case(gate(), *(mask(*s) for s in pair[:count])) for pair in shapes)
    refused = [bad(DTypeError, gate(), *(real(3) for _ in range(count)))]
    refused += [bad(DTypeError, gate(), *(whole(3) for _ in range(count)))]
    if count == 2:
        refused.append(bad(ShapeError, gate(), mask(2), mask(3)))
    return Row(gate.__name__, cases, one_by_one(function), tuple(refused))


def reduction(gate: type[Gate], make: Maker, function: Callable[..., Any], **bounds: Any) -> Row:
    """A row for a reduction over any axes."""
    cases = [
        case(gate((0, 1)), make(3, 4)),
        case(gate((1,), True), make(3, 4)),
        case(gate((0, 2)), make(2, 3, 5)),
        case(gate((1,)), make(2, 3, 5)),
        case(gate(()), make()),
        case(gate((0,)), make(1)),
        case(gate((0,)), make(3, 0)),
    ]
    refused = [
        bad(IndexingError, gate((2,)), make(2, 3)),
        bad(IndexingError, gate((-1,)), make(2, 3)),
        bad(IndexingError, gate((0, 0)), make(2, 3)),
        bad(DTypeError, gate((0,)), mask(3)),
        bad(DTypeError, gate((0,)), make(3).of("float16")),
    ]
    return Row(gate.__name__, tuple(cases), along(function), tuple(refused), native="reduce", **bounds)


def widths(gate: Gate, *inputs: Input, at: int = 0) -> tuple[Bad, ...]:
    """Integers, and two widths of floats: refused by every gate that wants floats."""
    ints = [whole(*i.shape) if p == at else i for p, i in enumerate(inputs)]
    refused = [bad(DTypeError, gate, *ints)]
    floats = [i for i in inputs if i.differentiable]
    if len(floats) > 1:
        wide = [i.of("float64") if p == at else i for p, i in enumerate(inputs)]
        refused.append(bad(DTypeError, gate, *wide))
    return tuple(refused)


def sliding(
    name: str,
    settings: list[tuple[Any, ...]],
    refused: tuple[Bad, ...],
    function: Any,
    make: Any,
    **bounds: Any,
) -> Row:
    """A row for one of the three gates of convolution, with a case for each setting."""
    cases = tuple(make(*s) for s in settings)
    return Row(name, cases, function, refused, native="convolve or product or winograd", **bounds)


#            stride, padding, dilation, groups, N, C, F, (H, W), (KH, KW)
CONVOLUTIONS: list[tuple[Any, ...]] = [
    ((1, 1), (0, 0), (1, 1), 1, 2, 3, 2, (4, 5), (3, 2)),
    ((2, 1), (1, 2), (1, 1), 1, 2, 2, 3, (5, 4), (3, 3)),
    ((1, 2), (1, 0), (2, 1), 2, 1, 4, 6, (6, 5), (2, 3)),
    ((3, 3), (0, 1), (1, 2), 1, 2, 1, 2, (7, 5), (2, 2)),
    ((2, 2), (0, 0), (1, 1), 3, 2, 3, 3, (5, 7), (1, 1)),
    ((1, 1), (0, 0), (1, 1), 1, 1, 1, 1, (1, 1), (1, 1)),
    ((1, 1), (1, 1), (1, 1), 1, 0, 2, 3, (4, 5), (3, 3)),
    ((1, 1), (0, 1), (1, 1), 1, 2, 3, 17, (4, 5), (3, 2)),  # too many filters for pictures abreast
    ((2, 1), (1, 2), (1, 1), 1, 2, 2, 18, (5, 4), (3, 3)),
    ((1, 2), (1, 0), (2, 1), 2, 1, 4, 34, (6, 5), (2, 3)),
    ((1, 1), (1, 1), (1, 1), 1, 1, 32, 16, (4, 7), (3, 3)),  # enough channels for Winograd's algorithm
]


def convolution(
    stride: Any, padding: Any, dilation: Any, groups: int, n: int, c: int, f: int, size: Any, k: Any
) -> Case:
    return case(Conv2d(stride, padding, dilation, groups), real(n, c, *size), real(f, c // groups, *k))


def to_input(
    stride: Any, padding: Any, dilation: Any, groups: int, n: int, c: int, f: int, size: Any, k: Any
) -> Case:
    output = Window(k, stride, padding, dilation).output("conv2d", size)
    gate = Conv2dInput(size, stride, padding, dilation, groups)
    return case(gate, real(n, f, *output), real(f, c // groups, *k))


def to_weight(
    stride: Any, padding: Any, dilation: Any, groups: int, n: int, c: int, f: int, size: Any, k: Any
) -> Case:
    output = Window(k, stride, padding, dilation).output("conv2d", size)
    gate = Conv2dWeight(k, stride, padding, dilation, groups)
    return case(gate, real(n, c, *size), real(n, f, *output))


#            window, N, C, (H, W): overlapping, apart, with a border, with gaps
WINDOWS: list[tuple[Window, int, int, tuple[int, int]]] = [
    (Window((2, 2), (2, 2)), 2, 3, (4, 6)),
    (Window((3, 2), (2, 1), (1, 0)), 2, 1, (5, 4)),
    (Window((3, 3), (2, 2)), 1, 2, (7, 5)),
    (Window((2, 3), (3, 1), (1, 1)), 2, 2, (5, 5)),
    (Window((1, 1)), 1, 1, (1, 1)),
    (Window((2, 2)), 0, 2, (3, 4)),
]
DILATED = (Window((2, 3), (1, 2), (1, 1), (3, 1)), 2, 2, (5, 6))


def pooling(make: Callable[[Window, int, int, tuple[int, int], tuple[int, int]], Case]) -> tuple[Case, ...]:
    """A case for each window, told the output size."""
    return tuple(make(w, n, c, size, w.output("pool", size)) for w, n, c, size in WINDOWS)


def winners(window: Window, *shape: int) -> Input:
    return whole(*shape, high=window.size[0] * window.size[1], dtype="int32")


two = Window((2, 2), (2, 2))
every = Slice(None, None, None)
keys: list[tuple[tuple[Any, ...], tuple[int, ...], tuple[Input, ...]]] = [
    ((1,), (3, 4), ()),
    ((Slice(None, None, -2), Slice(1, 3, None)), (5, 4), ()),
    ((Ellipsis, None, -1), (2, 3), ()),
    ((Given(),), (4, 2), (whole(3, 2, low=-4, high=4),)),
    ((Given(), Given()), (3, 4), (exact([0, 2, 0, 0]), exact([1, 3, 1, 1], "int32"))),
    ((every, Given()), (2, 3), (exact([[2, 2], [0, 1]], "uint8"),)),
    ((0,), (1,), ()),
    ((Slice(2, 2, None),), (4, 3), ()),
    ((Given(),), (3, 0), (exact([2, 2, 1]),)),
]


def picked(key: tuple[Any, ...], shape: tuple[int, ...], indices: tuple[Input, ...]) -> tuple[int, ...]:
    arrays = tuple(i.make(np.random.default_rng(0), None) for i in indices)
    return np.zeros(shape)[reference.plain_key(key, arrays)].shape


#        axis, x, indices
TAKEN = [
    (1, (2, 4), exact([[3, 0, 3], [1, -1, 1]])),
    (0, (3, 2), exact([[2, 0]], "int32")),
    (1, (2, 3, 2), whole(2, 5, 2, low=-3, high=3)),
    (2, (1, 2, 3), whole(1, 2, 4, high=3, dtype="uint64")),
    (0, (1,), exact([0])),
    (1, (0, 3), exact(np.zeros((0, 2)))),
    (0, (4,), exact([2, 2, 2, 1], "uint8")),
]
#        scores, labels
SCORED = [
    ((4, 5), whole(4, high=5)),
    ((2, 3, 2, 1), whole(2, 2, 1, high=3)),
    ((3, 4), exact([2, 0, 2], "uint8")),
    ((1, 1), exact([0], "int32")),
    ((0, 3), exact(np.zeros(0))),
]


def scored(gate: Gate, make: Maker) -> tuple[Case, ...]:
    return tuple(case(gate, make(*shape), labels) for shape, labels in SCORED)


def refused_scores(gate: Gate) -> tuple[Bad, ...]:
    return (
        bad(ShapeError, gate, real(3), whole(3, high=2)),
        bad(ShapeError, gate, real(3, 2), whole(2, high=2)),
        bad(ShapeError, gate, real(3, 2), whole(3, 1, high=2)),
        bad(ShapeError, gate, real(3, 0), whole(3, high=2)),
        bad(DTypeError, gate, whole(3, 2), whole(3, high=2)),
        bad(DTypeError, gate, real(3, 2), real(3)),
        bad(LabelError, gate, real(3, 2), exact([0, 2, 1])),
        bad(LabelError, gate, real(3, 2), exact([0, -1, 1])),
    )


#        N, H of a step in time
STEPS = [(2, 3), (3, 1), (1, 5), (4, 2), (1, 1), (0, 3)]


def along_one_axis(gate: type[Gate], function: Any) -> Row:
    """A row for softmax or its logarithm."""
    cases = (
        case(gate(1), real(3, 4)),
        case(gate(0), real(3, 4)),
        case(gate(2), real(2, 3, 2)),
        case(gate(0), real(1)),
        case(gate(1), real(0, 3)),
    )
    refused = (
        bad(IndexingError, gate(2), real(2, 3)),
        bad(ShapeError, gate(1), real(2, 0)),
        bad(DTypeError, gate(0), whole(3)),
    )
    return Row(gate.__name__, cases, rowwise(function), refused, native="parts")


ROWS: tuple[Row, ...] = (
    # activation
    unary(Sigmoid, real, lambda x: (1 + math.tanh(x / 2)) / 2),
    unary(Tanh, real, math.tanh),
    unary(Relu, apart, lambda x: x if x > 0 else 0.0),
    # arithmetic
    binary(Add, real, real, lambda x, y: x + y),
    binary(Subtract, real, real, lambda x, y: x - y),
    binary(Multiply, real, real, lambda x, y: x * y),
    binary(Divide, real, apart, lambda x, y: x / y),
    unary(Negative, real, lambda x: -x),
    binary(Power, positive, real, math.pow, k=16),
    # elementary
    unary(Exp, real, math.exp),
    unary(Log, positive, math.log),
    unary(Sqrt, positive, math.sqrt),
    unary(Abs, apart, abs),
    unary(Sign, apart, lambda x: (x > 0) - (x < 0)),
    # selection
    binary(Maximum, spaced, beside, max),
    binary(Minimum, spaced, beside, min),
    binary(Greater, spaced, beside, lambda x, y: x > y),
    binary(GreaterEqual, spaced, beside, lambda x, y: x >= y),
    binary(Less, spaced, beside, lambda x, y: x < y),
    binary(LessEqual, spaced, beside, lambda x, y: x <= y),
    binary(Equal, spaced, beside, lambda x, y: x == y),
    binary(NotEqual, spaced, beside, lambda x, y: x != y),
    masks(LogicalAnd, lambda x, y: x and y, 2),
    masks(LogicalOr, lambda x, y: x or y, 2),
    masks(LogicalNot, lambda x: not x, 1),
    Row(
        "Where",
        (
            case(Where(), mask(2, 3), real(2, 3), real(2, 3)),
            case(Where(), mask(3), real(2, 1), real()),
            case(Where(), mask(2, 1, 1), real(3), real(4, 1)),
            case(Where(), mask(), real(), real()),
            case(Where(), mask(0, 2), real(2), real(1, 2)),
            case(Where(), mask(3), whole(3), whole(2, 3)),
            case(Where(), mask(3), mask(3), mask(3)),
        ),
        one_by_one(lambda condition, x, y: x if condition else y),
        (
            bad(ShapeError, Where(), mask(2), real(3), real(3)),
            bad(DTypeError, Where(), real(3), real(3), real(3)),
            bad(DTypeError, Where(), whole(3), real(3), real(3)),
            bad(DTypeError, Where(), mask(3), real(3), real(3).of("float64")),
            bad(DTypeError, Where(), mask(3), real(3), whole(3)),
        ),
    ),
    # reduction
    reduction(Sum, real, np.sum),
    reduction(Mean, real, lambda row: row.sum() / row.size if row.size else math.nan),
    reduction(SumOfSquares, real, lambda row: (row * row).sum()),
    reduction(SumOfAbs, apart, lambda row: sum(abs(n) for n in row.ravel())),
    Row(
        "Max",
        (
            case(Max((0,)), spaced(4)),
            case(Max((1,)), spaced(3, 4)),
            case(Max((0,), True), spaced(3, 2, 2)),
            case(Max((1,)), spaced(2, 3, 5)),
            case(Max((0,)), spaced(1, 1)),
            case(Max((1,)), spaced(0, 3)),
            case(Max((0,)), whole(5, high=3)),
        ),
        along(np.max),
        (
            bad(IndexingError, Max((2,)), real(2, 3)),
            bad(ShapeError, Max((1,)), real(2, 0)),
            bad(DTypeError, Max((0,)), mask(3)),
        ),
        native="reduce",
    ),
    Row(
        "Var",
        (
            case(Var((0, 1)), real(3, 4)),
            case(Var((1,), True, 1.0), real(3, 4)),
            case(Var((0, 2), False, 1.0), real(2, 3, 5)),
            case(Var((0,), False, 0.5), real(2)),
            case(Var((0,)), real(1)),
            case(Var((1,)), real(0, 3)),
        ),
        lambda gate, x: x.var(axis=gate.axis, ddof=gate.correction, keepdims=gate.keepdims),
        (
            bad(IndexingError, Var((2,)), real(2, 3)),
            bad(ShapeError, Var((0,), False, 1.0), real(1)),
            bad(ShapeError, Var((0,), False, 3.0), real(2)),
            bad(DTypeError, Var((0,)), whole(3)),
        ),
        eps=4e-6,
        native="parts",
    ),
    Row(
        "Argmax",
        (
            case(Argmax(0), spaced(5)),
            case(Argmax(1), spaced(3, 4)),
            case(Argmax(1, True), spaced(2, 3, 2)),
            case(Argmax(0), exact([1, 3, 3, 0])),
            case(Argmax(0), real(1)),
            case(Argmax(1), real(0, 3)),
        ),
        along(lambda row: int(np.flatnonzero(row == row.max())[0]) if row.size else 0),
        (
            bad(IndexingError, Argmax(1), real(3)),
            bad(ShapeError, Argmax(0), real(0)),
            bad(DTypeError, Argmax(0), mask(3)),
        ),
        native="argmax",
    ),
    # softmax
    Row(
        "Logsumexp",
        (
            case(Logsumexp((1,)), real(3, 4)),
            case(Logsumexp((0, 1), True), real(3, 2)),
            case(Logsumexp((0, 2)), real(2, 3, 2)),
            case(Logsumexp(()), real()),
            case(Logsumexp((0,)), real(1)),
            case(Logsumexp((1,)), real(0, 3)),
        ),
        along(lambda row: math.log(np.exp(row).sum())),
        (
            bad(IndexingError, Logsumexp((2,)), real(2, 3)),
            bad(ShapeError, Logsumexp((1,)), real(2, 0)),
            bad(DTypeError, Logsumexp((0,)), whole(3)),
        ),
        native="parts",
    ),
    along_one_axis(Softmax, lambda row: np.exp(row) / np.exp(row).sum()),
    along_one_axis(LogSoftmax, lambda row: np.log(np.exp(row) / np.exp(row).sum())),
    # loss
    Row(
        "SoftmaxCrossEntropy",
        scored(SoftmaxCrossEntropy(), real),
        of_scores(reference.cross_entropy),
        refused_scores(SoftmaxCrossEntropy()),
        native="parts",
    ),
    Row(
        "MulticlassHinge",
        (
            *scored(MulticlassHinge(), spaced),
            case(MulticlassHinge(0.5), spaced(3, 4), whole(3, high=4)),
            case(MulticlassHinge(0.0), spaced(2, 5), whole(2, high=5)),
        ),
        of_scores(reference.hinge),
        refused_scores(MulticlassHinge()),
        native="parts",
    ),
    Row(
        "SquaredError",
        (
            case(SquaredError(), real(5), real(5)),
            case(SquaredError(), real(2, 3), real(2, 3)),
            case(SquaredError(), real(2, 1, 2), real(2, 1, 2)),
            case(SquaredError(), real(), real()),
            case(SquaredError(), real(0, 2), real(0, 2)),
        ),
        one_by_one(lambda x, target: (x - target) ** 2),
        (
            bad(ShapeError, SquaredError(), real(3, 1), real(3)),
            bad(ShapeError, SquaredError(), real(3), real(1)),
            *widths(SquaredError(), real(3), real(3)),
        ),
    ),
    # norm
    Row(
        "BatchNorm",
        (
            case(BatchNorm(), real(4, 3), real(3), real(3)),
            case(BatchNorm(1e-3), real(2, 2, 3, 2), real(2), real(2)),
            case(BatchNorm(0.1), real(3, 2, 2), real(2), real(2)),
            case(BatchNorm(0.5), real(1, 1, 1, 2), real(1), real(1)),
        ),
        reference.batch_norm,
        (
            bad(ShapeError, BatchNorm(), real(4), real(4), real(4)),
            bad(ShapeError, BatchNorm(), real(4, 3), real(4), real(3)),
            bad(ShapeError, BatchNorm(), real(4, 3), real(3), real(1)),
            bad(ShapeError, BatchNorm(), real(1, 3), real(3), real(3)),
            bad(ShapeError, BatchNorm(), real(0, 3), real(3), real(3)),
            *widths(BatchNorm(), real(4, 3), real(3), real(3)),
        ),
        k=16,
        eps=1e-5,
        native="parts",
    ),
    Row(
        "ChannelSum",
        (
            case(ChannelSum(1, 1), real(2, 5, 2), plain=NO_PICTURES),
            case(ChannelSum(2, 0), real(2, 4), plain=NO_PICTURES),
            case(ChannelSum(3, 4), real(1, 3, 1, 2)),
            case(ChannelSum(1, 2), real(1, 37, 2, 1)),
            case(ChannelSum(2, 0), real(2, 4, 2, 3)),
            case(ChannelSum(1, 1), real(0, 3, 2, 2)),
            case(ChannelSum(0, 0), real(1, 1), plain=NO_PICTURES),
            case(ChannelSum(1, 2), real(0, 3), plain=NO_PICTURES),
            case(ChannelSum(1, 2), real(2, 0), plain=NO_PICTURES),
        ),
        reference.channel_sum,
        (bad(ShapeError, ChannelSum(1, 1), real(3)), bad(DTypeError, ChannelSum(1, 1), whole(2, 3))),
        native="pool",
    ),
    Row(
        "LocalResponseNorm",
        (
            case(LocalResponseNorm(3, 0.5, 0.75, 2.0), real(2, 4, 2, 3)),
            case(LocalResponseNorm(5, 0.3), real(1, 7, 2, 1)),
            case(LocalResponseNorm(2, 0.3), real(0, 3, 2, 2)),
            case(LocalResponseNorm(4, 1.0, 0.5, 1.0), real(2, 5), plain=NO_PICTURES),
            case(LocalResponseNorm(5, 0.3), real(1, 3, 2), plain=NO_PICTURES),
            case(LocalResponseNorm(1, 0.3), real(1, 1), plain=NO_PICTURES),
            case(LocalResponseNorm(2, 0.3), real(0, 3), plain=NO_PICTURES),
        ),
        reference.local_response_norm,
        (
            bad(ShapeError, LocalResponseNorm(3), real(3)),
            bad(DTypeError, LocalResponseNorm(3), whole(2, 3)),
        ),
        k=8,
        eps=2e-6,
        native="parts",
    ),
    # linear
    Row(
        "Matmul",
        (
            case(Matmul(), real(2, 3), real(3, 4)),
            case(Matmul(), real(2, 1, 3, 2), real(3, 2, 2)),
            case(Matmul(), real(3, 2), real(2, 2, 3)),
            case(Matmul(), real(1, 1), real(1, 1)),
            case(Matmul(), real(2, 0), real(0, 3)),
            case(Matmul(), real(0, 2), real(2, 3)),
        ),
        reference.matmul,
        (
            bad(ShapeError, Matmul(), real(2, 3), real(2, 3)),
            bad(ShapeError, Matmul(), real(3), real(3, 2)),
            bad(ShapeError, Matmul(), real(2, 3), real(3)),
            bad(ShapeError, Matmul(), real(2, 2, 3), real(3, 3, 2)),
            *widths(Matmul(), real(2, 3), real(3, 2)),
        ),
        native="product",
    ),
    Row(
        "Linear",
        (
            case(Linear(), real(4, 3), real(2, 3)),
            case(Linear(), real(2, 2, 3), real(4, 3)),
            case(Linear(), real(3), real(2, 3)),
            case(Linear(), real(1, 1), real(1, 1)),
            case(Linear(), real(0, 3), real(2, 3)),
            case(Linear(), real(2, 0), real(3, 0)),
        ),
        reference.linear,
        (
            bad(ShapeError, Linear(), real(4, 3), real(3, 2)),
            bad(ShapeError, Linear(), real(4, 3), real(3)),
            bad(ShapeError, Linear(), real(), real(2, 3)),
            *widths(Linear(), real(4, 3), real(2, 3)),
        ),
        native="parts",
    ),
    # conv
    sliding(
        "Conv2d",
        CONVOLUTIONS,
        (
            bad(ShapeError, Conv2d(), real(2, 5, 5), real(1, 2, 3, 3)),
            bad(ShapeError, Conv2d(), real(2, 2, 5, 5), real(1, 3, 3)),
            bad(ShapeError, Conv2d(), real(1, 1, 4, 4), real(1, 3, 3, 3)),
            bad(ShapeError, Conv2d(), real(1, 1, 4, 2), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2d((1, 1), (0, 0), (3, 1)), real(1, 1, 5, 5), real(1, 1, 3, 1)),
            bad(ShapeError, Conv2d(), real(1, 1, 4, 4), real(0, 1, 3, 3)),
            bad(ShapeError, Conv2d(), real(1, 1, 4, 4), real(1, 1, 0, 3)),
            bad(SettingError, Conv2d(groups=2), real(1, 3, 4, 4), real(2, 1, 3, 3)),
            bad(SettingError, Conv2d(groups=2), real(1, 4, 4, 4), real(3, 2, 3, 3)),
            *widths(Conv2d(), real(1, 1, 4, 4), real(1, 1, 3, 3)),
        ),
        reference.conv2d,
        convolution,
        eps=2e-6,
    ),
    sliding(
        "Conv2dInput",
        CONVOLUTIONS,
        (
            bad(ShapeError, Conv2dInput((4, 4)), real(1, 1, 2, 2), real(1, 3, 3)),
            bad(ShapeError, Conv2dInput((4, 4)), real(1, 1, 2, 2), real(3)),
            bad(ShapeError, Conv2dInput((4, 4)), real(1, 1, 4, 4), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2dInput((4, 4)), real(1, 2, 2, 2), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2dInput((4, 4)), real(2, 2), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2dInput((2, 4)), real(1, 1, 2, 2), real(1, 1, 3, 3)),
            bad(SettingError, Conv2dInput((4, 4), groups=2), real(1, 3, 2, 2), real(3, 1, 3, 3)),
            *widths(Conv2dInput((4, 4)), real(1, 1, 2, 2), real(1, 1, 3, 3)),
        ),
        reference.conv2d_input,
        to_input,
        eps=2e-6,
    ),
    sliding(
        "Conv2dWeight",
        CONVOLUTIONS,
        (
            bad(ShapeError, Conv2dWeight((3, 3)), real(4, 4), real(1, 1, 2, 2)),
            bad(ShapeError, Conv2dWeight((3, 3)), real(4), real(1, 1, 2, 2)),
            bad(ShapeError, Conv2dWeight((3, 3)), real(1, 1, 4, 4), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2dWeight((3, 3)), real(2, 1, 4, 4), real(1, 1, 2, 2)),
            bad(ShapeError, Conv2dWeight((3, 3)), real(1, 1, 4, 4), real(1, 2, 2)),
            bad(SettingError, Conv2dWeight((3, 3), groups=2), real(1, 3, 4, 4), real(1, 2, 2, 2)),
            bad(SettingError, Conv2dWeight((3, 3), groups=2), real(1, 2, 4, 4), real(1, 3, 2, 2)),
            *widths(Conv2dWeight((3, 3)), real(1, 1, 4, 4), real(1, 1, 2, 2)),
        ),
        reference.conv2d_weight,
        to_weight,
        eps=2e-6,
    ),
    Row(
        "Unfold",
        tuple(case(Unfold(w), real(n, c, *size)) for w, n, c, size in [*WINDOWS, DILATED]),
        reference.unfold,
        (
            bad(ShapeError, Unfold(two), real(2, 4, 4)),
            bad(ShapeError, Unfold(two), real(1, 1, 1, 4)),
            bad(DTypeError, Unfold(two), whole(1, 1, 4, 4)),
        ),
        native=WINDOWS_ALONE,
    ),
    Row(
        "Fold",
        tuple(
            case(Fold(w, size), real(n, c * w.size[0] * w.size[1], math.prod(w.output("fold", size))))
            for w, n, c, size in [*WINDOWS, DILATED]
        ),
        reference.fold,
        (
            bad(ShapeError, Fold(two, (4, 4)), real(4, 4)),
            bad(ShapeError, Fold(two, (4, 4)), real(1, 4, 5)),
            bad(ShapeError, Fold(two, (4, 4)), real(1, 5, 4)),
            bad(ShapeError, Fold(two, (1, 4)), real(1, 4, 4)),
            bad(DTypeError, Fold(two, (4, 4)), whole(1, 4, 4)),
        ),
        native=WINDOWS_ALONE,
    ),
    # pool
    Row(
        "MaxPool2d",
        pooling(lambda w, n, c, size, _: case(MaxPool2d(w), spaced(n, c, *size))),
        reference.max_pool2d,
        (
            bad(ShapeError, MaxPool2d(two), real(4, 4)),
            bad(ShapeError, MaxPool2d(two), real(1, 1, 4, 1)),
            bad(DTypeError, MaxPool2d(two), whole(1, 1, 4, 4)),
        ),
        native="pool",
    ),
    Row(
        "MaxPool2dInput",
        pooling(
            lambda w, n, c, size, out: case(MaxPool2dInput(w, size), real(n, c, *out), winners(w, n, c, *out))
        ),
        reference.max_pool2d_input,
        (
            bad(ShapeError, MaxPool2dInput(two, (4, 4)), real(1, 1, 2, 2), winners(two, 1, 1, 2, 1)),
            bad(ShapeError, MaxPool2dInput(two, (4, 4)), real(1, 1, 3, 3), winners(two, 1, 1, 3, 3)),
            bad(ShapeError, MaxPool2dInput(two, (4, 4)), real(2, 2), winners(two, 2, 2)),
            bad(DTypeError, MaxPool2dInput(two, (4, 4)), real(1, 1, 2, 2), real(1, 1, 2, 2)),
            bad(DTypeError, MaxPool2dInput(two, (4, 4)), mask(1, 1, 2, 2), winners(two, 1, 1, 2, 2)),
        ),
        native="pool",
    ),
    Row(
        "MaxPool2dTake",
        pooling(lambda w, n, c, size, out: case(MaxPool2dTake(w), real(n, c, *size), winners(w, n, c, *out))),
        reference.max_pool2d_take,
        (
            bad(ShapeError, MaxPool2dTake(two), real(1, 1, 4, 4), winners(two, 1, 1, 2, 1)),
            bad(ShapeError, MaxPool2dTake(two), real(4, 4), winners(two, 2, 2)),
            bad(DTypeError, MaxPool2dTake(two), real(1, 1, 4, 4), real(1, 1, 2, 2)),
            bad(DTypeError, MaxPool2dTake(two), whole(1, 1, 4, 4), winners(two, 1, 1, 2, 2)),
        ),
        native="pool",
    ),
    Row(
        "AvgPool2d",
        pooling(lambda w, n, c, size, _: case(AvgPool2d(w), real(n, c, *size))),
        reference.avg_pool2d,
        (
            bad(ShapeError, AvgPool2d(two), real(4, 4)),
            bad(ShapeError, AvgPool2d(two), real(1, 1, 4, 1)),
            bad(DTypeError, AvgPool2d(two), whole(1, 1, 4, 4)),
        ),
        native="pool",
    ),
    Row(
        "AvgPool2dInput",
        pooling(lambda w, n, c, size, out: case(AvgPool2dInput(w, size), real(n, c, *out))),
        reference.avg_pool2d_input,
        (
            bad(ShapeError, AvgPool2dInput(two, (4, 4)), real(1, 1, 3, 2)),
            bad(ShapeError, AvgPool2dInput(two, (4, 4)), real(2, 2)),
            bad(DTypeError, AvgPool2dInput(two, (4, 4)), whole(1, 1, 2, 2)),
        ),
        native="pool",
    ),
    # recurrent
    Row(
        "LstmCell",
        tuple(case(LstmCell(), real(n, 4 * h), real(n, h)) for n, h in STEPS),
        reference.lstm_cell,
        (
            bad(ShapeError, LstmCell(), real(2, 11), real(2, 3)),
            bad(ShapeError, LstmCell(), real(2, 9), real(2, 3)),
            bad(ShapeError, LstmCell(), real(3, 12), real(2, 3)),
            bad(ShapeError, LstmCell(), real(12), real(3)),
            bad(ShapeError, LstmCell(), real(2, 1, 12), real(2, 1, 3)),
            *widths(LstmCell(), real(2, 12), real(2, 3)),
        ),
        k=8,
        native="parts",
    ),
    Row(
        "GruCell",
        tuple(case(GruCell(), real(n, 3 * h), real(n, 3 * h), real(n, h)) for n, h in STEPS),
        reference.gru_cell,
        (
            bad(ShapeError, GruCell(), real(2, 8), real(2, 9), real(2, 3)),
            bad(ShapeError, GruCell(), real(2, 9), real(2, 12), real(2, 3)),
            bad(ShapeError, GruCell(), real(3, 9), real(3, 9), real(2, 3)),
            bad(ShapeError, GruCell(), real(9), real(9), real(3)),
            *widths(GruCell(), real(2, 9), real(2, 9), real(2, 3)),
            *widths(GruCell(), real(2, 9), real(2, 9), real(2, 3), at=2),
        ),
        k=8,
        native="parts",
    ),
    # dropout
    Row(
        "Dropout",
        (
            case(Dropout(0.5, 7), real(3, 4), exact(1)),
            case(Dropout(0.2, 7, 3), real(2, 3, 2), exact(5, "int32"), plain=NARROW_STEP),
            case(Dropout(0.0, 1), real(5), exact(0)),
            case(Dropout(0.5, 1), real(), exact(2)),
            case(Dropout(0.5, 1), real(0, 2), exact(2)),
        ),
        reference.dropout,
        (
            bad(ShapeError, Dropout(0.5, 1), real(3), exact([1])),
            bad(DTypeError, Dropout(0.5, 1), real(3), exact(1.0, "float32")),
            bad(DTypeError, Dropout(0.5, 1), whole(3), exact(1)),
        ),
        native="dropout",
    ),
    # indexing
    Row(
        "Index",
        (
            *(
                case(Index(key), real(*shape), *indices, plain=SEVERAL_ARRAYS if len(indices) > 1 else "")
                for key, shape, indices in keys
            ),
            case(Index((1,)), mask(3)),
        ),
        reference.index,
        (
            bad(IndexingError, Index((3,)), real(3)),
            bad(IndexingError, Index((0, 0)), real(3)),
            bad(IndexingError, Index((Given(),)), real(3), exact([3])),
            bad(IndexingError, Index((Given(), Given())), real(3, 3), exact([0, 1]), exact([0, 1, 2])),
            bad(DTypeError, Index((Given(),)), real(3), real(2)),
            bad(DTypeError, Index((Given(),)), real(3), mask(3)),
        ),
        native="view or take",
    ),
    Row(
        "IndexAdd",
        tuple(
            case(
                IndexAdd(key, shape),
                real(*picked(key, shape, indices)),
                *indices,
                plain=SEVERAL_ARRAYS if len(indices) > 1 else "",
            )
            for key, shape, indices in keys
            if not any(i.kind == "whole" for i in indices)
        ),
        reference.index_add,
        (
            bad(ShapeError, IndexAdd((0,), (3, 2)), real(3)),
            bad(IndexingError, IndexAdd((3,), (3,)), real()),
            bad(IndexingError, IndexAdd((Given(),), (3,)), real(1), exact([3])),
            bad(DTypeError, IndexAdd((Given(),), (3,)), real(2), real(2)),
        ),
        native="copy or scatter",
    ),
    Row(
        "TakeAlongAxis",
        (
            *(case(TakeAlongAxis(axis), real(*shape), indices) for axis, shape, indices in TAKEN),
            case(TakeAlongAxis(0), whole(3), exact([2, 0])),
        ),
        reference.take_along_axis,
        (
            bad(ShapeError, TakeAlongAxis(1), real(2, 3), whole(3, 1, high=3)),
            bad(ShapeError, TakeAlongAxis(1), real(2, 3), whole(2, high=3)),
            bad(IndexingError, TakeAlongAxis(2), real(2, 3), whole(2, 3, high=2)),
            bad(IndexingError, TakeAlongAxis(0), real(3), exact([3])),
            bad(IndexingError, TakeAlongAxis(0), real(3), exact([-4])),
            bad(DTypeError, TakeAlongAxis(0), real(3), real(3)),
        ),
        native="take",
    ),
    Row(
        "ScatterAlongAxis",
        tuple(
            case(ScatterAlongAxis(axis, shape[axis]), real(*indices.shape), indices)
            for axis, shape, indices in TAKEN
        ),
        reference.scatter_along_axis,
        (
            bad(ShapeError, ScatterAlongAxis(0, 3), real(2), whole(3, high=3)),
            bad(IndexingError, ScatterAlongAxis(1, 3), real(2), whole(2, high=3)),
            bad(IndexingError, ScatterAlongAxis(0, 3), real(1), exact([3])),
            bad(DTypeError, ScatterAlongAxis(0, 3), real(3), real(3)),
        ),
        native="scatter",
    ),
    # shape
    Row(
        "Reshape",
        (
            case(Reshape((6,)), real(2, 3)),
            case(Reshape((3, 1, 4)), real(2, 6)),
            case(Reshape(()), real(1, 1)),
            case(Reshape((0, 5)), real(3, 0)),
            case(Reshape((4,)), mask(2, 2)),
        ),
        lambda gate, x: np.array(list(x.ravel()), x.dtype).reshape(gate.shape),
        (bad(ShapeError, Reshape((5,)), real(2, 3)), bad(ShapeError, Reshape(()), real(0))),
        native="view",
    ),
    Row(
        "PermuteDims",
        (
            case(PermuteDims((1, 0)), real(2, 3)),
            case(PermuteDims((2, 0, 1)), real(2, 3, 4)),
            case(PermuteDims((0, 2, 3, 1)), real(1, 2, 3, 2)),
            case(PermuteDims(()), real()),
            case(PermuteDims((1, 0)), real(0, 3)),
            case(PermuteDims((1, 0)), whole(2, 1)),
        ),
        lambda gate, x: np.einsum(x, list(range(x.ndim)), list(gate.axes)),
        (
            bad(ShapeError, PermuteDims((0,)), real(2, 3)),
            bad(ShapeError, PermuteDims((0, 0)), real(2, 3)),
            bad(ShapeError, PermuteDims((0, 2)), real(2, 3)),
        ),
        native="view",
    ),
    Row(
        "BroadcastTo",
        (
            case(BroadcastTo((4, 3)), real(3)),
            case(BroadcastTo((2, 3, 2)), real(3, 1)),
            case(BroadcastTo((2, 3, 2)), real(3, 2)),
            case(BroadcastTo((2, 2)), real()),
            case(BroadcastTo((1, 1)), real(1)),
            case(BroadcastTo((0, 3)), real(1, 3)),
            case(BroadcastTo((2, 3)), whole(3)),
        ),
        lambda gate, x: x * np.ones(gate.shape, x.dtype),
        (
            bad(ShapeError, BroadcastTo((4, 2)), real(3)),
            bad(ShapeError, BroadcastTo((3,)), real(2, 3)),
            bad(ShapeError, BroadcastTo((1,)), real(3)),
        ),
        native="view",
    ),
    Row(
        "Pad",
        (
            case(Pad(((1, 2),)), real(3)),
            case(Pad(((0, 1), (2, 0)), 1.5), real(2, 3)),
            case(Pad(((0, 0), (1, 1), (0, 2))), real(1, 2, 2)),
            case(Pad(()), real()),
            case(Pad(((1, 1), (0, 0))), real(0, 2)),
            case(Pad(((1, 1),), 2.0), whole(3)),
        ),
        reference.pad,
        (bad(ShapeError, Pad(((1, 1),)), real(2, 3)), bad(DTypeError, Pad(((1, 1),)), mask(3))),
        native="copy",
    ),
    Row(
        "Concat",
        (
            case(Concat(0), real(2, 3), real(1, 3)),
            case(Concat(1), real(2, 1), real(2, 3), real(2, 2)),
            case(Concat(2), real(1, 2, 2), real(1, 2, 1)),
            case(Concat(0), real(1)),
            case(Concat(0), real(0, 2), real(3, 2)),
            case(Concat(0), mask(2), mask(3)),
        ),
        reference.concat,
        (
            bad(ShapeError, Concat(0), real(2, 3), real(2, 2)),
            bad(ShapeError, Concat(0), real(2, 3), real(3)),
            bad(IndexingError, Concat(2), real(2, 3), real(2, 3)),
            bad(DTypeError, Concat(0), real(2), real(2).of("float64")),
            bad(DTypeError, Concat(0), real(2), whole(2)),
        ),
        native="copy",
    ),
    Row(
        "Split",
        (
            case(Split(0, (1, 3)), real(4, 3)),
            case(Split(1, (2, 1, 2)), real(2, 5)),
            case(Split(2, (1, 1)), real(2, 3, 2)),
            case(Split(0, (1, 1, 1)), real(3)),
            case(Split(1, (0, 2)), real(3, 2)),
            case(Split(0, (2, 1)), mask(3)),
        ),
        reference.split,
        (
            bad(ShapeError, Split(0, (1, 1)), real(3, 2)),
            bad(ShapeError, Split(0, (3,)), real(3)),
            bad(IndexingError, Split(2, (1, 1)), real(2, 2)),
        ),
        native="parts",
    ),
    Row(
        "Astype",
        (
            case(Astype("float64"), real(2, 3)),
            case(Astype("float32"), real(2, 3)),
            case(Astype("float32"), whole(4)),
            case(Astype("float32"), mask(3)),
            case(Astype("int64"), whole(3, dtype="int32")),
            case(Astype("bool"), whole(5, high=2)),
            case(Astype("float64"), real()),
            case(Astype("float64"), real(0, 2)),
        ),
        lambda gate, x: x.astype(gate.dtype),
        (bad(DTypeError, Astype("float32"), real(2).of("float16")),),
        step=0.5,  # differences of float32 numbers in float64 need a large step; the gate is linear
        tolerance=1e-5,
    ),
)

TABLE: dict[str, Row] = {row.name: row for row in ROWS}
