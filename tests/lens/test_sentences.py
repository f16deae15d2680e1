"""The sentences of the notes' examples, and one of every kind of value."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import IndexingError

from ..laws.table import TABLE
from .steps import arrays, gate_line, neuron, number, of_case, product


def test_the_product_of_the_notes():
    debugger = cr.debug(product, number(-2.0), number(5.0), number(-4.0))
    assert debugger.explain("add") == "add: −2.00 + 5.00 = 3.00; hands −4.00 to x and −4.00 to y"
    assert debugger.explain("loss") == (
        "multiply: 3.00 × −4.00 = −12.00; 1.00 × −4.00 = −4.00 to add and 1.00 × 3.00 = 3.00 to z"
    )
    assert [float(debugger.upstream(name)) for name in "xyz"] == [-4, -4, 3]
    assert debugger.explain("x") == "x: an argument, −2.00, read by add; its gradient is −4.00"
    assert debugger.explain("z.grad") == "z.grad: 1.00 × 3.00 = 3.00"


def test_the_sigmoid_neuron_of_the_notes():
    debugger = arrays([2.0, -3.0, -3.0], [-1.0, -2.0, 1.0], step=neuron)
    assert debugger.explain("sum").startswith(
        "sum: 1.00 is the sum of 3 numbers of multiply; spreads 0.197 to each of 3"
    )
    assert debugger.explain("loss") == "sigmoid: 1.00 gives 0.731; 1.00 × 0.197 = 0.197 to sum"
    assert debugger.upstream("w") == pytest.approx([-0.197, -0.393, 0.197], abs=1e-3)
    assert debugger.upstream("x") == pytest.approx([0.393, -0.590, -0.590], abs=1e-3)
    assert debugger.explain("multiply", 0) == (
        "multiply[0]: 2.00 × −1.00 = −2.00; 0.197 × −1.00 = −0.197 to w[0] and 0.197 × 2.00 = 0.393 to x[0]"
    )


def test_the_maximum_of_the_notes():
    def step(x, y):
        (cr.maximum(x, y) * 2.0).backward()

    debugger = cr.debug(step, number(4.0), number(-1.0))
    assert debugger.explain("maximum") == "maximum: 4.00 and −1.00 give 4.00; routes 2.00 to x, nothing to y"
    assert debugger.downstream("maximum") == {"x": 2.0, "y": 0.0}


def test_a_clipped_number_is_one_thought():
    debugger = cr.debug(lambda x: (cr.clip(x, -1.0, 1.0) * 2.0).backward(), number(4.0))
    assert debugger.explain("clip") == "clip: 4.00, −1.00 and 1.00 give 1.00; routes nothing to x"


def test_without_a_way_back_only_the_way_forward():
    debugger = cr.debug(lambda x: cr.relu(x), np.array([-1.0, 3.0], "float32"))
    assert debugger.explain("relu") == "relu[1]: 3.00 gives 3.00 (1 of 2 are 0)"
    assert debugger.explain("relu", 0) == "relu[0]: −1.00 gives 0.00 (1 of 2 are 0)"


def test_the_element_is_the_one_with_the_largest_gradient_or_the_first_that_is_not_finite():
    def step(x, w):
        (cr.relu(x) * w).sum().backward()

    debugger = arrays([9.0, 1.0, 2.0], [0.5, -3.0, 0.0], step=step)
    assert debugger.explain("relu").startswith("relu[1]: ")
    wild = arrays([1.0, -1.0, 5.0], [1.0, np.inf, 2.0], step=step)
    assert wild.explain("relu").startswith("relu[1]: −1.00 gives 0.00")
    assert wild.explain("multiply", 1).endswith("0.00 × ∞ = NaN; 1.00 × ∞ = ∞ to relu[1] and nothing to w")
    assert wild.explain("multiply", 0).endswith(
        "1.00 × 1.00 = 1.00 to relu[0] and 1.00 × 1.00 = 1.00 to w[0]"
    )


def test_values_that_no_gate_makes():
    weights = np.arange(3, dtype="float32")
    debugger = cr.debug(lambda x: (x * weights + x * 2.0).sum(), Tensor([1.0, -4.0, 2.0]))
    assert debugger.explain("x") == "x[1]: an argument, −4.00, read by multiply and multiply:2"
    (constant,) = (name for name in debugger.paths if name.startswith("constant"))
    assert debugger.explain(constant, 2) == f"{constant}[2]: a constant, 2.00, read by multiply"


def test_an_index_outside_is_refused_and_nothing_is_lost():
    debugger = cr.debug(product, number(-2.0), number(5.0), number(-4.0))
    debugger.next()
    with pytest.raises(IndexingError, match="no index: it is one number"):
        debugger.explain(index=3)
    assert debugger.explain().startswith("add: ")


def test_no_elements():
    assert "without elements" in cr.debug(lambda x: x + 1.0, np.zeros((0, 3), "float32")).explain("add")


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_every_gate_has_a_sentence_in_every_setting(row):
    for case in row.cases:
        debugger = of_case(case)
        for number_ in gate_line(debugger, case).outputs:
            said = debugger.explain(debugger.names[number_])
            assert said.startswith((case.gate.label, "loss")) or "without elements" in said
            assert "\n" not in said and " -" not in said and "nan" not in said.lower()
