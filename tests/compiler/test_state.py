"""Cells keep one array for all plans; the user's arrays are never written to."""

import gc
import weakref

import numpy as np

import chainrule as cr
from chainrule import Tensor, nn, optim
from chainrule.compiler import state
from chainrule.compiler.state import adopt, aligned_empty, owned

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


def learner(seed=0):
    """A linear layer, its step, and the step plain."""
    layer = nn.Linear(3, 2, rng=cr.random.Generator(seed))
    optimizer = optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)

    def step(x):
        optimizer.zero_grad()
        loss = (layer(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return layer, optimizer, step


def test_arrays_begin_at_a_cache_line():
    for shape in ((), (3,), (5, 7), (0, 2)):
        for dtype in ("float32", "float64", "bool", "int64"):
            array = aligned_empty(shape, np.dtype(dtype))
            assert array.ctypes.data % 64 == 0 or array.size == 0
            assert (array.shape, array.dtype) == (shape, dtype) and array.flags.c_contiguous


def test_a_cell_is_copied_once_and_then_owned():
    given = np.arange(6, dtype="float32").reshape(2, 3)
    cell = Tensor.of(given)
    array = owned(cell)
    assert cell.data is array is owned(cell) and array is not given
    array[...] = 0
    assert given.sum() == 15


def test_numbers_from_outside_are_taken_over():
    cell = Tensor([1.0, 2.0])
    array = owned(cell)
    cell.assign(Tensor([3.0, 4.0]))
    assert cell.data is not array
    adopt(cell, array)
    assert cell.data is array and array.tolist() == [3, 4]


def test_a_cell_that_goes_leaves_nothing_behind():
    gc.collect()  # those of other tests
    before = len(state._owned)
    cell = Tensor([1.0])
    array = weakref.ref(owned(cell))
    del cell
    gc.collect()
    assert len(state._owned) == before and array() is None


def test_the_users_array_is_never_written_to():
    given = np.ones((2, 3), "float32")
    w = Tensor.of(given)
    w.requires_grad = True

    @cr.compile(fallback="error")
    def step(x):
        w.grad = None
        (x @ w.reshape((3, 2))).sum().backward()
        with cr.no_grad():
            w.assign(w - w.grad)

    step(X)
    assert np.array_equal(given, np.ones((2, 3))) and not np.array_equal(w.numpy(), given)


def test_load_state_dict_and_assign_are_noticed():
    layer, optimizer, step = learner()
    plain_layer, _, plain_step = learner()
    compiled = cr.compile(step, fallback="error")
    saved = {name: array.copy() for name, array in layer.state_dict().items()}
    compiled(X), plain_step(Tensor(X))
    for model in (layer, plain_layer):
        model.load_state_dict(saved)
        model.weight.assign(model.weight * 2)
    for run, x in ((compiled, X), (plain_step, Tensor(X))):
        run(x)
    assert np.allclose(layer.weight.numpy(), plain_layer.weight.numpy(), atol=1e-6)
    assert all(
        np.array_equal(a, b) for a, b in zip(saved.values(), learner()[0].state_dict().values(), strict=True)
    )
    assert compiled.traces == 1


def test_what_was_read_before_a_step_may_change_only_by_views_of_the_state():
    layer, _, step = learner()
    compiled = cr.compile(step, fallback="error")
    compiled(X)
    copied = layer.weight.numpy().copy()
    compiled(X)
    assert not np.array_equal(copied, layer.weight.numpy())


def test_two_plans_share_the_arrays():
    layer, _, step = learner()
    train, look = cr.compile(step, fallback="error"), cr.compile(lambda x: layer(x), fallback="error")
    train(X)
    array = layer.weight.data
    first = look(X).numpy().copy()
    train(X[:3])
    assert layer.weight.data is array
    assert np.allclose(look(X).numpy(), layer(Tensor(X)).numpy(), atol=1e-6)
    assert not np.allclose(look(X).numpy(), first, atol=1e-6)
    assert train.plan(X).room.cells and any(a is array for a in look.plan(X).room.cells.values())


def test_a_parameter_shared_by_two_learners_goes_on_from_where_it_is():
    w = Tensor([2.0], requires_grad=True)

    def half(x):
        w.grad = None
        (w * x).sum().backward()
        with cr.no_grad():
            w.assign(w * 0.5)

    one, other = cr.compile(half, fallback="error"), cr.compile(half, fallback="error")
    for k, run in enumerate((one, other, one, half)):
        w.grad = None
        run(Tensor([1.0]))
        assert w.item() == 2.0**-k


def test_a_change_gives_a_new_version():
    a, b = np.zeros(2), np.zeros(2)
    before = state.versions([id(a), id(b)])
    state.changed([id(a)])
    after = state.versions([id(a), id(b)])
    assert before[0] != after[0] and before[1] == after[1]


def test_panels_of_weights_follow_whoever_changes_them():
    """Inference packs weights once; training, load_state_dict and assign are noticed."""
    model = nn.Linear(20, 33, rng=cr.random.Generator(0))
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    look = cr.compile(lambda x: model(x), fallback="error")

    @cr.compile(fallback="error")
    def learn(x):
        optimizer.zero_grad()
        loss = (model(x) * model(x)).mean()
        loss.backward()
        optimizer.step()
        return loss

    x = np.random.default_rng(0).normal(size=(7, 20)).astype("f4")

    def right():
        expected = x @ model.weight.numpy().T + model.bias.numpy()
        np.testing.assert_allclose(look(x).numpy(), expected, rtol=1e-4, atol=1e-5)

    right()
    right()
    assert look.plan(x).ahead == 1 and learn.ready(x).plan.ahead == 0
    learn(x)
    right()
    model.load_state_dict({k: v * 2 for k, v in model.state_dict().items()})
    right()
    model.weight.assign(model.weight.numpy() * 3)
    right()
    learn.function(x)
    right()
    cr.check.compiled(look, x)
    with look.watch("*") as seen:
        look(x)
    assert seen["weight"]
