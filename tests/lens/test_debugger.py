"""Stepping and questions; nothing is changed by them."""

import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import graph
from chainrule.cli.setups import on_pictures
from chainrule.errors import IndexingError, LabelError, UsageError
from chainrule.lens import Debugger

from ..check.learning import Learning, batch
from .steps import number, product


@pytest.fixture
def notes() -> Debugger:
    return cr.debug(product, number(-2.0), number(5.0), number(-4.0))


def test_line_by_line_and_back(notes):
    assert str(notes.where()) == "before the first of 4 lines"
    stops = [notes.next() for _ in range(4)]
    assert [(s.number, s.path, s.phase) for s in stops] == [
        (1, "add", "forward"),
        (2, "loss", "forward"),
        (3, "add.grad", "backward"),
        (4, "z.grad", "backward"),
    ]
    assert notes.next().note == "the end of the step" and notes.position == 4
    assert notes.back(2).path == "loss" and notes.value() == -12
    assert notes.back(9).note == "the start of the step" and notes.position == 0
    assert notes.next(3).path == "add.grad" and notes.explain() == "add.grad: 1.00 × −4.00 = −4.00"


def test_lines_run_when_the_cursor_comes_to_them_or_somebody_asks(notes):
    notes.next()
    assert notes.values.done == 1
    assert notes.upstream() == -4 and notes.values.done == 3 and notes.position == 1


def test_run_to_goes_either_way(notes):
    assert notes.run_to("z.grad").number == 4 and notes.run_to("add").number == 1
    with pytest.raises(UsageError, match=r"no value 'ad'.*try: add"):
        notes.run_to("ad")
    with pytest.raises(UsageError, match="x, which no line makes: it is there from the start.*try: add"):
        notes.run_to("x")
    assert notes.position == 1


def test_a_line_that_fails_leaves_the_cursor_before_it():
    images, labels = batch()
    debugger = cr.debug(Learning("two-layer").plain, images, labels + 5)
    for go in (debugger.run, lambda: debugger.next(1000), lambda: debugger.run_to("loss")):
        with pytest.raises(LabelError, match="label 7"):
            go()
        assert debugger.where().path == "linear2/add" and debugger.where().note == "the next line failed"
    assert debugger.back().path == "linear2/linear" and debugger.value().shape == (6, 3)


def test_breakpoints():
    debugger = cr.debug(Learning("three-layer").plain, *batch())
    assert debugger.break_at("*/relu") == ["linear1/relu", "linear2/relu"]
    assert debugger.break_at("*.weight.grad", "norm > 0") and debugger.break_at("loss", lambda a: a > 1e9)
    found = []
    while (stop := debugger.run()).note != "the end of the step":
        found.append(stop.path)
        assert stop.note.startswith("stopped at *")
    weights = [f"linear{k}.weight.grad" for k in (3, 2, 1)]
    assert found == ["linear1/relu", "linear2/relu", *weights]
    assert debugger.clear("*/relu") == ["linear1/relu", "linear2/relu"]
    debugger.back(1000)
    assert debugger.run().path == weights[0]
    debugger.clear()
    assert debugger.run().note == "the end of the step" and debugger.clear() == []


def test_where_the_first_nan_is_made():
    learning = Learning("three-layer")
    weight = dict(learning.model.named_parameters())["linear2.weight"]
    weight.assign(np.where(weight.numpy() > 0.2, np.inf, weight.numpy()).astype("float32"))
    debugger = cr.debug(learning.step, *batch())
    debugger.break_at("*", "not finite")
    stop = debugger.run()
    assert stop.path == "linear2/linear" and "not finite" in stop.look
    assert "NaN" in debugger.explain() or "∞" in debugger.explain()


def test_a_breakpoint_at_any_value_of_a_line():
    debugger = cr.debug(Learning("lstm").plain, *batch())
    debugger.break_at("lstm/lstm_cell.c_next:2")
    assert debugger.run().path == "lstm/lstm_cell.c_next:2"


def test_breakpoints_that_cannot_be():
    debugger = cr.debug(Learning("two-layer").plain, *batch())
    with pytest.raises(UsageError, match="linear1.weight, which no line makes"):
        debugger.break_at("linear1.weight")
    with pytest.raises(UsageError, match="when: 'big'"):
        debugger.break_at("loss", "big")
    assert not debugger.breaks
    debugger.break_at("linear1/relu", lambda a: a > 0)
    with pytest.raises(UsageError, match=r"no single yes or no.*abs\(a\).max"):
        debugger.run()
    assert debugger.position == 0


def test_questions_before_the_first_line_want_a_path(notes):
    with pytest.raises(UsageError, match="no path before the first line"):
        notes.value()
    assert notes.value("x") == -2


def test_what_is_shown_cannot_be_written_to(notes):
    with pytest.raises(ValueError, match="read-only"):
        notes.value("add")[...] = 0
    with pytest.raises(ValueError, match="read-only"):
        notes.upstream("add")[...] = 0


@pytest.mark.parametrize("compiled", [False, True])
def test_no_bit_of_the_state_changes_and_a_step_meanwhile_does_not_disturb(compiled):
    learning = Learning("dropout", "adam")
    before = learning.state()
    debugger = cr.debug(learning.step, *batch(), compiled=compiled)
    debugger.run()
    seen = {path: debugger.value(path).tobytes() for path in debugger.paths}
    debugger.why("first.weight", (2, 3))
    debugger.explain("first/tanh")
    debugger.downstream("second/add")
    assert learning.state() == before and all(p._grad is None for p in learning.model.parameters())
    again = cr.debug(learning.step, *batch(), compiled=compiled)
    learning.step(*batch())
    assert learning.state() != before
    assert {path: again.value(path).tobytes() for path in again.paths} == seen


