"""Every gate obeys every law, in every setting of its row."""

from dataclasses import fields

import pytest

import chainrule as cr

from .laws import LAWS, has_parts, ran
from .rows import KERNELS
from .table import TABLE, every_gate

TRIALS = [
    pytest.param(row, case, law, id=f"{row.name}-{number}-{law.name}")
    for row in TABLE.values()
    for number, case in enumerate(row.cases)
    for law in LAWS.values()
    if law.applies(row, case)
]


@pytest.mark.parametrize(("row", "case", "law"), TRIALS)
def test_law(row, case, law):
    law.check(row, case)


def test_every_gate_has_a_row():
    assert set(every_gate()) == set(TABLE)


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_rows_try_enough(row):
    assert len(row.cases) >= 3
    assert all(type(case.gate) is row.gate for case in row.cases)
    assert row.native
    if fields(row.gate):
        assert len({case.gate for case in row.cases}) >= row.settings


def test_every_kernel_runs_some_gate():
    assert frozenset().union(*(row.kernels for row in TABLE.values())) == KERNELS
    plain = {row.name for row in TABLE.values() if not row.kernels}
    assert all(TABLE[name].native.startswith("none yet: ") for name in plain)


@pytest.mark.parametrize("name", ["Conv2d", "Conv2dInput", "Conv2dWeight", "ConvTranspose2d"])
def test_convolutions_run_by_every_algorithm(name):
    """Of the cases in float32; in float64 none is Winograd's."""
    row = TABLE[name]
    plans = [
        cr.compile(lambda *xs, gate=case.gate: cr.apply(gate, *xs)).plan(*case.make("float32"))
        for case in row.cases
        if case.inputs[0].shape[0]
    ]
    kinds = [ran(plan, row.gate) & row.kernels for plan in plans]
    assert kinds == [{"convolve"}] * 6 + [{"product"}] * 3 + [{"winograd"}] + [{"depthwise"}] * 3


def test_these_gates_say_their_parts():
    composite = {row.name for row in TABLE.values() if has_parts(row, row.cases[0])}
    assert composite == {
        "Attention",
        "AvgPool2d",
        "BatchNorm",
        "Clip",
        "Conv2d",
        "Conv2dInput",
        "Conv2dWeight",
        "ConvTranspose2d",
        "Elu",
        "Gelu",
        "GruCell",
        "Linear",
        "LocalResponseNorm",
        "LogSoftmax",
        "Logsumexp",
        "LstmCell",
        "MaxPool2d",
        "MulticlassHinge",
        "Nll",
        "ProductOfOthers",
        "Selu",
        "Sigmoid",
        "Silu",
        "Softmax",
        "SoftmaxCrossEntropy",
        "Softplus",
        "Split",
        "Standardize",
        "Tanh",
        "Var",
    }
