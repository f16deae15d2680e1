"""Why a value comes about as it does: what is said is what the plan does."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import UsageError
from chainrule.random import Generator

from ..check.learning import Learning, batch
from ..zoo.trial import Trial
from .steps import Halved


@pytest.fixture(scope="module")
def resnet():
    trial = Trial("resnet20")
    return trial.step.plan(*trial.batch())


def said(plan, path, topic):
    return " ".join(sentence for known, sentence in plan.why(path).said if known == topic)


def test_every_value_has_a_reason_that_is_true(resnet):
    kernels = {row.group: row.task.name for row in resnet.rows}
    for path, number in resnet.numbers.items():
        reasons = resnet.why(path)
        assert reasons.said and str(reasons).startswith(f"{path}: ")
        lies, base = said(resnet, path, "lies"), resnet.groups.memory(number)
        if "registers" in lies:
            assert base not in resnet.room.offsets and resnet.room.base(base) is None
        elif "of the arena" in lies:
            assert f"at byte {resnet.room.offsets[base]:,} of" in lies
        elif "state's own array" in lies:
            assert base in resnet.made.targets
        maker = resnet.groups.maker.get(resnet.groups.view(number).base)
        if maker in kernels and resnet.why(path).said[0][0] != "unused":
            assert kernels[maker] in said(resnet, path, "kernel"), path


def test_convolutions(resnet):
    assert "Winograd F(4×4, 3×3): stride 1, 16 → 16 channels" in said(
        resnet, "stages.0.conv1/conv2d", "chosen"
    )
    assert "tiles compute 1.00 pixels for each" in said(resnet, "stages.0.conv1/conv2d", "chosen")
    direct = said(resnet, "conv1/conv2d", "chosen")
    assert "sliding window: Winograd does not pay (3 → 16 channels, not multiples of 16)" in direct
    assert "(stride (2, 2) and dilation (1, 1), not 1)" in said(resnet, "stages.3.conv1/conv2d", "chosen")
    assert "1×1 filters, not 2×2 or 3×3 or 5×5" in said(resnet, "stages.3.shortcut.0/conv2d", "chosen")
    assert "in the order N, H, W, C" in said(resnet, "conv1/conv2d", "lies")
    assert "filters' gradient" in said(resnet, "stages.0.conv1.weight.grad", "chosen")


def test_what_is_fused_and_with_whom(resnet):
    fused = said(resnet, "stages.0.bn1/relu", "fused")
    assert fused.startswith("element by element") and "stages.0.bn1/batch_norm.out" in fused
    assert "taken apart into mean" in said(resnet, "bn1/batch_norm.out", "parts")
    assert "inside a larger value" in said(resnet, "stages.0.bn1/relu", "lies")


def test_state_arguments_and_what_is_returned(resnet):
    assert resnet.why("images").head == "an argument of the step"
    assert resnet.why("conv1.weight").head == "state that the step changes"
    assert "behind the guard" in said(resnet, "conv1.weight", "lies")
    assert "fresh array" in said(resnet, "loss", "lies")
    assert "in the state's own array" in said(resnet, "conv1.weight.new", "lies")
    assert resnet.why("optimizer/group0/lr").head == "state that the step only reads"


def test_a_filter_for_each_channel():
    step = cr.compile(lambda x, w: cr.conv2d(x, w, groups=16))
    x, w = np.ones((1, 16, 4, 4), "f4"), np.ones((16, 1, 3, 3), "f4")
    assert "each with its own filter" in str(step.plan(x, w).why("conv2d"))


def test_pictures_abreast():
    trial = Trial("lenet5")
    plan = trial.step.plan(*trial.batch())
    assert "pictures side by side, (C, H, W, N)" in said(plan, "conv1/conv2d", "chosen")
    assert "in the order C, H, W, N" in said(plan, "conv2/max_pool2d.out", "chosen")


def test_products_views_and_what_is_summed():
    plan = Learning("lstm").step.plan(*batch())
    assert "products summed in one go" in str([plan.why(path) for path in plan.values("lstm/*")])
    assert any("registers: it is made only for those who watch" in str(plan.why(p)) for p in plan.values())
    two = Learning("two-layer").step.plan(*batch())
    assert said(two, "linear1/linear", "chosen") == "matrix product 6×20 · 20×7"
    assert "while they are in registers" in said(two, "linear1/relu", "fused")
    assert "linear2.weight looked at in another way" in said(two, "linear2/permute_dims.back", "view")


def test_what_is_computed_once_or_not_at_all():
    def step(x):
        unused = cr.exp(x)
        return (x * 3 + (x * 3)).sum(), unused.shape[0], cr.sum(cr.sqrt(np.float32([4.0, 9.0]) * x[:2]))

    x = np.ones(4, "float32")
    plan = cr.compile(step, fallback="error").plan(x)
    everything = {path: str(plan.why(path)) for path in plan.values()}
    assert "computed the same way as multiply" in everything["multiply:2"]
    assert "exp" not in everything


def test_numpy_runs_what_has_no_kernel():
    step = cr.compile(lambda x: cr.apply(Halved(), x * 2) + 1, fallback="error")
    plan = step.plan(np.ones(40, "float32"))
    assert "NumPy runs this gate" in said(plan, "halved", "kernel")


def test_large_filters_gradients_and_bad_paths(resnet):
    model = nn.Conv2d(256, 256, 3, padding=1, rng=Generator(0))
    step = cr.compile(
        lambda x: cr.value_and_grad(lambda w: cr.conv2d(x, w, padding=1).sum())(model.weight),
        fallback="error",
    )
    plan = step.plan(np.ones((1, 256, 8, 8), "float32"))
    text = "\n".join(str(plan.why(path)) for path in plan.values())
    assert "tiles transformed before" in text
    with pytest.raises(UsageError, match="plan.why: no value 'conv9/relu'"):
        resnet.why("conv9/relu")


def test_a_chain_goes_over_rows():
    def step(x):
        made = cr.exp(x)
        return made / cr.sum(made, axis=1, keepdims=True)

    plan = cr.compile(step).plan(np.ones((40, 64), "f4"))
    assert said(plan, "exp", "fused").startswith("goes over the same rows") and "divide" in said(
        plan, "exp", "fused"
    )
    assert said(plan, "exp", "lies").startswith("in the nearest cache, a few rows at a time")
    assert said(plan, "exp", "kernel").startswith("rows, in 1 piece")
