"""Lines as checks name them: path, gate, layer, the user's line, phase, kernel."""

import numpy as np

import chainrule as cr
from chainrule.check.lines import kernel_of, place_of

from ..compiler.test_table import Halved
from .learning import Learning, batch


def places(step, *data):
    plan = step.plan(*data)
    names = plan.program.names()
    found = [place_of(plan, number, names) for number in range(len(plan.program.lines))]
    return {place.path: place for place in found}


def test_each_line_has_its_place():
    found = places(Learning().step, *batch())
    relu = found["linear1/relu"]
    assert (relu.gate, relu.layer, relu.phase) == ("relu", "relu1", "forward")
    assert "learning.py:" in relu.line and relu.line.endswith("in learn")
    assert "product" in relu.kernel
    assert str(relu) == f"linear1/relu (relu, forward, kernel {relu.kernel}) at {relu.line}"
    weight = found["linear1.weight.grad"]
    assert (weight.gate, weight.layer, weight.phase) == ("matmul", "linear1", "backward")
    assert weight.line == found["linear1/linear"].line
    update = found["linear1.weight.new"]
    assert (update.phase, update.kernel) == ("update", "loop")


def test_what_moves_nothing_is_a_view():
    found = places(Learning().step, *batch())
    assert found["flatten1/reshape"].kernel == "view"
    assert found["linear2/permute_dims.back"].kernel == "view"


def test_what_numpy_runs_says_so():
    step = cr.compile(lambda x: cr.apply(Halved(), x * 2) + 1, fallback="error")
    x = np.ones(3, "float32")
    found = places(step, x)
    assert [found[path].kernel for path in ("multiply", "halved", "add")] == ["loop", "numpy", "loop"]
    assert kernel_of(step.plan(x), 1) == "numpy"


def test_a_gate_taken_apart_names_all_its_kernels():
    found = places(Learning().step, *batch())
    kernels = found["softmax_cross_entropy"].kernel.split(" + ")
    assert "check" in kernels and "reduce" in kernels and len(set(kernels)) == len(kernels)
