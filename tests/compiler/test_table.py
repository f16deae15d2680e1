"""The table of a plan: what runs, how much work it is, how long it takes; looking changes nothing."""

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.table import layer_of, table
from chainrule.errors import UsageError

from ..check.learning import Learning, batch
from .steps import Halved


def rows(text):
    return text.splitlines()[1:-1]


@pytest.mark.parametrize("name", ["two-layer", "lstm"])
def test_what_the_table_counts(name):
    learning, data = Learning(name), batch()
    found = learning.step.table(*data)
    plan = learning.step.plan(*data)
    assert [entry.kernel for entry in found.entries] == [row.task.name for row in plan.rows]
    assert found.name == "learn" and found.plain == [] and found.peak_bytes == plan.peak
    for entry, row in zip(found.entries, plan.rows, strict=True):
        assert entry.paths and entry.pieces == row.task.pieces >= 1 and entry.bytes > 0
        assert entry.bandwidth > 0
        assert entry.ms > 0 and (entry.share is not None) == (entry.kernel == "product")
    n, (wide, hidden, classes) = 6, (20, 7, 3)
    if name == "two-layer":
        products = sum(entry.flops for entry in found.entries if entry.kernel == "product")
        # forward and to the weights for both layers; back to the values only for the second
        assert products == 2 * n * (2 * wide * hidden + 3 * hidden * classes)


def test_what_is_computed_is_named():
    learning, data = Learning(), batch()
    named = [path for entry in learning.step.table(*data).entries for path in entry.paths]
    for path in ("linear1/relu", "loss", "linear1.weight.grad", "linear1.weight.new", "linear1/relu.grad"):
        assert path in named
    packed = {path for e in learning.step.table(*data).entries if e.kernel == "pack" for path in e.paths}
    assert packed <= set(learning.step.values(*data))
    made = {n for line in learning.step.program(*data).lines for n in line.outputs}
    names = learning.step.program(*data).names()
    assert set(named) <= {names[n] for n in made} | packed


def test_the_printed_form_and_its_sums():
    learning, data = Learning(), batch(64)
    found = learning.step.table(*data)
    text = str(found)
    lines = text.splitlines()
    assert all(len(line) <= 100 for line in lines), max(map(len, lines))
    assert lines[0].split() == [
        *("kernel", "computes", "pieces", "MFLOP", "KB", "ms", "of", "peak", "of", "memory")
    ]
    assert len(rows(text)) == len(found.entries)
    for line, entry in zip(rows(text), found.entries, strict=True):
        assert line.startswith(entry.kernel) and entry.paths[0][:35] in line
    assert lines[-1].startswith(f"{len(found.entries)} kernels, 0 NumPy lines, ")
    flops = sum(entry.flops for entry in found.entries) / 1e6
    total = sum(entry.ms for entry in found.entries)
    said = re.fullmatch(r".* ([\d.,]+) MFLOP, arena ([\d.]+) MB, ([\d.]+) of ([\d.]+) ms", lines[-1])
    assert float(said[1]) == pytest.approx(flops, abs=0.06)
    assert float(said[2]) == pytest.approx(found.peak_bytes / 1e6, abs=0.006)
    assert float(said[3]) == pytest.approx(total, abs=0.001)
    assert float(said[4]) == pytest.approx(found.ms, abs=0.001)


def test_bytes_are_those_that_a_kernel_moves():
    """Of a border its own, of a slice the slice, of stretched numbers each once."""
    x, w = np.ones((2, 16, 8, 8), "float32"), np.ones((16, 16, 3, 3), "float32")

    def step(x, w):
        return cr.conv2d(x, w, padding=1), (x[:, :1] * x[:1, :1, :1, :1]).sum()

    found = cr.compile(step, fallback="error").table(x, w)
    borders = [entry.bytes for entry in found.entries if entry.kernel == "fill"]
    assert sum(borders) == 4 * 2 * 16 * (10 * 10 - 8 * 8) + 4 * len(borders)
    (winograd,) = (entry for entry in found.entries if entry.kernel == "winograd")
    assert winograd.bytes >= 4 * 2 * 16 * (10 * 10 + 8 * 8)
    reduced = [entry.bytes for entry in found.entries if entry.kernel == "reduce"]
    assert min(reduced) <= 4 * (2 * 8 * 8 + 2)


