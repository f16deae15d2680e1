"""Watching: every value of a compiled step is delivered, and not one bit of the step changes."""

import gc
import threading
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.watch import keeping
from chainrule.errors import SettingError, UsageError
from chainrule.graph import evaluate

from ..check.learning import Learning, batch, near

STEPS = 50


def batches(count=STEPS, sizes=(6,)):
    return [batch(sizes[seed % len(sizes)], seed) for seed in range(count)]


def history(learning, data):
    """The bits of the losses, and of all state after them."""
    return [learning.step(*each).numpy().tobytes() for each in data], learning.state()


def interpreted(learning, *data):
    """Every value by path, as NumPy has it, from the state of now; what is written into the step is left out."""
    program = learning.step.program(*data)
    names = program.names()
    return {
        names[n]: array.copy() for n, array in evaluate(program, *data).items() if n not in program.constants
    }


@pytest.fixture(scope="module", params=["two-layer", "lstm"])
def unwatched(request):
    """A network's name, and what 50 steps without a watch come to."""
    return request.param, history(Learning(request.param), batches())


def test_watching_everything_changes_no_bit_and_delivers_everything(unwatched):
    name, expected = unwatched
    learning = Learning(name)
    learning.step.ready(*batch())
    with learning.step.watch("*") as seen:
        assert history(learning, batches()) == expected
    specs = learning.step.values(*batch())
    assert set(seen) == set(specs) and len(seen) == len(specs)
    assert seen.steps == list(range(STEPS))
    for path, arrays in seen.items():
        assert len(arrays) == STEPS
        assert all(a.shape == specs[path].shape and a.dtype == specs[path].dtype for a in arrays), path


def test_each_value_by_itself_changes_no_bit(unwatched):
    """Every value of the step is watched by itself for one step, one after the other."""
    name, _ = unwatched
    watched, twin = Learning(name), Learning(name)
    paths = list(twin.step.values(*batch()))
    paths = paths if name == "two-layer" else paths[::7]
    for number, path in enumerate(paths):
        data = batch(6, number)
        with watched.step.watch(path) as seen:
            loss = watched.step(*data)
        assert list(seen) == [path] and len(seen[path]) == 1
        assert loss.numpy().tobytes() == twin.step(*data).numpy().tobytes(), path
    assert watched.state() == twin.state()


@pytest.mark.parametrize(
    "path", ["loss", "*.grad", "linear.weight.new", "lstm/lstm_cell.h_next:2", "lstm/permute_dims.back"]
)
def test_a_handful_one_by_one_over_many_steps(path):
    expected = history(Learning("lstm"), batches())
    learning = Learning("lstm")
    with learning.step.watch(path):
        assert history(learning, batches()) == expected


@pytest.mark.parametrize("name", ["two-layer", "lstm", "three-layer", "dropout"])
@pytest.mark.parametrize("rule", ["momentum", "adam"])
def test_what_is_delivered_is_what_the_interpreter_computes(name, rule):
    learning = Learning(name, rule)
    for seed in range(3):
        data = batch(6, seed)
        expected = interpreted(learning, *data)
        with learning.step.watch("*") as seen:
            learning.step(*data)
        program = learning.step.program(*data)
        cells = {program.names()[n]: cell for n, cell in program.cells.items()}
        for path, (array,) in seen.items():
            if path in cells:
                assert array.tobytes() == cells[path].data.tobytes()  # its numbers of after the step
            else:
                near(array, expected[path])


def test_what_is_delivered_is_a_copy():
    learning = Learning()
    with learning.step.watch("*") as seen:
        learning.step(*batch(6, 1))
        first = {path: arrays[0].copy() for path, arrays in seen.items()}
        before = learning.state()
        for arrays in seen.values():
            assert arrays[0].flags.owndata and arrays[0].flags.writeable
        learning.step(*batch(6, 2))
    assert all(np.array_equal(seen[path][0], array) for path, array in first.items())
    after = learning.state()
    for arrays in seen.values():
        for array in arrays:
            array[...] = 0
    assert learning.state() == after != before


