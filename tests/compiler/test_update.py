"""Large gradients that only an update reads: made twice, never in memory, and the numbers are the same to the bit."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, check, nn, ops, optim
from chainrule.compiler import doubt, records
from chainrule.compiler import update as module
from chainrule.compiler.groups import LOOP, PRODUCT
from chainrule.compiler.update import is_large
from chainrule.errors import NonFiniteError
from chainrule.kernels.doubt import InDoubt

from ..kernels.machines import plant
from .steps import arranged

X = np.random.default_rng(0).normal(size=(7, 20)).astype("f4")
OPTIMIZERS = {
    "plain": (optim.SGD, {}),
    "momentum": (optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}),
    "nesterov": (optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "dampening": (optim.SGD, {"momentum": 0.9, "dampening": 0.5}),
    "adam": (optim.Adam, {"weight_decay": 0.01}),
    "adamw": (optim.AdamW, {}),
}


class Learning:
    """Two layers with an optimizer; `step` changes all."""

    def __init__(self, which="momentum", clip=None):
        rng = cr.random.Generator(0)
        self.model = nn.Sequential(nn.Linear(20, 70, rng=rng), nn.Tanh(), nn.Linear(70, 33, rng=rng))
        optimizer, settings = OPTIMIZERS[which]
        self.optimizer, self.clip = optimizer(self.model.parameters(), **{"lr": 0.01, **settings}), clip

    def step(self, x):
        self.optimizer.zero_grad()
        loss = (self.model(x) ** 2).mean()
        loss.backward()
        if self.clip is not None:
            self.clip(self.model.parameters(), 0.01)
        self.optimizer.step()
        return loss

    def state(self):
        cells = [*self.model.parameters(), *self.optimizer._state.values()]
        return [cell.numpy().copy() for cell in cells]


@pytest.fixture(autouse=True)
def every_size(monkeypatch):
    """Matrices of any size count as large."""
    monkeypatch.setattr(module, "LARGE", 1)


def weights(made):
    """The groups that write the weights of the layers."""
    return [made.groups.groups[made.groups.maker[v]] for v, cell in made.targets.items() if cell.ndim == 2]


def run(monkeypatch, which="momentum", clip=None, *, large=True, watch=(), steps=3, **settings):
    """The kinds of the weights' groups; losses, what was watched, and the state after some steps."""
    monkeypatch.setattr(module, "LARGE", 1 if large else 1 << 60)
    learning = Learning(which, clip)
    step = cr.compile(learning.step, fallback="error", **settings)
    kinds = {group.kind for group in weights(step.ready(X).made)}
    if not watch:
        return kinds, [step(X).item() for _ in range(steps)], [], learning.state()
    with step.watch(*watch) as seen:
        losses = [step(X).item() for _ in range(steps)]
    return kinds, losses, [a for path in seen for a in seen[path]], learning.state()


def same(left, right):
    assert left[1] == right[1]
    assert all(np.array_equal(a, b) for a, b in zip(left[3], right[3], strict=True))


@pytest.mark.parametrize("which", OPTIMIZERS)
def test_every_optimizer_gives_the_same_bits(monkeypatch, which):
    fused, apart = run(monkeypatch, which), run(monkeypatch, which, large=False)
    assert fused[0] == {PRODUCT} and apart[0] == {LOOP}
    same(fused, apart)


def test_it_learns_as_the_plain_step_does():
    compiled, plain = Learning(), Learning()
    step = cr.compile(compiled.step, fallback="error")
    for _ in range(5):
        assert step(X).item() == pytest.approx(plain.step(Tensor(X)).item(), rel=1e-5)
    for a, b in zip(compiled.state(), plain.state(), strict=True):
        assert a == pytest.approx(b, rel=1e-4, abs=1e-6)


def test_the_gradient_has_no_memory():
    step = cr.compile(Learning().step, fallback="error")
    plan = step.plan(X)
    gradients = [n for p, n in plan.program.gradients if p.ndim == 2]
    assert gradients and not any(plan.groups.view(n).base in plan.room.offsets for n in gradients)


def test_watched_gradients_are_stored_and_nothing_else_changes(monkeypatch):
    paths = ("*.weight.grad", "optimizer/*")
    fused = run(monkeypatch, watch=paths)
    apart = run(monkeypatch, large=False, watch=paths)
    same(fused, run(monkeypatch, large=False))
    same(apart, fused)
    assert len(fused[2]) == len(apart[2]) > 6
    assert all(np.array_equal(a, b) for a, b in zip(fused[2], apart[2], strict=True))


