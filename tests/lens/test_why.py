"""A gradient is the sum of its terms: of every gate of the table, and of networks."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Gate, Spec, Tensor, nn
from chainrule.errors import GradientError, IndexingError, UsageError
from chainrule.lens import Why
from chainrule.random import Generator

from ..check.learning import Learning, batch
from ..laws.table import TABLE
from .steps import arrays, number, of_case, product


def sums(found: Why, tolerance: float) -> None:
    """The terms named and the rest are the total, which is the gradient; they are in order."""
    assert found.total == pytest.approx(found.gradient, rel=tolerance, abs=tolerance)
    named = [term.product for term in found.terms]
    assert sum(named) + found.rest.sum == pytest.approx(found.total, abs=1e-12)
    assert [abs(p) for p in named] == sorted((abs(p) for p in named), reverse=True)
    for term in found.terms:
        assert term.local * term.upstream == term.product


def linked(found: Why, debugger) -> None:
    """Each link's upstream is the step's own, the last one is the loss, and each share leads on."""
    for link in found.chain:
        assert link.upstream == pytest.approx(float(debugger.upstream(link.path)[link.index]), rel=1e-6)
    assert found.chain[-1].path == "loss" and found.chain[-1].upstream == 1
    first = found.terms[0]
    assert (found.chain[0].path, found.chain[0].index) == (first.path, first.index)


@pytest.mark.parametrize(
    "row", [r for r in TABLE.values() if r.gate.pattern != "compares"], ids=lambda row: row.name
)
def test_of_every_gate(row):
    for case in row.cases:
        debugger = of_case(case)
        for position in case.differentiable:
            name = debugger.program.argument_names[position]
            if debugger.paths[name] in debugger.program.slopes and debugger.value(name).size:
                index = tuple(n - 1 for n in debugger.value(name).shape)
                sums(debugger.why(name, index), 1e-6 if "astype" in str(debugger.program) else 1e-9)


CONVOLVED = nn.Sequential(
    {
        "conv": nn.Conv2d(1, 3, 3, padding=1, rng=Generator(1)),
        "bn": nn.BatchNorm2d(3),
        "relu": nn.ReLU(),
        "pool": nn.MaxPool2d(2),
        "flatten": nn.Flatten(),
        "last": nn.Linear(12, 3, rng=Generator(2)),
    }
)


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("conv.weight", (1, 0, 2, 1)),
        ("conv.bias", (0,)),
        ("bn.weight", (2,)),
        ("bn.bias", (0,)),
        ("last.weight", (1, 7)),
        ("last.bias", (2,)),
        ("conv/conv2d", (3, 1, 0, 2)),
    ],
)
def test_of_a_small_network(path, index):
    debugger = cr.debug(Learning(CONVOLVED).plain, *batch())
    found = debugger.why(path, index)
    sums(found, 1e-6)
    linked(found, debugger)
    if path in ("conv.weight", "last.weight"):
        parameter = debugger.program.cells[debugger.paths[path]]
        assert debugger.why(parameter, index).total == found.total
        grad = next(n for cell, n in debugger.program.gradients if cell is parameter)
        assert found.gradient == debugger.values[grad][index]


def test_of_a_weight_that_is_used_at_every_step_in_time():
    debugger = cr.debug(Learning("lstm").step, *batch())
    found = debugger.why("lstm.weight_hh_l0", (6, 2))
    sums(found, 1e-6)
    linked(found, debugger)
    assert len({term.path for term in debugger.why("lstm.weight_hh_l0", (6, 2), most=50).terms}) > 2


def test_a_value_that_is_used_twice_by_one_gate():
    def step(x):
        (x * x).sum().backward()

    found = arrays([3.0, -1.0], step=step).why("x", 0)
    assert (found.gradient, found.total, [t.product for t in found.terms]) == (6, 6, [6])


def test_the_chain_of_the_notes():
    debugger = cr.debug(product, number(-2.0), number(5.0), number(-4.0))
    found = debugger.why("x")
    assert [(link.path, link.upstream, link.gate, link.share) for link in found.chain] == [
        ("add", -4, "multiply", 1),
        ("loss", 1, "", 1),
    ]
    assert "the gradient of x is −4.00, one term" in str(found) and "−4.00 × 1.00 = −4.00" in str(found)
    assert debugger.why("loss").terms == [] and "the way back starts here" in str(debugger.why("loss"))


def test_a_gradient_of_which_every_term_is_zero():
    debugger = arrays([-1.0, 2.0], step=lambda x: cr.relu(x).sum().backward())
    assert str(debugger.why("x", 0)) == "the gradient of x[0] is 0.00: every term is 0"


def test_a_gradient_that_was_clipped_afterwards_is_told():
    learning = Learning("two-layer", max_norm=1e-3)
    debugger = cr.debug(learning.step, *batch())
    found = debugger.why("linear2.bias", 1)
    sums(found, 1e-6)
    assert found.left == pytest.approx(float(debugger.value("linear2.bias.grad")[1]))
    assert abs(found.left) < abs(found.gradient) and "it was clipped or changed afterwards" in str(found)
    assert cr.debug(Learning("two-layer").step, *batch()).why("linear2.bias", 1).left is None


def test_it_fits_a_terminal():
    debugger = cr.debug(Learning(CONVOLVED).plain, *batch())
    rows = str(debugger.why("conv.weight", (1, 0, 2, 1))).split("\n")
    assert max(map(len, rows)) <= 80 and rows[0].startswith("the gradient of conv.weight[1, 0, 2, 1] is ")
    assert "others" in str(debugger.why("conv.weight", (1, 0, 2, 1), most=2))


@cr.gate
class Halved(Gate):
    """out = x / 2, of a user who knows float32 only."""

    def spec(self, x: Spec) -> Spec:
        return x

    def forward(self, x):
        return x * np.float32(0.5)

    def backward(self, upstream):
        return upstream * np.full(upstream.shape, 0.5, "float32")


def test_a_gate_of_the_user_that_knows_one_width():
    debugger = arrays([4.0, 2.0], step=lambda x: cr.apply(Halved(), x).sum().backward())
    sums(debugger.why("x", 1), 1e-7)


@cr.gate
class Blocked(Gate):
    """out = x, with a gradient of zeros, of a user."""

    def spec(self, x: Spec) -> Spec:
        return x

    def forward(self, x):
        return x.copy()

    def backward(self, upstream):
        return Tensor(np.zeros(upstream.shape, upstream.dtype))


def test_a_gate_of_the_user_that_hands_on_a_constant():
    debugger = arrays([4.0, 2.0], step=lambda x: cr.apply(Blocked(), x).sum().backward())
    assert debugger.why("x", 1).terms == [] and debugger.explain("blocked", 1).endswith("nothing to x")


def test_what_has_no_gradient():
    debugger = cr.debug(Learning("two-layer").plain, *batch())
    with pytest.raises(GradientError, match="labels, i64"):
        debugger.why("labels", 0)
    with pytest.raises(IndexingError, match="2 whole numbers"):
        debugger.why("linear1.weight", 0)
    with pytest.raises(UsageError, match="a tensor, which the step does not read"):
        debugger.why(number(1.0))


def test_a_bias_of_a_convolution_is_looked_through():
    """It is reshaped before it is added: its terms are those of all pixels."""
    x, w = np.ones((2, 1, 4, 4), "float32"), np.ones((3, 1, 3, 3), "float32")

    def step(x, w, b):
        cr.tanh(cr.conv2d(x, w, b)).sum().backward()

    found = cr.debug(step, x, w, Tensor(np.zeros(3, "float32"), requires_grad=True)).why("b", 1)
    assert len(found.terms) + found.rest.count == 2 * 2 * 2
    assert found.terms[0].path == "add" and found.total == pytest.approx(found.gradient, rel=1e-5)


def test_terms_that_are_nan_come_first():
    x, w = np.ones((4, 3), "float32"), Tensor(np.ones((2, 3), "float32"), requires_grad=True)
    x[2] = np.nan
    found = cr.debug(lambda x, w: cr.tanh(cr.linear(x, w)).sum().backward(), x, w).why("w", (0, 0))
    assert np.isnan(found.terms[0].product) and found.terms[0].index == (2, 0)
    assert found.chain and found.chain[0].index == (2, 0)
