"""How a trainer's steps run: compiled or plain, and what it notices from epoch to epoch."""

import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import Gate, Spec, Tensor, data, nn, optim, zoo
from chainrule.compiler import records
from chainrule.errors import CompileError, LabelError, NonFiniteError
from chainrule.random import Generator
from chainrule.train import EpochEnd, StepEnd, Trainer
from chainrule.train import steps as module
from chainrule.train.steps import Runner

from ..nn.layers import noise
from ..nn.steps import pictures
from .runs import toy


@cr.gate
class Doubled(Gate):
    """out = 2x, without a kernel."""

    def spec(self, x: Spec) -> Spec:
        return x

    def forward(self, x):
        return x + x

    def backward(self, upstream):
        return upstream + upstream


class Ranked(nn.Module):
    """The numbers of each picture in their order."""

    def forward(self, x):
        return cr.sort(x.reshape((len(x), -1)))


class Doubling(nn.Module):
    def forward(self, x):
        return cr.apply(Doubled(), x)


def bytes_of(shape, count):
    """Pictures as bytes, with labels."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, *shape), dtype=np.uint8), rng.integers(0, 3, count)


def scaled(images, rng):
    return images.astype("float32") / 255


def trainer_of(model, **settings):
    return Trainer(
        model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.05, momentum=0.9), **settings
    )


def small(name, **settings):
    return trainer_of(zoo.build(name, (1, 8, 8), 3, Generator(0)), **settings), pictures((1, 8, 8), 3)


@pytest.mark.parametrize("name", ["linear", "two-layer", "three-layer", "lstm", "convnet"])
def test_networks_of_the_zoo_run_compiled(name):
    trainer, batch = small(name)
    trainer.step(*batch)
    assert not trainer.run_step.plain and trainer.run_step.compiled.traces == 1
    trainer.step(*batch)
    assert trainer.run_step.compiled.traces == 1


def test_where_one_of_our_gates_has_no_kernel_steps_run_plain():
    """Sorting has none yet."""
    trainer = trainer_of(nn.Sequential(nn.Linear(8, 8, rng=Generator(0)), Ranked(), nn.Linear(64, 3)))
    loss, _ = trainer.step(*pictures((1, 8, 8), 3))
    left = trainer.run_step.compiled.left_to_numpy(*pictures((1, 8, 8), 3))
    assert trainer.run_step.plain and "argsort" in [gate.label for gate in left]
    assert trainer.model[0].weight.grad is not None
    assert np.isfinite(loss.item())


def test_plain_if_asked():
    trainer, batch = small("two-layer", plain=True)
    trainer.step(*batch)
    assert trainer.run_step.plain and trainer.run_step.compiled.traces == 0
    assert trainer.model.linear1.weight.grad is not None
    trainer.evaluate([batch])


def test_a_gate_of_the_user_stays_in_a_compiled_step():
    rng = Generator(0)
    model = nn.Sequential(nn.Linear(4, 5, rng=rng), Doubling(), nn.ReLU(), nn.Linear(5, 3, rng=rng))
    compiled = trainer_of(model)
    twin = nn.Sequential(nn.Linear(4, 5), Doubling(), nn.ReLU(), nn.Linear(5, 3))
    twin.load_state_dict({name: array.copy() for name, array in model.state_dict().items()})
    plain = trainer_of(twin, plain=True)
    batch = noise((6, 4)), np.array([0, 1, 2, 0, 1, 2])
    for _ in range(5):
        one, other = compiled.step(*batch)[0].item(), plain.step(*batch)[0].item()
        assert one == pytest.approx(other, rel=1e-5)
    assert not compiled.run_step.plain
    assert [gate.label for gate in compiled.run_step.compiled.left_to_numpy(*batch)] == ["doubled"]


def test_without_a_compiler_steps_run_plain_and_say_nothing(monkeypatch):
    monkeypatch.setattr(module, "compile", missing)
    trainer, batches = toy()
    history = trainer.fit(batches, batches, epochs=2)
    assert trainer.run_step.plain and history[-1].loss < history[0].loss


class Missing:
    """A compiled step where llvmlite is not installed."""

    def left_to_numpy(self, *batch):
        raise CompileError("compile", "no llvmlite", "llvmlite", "pip install llvmlite")

    plan = left_to_numpy

    def retrace(self):
        pass


def missing(function, *, fallback):
    assert fallback == "error"
    return Missing()


def test_without_llvmlite_there_is_a_compile_error_that_the_runner_hears():
    """In a process where llvmlite cannot be imported."""
    code = """
import sys, warnings
warnings.simplefilter("error")
sys.modules["llvmlite"] = None
import numpy as np
from chainrule.train.steps import Runner
double = Runner(lambda x: x * 2)
print(np.asarray(double(np.ones(2, "float32"))).tolist(), double.plain)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[2.0, 2.0] True\n", "")


