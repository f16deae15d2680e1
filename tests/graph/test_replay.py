"""Recomputation: the same bits with less kept, state as if there were one run, and errors that say what went wrong."""

import gc
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, graph, nn, optim
from chainrule.errors import GradientError, SettingError
from chainrule.random import Generator

from ..ops.peers import refused


class Block(nn.Module):
    """State of every kind: weights, running statistics, a counter of masks."""

    def __init__(self, channels, rng, again):
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, rng=rng)
        self.norm = nn.BatchNorm2d(channels)
        self.drop = nn.Dropout(0.3, rng=rng)
        self.again = again

    def inside(self, x):
        return cr.tanh(self.drop(self.norm(self.conv(x)))) + x

    def forward(self, x):
        return cr.checkpoint(self.inside, x) if self.again else self.inside(x)


def network(again, blocks=3, channels=4):
    rng = Generator(0)
    first = nn.Conv2d(3, channels, 3, padding=1, rng=rng)
    rest = [Block(channels, rng, again) for _ in range(blocks)]
    return nn.Sequential(first, *rest, nn.Flatten(), nn.Linear(channels * 64, 5, rng=rng))


PICTURES, LABELS = Generator(1).normal((6, 3, 8, 8)), np.arange(6) % 5


def learned(again, *, compiled=False, steps=3):
    """Losses, state and gradients after a few steps."""
    model = network(again)
    optimizer, loss_function = optim.SGD(model.parameters(), lr=0.01, momentum=0.9), nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = cr.compile(step, keep_gradients=True, fallback="error") if compiled else step
    state = {f"loss {k}": run(PICTURES, LABELS).numpy() for k in range(steps)}
    state |= {name: p.numpy() for name, p in model.named_parameters()}
    state |= {f"{name}.grad": p.grad.numpy() for name, p in model.named_parameters()}
    state |= {name: b.numpy() for name, b in model.named_buffers()}
    return state, run


def test_a_step_is_the_same_to_the_bit():
    once, again = learned(False)[0], learned(True)[0]
    assert [n for n in once if once[n].tobytes() != again[n].tobytes()] == []
    assert again["1.norm.num_batches_tracked"] == again["1.drop.counter"] == 3


def test_a_traced_step_is_the_direct_one():
    ends = []
    for traced in (False, True):
        model = network(True)

        def step(x, y, model=model):
            for p in model.parameters():
                p.grad = None
            loss = nn.CrossEntropyLoss()(model(x), y)
            loss.backward()
            return loss, [p.grad for p in model.parameters()]

        run = cr.trace(step, PICTURES, LABELS) if traced else step
        loss, found = run(PICTURES, LABELS)
        ends.append([a.numpy().tobytes() for a in (loss, *found, *(b for _, b in model.named_buffers()))])
    assert ends[0] == ends[1]


def test_only_inputs_are_kept():
    x = Tensor(np.ones((4, 4)), requires_grad=True)
    kept = []

    def inside(x):
        made = cr.exp(x)
        kept.append(weakref.ref(made.data))
        return made * made

    out = cr.checkpoint(inside, x)
    gc.collect()
    assert kept[0]() is None
    out.sum().backward()
    assert np.allclose(x.grad.numpy(), 2 * np.exp(2)) and len(kept) == 2
    gc.collect()
    assert kept[1]() is None


def test_after_the_way_back_no_input_is_kept_either():
    x = Tensor(np.ones((4, 4)), requires_grad=True)
    between = x * 2
    reference, out = weakref.ref(between.data), cr.checkpoint(cr.exp, between)
    del between
    gc.collect()
    assert reference() is not None
    out.sum().backward()
    gc.collect()
    assert reference() is None and out.node is not None


def test_gradients_reach_what_the_function_reads():
    w = Tensor([2.0, 3.0], requires_grad=True)
    between = w * w  # neither an input nor a leaf
    out = cr.checkpoint(lambda x: x * between * w, np.array([1.0, 10.0], "float32"))
    out.sum().backward()
    assert w.grad.tolist() == [12.0, 270.0]