def test_a_parameter_has_its_numbers_of_after_the_step_and_views_of_it_those_that_the_step_read():
    learning, data = Learning(), batch()
    learning.step(*data)
    before = learning.model.linear2.weight.numpy().copy()
    with learning.step.watch("linear2.weight", "linear2.weight.new", "linear2/permute_dims.back") as seen:
        learning.step(*data)
    after = learning.model.linear2.weight.numpy()
    assert np.array_equal(seen["linear2/permute_dims.back"][0], before.T)
    assert np.array_equal(seen["linear2.weight"][0], after)
    assert np.array_equal(seen["linear2.weight.new"][0], after)
    assert not np.array_equal(before, after)


def test_every_tenth_step():
    learning, data = Learning(), batches(35)
    with learning.step.watch("loss", every=10) as seen:
        losses = [learning.step(*each).item() for each in data]
    assert seen.steps == [0, 10, 20, 30]
    assert [float(array) for array in seen["loss"]] == losses[::10]
    assert history(Learning(), data)[1] == learning.state()


def test_statistics():
    learning, data = Learning(), batches(3)
    paths, watch = ("linear1/relu", "labels"), learning.step.watch
    with watch(*paths, statistics=True) as said, watch(*paths) as seen:
        for each in data:
            learning.step(*each)
    for path in paths:
        for numbers, array in zip(said[path], seen[path], strict=True):
            wide = array.astype(np.float64)
            assert (numbers.min, numbers.max) == (wide.min(), wide.max())
            assert numbers.mean == pytest.approx(wide.mean())
            assert numbers.std == pytest.approx(wide.std())
            assert numbers.zeros == np.count_nonzero(wide == 0) / wide.size
            assert numbers.norm == pytest.approx(np.linalg.norm(wide))
    assert any(numbers.zeros > 0 for numbers in said["linear1/relu"])


def test_watches_in_watches():
    learning, data = Learning(), batches(6)
    with learning.step.watch("loss") as outer:
        learning.step(*data[0])
        with learning.step.watch("linear1/*", every=2) as inner:
            for each in data[1:5]:
                learning.step(*each)
        learning.step(*data[5])
    assert outer.steps == list(range(6)) and list(outer) == ["loss"]
    assert inner.steps == [0, 2] and {"linear1/relu", "linear1/relu.grad"} <= set(inner)
    assert not [path for path in inner if not path.startswith("linear1/")]
    assert history(Learning(), data)[1] == learning.state()


def test_patterns():
    learning = Learning()
    paths = set(learning.step.values(*batch()))
    cases = {
        "*.grad": {p for p in paths if p.endswith(".grad")},
        "linear?/relu": {"linear1/relu"},
        "linear?.weight": {"linear1.weight", "linear2.weight"},
        "optimizer/*/velocity": {p for p in paths if p.endswith("/velocity")},
        "*": paths,
    }
    for pattern, expected in cases.items():
        with learning.step.watch(pattern) as seen:
            learning.step(*batch())
        assert set(seen) == expected, pattern
    with learning.step.watch("loss", "linear?.bias", "l*ss") as seen:
        learning.step(*batch())
    assert sorted(seen) == ["linear1.bias", "linear2.bias", "loss"]


def test_what_matches_nothing():
    learning = Learning()
    learning.step(*batch())
    with (
        pytest.raises(UsageError, match="no value 'linear9/relu'") as caught,
        learning.step.watch("linear9/relu"),
    ):
        pass
    assert "linear1/relu" in caught.value.hint
    with pytest.raises(UsageError, match="no path"), learning.step.watch():
        pass
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(SettingError, match="every"), learning.step.watch("loss", every=wrong):
            pass
    before = learning.state()
    with learning.step.watch("loss") as seen, pytest.raises(UsageError, match="which was not seen") as caught:
        seen["linear1/relu"]
    assert learning.state() == before


def test_what_matches_nothing_is_found_at_the_first_step_where_nothing_was_traced_before():
    learning = Learning()
    before = learning.state()
    with learning.step.watch("nothing") as seen, pytest.raises(UsageError, match="no value 'nothing'"):
        learning.step(*batch())
    assert len(seen) == 0 and learning.state() == before
    learning.step(*batch())  # the watch is gone


