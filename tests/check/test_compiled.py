"""The compiled step is the step; and where a kernel is wrong, its line is named, and no earlier one."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import check
from chainrule.check import lines
from chainrule.check.compiled import judged
from chainrule.compiler import room
from chainrule.errors import DifferenceError, IndexingError, LabelError, UsageError

from . import abreast_faults, winograd_faults
from .faults import FAULTS, planted
from .learning import LOSSES, NETWORKS, RULES, Learning, batch


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("loss", LOSSES)
def test_training_steps_agree(name, rule, loss):
    learning = Learning(name, rule, loss)
    for seed in range(2):
        learning.step(*batch(6, seed))
    before = learning.state()
    report = check.compiled(learning.step, *batch())
    assert learning.state() == before
    assert report.worst.worst <= 1
    assert len(report.lines) >= len(learning.step.program(*batch()).lines) // 2


@pytest.mark.parametrize("name", ["two-layer", "lstm"])
def test_penalties_and_clipping_agree(name):
    learning = Learning(name, penalty=0.01, max_norm=0.1)
    learning.step(*batch())
    assert check.compiled(learning.step, *batch()).worst.worst <= 1


@pytest.mark.parametrize("count", [1, 2, 17, 64])
def test_batches_agree(count):
    assert check.compiled(Learning("three-layer").step, *batch(count)).worst.worst <= 1


def test_what_the_report_says():
    learning = Learning()
    report = check.compiled(learning.step, *batch())
    assert {verdict.place.path for verdict in report.lines} >= {"linear1/relu", "loss", "linear1.weight.new"}
    assert report.worst in report.lines and all(
        verdict.worst <= report.worst.worst for verdict in report.lines
    )
    text = f"{len(report.lines)} lines agree with the gates in float64; nearest to its bound: "
    assert str(report) == text + f"{report.worst.place.path} ({report.worst.worst:.2f})"


def test_a_large_value_is_judged_in_blocks(monkeypatch):
    place = lines.Place("x", "add", "", "", "forward", "loop")
    exact = np.arange(60.0).reshape(3, 20).T
    came = exact.astype("float32")
    came[17, 1] += 1
    whole = judged(place, came, exact, exact, np.abs(exact))
    monkeypatch.setitem(judged.__globals__, "BLOCK", 7)
    assert judged(place, came, exact, exact, np.abs(exact)) == whole
    assert (whole.index, whole.came, whole.expected) == ((17, 1), 38.0, 37.0) and whole.worst > 1
    came[2, 2] = np.nan
    assert judged(place, came, exact, exact, 0.0).index == (2, 2)


def test_a_step_without_lines():
    assert str(check.compiled(cr.compile(lambda x: x), np.ones(2, "float32"))).startswith("0 lines agree")


EVERY = FAULTS | abreast_faults.FAULTS | winograd_faults.FAULTS


@pytest.mark.parametrize("fault", EVERY.values(), ids=EVERY)
def test_a_fault_in_a_kernel_is_named_at_its_line(fault, monkeypatch):
    data = fault.batch()
    with planted(fault, monkeypatch):
        step = cr.compile(fault.step, fallback="error")
        with pytest.raises(DifferenceError) as caught:
            check.compiled(step, *data)
    error = caught.value
    check.compiled(cr.compile(fault.step, fallback="error"), *other(data))  # without it all is well
    kernel = error.came.split("kernel ")[1].split(")")[0]
    assert f" {fault.path} ({fault.gate}, {fault.phase}, kernel " in error.came
    assert fault.kernel in kernel.split(" + ")
    assert f"faults.py:{line_of(fault)} in {fault.step.__name__}" in error.line
    assert error.who == "check.compiled" and "as the gate computes" in error.expected


@pytest.mark.parametrize(
    "key",
    [
        "window of the filters' gradient: only two lines of each picture",
        "abreast, filters: the last line",
        "winograd sums: the last block of tiles",
    ],
)
def test_a_fault_in_a_small_gradient_is_named(key, monkeypatch):
    """Losses are means, and gradients far smaller than the pictures that they come from."""
    fault = EVERY[key]
    x, w = fault.batch()

    def small(x, w):
        loss = (cr.tanh(cr.conv2d(x, w, padding=1)) * 1e-7).sum()
        loss.backward()
        return loss, w.grad

    with planted(fault, monkeypatch), pytest.raises(DifferenceError, match="of w.grad"):
        check.compiled(cr.compile(small, fallback="error"), x, w)


def test_a_long_sum_of_equal_terms_agrees():
    """Each of 4096 sums of products is rounded the same way."""
    step = cr.compile(lambda x, w: x @ w, fallback="error")
    check.compiled(step, np.full((8, 4096), 0.1, "float32"), np.full((4096, 32), 0.1, "float32"))


def other(data):
    """Other numbers of the same shapes: memory that they leave behind does not look like the right result."""
    return [x * 1.5 if x.dtype.kind == "f" else x for x in data]


def test_a_store_that_is_lost_is_seen_even_where_memory_still_holds_the_right_numbers(monkeypatch):
    held, fault = {}, FAULTS["loop: the last lanes"]
    fresh = room.aligned_empty
    monkeypatch.setattr(room, "aligned_empty", lambda *key: held.setdefault(key, fresh(*key)))
    check.compiled(cr.compile(fault.step, fallback="error"), *fault.batch())
    with (
        planted(fault, monkeypatch),
        pytest.raises(DifferenceError, match="of add [(]add, forward, kernel loop"),
    ):
        check.compiled(cr.compile(fault.step, fallback="error"), *fault.batch())


def line_of(fault):
    """The line of the program whose path it is, by the program itself."""
    program = cr.compile(fault.step).program(*fault.batch())
    names = program.names()
    return next(line.place.line for line in program.lines if fault.path in map(names.get, line.outputs))


@pytest.mark.parametrize("key", ["product: the last term of each sum", "panels, turned: the last column"])
def test_in_a_network_the_first_wrong_line_is_named_with_its_layer(key, monkeypatch):
    with planted(FAULTS[key], monkeypatch):
        learning = Learning("two-layer")
        before = learning.state()
        with pytest.raises(DifferenceError) as caught:
            check.compiled(learning.step, *batch())
        assert learning.state() == before
    error = caught.value
    assert " of linear1/linear (linear, forward, kernel pack + product)" in error.came
    assert error.layer == "linear1" and "learning.py:" in error.line and "in learn" in error.line


def test_labels_that_are_no_class_are_refused_as_the_step_refuses_them():
    learning = Learning()
    images, labels = batch()
    before = learning.state()
    for act in (learning.step, lambda *data: check.compiled(learning.step, *data)):
        with pytest.raises(LabelError, match="label 3 at 0; expected labels from 0 to 2"):
            act(images, np.where(np.arange(6) == 0, 3, labels))
    assert learning.state() == before


def test_what_is_refused_in_the_middle_of_a_step_names_no_line_that_had_not_run():
    step = cr.compile(lambda x, w, k: cr.exp(x) + w[k], fallback="error")
    x, w = np.ones((2, 3), "float32"), np.ones((4, 3), "float32")
    for act in (check.compiled, check.blame):
        act(step, x, w, np.array([0, 3]))
        with pytest.raises(IndexingError, match="index"):
            act(step, x, w, np.array([0, 4]))


def test_labels_that_a_kernel_lets_through_are_refused_by_the_gate(monkeypatch):
    fault = FAULTS["labels: good ones are refused"]._replace(new="number < 0")
    scores, labels = fault.batch()
    with planted(fault, monkeypatch):
        step = cr.compile(fault.step, fallback="error")
        check.compiled(step, scores, labels)
        with pytest.raises(LabelError, match="label 5 at 0"):
            check.compiled(step, scores, np.where(labels == 0, 5, labels))


def test_what_was_set_since_the_last_step_is_looked_at_and_kept():
    learning, data = Learning(), batch()
    learning.step(*data)
    learning.model.load_state_dict({k: a * 0 + 2 for k, a in learning.model.state_dict().items()})
    before = learning.state()
    assert check.compiled(learning.step, *data).worst.worst <= 1
    assert learning.state() == before


def test_float64_is_held_to_float64():
    w = cr.Tensor(np.linspace(-1, 1, 60).reshape(20, 3), name="w")
    step = cr.compile(lambda x: cr.softmax(x @ w, axis=1).sum(), fallback="error")
    assert check.compiled(step, np.linspace(0, 1, 140).reshape(7, 20)).worst.worst <= 1


def test_a_watch_hears_nothing_of_a_check():
    learning = Learning()
    with learning.step.watch("loss") as seen:
        learning.step(*batch())
        check.compiled(learning.step, *batch())
        check.blame(learning.step, *batch())
    assert seen.steps == [0] and len(seen["loss"]) == 1


def test_a_step_that_the_guard_holds_back_is_said_to_be_so():
    learning, (images, labels) = Learning("two-layer"), batch()
    report = check.compiled(learning.step, images * np.nan, labels)
    updates = sum(line.phase == "update" for line in learning.step.program(images, labels).lines)
    assert report.held == updates and f"{updates} lines of its update were not run" in str(report)
    assert check.compiled(learning.step, images, labels).held == 0


def test_what_is_not_compiled_is_refused():
    with pytest.raises(UsageError, match="learn, which is not compiled; .*try: chainrule.compile"):
        check.compiled(Learning().plain, *batch())


def test_attention_whose_results_differ_in_shape_agrees():
    """Products of its own shape it has, and yet no sum of magnitudes for all of its results."""
    q, k, v = np.random.default_rng(0).normal(size=(3, 2, 4, 6, 5)).astype("f4")
    step = cr.compile(lambda q, k, v: cr.scaled_dot_product_attention(q, k, v, causal=True))
    assert "attention" in str(check.compiled(step, q, k, v).lines[-1].place.path)