def test_kept_gradients_are_made_once(monkeypatch):
    kinds, *_ = kept = run(monkeypatch, keep_gradients=True)
    assert kinds == {LOOP}
    same(kept, run(monkeypatch))


@pytest.mark.parametrize("clip", [optim.clip_grad_norm, optim.clip_grad_value])
def test_clipped_gradients(monkeypatch, clip):
    """A norm reads the gradients; values are clipped where they are made."""
    fused, apart = run(monkeypatch, clip=clip), run(monkeypatch, clip=clip, large=False)
    assert fused[0] == ({LOOP} if clip is optim.clip_grad_norm else {PRODUCT})
    same(fused, apart)


def test_a_shared_weight_is_updated_by_the_sum(monkeypatch):
    def learner():
        w = Tensor(np.eye(20, dtype="f4") * 0.5, requires_grad=True)
        optimizer = optim.SGD([w], lr=0.1, momentum=0.5)

        def step(x):
            optimizer.zero_grad()
            loss = ((cr.tanh(x @ w) @ w) ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss

        return cr.compile(step, fallback="error"), w

    fused, w = learner()
    losses = [fused(X).item() for _ in range(3)]
    monkeypatch.setattr(module, "LARGE", 1 << 60)
    apart, v = learner()
    assert losses == [apart(X).item() for _ in range(3)]
    assert np.array_equal(w.numpy(), v.numpy())


def remembering():
    """A step whose weights' gradient is made of a cell that the step changes too; the weights, the cell."""
    w = Tensor(np.full((20, 33), 0.01, "f4"), requires_grad=True)
    kept = Tensor(X.copy(), name="kept")
    optimizer = optim.SGD([w], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = ((kept @ w - x.sum()) ** 2).mean()
        loss.backward()
        kept.assign(kept * 0.5 + x)
        optimizer.step()
        return loss

    return step, w, kept


def test_factors_that_may_have_changed_by_then():
    (plain, v, _), (step, w, _) = remembering(), remembering()
    compiled = cr.compile(step, fallback="error")
    assert {group.kind for group in weights(compiled.ready(X).made)} == {LOOP}
    for _ in range(3):
        assert compiled(X).item() == pytest.approx(plain(Tensor(X)).item(), rel=1e-5)
        assert w.numpy() == pytest.approx(v.numpy(), rel=1e-4)


def coupled():
    """A step that adds to each weight's gradient the other weight, as it was before; both."""
    pair = [Tensor(np.full((20, 33), c, "f4"), requires_grad=True, name=f"w{c}") for c in (0.5, 0.25)]
    optimizer = optim.SGD(pair, lr=0.1, momentum=0.5)

    def step(x):
        optimizer.zero_grad()
        loss = sum(((x @ w) ** 2).mean() for w in pair)
        loss.backward()
        pair[0].grad = pair[0].grad + pair[1]
        pair[1].grad = pair[1].grad + pair[0]
        optimizer.step()
        return loss

    return step, pair


def test_gradients_that_read_state_which_others_change():
    (plain, mine), (step, others) = coupled(), coupled()
    compiled = cr.compile(step, fallback="error")
    for _ in range(3):
        assert compiled(X).item() == pytest.approx(plain(Tensor(X)).item(), rel=1e-5)
        for a, b in zip(mine, others, strict=True):
            assert b.numpy() == pytest.approx(a.numpy(), rel=1e-5)


def test_long_sums_and_other_groups_are_left(monkeypatch):
    made = arranged(Learning().step, Tensor(X))
    large = [is_large(made.groups, group) for group in made.groups.groups]
    assert any(large) and not all(large)
    monkeypatch.setattr(module, "SHORT", 6)
    assert not any(is_large(made.groups, group) for group in made.groups.groups)


# --- the guard ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=str)
def test_a_step_that_overflows_changes_nothing(bad):
    learning = Learning()
    step = cr.compile(learning.step, fallback="error")
    step(X)
    before = learning.state()
    wrong = X.copy()
    wrong[0, 0] = bad
    with pytest.raises(NonFiniteError):
        step(wrong)
    assert all(np.array_equal(a, b) for a, b in zip(before, learning.state(), strict=True))
    assert np.isfinite(step(X).item())


def far(scale):
    """A step that multiplies what comes in by weights and by `scale`, and sums it up; the weights."""
    w = Tensor(np.zeros((20, 33), "f4"), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = (x @ w * scale).sum()
        loss.backward()
        optimizer.step()
        return loss

    return cr.compile(step, fallback="error"), w


def test_large_factors_with_a_finite_gradient_pass():
    """They are beyond what a bound can promise: the product itself is looked at."""
    step, w = far(1e-20)
    step(np.full((7, 20), 1e30, "f4"))
    assert w.numpy() == pytest.approx(np.full((20, 33), -7e9), rel=1e-5)


def test_a_gradient_that_overflows_alone_stops_the_step():
    """Loss and factors are finite."""
    step, w = far(1e20)
    with pytest.raises(NonFiniteError):
        step(np.full((7, 20), 1e20, "f4"))
    assert not w.numpy().any()
    blamed = check.blame(step, np.full((7, 20), 1e20, "f4"))
    assert blamed is not None and blamed.place.gate == "matmul" and blamed.place.phase == "backward"


def test_every_line_is_verified():
    step = cr.compile(Learning().step, fallback="error")
    step(X)
    lines = {verdict.place.path for verdict in check.compiled(step, X).lines}
    assert any(path.endswith("weight.grad") for path in lines)


# --- planted faults -------------------------------------------------------------------------------------


def test_planted_state_that_changed_before(monkeypatch):
    plant(monkeypatch, module, "is_large", "cells.keys().isdisjoint(arrays(groups, group))", "True")
    for test in (
        test_factors_that_may_have_changed_by_then,
        test_gradients_that_read_state_which_others_change,
    ):
        with pytest.raises(AssertionError):
            test()


def test_planted_guard_that_never_looks(monkeypatch):
    monkeypatch.setattr(records, "_addresses", {})
    monkeypatch.setattr(InDoubt, "__call__", lambda self, k: None)
    with pytest.raises(pytest.fail.Exception):
        test_a_gradient_that_overflows_alone_stops_the_step()


def test_planted_doubt_that_is_too_high(monkeypatch):
    monkeypatch.setattr(doubt, "growth", lambda dtype: 1.0)
    with pytest.raises(pytest.fail.Exception):
        test_a_gradient_that_overflows_alone_stops_the_step()


def test_planted_gradient_of_another_loop(monkeypatch):
    """Values are written in the place of others."""
    plant(monkeypatch, module, "follow", "new[n] for n in op.outputs", "n for n in op.outputs")
    with pytest.raises((AssertionError, NonFiniteError)):
        test_watched_gradients_are_stored_and_nothing_else_changes(monkeypatch)


def test_a_loop_that_writes_into_a_border_stays_a_loop():
    w = Tensor(np.zeros((32, 32, 2048), "f4"), requires_grad=True, name="w")
    rng = np.random.default_rng(0)

    def step(x, p, u):
        w.grad = None
        y = ops.matmul(x, ops.reshape(w, (1024, 2048)))
        loss = ops.sum(y) * 0.5 + ops.sum(y * u)
        loss.backward()
        v = ops.relu(p)
        edge = ops.pad(v, ((0, 0), (1, 1), (0, 0)))
        w.assign(w - 0.1 * (w.grad + v))
        return loss, ops.sum(edge, axis=(0, 2))

    data = [rng.normal(size=s).astype("f4") for s in ((8, 1024), (32, 32, 2048), (8, 2048))]
    made = [a.numpy() for a in cr.compile(step, fallback="error")(*data)]
    after = w.numpy().copy()
    w.assign(Tensor(np.zeros_like(after)))
    for got, want in zip(made, step(*map(Tensor, data)), strict=True):
        assert got == pytest.approx(want.numpy(), rel=1e-4, abs=1e-2)
    assert after == pytest.approx(w.numpy(), rel=1e-4, abs=1e-4)


def test_a_factor_that_lies_in_a_joined_value_is_looked_at_there():
    w = Tensor(np.zeros((1024, 2048), "f4"), requires_grad=True, name="w")
    optimizer = optim.SGD([w], lr=0.1)
    rng = np.random.default_rng(0)

    @cr.compile
    def step(x, x2, v, c):
        optimizer.zero_grad()
        a = ops.relu(x)
        wide = ops.concat([a, x2 * 2.0], axis=1)
        loss = ops.sum(ops.matmul(a, w) * c) + ops.sum(ops.matmul(wide, v)) * 0.0
        loss.backward()
        optimizer.step()
        return loss

    x = abs(rng.normal(size=(8, 1024))).astype("f4") + 1
    x[3, 5] = 1e35
    with pytest.raises(NonFiniteError):
        step(x, np.ones((8, 16), "f4"), np.zeros((1040, 1), "f4"), np.full((8, 2048), 1e10, "f4"))
    assert not w.numpy().any()
