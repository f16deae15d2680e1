"""The code of a kernel, from Python to instructions."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UsageError
from chainrule.kernels.language import write

from ..check.learning import Learning, batch


def test_all_three_languages():
    learning = Learning("two-layer")
    plan = learning.step.plan(*batch())
    found = plan.source("linear1/relu")
    assert [kernel.kernel for kernel in found.kernels][-1] == "product"
    product = found.kernels[-1]
    assert "class Product" in product.python and "chainrule/kernels/product.py" in product.python
    assert "relu(" in product.python and "# xp.maximum(x, 0)" in product.python
    task = next(row.task for row in plan.rows if row.task.name == "product")
    assert write(task.kernel).text in product.llvm and "define" in product.llvm
    assert "vfmadd" in product.assembly or "fmla" in product.assembly
    assert "ret" in product.assembly and product.settings.startswith("Product(dtype=float32")
    text = str(found)
    assert text.startswith(f"linear1/relu: {len(found.kernels)} kernels") and "lines;  .assembly: " in text


def test_a_loop_lists_its_formula():
    step = cr.compile(lambda x, y: (cr.exp(x * 2) + y).sum(), fallback="error")
    x = np.ones(5, "float32")
    text = str(step.plan(x, x).source("loss"))
    for line in ("v0 = read float32", "# x * y", "# xp.exp(x)", "# x + y"):
        assert line in text


def test_a_value_without_a_kernel_and_a_path_that_is_not_there():
    plan = Learning("two-layer").step.plan(*batch())
    assert str(plan.source("images")) == "images: no kernel; plan.why('images') says how it comes about"
    with pytest.raises(UsageError, match="plan.source: no value 'linear1/rely'") as caught:
        plan.source("linear1/rely")
    assert caught.value.hint.startswith("linear1/relu")


def test_a_kernel_inside_of_another():
    learning = Learning("two-layer")
    plan = learning.step.plan(*batch())
    for row in plan.rows:
        if row.task.name == "guard" and hasattr(row.task.kernel, "kernel"):
            path = plan.program.names()[row.task.reads[0]]
            assert path
    assert all(str(plan.source(path)) for path in plan.values())


def test_a_chain_lists_the_formula_of_each_of_its_loops():
    source = cr.compile(lambda x: cr.softmax(x, axis=1)).plan(np.ones((40, 64), "f4")).source("softmax")
    (kernel,) = source.kernels
    stages = kernel.python.split("# stage ")
    assert kernel.settings == f"Chain(stages={len(stages) - 1})" and len(stages) > 3
    assert "class Chain" in stages[0] and "# xp.exp(x)" in kernel.python and "# x / y" in stages[-1]