def test_layers_in_the_order_of_the_network():
    learning, data = Learning(), batch(64)
    found = learning.step.table(*data)
    layers = found.layers()
    assert [layer.layer for layer in layers] == ["linear1", "linear2", "step"]
    for layer in layers:
        own = [entry for entry in found.entries if entry.layer == layer.layer]
        assert layer.total == pytest.approx(sum(entry.ms for entry in own))
        assert layer.flops == sum(entry.flops for entry in own)
        assert layer.bytes == sum(entry.bytes for entry in own) and layer.bandwidth > 0
    assert sum(layer.total for layer in layers) == pytest.approx(sum(e.ms for e in found.entries))
    assert all(layers[0].ms[phase] > 0 for phase in ("forward", "backward", "update"))
    with pytest.raises(UsageError, match="without times"):
        table(learning.step.plan(*data)).layers()


@pytest.mark.parametrize(
    ("path", "layer"),
    [
        ("stages.6.conv1/conv2d", "stages.6.conv1"),
        ("stages.6.conv1.weight.grad", "stages.6.conv1"),
        ("optimizer/stages.6.bn1.bias/velocity.new", "stages.6.bn1"),
        ("linear1.weight", "linear1"),
        ("conv3/sum.back", "conv3"),
        ("optimizer/astype", "optimizer"),
    ],
)
def test_the_layer_of_a_path(path, layer):
    assert layer_of(path) == layer


def test_without_arrays_there_is_no_time():
    learning, data = Learning(), batch()
    found = table(learning.step.plan(*data))
    assert all(entry.ms is None and entry.share is None for entry in found.entries)
    lines = str(found).splitlines()
    assert lines[0].split() == ["kernel", "computes", "pieces", "MFLOP", "KB"] and " ms" not in lines[-1]


def test_without_a_clock_there_is_no_time(monkeypatch):
    monkeypatch.setattr("chainrule.compiler.clock.there", lambda: False)
    learning, data = Learning(), batch()
    found = learning.step.table(*data)
    assert found.ms is None and all(entry.ms is None for entry in found.entries)


def test_a_step_without_arguments_is_timed():
    w = Tensor([1.0, 2.0], name="w")
    found = cr.compile(lambda: (w * w).sum(), fallback="error").table()
    assert len(found.entries) == 1 and found.entries[0].ms > 0
    assert found.entries[0].paths[0] in ("loss", "multiply")


def test_numpy_lines_are_listed():
    halved = cr.compile(lambda x: cr.apply(Halved(), x * 2) + 1, fallback="error")
    x = np.ones(40, "float32")
    found = halved.table(x)
    assert found.plain == ["halved"]
    assert "numpy     halved" in str(found) and ", 1 NumPy lines, " in str(found)
    assert np.array_equal(halved(x).numpy(), x + 1)


@pytest.mark.parametrize("name", ["two-layer", "lstm", "dropout"])
def test_timing_changes_no_state(name):
    learning, twin, data = Learning(name), Learning(name), batch()
    learning.step(*data), twin.step(*data)
    before = learning.state()
    learning.step.table(*data)
    assert learning.state() == before == twin.state()
    assert learning.step(*data).numpy().tobytes() == twin.step(*data).numpy().tobytes()
    assert learning.state() == twin.state()


def test_timing_keeps_what_was_set_since_the_last_step():
    learning, data = Learning(), batch()
    learning.step(*data)
    learning.model.load_state_dict({k: a * 0 + 2 for k, a in learning.model.state_dict().items()})
    before = learning.state()
    learning.step.table(*data)
    assert learning.state() == before


def test_what_is_only_copied_into_state_is_named_too():
    a, b = (Tensor([1.0, 2.0], name=name) for name in "ab")

    def step(x):
        y = x * 2.0
        with cr.no_grad():
            a.assign(y)
            b.assign(y)
        return y.sum()

    found = cr.compile(step, fallback="error").table(np.ones(2, "float32"))
    assert all(entry.paths for entry in found.entries)


def test_a_few_rows_of_many_are_the_bytes_that_move():
    rows, chosen = np.zeros((4000, 50), "float32"), np.array([7, 7, 3999])
    found = cr.compile(lambda x, i: x[i] * 2).table(rows, chosen)
    (taken,) = [entry.bytes for entry in found.entries if entry.kernel == "take"]
    assert taken == 2 * 3 * 50 * 4 + 3 * 8
