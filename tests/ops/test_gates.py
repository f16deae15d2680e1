"""The table of gates by name is whole, and every setting of every gate survives writing and reading."""

import dataclasses
import json

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import ChainruleError, FileError
from chainrule.graph.foreign import Foreign
from chainrule.graph.readback import read
from chainrule.graph.written import write
from chainrule.ops.activation import Gelu, Softplus
from chainrule.ops.conv import Conv2d, Conv2dInput, Conv2dWeight
from chainrule.ops.dropout import Dropout
from chainrule.ops.gates import GATES, VOCABULARY, check_settings
from chainrule.ops.indexing import ScatterAlongAxis
from chainrule.ops.margin import MulticlassHinge
from chainrule.ops.norm import BatchNorm, ChannelSum, LocalResponseNorm
from chainrule.ops.order import Argsort
from chainrule.ops.pool import AvgPool2d, MaxPool2d
from chainrule.ops.product import Prod, ProductOfOthers
from chainrule.ops.rectifier import Elu, LeakyRelu
from chainrule.ops.reduction import Min, Sum
from chainrule.ops.regression import Huber
from chainrule.ops.resample import Resample
from chainrule.ops.scan import CumulativeSum
from chainrule.ops.shape import Astype, Pad, Split
from chainrule.ops.softmax import Logsumexp
from chainrule.ops.standardize import Standardize
from chainrule.ops.transposed import ConvTranspose2d
from chainrule.ops.unfold import Fold, Unfold
from chainrule.ops.window import Window

from ..laws.table import ROWS, every_gate

CASES = [case for row in ROWS for case in row.cases]


def test_the_table_has_every_gate_once():
    assert set(GATES) == set(every_gate().values())
    assert len(GATES) == len(VOCABULARY.gates)
    assert all(VOCABULARY.gates[gate.label] is gate for gate in GATES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_setting_of_every_gate_survives(case):
    arrays = case.make(np.float32)
    program = cr.trace(lambda *inputs: cr.apply(case.gate, *inputs), *arrays)
    data = json.loads(json.dumps(write(program, VOCABULARY), allow_nan=False))
    again = read(data, Foreign("file"), VOCABULARY, check_settings, Tensor)
    (line,) = again.lines
    assert line.gate == case.gate and type(line.gate) is type(case.gate)
    assert repr(line.gate) == repr(case.gate)
    assert (again.specs, line) == (program.specs, dataclasses.replace(program.lines[0], origin=line.origin))
    assert str(again) == str(program)


def test_settings_of_all_kinds_are_among_them():
    """The law above means something only while the table tries what gates can be told."""
    written = json.dumps(
        [
            write(cr.trace(lambda *i, g=c.gate: cr.apply(g, *i), *c.make(np.float32)), VOCABULARY)
            for c in CASES
        ]
    )
    assert all(
        kind in written
        for kind in ('{"Slice"', '{"Given"', '{"Window"', '{"ellipsis"', "null", "true", '"axes"')
    )


IMPOSSIBLE = [
    Conv2d(stride=(0, 1)),
    Conv2d(stride=(1, -1)),
    Conv2d(padding=(0, -1)),
    Conv2d(dilation=(0, 1)),
    Conv2d(groups=0),
    Conv2d(padding=(2**31, 0)),
    Conv2dWeight(size=(0, 3)),
    Conv2dInput(size=(-1, 3)),
    ConvTranspose2d(size=(2, 3), groups=0),
    Unfold(Window((0, 1))),
    Fold(Window((1, 1), (0, 1)), (3, 3)),
    MaxPool2d(Window((2, 2), (2, 2), (2, 0))),
    AvgPool2d(Window((2, 2), (2, 2), (0, 0), (2, 1))),
    AvgPool2d(Window((2, -2))),
    Pad(((0, -1),)),
    Split(0, (5, -1)),
    ScatterAlongAxis(0, -1),
    ChannelSum(-1, 1),
    LocalResponseNorm(0),
    BatchNorm(0.0),
    Standardize((1,), -1e-5),
    Standardize((1, 0)),
    CumulativeSum(-1),
    Argsort(-1),
    ProductOfOthers(-1),
    Min((1, 0)),
    Prod((0, 0)),
    Resample(0, "cubic", 2, 4),
    Resample(0, "mean", 0, 4),
    Resample(0, "linear", 2, 4, float("inf")),
    Sum((1, 0)),
    Sum((0, 0)),
    Logsumexp((1, 0)),
    Astype("f4"),
    Astype("object"),
    Astype("float16"),
    Huber(0.0),
    Huber(float("inf")),
    MulticlassHinge(p=3),
    MulticlassHinge(float("nan")),
    Dropout(1.0, 0),
    Dropout(-0.5, 0),
    Dropout(0.5, -1),
    Gelu("quick"),
    Softplus(0.0),
    Elu(-1.0),
    LeakyRelu(float("inf")),
]


@pytest.mark.parametrize("gate", IMPOSSIBLE, ids=repr)
def test_settings_that_no_call_could_make_are_refused(gate):
    """A kernel that is told such a number may leave its memory: no file gets that far."""
    with pytest.raises(ChainruleError):
        check_settings(gate)


def test_a_program_with_such_a_setting_is_refused():
    data = write(cr.trace(lambda x: cr.pad(x, ((3, 3),)), np.ones(4, "float32")), VOCABULARY)
    data["lines"][0][1]["widths"] = [[-1, 7]]  # the shape stays the same
    with pytest.raises(FileError, match=r"line 0, pad: widths .*; expected numbers ≥ 0"):
        read(data, Foreign("file"), VOCABULARY, check_settings, Tensor)


WRONG_TYPES = {
    "a number for a flag": (lambda x: x.sum(), "keepdims", 1),
    "a fraction for an axis": (lambda x: x.sum(), "axis", [0.0]),
    "a number for a tuple": (lambda x: x.sum(), "axis", 0),
    "a string for a number": (lambda x: cr.pad(x, ((1, 1),)), "value", "0"),
    "two numbers for a slice": (lambda x: x[1:], "key", [[1, None]]),
    "a string in a slice": (lambda x: x[1:], "key", [{"Slice": ["1", None, None]}]),
    "a slice for a window": (
        lambda x: cr.max_pool2d(x.reshape(1, 1, 2, 2), 2),
        "window",
        {"Slice": [None, None, None]},
    ),
    "a window that lacks a part": (
        lambda x: cr.max_pool2d(x.reshape(1, 1, 2, 2), 2),
        "window",
        {"Window": [[2, 2]]},
    ),
}


@pytest.mark.parametrize("wrong", WRONG_TYPES)
def test_settings_have_their_declared_types(wrong):
    function, name, value = WRONG_TYPES[wrong]
    data = write(cr.trace(lambda x: function(x), np.ones(4, "float32")), VOCABULARY)
    data["lines"][-1][1][name] = value
    with pytest.raises(FileError, match=f"damaged in {name} of {data['lines'][-1][0]}: "):
        read(data, Foreign("file"), VOCABULARY, check_settings, Tensor)