def test_several_outputs_and_some_without_a_gradient():
    x = Tensor([1.0, 2.0], requires_grad=True)

    def inside(x):
        return {"double": x * 2, "rest": (x, [cr.exp(x)], x > 1.5, "a word")}

    out = cr.checkpoint(inside, x)
    assert out["rest"][0] is x or out["rest"][0].node is x.node
    assert out["rest"][2].tolist() == [False, True] and out["rest"][3] == "a word"
    (out["double"] * 3).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [6.0, 6.0]
    x.grad = None
    (out["double"] + out["rest"][1][0]).sum().backward()
    assert np.allclose(x.grad.numpy(), 2 + np.exp([1, 2]))


def test_second_derivatives():
    x = Tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    out = cr.checkpoint(lambda x: x * x * x, x).sum()
    (first,) = graph.gradients(out, [x], create_graph=True)
    (second,) = graph.gradients(first.sum(), [x])
    assert first.tolist() == [3, 12] and second.tolist() == [6, 12]


def test_gradients_of_chosen_targets():
    x, w = (Tensor([3.0], requires_grad=True) for _ in range(2))
    out = cr.checkpoint(lambda x: x * w, x * 1).sum()
    assert [g.tolist() for g in graph.gradients(out, [w])] == [[3.0]]
    out = cr.checkpoint(lambda x: x * w, x * 1).sum()
    assert [g.tolist() for g in graph.gradients(out, [x])] == [[3.0]] and w.grad is None


def test_one_inside_another():
    x = Tensor([0.5], requires_grad=True)
    out = cr.checkpoint(lambda x: cr.checkpoint(lambda y: cr.exp(y), x * 2) * x, x)
    out.sum().backward()
    assert np.allclose(x.grad.numpy(), np.exp(1) * 2)


def test_state_is_that_of_before_in_the_second_run_only():
    counter, x = Tensor(np.zeros(())), Tensor([1.0], requires_grad=True)
    seen = []

    def inside(x):
        with cr.no_grad():
            counter.assign(counter + 1)
        seen.append(float(counter))
        return x * x

    first, second = cr.checkpoint(inside, x), cr.checkpoint(inside, x)
    (first + second).sum().backward()
    assert sorted(seen) == [1, 1, 2, 2] and float(counter) == 2


