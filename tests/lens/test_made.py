"""How elements are made, in words: the gates whose clause has a form of its own."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.lens.made import listed, made
from chainrule.ops.product import ProductOfOthers

X = np.array([[0.0, 2.0, -1.0], [4.0, 0.5, 3.0]], "float32")
ROW = Tensor.of(X[0], constant=True)


@pytest.mark.parametrize(
    ("function", "path", "index", "clause"),
    [
        (lambda x: x - 1.0, "subtract", (0, 1), "2.00 − 1.00 = 1.00"),
        (lambda x: x / 2.0, "divide", (1, 0), "4.00 / 2.00 = 2.00"),
        (lambda x: x > 1.0, "greater", (0, 1), "2.00 > 1.00 is True"),
        (lambda x: cr.where(x > 1.0, x, 0.0), "where", (0, 1), "True, 2.00 and 0.00 give 2.00"),
        (lambda x: cr.tanh(x), "tanh", (0, 1), "2.00 gives 0.964"),
        (lambda x: cr.gelu(x), "gelu", (0, 1), "2.00 gives 1.95"),
        (lambda x: cr.leaky_relu(x, negative_slope=0.2), "leaky_relu", (0, 2), "−1.00 gives −0.200"),
        (lambda x: cr.prelu(x, ROW), "prelu", (0, 2), "−1.00 and −1.00 give 1.00"),
        (lambda x: x.sum(axis=1, keepdims=True), "sum", (1, 0), "7.50 is the sum of 3 numbers of x"),
        (lambda x: x.max(axis=0), "max", 2, "3.00 is the largest of 2 numbers of x"),
        (lambda x: cr.l2([x], 1.0), "sum_of_squares", (), "30.25 is the sum of squares of 6 numbers of x"),
        (lambda x: x.argmax(axis=1), "argmax", 1, "0 is where the largest of 3 numbers of x stands"),
        (lambda x: x.argmin(axis=0), "argmin", 1, "1 is where the smallest of 2 numbers of x stands"),
        (lambda x: x.min(axis=1), "min", 0, "−1.00 is the smallest of 3 numbers of x"),
        (lambda x: x.prod(axis=1), "prod", 1, "6.00 is the product of 3 numbers of x"),
        (
            lambda x: cr.apply(ProductOfOthers(1), x),
            "product_of_others",
            (1, 0),
            "1.50 is the product of 2 other numbers of x",
        ),
        (
            lambda x: x.cumulative_sum(axis=0),
            "cumulative_sum",
            (1, 2),
            "2.00 is gathered from 2 numbers of x",
        ),
        (lambda x: cr.pad(x, ((0, 0), (1, 0))), "pad", (1, 1), "4.00 comes from x[1, 0]"),
        (lambda x: cr.pad(x, ((0, 0), (1, 0)), value=9.0), "pad", (1, 0), "9.00 is filled in"),
        (
            lambda x: x + cr.broadcast_to(Tensor.of(X[0], constant=True), (2, 3)),
            "broadcast_to",
            (1, 1),
            "2.00 comes from constant",
        ),
        (lambda x: cr.var(x, axis=0), "var", 0, "4.00 is the variance of 2 numbers of x"),
        (lambda x: cr.softmax(x, axis=1), "softmax", (0, 1), "2.00 among 3 scores gives 0.844"),
        (lambda x: cr.logsumexp(x, axis=1), "logsumexp", 0, "2.17 is the logsumexp of numbers of x"),
    ],
)
def test_clauses(function, path, index, clause):
    debugger = cr.debug(function, Tensor(X))
    said = made(debugger.element(path if path in debugger.paths else "loss", index))
    assert said.startswith(clause) if clause.endswith("constant") else said == clause


def test_batch_norm():
    debugger = cr.debug(
        lambda x: cr.batch_norm(x, np.full(3, 2.0, "float32"), np.ones(3, "float32")), Tensor(X)
    )
    assert made(debugger.element("batch_norm.out", (1, 0))) == (
        "(4.00 − mean 2.00) / deviation 2.00 = 1.00, × 2.00 + 1.00 = 3.00"
    )
    assert made(debugger.element("batch_norm.var", 0)) == "4.00 is the variance of 2 numbers of x"


def test_standardized():
    debugger = cr.debug(lambda x: cr.standardize(x), Tensor([[1.0, 3.0], [5.0, 9.0]]))
    assert made(debugger.element("standardize.out", (1, 0))) == "(5.00 − mean 7.00) / deviation 2.00 = −1.00"
    assert made(debugger.element("standardize.deviation", (1, 0))) == (
        "2.00 is the deviation of 2 numbers of x, √(variance 4.00 + eps)"
    )


def test_attention():
    """Scores of 0 and ln 3 are weights of 1/4 and 3/4, unless a query may look at the first alone, or at none."""
    mask = np.array([[True, True], [True, False], [False, False]])

    def look(q, k, v):
        return cr.scaled_dot_product_attention(q, k, v, mask, scale=0.5, need_weights=True)

    k, v = Tensor([[0.0], [np.log(3.0)]]), Tensor([[8.0], [4.0]])
    debugger = cr.debug(look, Tensor([[2.0], [2.0], [2.0]]), k, v)
    said = [made(debugger.element("attention.out", (n, 0))) for n in range(3)]
    assert said == [
        "position 0 looks most at position 1, weight 0.750 × 4.00 of v[1, 0]; with the others 5.00",
        "position 1 looks most at position 0, weight 1.00 × 8.00 of v[0, 0]; with the others 8.00",
        "0.00: position 2 may look nowhere",
    ]
    assert made(debugger.element("attention.weights", (0, 1))) == (
        "position 0 looks at position 1 with weight 0.750: 1.10 = 0.500 × q · k"
    )
    assert made(debugger.element("attention.weights", (1, 1))) == "position 1 does not look at position 1"


def test_windows():
    x = np.arange(16, dtype="float32").reshape(1, 1, 4, 4)
    debugger = cr.debug(lambda x: (cr.max_pool2d(x, 2), cr.avg_pool2d(x, 2)), Tensor(x))
    assert (
        made(debugger.element("max_pool2d.out", (0, 0, 1, 0)))
        == "13.00 is the largest of its window, at x[0, 0, 3, 1]"
    )
    assert made(debugger.element("avg_pool2d", (0, 0, 0, 0))) == "2.50 is gathered from 4 numbers of x"


def test_cells():
    gates, c = np.zeros((1, 4), "float32"), np.ones((1, 1), "float32")
    debugger = cr.debug(cr.lstm_cell, Tensor(gates), Tensor(c))
    assert made(debugger.element("lstm_cell.c_next", (0, 0))) == "f 0.500 × c 1.00 + i 0.500 × g 0.00 = 0.500"
    assert made(debugger.element("lstm_cell.h_next", (0, 0))) == "o 0.500 × tanh c 0.462 = 0.231"
    debugger = cr.debug(cr.gru_cell, Tensor(gates[:, :3]), Tensor(gates[:, :3]), Tensor(c))
    assert made(debugger.element("gru_cell", (0, 0))) == "(1 − z 0.500) × n 0.00 + z 0.500 × h 1.00 = 0.500"


def test_products_that_are_all_zero():
    debugger = cr.debug(cr.linear, Tensor(np.zeros((1, 3), "float32")), Tensor(np.zeros((2, 3), "float32")))
    assert made(debugger.element("linear", (0, 0))) == "0.00, of no product that is not 0"


def test_products_of_which_some_are_zero():
    debugger = cr.debug(cr.linear, Tensor([[2.0, 0.0, 5.0]]), Tensor([[3.0, 7.0, -1.0]]))
    assert made(debugger.element("linear", (0, 0))) == (
        "1.00 is the sum of 2 products that are not 0, the largest 6.00 = 2.00 of x[0, 0] × 3.00 of w"
    )


def test_one_product():
    debugger = cr.debug(cr.linear, Tensor([[2.0, 0.0]]), Tensor([[3.0, 7.0]]))
    assert made(debugger.element("linear", (0, 0))) == "6.00 is one product, 2.00 of x[0, 0] × 3.00 of w"


def test_weights_of_the_gate_itself_belong_to_nobody():
    x = Tensor(np.array([2.0, 4.0], "float32").reshape(1, 1, 1, 2))
    debugger = cr.debug(lambda x: cr.upsample(x, size=(1, 4), mode="bilinear"), x)
    assert (
        made(debugger.element("resample", (0, 0, 0, 0)))
        == "2.00 is one product, 2.00 of x[0, 0, 0, 0] × 1.00"
    )
    assert made(debugger.element("resample", (0, 0, 0, 2))) == (
        "3.50 is the sum of 2 products, the largest 3.00 = 4.00 of x[0, 0, 0, 1] × 0.750"
    )


def test_lists():
    assert [listed(["x"]), listed(["x", "y"]), listed(["x", "y", "z"])] == ["x", "x and y", "x, y and z"]
