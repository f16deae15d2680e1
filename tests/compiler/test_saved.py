"""A step in a file: saved at any moment, opened elsewhere, the same program, the same bits, verified again."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import chainrule as cr
from chainrule import Tensor, check, nn, optim, zoo
from chainrule.compiler import SavedStep, saved
from chainrule.errors import (
    CompileError,
    DifferenceError,
    FileError,
    LabelError,
    NonFiniteError,
    ResourceError,
    TraceError,
    UsageError,
)
from chainrule.graph import Value
from chainrule.graph.foreign import Foreign
from chainrule.graph.readback import read
from chainrule.graph.written import write
from chainrule.kernels.language import target
from chainrule.ops.gates import VOCABULARY, check_settings

from ..check.learning import Learning, batch
from ..nn.steps import whole_step
from ..zoo.trial import LARGE, SHAPES, Trial
from .steps import Halved

ROOT = Path(__file__).parents[2]


def trip(step: Any, data: Any, folder: Path, watch: Any = ()) -> SavedStep:
    """The step, saved and opened."""
    step.save(data, folder / "step.safetensors", watch)
    return SavedStep.open(folder / "step.safetensors")


def bits(output: Any) -> bytes:
    return output.numpy().tobytes()


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in LARGE])
def test_every_network_in_the_middle_of_training(name, tmp_path):
    trial = Trial(name)
    trial.step(*trial.batch(0))
    before = trial.state()
    found = trip(trial.step, trial.batch(1), tmp_path, "*")
    assert trial.is_in(before)
    assert str(found.program) == str(trial.step.program(*trial.batch(1)))
    assert len(check.compiled(found).lines) > 20
    assert set(found.values) >= {"loss", "images"} and not found.differences().differing
    computed = trial.step.replay(*trial.batch(1))[1].values
    names = found.program.names()
    assert all(
        found.values[names[n]].tobytes() == a.tobytes()
        for n, a in computed.items()
        if names[n] in found.values
    )
    program = found.program
    loss = program(*found.batch)
    assert bits(loss) == bits(trial.plain(*trial.batch(1)))
    changed = {n: cell.numpy().tobytes() for n, cell in program.cells.items()}
    cells = trial.step.program(*trial.batch(1)).cells
    assert changed == {n: cell.numpy().tobytes() for n, cell in cells.items()}
    assert not trial.is_in(before)


@pytest.mark.parametrize("name", LARGE)
def test_the_programs_of_large_networks(name):
    """Their weights would be hundreds of megabytes: the program alone."""
    with nn.init.hollow():
        model = zoo.build(name, SHAPES[name], 10)
    learn = whole_step(model, optim.SGD(model.parameters(), lr=0.01), nn.CrossEntropyLoss())
    program = cr.trace(learn, np.zeros((1, *SHAPES[name]), "float32"), np.zeros(1, int))
    again = read(write(program, VOCABULARY), Foreign(name), VOCABULARY, check_settings, Tensor)
    again.constants = dict(program.constants)
    assert str(again) == str(program)


LEARNERS: dict[str, dict[str, Any]] = {
    "sgd": {"rule": "sgd", "loss": "hinge"},
    "adam, dropout": {"network": "dropout", "rule": "adam"},
    "adamw, clipped": {"rule": "adamw", "max_norm": 0.1},
    "momentum, penalty": {"penalty": 0.1},
    "lstm, adam": {"network": "lstm", "rule": "adam", "max_norm": 1.0, "penalty": 0.01},
}


@pytest.mark.parametrize("kind", LEARNERS)
def test_every_way_to_learn(kind, tmp_path):
    learning = Learning(**LEARNERS[kind])
    learning.step(*batch())
    before = learning.state()
    found = trip(learning.step, batch(), tmp_path, ["*.grad", "loss"])
    assert learning.state() == before
    assert str(found.program) == str(learning.step.program(*batch()))
    check.compiled(found)
    assert len(found.values) > 1 and not found.differences().differing
    assert bits(found()) == bits(found()) == bits(learning.plain(*batch()))


def test_the_second_run_of_a_checkpoint_comes_back(tmp_path):
    w = Tensor(np.ones((4, 4), "float32"), requires_grad=True, name="w")

    @cr.compile
    def step(x):
        w.grad = None
        loss = cr.checkpoint(lambda x: cr.tanh(cr.exp(x @ w) * 0.1), x).sum()
        loss.backward()
        w.assign(w - w.grad)
        return loss

    x = (np.full((2, 4), 0.1, "float32"),)
    found = trip(step, x, tmp_path, ["*.again", "loss"])
    assert [line.again for line in found.program.lines] == [line.again for line in step.program(*x).lines]
    assert str(found.program) == str(step.program(*x)) and any(line.again for line in found.program.lines)
    assert "exp.again" in found.values and not found.differences().differing
    assert bits(found()) == bits(step.function(*x))


def test_dropout_draws_the_same_numbers_again(tmp_path):
    learning = Learning("dropout")
    for _ in range(3):
        learning.step(*batch())
    found = trip(learning.step, batch(), tmp_path, "dropout/dropout")
    mask = found.values["dropout/dropout"] == 0
    assert 0 < mask.mean() < 1
    for _ in range(2):
        assert np.array_equal(found.replay()[1].values[number_of(found, "dropout/dropout")] == 0, mask)
    learning.step(*batch())
    other = trip(learning.step, batch(), tmp_path, "dropout/dropout").values["dropout/dropout"] == 0
    assert not np.array_equal(mask, other)


def number_of(found: SavedStep, path: str) -> int:
    return next(n for n, name in found.program.names().items() if name == path)


def test_running_it_disturbs_nothing(tmp_path):
    learning = Learning("dropout", "adam")
    first = trip(learning.step, batch(), tmp_path, "*")
    content, state = (tmp_path / "step.safetensors").read_bytes(), learning.state()
    second = SavedStep.open(tmp_path / "step.safetensors")
    kept = {path: a.copy() for path, a in first.values.items()}
    losses = {bits(first()), bits(second()), bits(first.program(*first.batch)), bits(second())}
    for found in (first, second):
        check.compiled(found)
        losses.add(found.replay()[1].values[found.program.output.number].tobytes())
    assert len(losses) <= 2  # plain, and compiled, which may round otherwise
    assert all(np.array_equal(kept[path], a, equal_nan=True) for path, a in first.values.items())
    assert (tmp_path / "step.safetensors").read_bytes() == content and learning.state() == state
    program = first.program
    program(*first.batch)
    assert any(
        a.numpy().tobytes() != b.numpy().tobytes()
        for a, b in zip(program.cells.values(), first.program.cells.values(), strict=True)
    )
    with pytest.raises(ValueError, match="read-only"):
        first.batch[0][...] = 0


def test_the_same_step_gives_the_same_bytes(tmp_path):
    learning, path = Learning(), tmp_path / "step.safetensors"
    learning.step.save(batch(), path, "*")
    once = path.read_bytes()
    learning.step.save(list(batch()), str(path), ("*",))
    assert path.read_bytes() == once
    learning.step(*batch())
    learning.step.save(batch(), path, "*")
    assert path.read_bytes() != once
    assert os.listdir(tmp_path) == ["step.safetensors"]


@pytest.mark.parametrize("where", ["state", "pictures"])
def test_a_step_that_the_guard_held_back(where, tmp_path):
    learning, (images, labels) = Learning(), batch()
    weight = learning.model[1].weight
    if where == "state":
        weight.assign(Tensor(np.where(weight.numpy() > 0.1, np.float32(3e38), weight.numpy())))
    else:
        images[0, 0, 0, 0] = np.nan
    with pytest.raises(NonFiniteError):
        learning.step(images, labels)
    culprit = check.blame(learning.step, images, labels)
    found = trip(learning.step, (images, labels), tmp_path, "*")
    assert culprit is not None
    assert str(check.blame(found)) == str(replace(culprit, source=""))  # the file is elsewhere
    assert ("made by linear" in str(culprit)) is (where == "state")
    assert "loss" in found.values and not found.differences().differing
    check.compiled(found)


def test_labels_that_are_none(tmp_path):
    images, labels = batch()
    found = trip(Learning().step, (images, labels - 5), tmp_path)
    for act in (check.compiled, check.blame, lambda s: s()):
        with pytest.raises(LabelError, match="label -"):
            act(found)


def test_arguments_and_results_of_all_kinds(tmp_path):
    def step(x, scale, name, flag=None):
        return {"a": x * scale, "b": (x + 1, [x.sum(), 3, name]), "c": flag, 1: 2.5}

    x = np.asfortranarray(np.arange(12.0).reshape(3, 4)).astype(">f8")
    found = trip(cr.compile(step), (x, 2.0, "é\n", (True, None)), tmp_path)
    assert np.array_equal(found.batch[0], x) and found.batch[1:] == (2.0, "é\n", (True, None))
    made = found()
    assert made["b"][1][1:] == [3, "é\n"] and made["c"] == (True, None) and made[1] == 2.5
    assert isinstance(made["a"], Tensor) and np.array_equal(made["a"].numpy(), x * 2)


def test_one_array_may_stand_alone(tmp_path):
    x = np.ones(3, "float32")
    step = cr.compile(lambda x: cr.exp(x).sum())
    found = trip(step, x, tmp_path, "exp")
    assert list(found.values) == ["exp"] and found.batch[0].tobytes() == x.tobytes()
    assert trip(step, Tensor(x), tmp_path).batch[0].tobytes() == x.tobytes()
    assert not trip(step, x, tmp_path).values


def test_watched_state_and_arguments_are_there_once(tmp_path):
    learning = Learning()
    found = trip(learning.step, batch(), tmp_path, ["linear1.weight", "images", "linear1/relu"])
    assert set(found.values) == {"linear1.weight", "images", "linear1/relu"}
    assert np.array_equal(found.values["linear1.weight"], learning.model[1].weight.numpy())
    assert found.values["images"] is found.batch[0]
    arrays = load_file(tmp_path / "step.safetensors")
    assert [name for name in arrays if name.startswith("values/")] == ["values/linear1/relu"]
    assert {"inputs/images", "inputs/labels", "state/linear1.weight", "program"} <= set(arrays)
    assert "state/optimizer/linear1.weight/velocity" in arrays


def test_names_that_steer_a_terminal_are_read_back(tmp_path):
    a, b = (Tensor([float(k)], name=f"a\x1b{k}m") for k in (2, 3))
    c, d = (Tensor([float(k)], name=f"a{chr(k)}") for k in (4, 5))  # one name, once it can be printed
    model = nn.Sequential({"l\x01": nn.Linear(1, 1), "l\x02": nn.Linear(1, 1)})
    found = trip(
        cr.compile(lambda x: model(x * a * b * c * d).sum()), np.ones((1, 1), "float32"), tmp_path, "*"
    )
    assert [cell.name for cell in found.program.cells.values()][:4] == ["a?2m", "a?3m", "a?", "a?"]
    assert found.values["multiply:4"] == 120 and {"l?/linear", "l?/linear:2"} <= set(found.values)
    assert not found.differences().differing
    assert str(found.program).replace("\n", "").isprintable()


def test_trained_cells_are_leaves_with_names(tmp_path):
    learning = Learning()
    cells = trip(learning.step, batch(), tmp_path).program.cells
    was = learning.step.program(*batch()).cells
    assert [(n, c.name, c.requires_grad, c.spec) for n, c in cells.items()] == [
        (n, c.name, c.requires_grad, c.spec) for n, c in was.items()
    ]
    assert all(type(c) is Value.usual for c in cells.values())


def test_what_cannot_be_saved_leaves_no_file(tmp_path):
    path = tmp_path / "step.safetensors"

    def own(x):
        return cr.apply(Halved(), x).sum()

    with pytest.raises(
        TraceError, match=r"save: the gate halved, Halved of .*; expected a gate of chainrule\.ops"
    ) as caught:
        cr.compile(own).save(np.ones(3, "float32"), path)
    assert f"test_saved.py:{own.__code__.co_firstlineno + 1} in own" in caught.value.line
    with pytest.raises(TraceError, match="save: scale: a float32"):
        cr.compile(lambda x, scale: x * scale).save((np.ones(3), np.float32(2)), path)
    with pytest.raises(UsageError, match=r"no value 'linear1/rellu'.*try: linear1/relu"):
        Learning().step.save(batch(), path, "linear1/rellu")
    with pytest.raises(
        FileError, match="expected a place that can be written; try: a path in another folder"
    ):
        Learning().step.save(batch(), tmp_path / "none" / "step.safetensors")
    with pytest.raises(FileError, match="expected a place that can be written"):
        Learning().step.save(batch(), tmp_path)
    assert not os.listdir(tmp_path)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    learning, path = Learning(), tmp_path / "step.safetensors"
    learning.step.save(batch(), path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    learning.step(*batch())
    with pytest.raises(ResourceError, match="free some, or a path on another disk"):
        learning.step.save(batch(), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["step.safetensors"]


def test_a_processor_that_nothing_can_be_compiled_for(tmp_path, monkeypatch):
    def none():
        raise CompileError("compile", "no LLVM", "LLVM", "install it")

    monkeypatch.setattr(target, "host", none)
    found = trip(Learning().step, batch(), tmp_path)
    assert found.made_by.processor and found.made_by.processor == saved.processor()


def test_a_line_that_another_processor_computes_wrongly(tmp_path, monkeypatch):
    found = trip(Learning().step, batch(), tmp_path)
    plan, replay = found.replay()
    replay.values[number_of(found, "linear1/relu")][0, 0] += 1
    monkeypatch.setattr(found, "replay", lambda: (plan, replay))
    with pytest.raises(DifferenceError, match=r"linear1/relu \(relu, forward, kernel .*\) at learning\.py:"):
        check.compiled(found)


def test_differences_are_measured(tmp_path):
    found = trip(Learning().step, batch(), tmp_path, ["linear1/relu", "linear2/linear", "loss"])
    assert str(found.differences()) == f"3 kept values: the same bits on {saved.processor()}"
    largest = float(np.abs(found.values["linear2/linear"]).max())
    found.values["linear2/linear"] = found.values["linear2/linear"] + np.float32(0.25)
    found.made_by = found.made_by._replace(processor="pentium")
    apart = found.differences()
    assert list(apart.differing) == ["linear2/linear"] and apart.largest == pytest.approx(
        0.25 / largest, rel=0.3
    )
    assert str(apart) == (
        f"3 kept values: 1 with other bits on {saved.processor()}, saved on pentium, "
        f"at most by {apart.largest:.1e} (linear2/linear)"
    )
    assert str(trip(Learning().step, batch(), tmp_path).differences()) == "no values were kept in the file"


def test_differences_of_what_is_not_finite():
    def far(a, b):
        return saved.distance(np.asarray(a), None if b is None else np.asarray(b))

    assert far([1.0, np.nan, np.inf], [1.0, np.nan, np.inf]) == 0
    assert far([2.0, np.inf], [1.0, np.inf]) == 0.5
    assert far([1.0, np.nan], [1.0, 2.0]) == far([0.0], [1.0]) == far([1], None) == np.inf
    assert far([True, False], [True, True]) == 1 and far(np.zeros(0), np.zeros(0)) == 0


def test_it_says_what_it_is(tmp_path):
    found = trip(Learning().step, batch(), tmp_path, "loss")
    assert repr(found).startswith(f"SavedStep({str(tmp_path / 'step.safetensors')!r}: learn, ")
    assert repr(found).endswith(f"1 kept value; {found.made_by})")
    assert str(found).splitlines() == [
        "step      learn(images: f32[6,1,4,5], labels: i64[6])",
        f"program   {len(found.program.lines)} lines",
        f"state     {len(found.program.cells)} arrays, 0.0 MB",
        "kept      1 value of that step",
        f"saved by  {found.made_by}",
    ]
    plain = trip(cr.compile(lambda x, scale: x * scale), (np.ones(2), 2.5), tmp_path)
    assert str(plain).splitlines()[0] == "step      <lambda>(x: f64[2], scale = 2.5)"


def test_a_batch_for_a_saved_step_is_one_too_many(tmp_path):
    found = trip(Learning().step, batch(), tmp_path)
    for act in (check.compiled, check.blame):
        with pytest.raises(UsageError, match="a batch of 2 beside a saved step"):
            act(found, *batch())


def edited(path: Path, change: Any) -> None:
    """The archive with something changed, and a checksum that is right again: what a hostile hand can do too."""
    archive = saved.unpack(path)
    arrays, program = dict(archive.arrays), archive.program
    watched = change(arrays, program) or archive.watched
    saved.pack(path, archive._replace(arrays=arrays, program=program, watched=watched))


EDITS = {
    "an array fewer": (
        lambda a, p: a.pop("state/linear1.bias") is None,
        "the file: without state/linear1.bias",
    ),
    "an array more": (lambda a, p: a.update(extra=np.zeros(3)), "in an array: extra"),
    "another shape": (lambda a, p: a.update({"inputs/labels": np.zeros(7, int)}), "in inputs/labels: i64[7]"),
    "another dtype": (
        lambda a, p: a.update({"inputs/labels": np.zeros(6, "i4")}),
        "in inputs/labels: i32[6]",
    ),
    "a kept value fewer": (lambda a, p: a.pop("values/loss") is None, "the file: without values/loss"),
    "a kept value that there is not": (lambda a, p: [10_000], "in a watched value: 10000"),
    "a gate that there is not": (
        lambda a, p: p["lines"][0].__setitem__(0, "eval"),
        "in the gate of line 0: eval",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_file_that_was_changed_by_a_skilled_hand(edit, tmp_path):
    change, said = EDITS[edit]
    trip(Learning().step, batch(), tmp_path, "loss")
    edited(tmp_path / "step.safetensors", lambda a, p: change(a, p))
    with pytest.raises(FileError) as caught:
        SavedStep.open(tmp_path / "step.safetensors")
    assert said in caught.value.came


AUDITED = """
import sys
import hashlib  # which a checksum loads when it is first asked for
from chainrule.compiler import SavedStep
from chainrule.compiler.saved import know_settings
from chainrule.errors import FileError

know_settings()  # the types that the gates' own source declares, which is done before the first file is opened

seen = []
sys.addaudithook(lambda event, arguments: seen.append((event, arguments[:1])))
for path in sys.argv[1:]:
    try:
        SavedStep.open(path)
    except FileError:
        pass
events = list(seen)
for event, arguments in events:
    quiet = event in ("builtins.id", "object.__getattr__", "object.__setattr__", "sys._getframe")
    if not quiet and not isinstance(arguments[0], int):  # the number of a file that is open
        print(event, *arguments)
"""


def test_opening_imports_nothing_and_starts_nothing(tmp_path):
    trip(Learning("dropout", "adam").step, batch(), tmp_path, "*")
    good, bad, last = (tmp_path / f"{name}.safetensors" for name in ("step", "bad", "last"))
    bad.write_bytes(good.read_bytes()[:-9])
    last.write_bytes(good.read_bytes())
    edited(last, lambda a, p: p["lines"][-1][2].__setitem__(0, 0))
    made = subprocess.run(
        [sys.executable, "-c", AUDITED, *map(str, (good, bad, last))],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert made.stdout.splitlines() == [f"open {path}" for path in (good, bad, last)]