def test_a_weight_that_moved_meanwhile_is_the_old_one_in_the_second_run():
    x, w = Tensor([3.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    out = cr.checkpoint(lambda x: cr.exp(x * w) * 0 + x * w, x).sum()
    w.assign(np.array([100.0], "float32"))
    out.backward()
    assert x.grad.tolist() == [2.0] and w.tolist() == [100.0]


def test_without_a_graph_it_is_the_function():
    x = Tensor([1.0], requires_grad=True)
    with cr.no_grad():
        assert cr.checkpoint(lambda x: x * 2, x).node is None
    assert cr.checkpoint(lambda x: x * 2, np.ones(2)).tolist() == [2, 2]


def test_what_is_no_function_is_refused():
    x = Tensor([1.0], requires_grad=True)
    refused(SettingError, lambda: cr.checkpoint(x * 2, x), "checkpoint", "a Tensor", "checkpoint(layer, x)")


def test_a_function_that_does_another_thing_is_named():
    sizes = iter((1, 2))
    x = Tensor([1.0], requires_grad=True)
    out = cr.checkpoint(lambda x: cr.concat([x] * next(sizes)) * 2, x).sum()
    refused(
        GradientError,
        out.backward,
        "checkpoint",
        "f32[2] from the second run",
        "f32[1] as from the first",
        "the same both times",
    )


def test_a_graph_is_walked_once():
    x = Tensor([1.0], requires_grad=True)
    out = cr.checkpoint(lambda x: x * 2, x)
    out.sum().backward()
    up = Tensor([1.0])
    refused(GradientError, lambda: out.backward(up), "checkpoint", "walked before", "retain_graph=True")


def test_a_compiled_step_forgets_too():
    plain, again = learned(False)[0], learned(True, compiled=True)
    assert all(np.allclose(plain[n], again[0][n], 1e-3, 1e-5) for n in plain)
    # all but the order of sums that the compiler makes in other passes
    first = [learned(a, compiled=True, steps=1)[0] for a in (False, True)]
    assert {n for n in first[0] if first[0][n].tobytes() != first[1][n].tobytes()} <= {
        "3.conv.bias",
        "3.conv.bias.grad",
    }
    assert not again[1].left_to_numpy(PICTURES, LABELS)


def test_the_memory_of_a_plan_grows_by_what_is_kept_between_checkpoints():
    x = Generator(2).normal((128, 64))

    def peak(again, count):
        def inside(x):
            for _ in range(6):
                x = cr.tanh(x * 1.1 + 0.1 * cr.sigmoid(x))
            return x

        def step(x):
            for _ in range(count):
                x = cr.checkpoint(inside, x) if again else inside(x)
            return (x * x).mean()

        def loss_and_slope(x):
            x = Tensor.of(x.data)
            graph.require_grad(x)
            out = step(x)
            return out, graph.gradients(out, [x])[0]

        compiled = cr.compile(loss_and_slope, fallback="error")
        out = compiled(x)
        return compiled.plan(x).peak, [a.numpy().tobytes() for a in out]

    (small, first), (large, second) = peak(True, 2), peak(True, 6)
    without, same = peak(False, 6)
    assert large - small <= 4 * (x.nbytes + 4096)
    assert large < 0.4 * without
    assert second == same and first != second


@pytest.mark.parametrize("p", [0.0, 0.3])
def test_second_runs_are_not_made_together_with_the_first(p):
    """What begins element by element could join the loop that makes its input, in the way forward."""
    x = Generator(2).normal((512, 64))

    def peak(count):
        layers = [nn.Linear(64, 64, rng=Generator(k)) for k in range(count)]
        drops = [nn.Dropout(p, rng=Generator(k)) for k in range(count)]

        def part(layer, drop, x):
            for _ in range(5):
                x = cr.tanh(x * 1.1 + cr.sigmoid(x) * 0.1)
            return drop(layer(x))

        def step(x):
            x = cr.relu(x) * 2
            for layer, drop in zip(layers, drops, strict=True):
                x = cr.checkpoint(part, layer, drop, x)
            loss = (x * x).mean()
            return loss, graph.gradients(loss, [p for layer in layers for p in layer.parameters()])

        return cr.compile(step, fallback="error").plan(x).peak

    each = (peak(6) - peak(2)) / 4
    assert each < 1.5 * x.nbytes


def test_a_counter_that_is_written_in_place_does_not_pull_second_runs_forward():
    x = Generator(2).normal((512, 64))
    make = [lambda k=k: nn.Linear(64, 64, rng=Generator(k)) for k in range(4)]
    blocks = [(make[k](), nn.Dropout(0.3, rng=Generator(k)), make[k + 2]()) for k in range(2)]
    weights = [p for first, _, last in blocks for p in (*first.parameters(), *last.parameters())]

    def part(first, drop, last, x):
        return cr.tanh(last(drop(cr.tanh(first(cr.exp(x * 0.1)))))) + x

    def step(x):
        x = cr.relu(x) * 2
        for block in blocks:
            x = cr.checkpoint(part, *block, x)
        loss = (x * x).mean()
        return loss, graph.gradients(loss, weights)

    # one block at work, and what stands between the blocks
    assert cr.compile(step, fallback="error").plan(x).peak < 9 * x.nbytes


def test_lines_of_the_second_run_are_named_and_kept_apart():
    model = network(True, blocks=1)

    def step(x, y):
        loss = nn.CrossEntropyLoss()(model(x), y)
        return loss, graph.gradients(loss, list(model.parameters()))[0]

    program = cr.trace(step, PICTURES, LABELS)
    names = program.names()
    again = [line for line in program.lines if line.again]
    assert {line.phase for line in again} == {"backward"} and again
    assert "1.norm/batch_norm.out.again" in names.values() and "1.conv/conv2d.again" in names.values()
    assert names[program.root()] == "loss"
    # gradients are told of the values that the way forward made
    grads = {names[n] for n in program.slopes}
    assert "1.norm/batch_norm.out" in grads and not any(name.endswith(".again") for name in grads)
    assert "1.norm/batch_norm.out.grad" in names.values()
    assert all("test_replay" in line.place.file for line in again)