def test_the_numbers_are_the_plain_steps():
    learning = Learning("lstm")
    whole = graph.evaluate(learning.step.program(*batch()), *batch())
    debugger = cr.debug(learning.step, *batch())
    for path, n in debugger.paths.items():
        assert debugger.value(path).tobytes() == whole[n].tobytes()


def test_the_compiled_steps_own_numbers():
    learning = Learning("three-layer")
    debugger = cr.debug(learning.step, *batch(), compiled=True)
    with learning.step.watch("*") as seen:
        learning.step(*batch())
    compared = [path for path in seen if debugger.paths[path] in debugger.values.makers]
    assert len(compared) > 30
    for path in compared:
        assert debugger.value(path).tobytes() == seen[path][0].tobytes(), path
    plain = cr.debug(Learning("three-layer").step, *batch())
    assert any(debugger.value(p).tobytes() != plain.value(p).tobytes() for p in compared), "two executions"


def test_a_value_that_the_compiled_step_does_not_make():
    learning = Learning("lstm")
    debugger = cr.debug(learning.step, *batch(), compiled=True)
    missing = next(p for p, n in debugger.paths.items() if not debugger.values.has(n))
    with pytest.raises(UsageError, match="which the compiled step does not make.*without compiled=True"):
        debugger.value(missing)
    with pytest.raises(UsageError, match="which the compiled step does not make"):
        debugger.break_at(missing)
    assert debugger.run_to(missing).look == "not made by the compiled step"
    assert cr.debug(learning.step, *batch()).value(missing).size


def test_what_can_be_debugged():
    learning = Learning("two-layer")
    program = learning.step.program(*batch())
    for step in (learning.step, learning.plain, program):
        assert cr.debug(step, *batch()).run_to("loss").look == "0.903"
    assert cr.debug(learning.plain, *batch(), compiled=True).run_to("loss").path == "loss"
    with pytest.raises(UsageError, match="a program, with compiled=True"):
        cr.debug(program, *batch(), compiled=True)
    with pytest.raises(UsageError, match="a str"):
        cr.debug("step")


def test_the_loss_has_its_path_also_where_a_step_returns_more():
    def step(x):
        loss = (x * x).sum()
        loss.backward()
        return loss, x * 2.0

    debugger = cr.debug(step, cr.Tensor([1.0, 2.0], requires_grad=True))
    assert (
        debugger.run_to("loss").gate == "sum"
        and debugger.value("loss") == 5
        and debugger.upstream("loss") == 1
    )


def test_lines_of_a_pattern(notes):
    assert [(s.number, s.path) for s in notes.lines("*grad")] == [(3, "add.grad"), (4, "z.grad")]
    assert len(notes.lines()) == 4 and notes.values.done == 0
    assert repr(notes) == "Debugger of product, before the first of 4 lines"


def test_a_session_with_resnet20():
    setup = on_pictures("resnet20", 4)
    debugger = cr.debug(setup.step, *setup.batch)
    assert debugger.run_to("stages.0.bn1/relu").spec.shape == (4, 16, 28, 28)
    said = debugger.explain()
    assert said.startswith("relu[") and "are 0); routes " in said
    assert "; hands " in debugger.explain("stages.3.bn2/add")
    assert debugger.explain("softmax_cross_entropy", 2).count("probability") == 1
    assert debugger.explain("stages.1.conv1.weight.grad").split(": ")[1].count("is the sum of ")
    found = debugger.why("conv1.weight", (3, 0, 1, 1))
    assert found.total == pytest.approx(found.gradient, rel=1e-5)
    assert len(found.chain) > 20 and found.chain[-1].path == "loss"
    compiled = cr.debug(setup.step, *setup.batch, compiled=True)
    assert compiled.value("loss") == pytest.approx(float(debugger.value("loss")), rel=1e-5)
    assert compiled.value("loss") == setup.step(*setup.batch)[0].item()


def test_the_front_door_loads_it_when_asked():
    look = "import sys, chainrule as cr; print('chainrule.lens' in sys.modules, cr.debug.__module__)"
    made = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert made.stdout.split() == ["False", "chainrule.lens.debugger"]


def test_debug_of_a_batch_in_foreign_byte_order():
    images, labels = batch()
    foreign = images.astype(">f4")
    a, b = (cr.debug(Learning("two-layer").step, x, labels).value("loss") for x in (images, foreign))
    assert np.array_equal(a, b)


def test_what_is_no_place_to_stop_at(notes):
    with pytest.raises(UsageError, match="break_at: x and 2 more, which no line makes"):
        notes.break_at("[xyz]")
    with pytest.raises(UsageError, match="when=3"):
        notes.break_at("add", when=3)
    for act, wrong in ((notes.next, "a"), (notes.next, 1.5), (notes.back, -1), (notes.next, True)):
        with pytest.raises(UsageError, match="a whole number"):
            act(wrong)
    with pytest.raises(UsageError, match="a int; expected the path of a value, as text"):
        notes.run_to(3)


def test_wrong_indices_name_the_question():
    x = np.ones((2, 3), "float32")
    debugger = cr.debug(lambda x: (cr.relu(x), cr.sum(x[:0])), x)
    for ask in (debugger.local, debugger.element):
        with pytest.raises(IndexingError, match=f"{ask.__name__}: index"):
            ask("relu", (5, 5))
    with pytest.raises(UsageError, match="element: index, an array of shape"):
        debugger.element("index")