def test_the_batch_changes_while_somebody_watches():
    data = batches(9, sizes=(6, 4, 1))
    learning = Learning()
    with learning.step.watch("linear1/relu", "linear1/relu.grad", "loss") as seen:
        watched = history(learning, data)
    assert [array.shape for array in seen["linear1/relu"]] == [(6, 7), (4, 7), (1, 7)] * 3
    assert [array.shape for array in seen["linear1/relu.grad"]] == [(6, 7), (4, 7), (1, 7)] * 3
    assert watched == history(Learning(), data)


def test_afterwards_the_plan_is_the_one_of_before():
    learning = Learning()
    learning.step(*batch())
    ready = learning.step.ready(*batch())
    plan, traces = ready.plan, learning.step.traces
    for _ in range(2):
        with learning.step.watch("*") as seen:
            learning.step(*batch())
        assert learning.step.ready(*batch()) is ready and ready.plan is plan
    count = len(seen["loss"])
    learning.step(*batch())
    assert len(seen["loss"]) == count == 1
    assert learning.step.traces == traces


def test_a_step_that_fails_leaves_no_watch():
    learning = Learning()
    learning.step(*batch())
    with pytest.raises(ZeroDivisionError), learning.step.watch("loss"):
        raise ZeroDivisionError
    assert not learning.step._watches


def test_a_step_without_updates():
    w = Tensor([1.0, -2.0], name="w")
    step = cr.compile(lambda x: cr.relu(x * w), fallback="error")
    x = np.array([3.0, 4.0], "float32")
    with step.watch("*") as seen:
        result = step(x)
    assert set(seen) == {"x", "w", "multiply", "relu"}
    assert np.array_equal(seen["multiply"][0], [3, -8]) and np.array_equal(seen["relu"][0], result.numpy())


def test_views_of_what_was_set_since_the_last_step():
    """The step reads the new numbers, and so does who watches."""
    learning, data = Learning(), batch()
    with learning.step.watch("linear2/permute_dims.back") as seen:
        learning.step(*data)
        learning.model.load_state_dict({k: a * 0 + 2 for k, a in learning.model.state_dict().items()})
        learning.step(*data)
    assert (seen["linear2/permute_dims.back"][1] == 2).all()


def test_threads_count_their_steps_in_turns():
    step = cr.compile(lambda x: cr.exp(x).sum(), fallback="error")
    x = np.zeros(50, "float32")
    step(x)
    with step.watch("exp", every=2) as seen:
        workers = [threading.Thread(target=lambda: [step(x) for _ in range(50)]) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert seen.steps == list(range(0, 200, 2)) and len(seen["exp"]) == 100


def test_a_replay_waits_for_its_turn():
    """Checks beside a training: what they look at is one step, and the training is not disturbed."""
    learning, data = Learning("two-layer"), batch()
    plan, twin = learning.step.plan(*data), Learning("two-layer")
    learning.step.replay(*data)
    assert keeping(learning.step.ready(*data).made, (), learning.step.arenas).lock is plan.lock
    with plan.lock:
        worker = threading.Thread(target=lambda: learning.step.replay(*data))
        worker.start()
        worker.join(0.05)
        assert worker.is_alive(), "it did not wait"
        for _ in range(3):
            learning.step(*data)
    worker.join()
    for _ in range(3):
        twin.step(*data)
    assert learning.state() == twin.state()


def test_copies_are_not_held_when_nobody_watches_any_more():
    step = cr.compile(lambda x: cr.exp(x).sum(), fallback="error")
    with step.watch("exp") as seen:
        step(np.zeros((300, 300), "float32"))
    array = weakref.ref(seen["exp"].pop())
    gc.collect()
    assert array() is None


def test_a_path_is_found_as_it_was_typed():
    learning = Learning()
    with learning.step.watch("linear1/weight.grad") as seen:
        learning.step(*batch())
    assert seen["linear1/weight.grad"] is seen["linear1.weight.grad"]
    assert repr(seen) == "Seen(values of linear1/weight.grad: 1 paths, 1 steps)"
