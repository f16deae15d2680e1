"""Which loops become one kernel that goes over rows, and that their numbers stay what they are."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn, optim
from chainrule.compiler import chains
from chainrule.compiler.chains import many_rows, rows_of
from chainrule.compiler.groups import LOOP, Group
from chainrule.compiler.plan import Plan

from .slopes import agrees, arrays, as_plain, with_second_slopes, with_slopes
from .steps import arranged


def names(function, *shapes):
    plan = Plan(arranged(function, *map(Tensor, arrays(*shapes))))
    return [row.task.name for row in plan.rows]


def test_a_softmax_is_one_kernel():
    assert names(lambda x: cr.softmax(x, axis=1), (40, 70)) == ["rows"]
    assert names(lambda x: cr.softmax(x, axis=1), (8, 70)).count("rows") == 0  # too few rows to share out
    assert names(lambda x: cr.softmax(x, axis=1), (40, 8)).count("rows") == 0  # too short for a vector or two
    assert names(lambda x: cr.softmax(x, axis=0), (70, 40)).count("rows") == 0  # columns


def test_layer_norm_forward_and_backward():
    def step(x, w, b, upstream):
        out = cr.layer_norm(x, 64, w, b)
        return out, *cr.graph.gradients(out, [x, w, b], upstream)

    x, w, b = (Tensor(a, requires_grad=True) for a in arrays((32, 64), (64,), (64,)))
    plan = cr.compile(step).plan(x, w, b, Tensor(*arrays((32, 64))))
    made = [row.task.name for row in plan.rows]
    assert set(made) == {"rows", "reduce"} and made.count("rows") <= 2 and len(made) <= 5


def test_space():
    assert rows_of(Group(LOOP, (4, 5, 6), [], (2,)), 20).shape == (20, 6)
    assert rows_of(Group(LOOP, (4, 5, 6), [], (1, 2)), 4).shape == (4, 30)
    assert rows_of(Group(LOOP, (20, 1), [], None), 20).shape == (20, 1)
    assert rows_of(Group(LOOP, (20,), [], None), 20).shape == (20, 1)
    assert rows_of(Group(LOOP, (4, 5, 6), [], (0, 1)), 20).across
    assert rows_of(Group(LOOP, (4, 5, 6), [], (1,)), 20) is None
    assert rows_of(Group(LOOP, (4, 5, 6), [], (0,)), 20) is None
    assert rows_of(Group(LOOP, (4, 5, 6), [], (2,)), 8) is None
    assert rows_of(Group(LOOP, (20,), [], (0,)), 20) is None  # all of it is one total
    assert rows_of(Group(LOOP, (0, 6), [], (1,)), 16) is None
    assert many_rows(Group(LOOP, (4, 5, 64), [], (2,))) == 20
    assert many_rows(Group(LOOP, (64, 20), [], (0,))) is None


@pytest.fixture
def any_size(monkeypatch):
    monkeypatch.setattr(chains, "LEAST_ROWS", 1)
    monkeypatch.setattr(chains, "LEAST_WIDTH", 1)


FUNCTIONS = {
    "softmax": lambda x: cr.softmax(x * 2.0, axis=1),
    "log softmax": lambda x: cr.log_softmax(x, axis=1).reshape(-1, 2),
    "standardize": lambda x: cr.standardize(x, axis=1)[0],
    "two totals": lambda x: (
        x / (cr.sum(x * x, axis=1, keepdims=True) + cr.max(x, axis=1, keepdims=True) ** 2)
    ),
    "columns too": lambda x: cr.mean(x - cr.mean(x, axis=1, keepdims=True), axis=0),
    "turned behind": lambda x: cr.softmax(x, axis=1).T @ x,
    "read in part": lambda x: cr.softmax(x, axis=1)[1:, :-1],
    "squares of squares": lambda x: cr.var(x, axis=1) * 2.0,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(1, 4), (5, 6), (18, 34)], ids=str)
def test_numbers_stay(any_size, name, shape):
    agrees(FUNCTIONS[name], *arrays(shape))


@pytest.mark.parametrize("name", ["softmax", "standardize", "two totals"])
def test_second_slopes(any_size, name):
    as_plain(with_second_slopes(FUNCTIONS[name]), *arrays((6, 5)))


def test_three_axes_and_several_reduced(any_size):
    agrees(lambda x, w: cr.layer_norm(x, (3, 4), w), *arrays((5, 3, 4), (3, 4)))
    agrees(lambda x: cr.group_norm(x, 2), *arrays((4, 6, 5)))


class Learner(nn.Module):
    def __init__(self):
        self.norm, self.head = nn.LayerNorm(48), nn.Linear(48, 40, rng=cr.random.Generator(0))

    def forward(self, x):
        return cr.softmax(self.head(self.norm(x)), axis=1)


def test_a_step_that_learns_keeps_its_guard():
    """State is written behind all that is checked: a step that is not finite changes nothing, with chains too."""
    model = Learner()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    @cr.compile
    def step(x):
        optimizer.zero_grad()
        loss = (model(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    x = Tensor(*arrays((32, 48)))
    step(x)
    assert "rows" in [row.task.name for row in step.plan(x).rows]
    before = [p.numpy().copy() for p in model.parameters()]
    with pytest.raises(cr.errors.NonFiniteError):
        step(Tensor(np.full((32, 48), np.nan, "float32")))
    assert all(np.array_equal(a, p.numpy()) for a, p in zip(before, model.parameters(), strict=True))


def test_a_gradient_is_made_before_state_is_written():
    """Its sum reads what a chain behind the update reads too; it does not join that, or the guard would miss it."""
    layer = nn.Linear(48, 48, rng=cr.random.Generator(0))
    weight = Tensor(np.zeros(48, "float32"), requires_grad=True)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)

    def step(x, z):
        optimizer.zero_grad()
        weight.grad = None
        loss = (layer(x) ** 2).mean() + (z * weight).sum()
        loss.backward()
        optimizer.step()
        return loss, cr.softmax(z * layer(x).mean(), axis=1)

    compiled = cr.compile(step, keep_gradients=True)
    x, z = arrays((64, 48), (64, 48))
    assert "rows" in [row.task.name for row in compiled.plan(x, z).rows]
    before = layer.weight.numpy().copy()
    z[:, 5] = 3e38  # the loss is finite, the gradient is not
    with pytest.raises(cr.errors.NonFiniteError):
        compiled(x, z)
    assert np.array_equal(layer.weight.numpy(), before)


def test_any_value_of_a_chain_can_be_watched():
    step = cr.compile(lambda x: cr.softmax(cr.standardize(x, axis=1)[0] * 2.0, axis=1))
    x = Tensor(*arrays((32, 48)))
    plain, seen = step(x).numpy(), {}
    for path in step.plan(x).values():
        with step.watch(path) as watched:
            assert np.array_equal(step(x).numpy(), plain)
        seen[path] = watched
    assert len(seen) >= 3


def test_the_same_bits_for_any_number_of_threads():
    step = cr.compile(with_slopes(lambda x, w: cr.layer_norm(x, 300, w)))
    given, found = arrays((200, 300), (300,)), []
    for threads in (1, 2):
        cr.set_threads(threads)
        found.append([value.numpy().tobytes() for value in step(*map(Tensor, given))])
    assert found[0] == found[1]
