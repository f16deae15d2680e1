"""What gates pass on of numbers that are not finite, and what they make themselves."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.check.passing import passing
from chainrule.graph import Spec
from chainrule.ops.arithmetic import Add, Divide, Multiply
from chainrule.ops.conv import Conv2d
from chainrule.ops.dropout import Dropout
from chainrule.ops.elementary import Exp, Log
from chainrule.ops.indexing import Index, Slice, TakeAlongAxis
from chainrule.ops.linear import Linear, Matmul
from chainrule.ops.norm import BatchNorm
from chainrule.ops.pool import AvgPool2d, MaxPool2d
from chainrule.ops.reduction import Max, Min, Sum
from chainrule.ops.scan import CumulativeSum
from chainrule.ops.selection import Maximum, Where
from chainrule.ops.shape import Concat, PermuteDims, Reshape
from chainrule.ops.window import Window

NAN, INF = np.nan, np.inf
WINDOW = Window((2, 2), (2, 2), (0, 0))


def floats(*numbers):
    return np.array(numbers, "float32")


def told(gate, *given, closely=False):
    """What was read of each input and made of each output, as flat places, if all bad results are wanted."""
    with np.errstate(all="ignore"):
        out = gate.compute(*given)
    outs = out if isinstance(out, tuple) else (out,)
    wanted = [~np.isfinite(o) if o.dtype.kind == "f" else None for o in outs]
    wanted = [m if m is not None and m.any() else None for m in wanted]
    found = passing(gate, given, wanted, closely=closely)
    for mask, array in zip((*found.read, *found.made), (*given, *outs), strict=True):
        assert mask is None or (mask.shape == array.shape and mask.any())
    return [places(mask) for mask in found.read], [places(mask) for mask in found.made]


def places(mask):
    return None if mask is None else np.flatnonzero(mask).tolist()


MASK = np.array([True, False])
ELEMENTS = {
    "made of finite numbers": (Divide(), (floats(1, 2), floats(0, 1)), [None, None], [[0]]),
    "passed on": (Divide(), (floats(NAN, 2), floats(0, 1)), [[0], None], [None]),
    "made and passed on": (Log(), (floats(NAN, 0),), [[0]], [[1]]),
    "both operands": (Add(), (floats(INF, 1), floats(-INF, NAN)), [[0], [0, 1]], [None]),
    "chosen": (Where(), (MASK, floats(NAN, NAN), floats(INF, INF)), [None, [0], [1]], [None]),
    "not the larger": (Maximum(), (floats(-INF, NAN), floats(INF, -INF)), [[1], [0]], [None]),
    "stretched": (Multiply(), (floats(1, 2), np.array(INF, "float32")), [None, [0]], [None]),
    "of its own overflow": (Exp(), (floats(INF, 100),), [[0]], [[1]]),
}


@pytest.mark.parametrize(("gate", "given", "read", "made"), ELEMENTS.values(), ids=ELEMENTS)
def test_element_by_element(gate, given, read, made):
    assert told(gate, *given) == (read, made)


ROWS = np.array([[1, NAN, 2], [3, 4, 5], [-INF, 6, 7]], "float32")
SUMS = {
    "sum": (Sum((1,)), ROWS, [[1, 6]], [None]),
    "sum that keeps its axes": (Sum((1,), keepdims=True), ROWS, [[1, 6]], [None]),
    "minimum leaves infinity out": (Min((1,)), np.array([[INF, NAN], [INF, 1]], "float32"), [[1]], [None]),
    "maximum leaves -infinity out": (Max((1,)), np.array([[-INF, NAN], [-INF, 1]], "float32"), [[1]], [None]),
    "overflow": (Sum((1,)), np.array([[3e38, 3e38], [NAN, 3e38]], "float32"), [[2]], [[0]]),
}


@pytest.mark.parametrize(("gate", "x", "read", "made"), SUMS.values(), ids=SUMS)
def test_along_axes(gate, x, read, made):
    assert told(gate, x) == (read, made)


PICTURE = np.arange(16, dtype="float32").reshape(1, 1, 4, 4)
PICTURE[0, 0, 0, 0], PICTURE[0, 0, 3, 2], PICTURE[0, 0, 3, 3] = -INF, NAN, INF
MOVED = {
    "reshape": (Reshape((3, 3)), (floats(1, NAN, 2, 3, 4, 5, 6, INF, 8),), [[1, 7]]),
    "transposed": (PermuteDims((1, 0)), (ROWS,), [[1, 6]]),
    "cut": (Index((Slice(0, 2, 1),)), (floats(NAN, 1, NAN),), [[0]]),
    "taken": (TakeAlongAxis(0), (floats(NAN, 1, INF), np.array([1, 2])), [[2], None]),
    "running total": (CumulativeSum(0), (floats(1, NAN, 2),), [[1]]),
    "one after the other": (Concat(0), (floats(NAN, 1), floats(2, INF)), [[0], [1]]),
    "mean of windows": (AvgPool2d(WINDOW), (PICTURE,), [[0, 14, 15]]),
    "largest of windows": (MaxPool2d(WINDOW), (PICTURE,), [[14]]),
}


@pytest.mark.parametrize(("gate", "given", "read"), MOVED.values(), ids=MOVED)
def test_moved(gate, given, read):
    assert told(gate, *given)[0] == read
    assert all(made is None for made in told(gate, *given)[1])


def test_what_dropout_drops_is_not_read():
    x, step = np.full(64, NAN, "float32"), np.asarray(1)
    (read, _), _ = told(Dropout(0.5, 0), x, step)
    assert 0 < len(read) < 64 and read == np.flatnonzero(np.isnan(Dropout(0.5, 0).forward(x, step))).tolist()


def test_sums_of_products():
    x, w = np.ones((3, 2), "float32"), np.ones((2, 2), "float32")
    assert told(Linear(), x * 1e30, w * 1e30) == ([None, None], [[0, 1, 2, 3, 4, 5]])
    x[1, 0] = NAN
    assert told(Linear(), x, w) == ([[2], None], [None])
    w[0, 1] = INF
    assert told(Linear(), x, w) == ([[2], [1]], [None])


def test_a_sum_of_products_that_overflows_beside_a_number_that_harms_nobody():
    """Only the row of the overflow is wanted: the other's NaN is not its cause."""
    x, w = floats(NAN, 3e38).reshape(2, 1), np.full((1, 1), 1e10, "float32")
    found = passing(Matmul(), (x, w), [np.array([[False], [True]])])
    assert found.read == [None, None] and places(found.made[0]) == [1]