def test_the_error_names_the_line_and_the_state_is_that_of_before():
    trainer, (images, labels) = small("two-layer")
    trainer.step(images, labels)
    before = {name: array.copy() for name, array in trainer.model.state_dict().items()}
    images = images.copy()
    images[0] = 3e38
    with pytest.raises(NonFiniteError, match="linear1/linear.* made by linear") as caught:
        trainer.step(images, labels)
    assert caught.value.layer == "linear1" and "trainer.py" not in caught.value.line
    assert all(np.array_equal(trainer.model.state_dict()[name], array) for name, array in before.items())


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam])
def test_a_plain_step_is_taken_back_and_explained_too(rule):
    """Weights, slots, running statistics and counters are those of before, and so is the next step."""
    model = nn.Sequential(
        nn.Linear(20, 6, rng=Generator(0)),
        nn.BatchNorm1d(6),
        nn.Dropout(0.2, rng=Generator(1)),
        nn.Linear(6, 3),
    )
    trainer = Trainer(model, nn.CrossEntropyLoss(), rule(model.parameters(), lr=0.1), plain=True)
    points, labels = Generator(2).normal((5, 20)), np.array([0, 1, 2, 0, 1])
    trainer.step(points, labels)
    before = [value.data for value in trainer.state()]
    assert len(before) == 6 + 4 + (6 * 3 if rule is optim.Adam else 0)
    with pytest.raises(NonFiniteError, match="0/linear.* made by linear .* to loss") as caught:
        trainer.step(points * 0 + np.float32(3e38) * np.sign(model[0].weight.numpy()[0]), labels)
    assert caught.value.layer == "0" and "test_steps.py" in caught.value.line
    assert all(value.data is array for value, array in zip(trainer.state(), before, strict=True))
    trainer.step(points, labels)
    assert all(np.isfinite(value.data).all() for value in trainer.state())


def test_a_plain_step_with_a_finite_loss_and_a_gradient_that_is_not_is_taken_back():
    w = Tensor([0.0, 4.0], requires_grad=True, name="w")
    rule = optim.SGD([w], lr=0.1)

    def step(x):
        rule.zero_grad()
        loss = (cr.sqrt(w) * x).sum()
        loss.backward()
        rule.step()
        return loss

    runner = Runner(step, state=lambda: [w], plain=True)
    with pytest.raises(NonFiniteError, match=r"w.grad\[0\] is inf, made by divide"):
        runner(np.ones(2, "float32"))
    assert w.numpy().tolist() == [0, 4] and w.grad is None


def test_a_plain_step_without_a_program_is_taken_back_and_says_less():
    w = Tensor([1.0], requires_grad=True)

    def step(x):
        w.assign(w * 2)
        return x.sum() if float(x.sum()) < 1 else x.sum()

    runner = Runner(lambda x: step(Tensor(x)), state=lambda: [w], plain=True)
    with pytest.raises(NonFiniteError, match="a loss or a gradient that is not finite; no state was changed"):
        runner(np.array([np.nan], "float32"))
    assert w.item() == 1
    runner(np.array([2.0], "float32"))
    assert w.item() == 2


def weighted(weight):
    """A trainer whose loss has a Python number that can be changed."""
    trainer, batches = toy()
    held = {"weight": weight}
    cross_entropy = nn.CrossEntropyLoss()
    trainer.loss = lambda scores, labels: cross_entropy(scores, labels) * held["weight"]
    return trainer, batches[:1], held


def test_a_number_that_changed_is_noticed_at_the_next_epoch():
    trainer, batches, held = weighted(1.0)
    trainer.optimizer.lr = 0.0
    losses, changes = [], []
    trainer.on(StepEnd, lambda end: losses.append(end.loss))
    trainer.on(EpochEnd, lambda end: changes.append(trainer.run_step.compiled.changed))
    trainer.on(EpochEnd, lambda end: held.update(weight=3.0) if end.epoch == 1 else None)
    trainer.fit(batches, epochs=3)
    assert not trainer.run_step.plain
    assert losses == pytest.approx([losses[0], 3 * losses[0], 3 * losses[0]], rel=1e-5)
    assert changes[0] == changes[2] == ""
    assert "multiply" in changes[1] and "3." in changes[1] and "test_steps.py:" in changes[1]


def test_a_step_that_did_not_change_keeps_its_plan():
    trainer, batches, _ = weighted(1.0)
    trainer.fit(batches, epochs=1)
    plan = trainer.run_step.compiled.plan(*batches[0])
    trainer.fit(batches, epochs=3)
    compiled = trainer.run_step.compiled
    assert compiled.plan(*batches[0]) is plan and compiled.changed == ""
    assert compiled.traces == 4


def test_a_rate_that_moves_needs_no_new_trace():
    trainer, batches = toy(lr=0.1)
    trainer.step(*batches[0])
    before = trainer.model.weight.numpy().copy()
    trainer.optimizer.lr = 0.0
    trainer.step(*batches[0])
    assert np.array_equal(trainer.model.weight.numpy(), before)
    trainer.optimizer.lr = 0.2
    trainer.step(*batches[0])
    assert not np.array_equal(trainer.model.weight.numpy(), before)
    assert trainer.run_step.compiled.traces == 1