def test_of_two_factors_the_one_that_reaches_the_result_is_to_blame():
    """The first row of x and the second column of y are not finite; what they share is not asked for."""
    x, y = np.ones((2, 2), "float32"), np.ones((2, 2), "float32")
    x[0, 0] = y[0, 1] = NAN
    found = passing(Matmul(), (x, y), [np.array([[False, False], [False, True]])])
    assert found.read[0] is None and places(found.read[1]) == [1]


@pytest.mark.parametrize("closely", [False, True])
def test_the_window_of_a_convolution_is_found_if_one_looks_closely(closely):
    x = np.ones((1, 1, 5, 5), "float32")
    x[0, 0, 0, 0] = x[0, 0, 4, 4] = NAN
    wanted = np.zeros((1, 1, 4, 4), bool)
    wanted[0, 0, 0, 0] = True
    found = passing(Conv2d(), (x, np.ones((1, 1, 2, 2), "float32")), [wanted], closely=closely)
    assert places(found.read[0]) == ([0] if closely else [0, 24]) and found.read[1] is None


def test_composite_gates():
    x = np.ones((4, 2), "float32") * np.arange(4, dtype="float32")[:, None]
    weight, bias = np.ones(2, "float32"), np.zeros(2, "float32")
    x[1, 0] = INF
    read, made = told(BatchNorm(1e-5), x, weight, bias)
    assert (read, made) == ([[2], None, None], [None, None, None])
    read, made = told(BatchNorm(1e-5), np.full((4, 2), 3e38, "float32"), weight, bias)
    assert read == [None] * 3 and made[0] == list(range(8))


@cr.gate
class Root(cr.Gate):
    """out = the root of x: a user's gate."""

    def spec(self, x: Spec) -> Spec:
        return x

    def forward(self, x):
        return np.sqrt(x)

    def backward(self, upstream):
        return upstream


def test_gates_of_users_are_tried():
    assert told(Root(), floats(-1, 1)) == ([None], [[0]])
    assert told(Root(), floats(NAN, 1)) == ([[0]], [None])