@pytest.mark.parametrize("name", ["two-layer", "lstm"])
@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_compiled_and_plain_training_have_nearly_the_same_losses(name, rule):
    train, _ = data.load("fashion-6k")
    batches = data.Batches(train[:320], 16, transform=data.Normalize.fit(train))
    losses = {}
    for plain in (False, True):
        model = zoo.build(name, rng=Generator(0))
        rules = {
            "sgd": lambda model: optim.SGD(model.parameters(), lr=0.05, momentum=0.9),
            "adam": lambda model: optim.Adam(model.parameters(), lr=1e-3),
        }
        trainer = Trainer(model, nn.CrossEntropyLoss(), rules[rule](model), plain=plain)
        losses[plain] = [trainer.step(images, labels)[0].item() for images, labels in batches]
        assert trainer.run_step.plain is plain
    assert len(losses[True]) == 20 and losses[True][-1] < losses[True][0]
    assert losses[False] == pytest.approx(losses[True], rel=1e-3)


def test_runners_of_functions():
    step = Runner(lambda x: (x * 2.0, x.sum()))
    double, total = step(np.array([1.0, 2.0], "float32"))
    assert not step.plain and double.numpy().tolist() == [2, 4] and total.item() == 3


@pytest.mark.parametrize("plain", [False, True])
def test_evaluation_may_come_to_nan(plain):
    trainer, batches = toy(plain=plain)
    trainer.model.weight.assign(trainer.model.weight * np.float32(np.nan))
    assert np.isnan(trainer.evaluate(batches).loss)


@pytest.mark.parametrize("name", ["lenet5", "convnet", "lstm"])
def test_everything_is_compiled_before_the_first_step(name, monkeypatch):
    """Evaluation, and batches of other sizes, one picture among them."""
    monkeypatch.setattr(records, "_addresses", {})
    shape = (1, 32, 32) if name == "lenet5" else (1, 8, 8)
    trainer = trainer_of(zoo.build(name, shape, 3, Generator(0)))
    train = data.Batches(data.Dataset(*bytes_of(shape, 41), tuple("abc")), 40, Generator(0), transform=scaled)
    test = data.Batches(data.Dataset(*bytes_of(shape, 67), tuple("abc")), 50, Generator(0), transform=scaled)
    known = []
    trainer.on(StepEnd, lambda event: known.append(len(records._addresses)))
    trainer.fit(train, test, epochs=2)
    trainer.evaluate(test)
    assert [*known, len(records._addresses)] == [known[0]] * 5


def test_only_the_step_itself_is_traced_before_it():
    """A loss with state sees the calls that it would see without preparation, and one more for each thing prepared."""
    calls = []

    def counting(scores, labels):
        calls.append((len(labels), isinstance(scores.data, np.ndarray)))
        return nn.CrossEntropyLoss()(scores, labels)

    trainer, (images, labels) = small("two-layer")
    trainer.loss = counting
    train = [(images, labels), (images[:2], labels[:2])]
    first = []
    trainer.on(StepEnd, lambda event: first or first.append(calls[:]))
    trainer.fit(train, epochs=1)
    assert [size for size, _ in first[0]] == [len(labels), 2]
    calls.clear()
    trainer.fit(train, [(images[:3], labels[:3])], epochs=1)
    assert calls[0][0] == len(labels) and 3 in {size for size, _ in calls}


def test_a_trainer_that_is_plain_prepares_nothing(monkeypatch):
    prepared = []
    monkeypatch.setattr(Runner, "prepare", lambda self, *batch: prepared.append(batch))
    for plain in (True, False):
        trainer, batch = small("two-layer", plain=plain)
        trainer.fit([batch, tuple(x[:2] for x in batch)], [batch], epochs=1)
        assert len(prepared) == (0 if plain else 2)


def test_what_is_wrong_with_evaluation_is_told_by_evaluation():
    class Blind(nn.Linear):
        def forward(self, x):
            if not self.training:
                raise ValueError("it is dark")
            return super().forward(x)

    trainer, told = trainer_of(Blind(8, 3, rng=Generator(0))), []
    batch = np.ones((4, 8), np.float32), np.array([0, 1, 2, 0])
    trainer.on(StepEnd, told.append)
    with pytest.raises(ValueError, match="it is dark"):
        trainer.fit([batch] * 3, [batch], epochs=1)
    assert len(told) == 3
    with pytest.raises(ValueError, match="it is dark"):
        trainer.evaluate([batch])


def test_a_plain_step_that_raises_is_taken_back():
    """Running statistics are assigned on the way forward; the label is refused behind them."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3, rng=Generator(0)), nn.BatchNorm1d(3))
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), plain=True)
    images, labels = np.ones((5, 1, 2, 2), "float32"), np.array([0, 1, 2, 0, 7])
    before = {name: array.copy() for name, array in model.state_dict().items()}
    with pytest.raises(LabelError, match="label 7"):
        trainer.step(images, labels)
    assert all(np.array_equal(array, before[name]) for name, array in model.state_dict().items())
