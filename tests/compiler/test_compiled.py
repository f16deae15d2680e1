"""`compile`: the compiled step is the step, whatever it is called with."""

import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule import Gate, Tensor, gate, nn, ops, optim
from chainrule.compiler import ready
from chainrule.errors import (
    CompileError,
    GradientError,
    ResourceError,
    SettingError,
    ShapeError,
    TraceError,
)
from chainrule.kernels.language import engine

from .steps import Learner, X, near


def native(function, **settings):
    return cr.compile(function, fallback="error", **settings)


def test_five_steps_are_five_plain_steps():
    for settings in ({"momentum": 0.9}, {"optimizer": optim.Adam}, {"optimizer": optim.AdamW}):
        plain, learner = Learner(**settings), Learner(**settings)
        step = native(learner.step)
        for k in range(5):
            x = X * (k + 1)
            assert near([step(x).item()], [plain.plain(x)])
            assert near(learner.state(), plain.state())
        assert step.traces == 1


def test_it_is_a_decorator_with_and_without_settings():
    @cr.compile
    def one(x):
        """Twice."""
        return x * 2

    @cr.compile(keep_gradients=True, fallback="error")
    def other(x):
        return x * 2

    assert (one.__name__, one.__doc__) == ("one", "Twice.") and other.keep_gradients
    assert one(X).numpy().tobytes() == other(X).numpy().tobytes() == (X * 2).tobytes()
    with pytest.raises(SettingError, match="plain"):
        cr.compile(one, fallback="quiet")
    with pytest.raises(SettingError, match="a Tensor; expected a function"):
        cr.compile(one(X))


# --- When it traces anew ---------------------------------------------------------------------------------


def test_train_and_eval_are_two_traces_that_are_kept():
    model = nn.Sequential(
        nn.Linear(3, 8, rng=cr.random.Generator(0)), nn.Dropout(0.5, rng=cr.random.Generator(1))
    )
    look = native(lambda x: model(x))
    trained = look(X).numpy()
    assert (trained == 0).sum() > 5
    model.eval()
    plain = model(Tensor(X)).numpy()
    assert near([look(X).numpy()], [plain]) and look.traces == 2
    model.train()
    assert (look(X).numpy() == 0).sum() > 5 and look.traces == 2


def test_a_frozen_parameter_is_a_trace_of_its_own():
    learner, plain = Learner(), Learner()
    step = native(learner.step)
    step(X), plain.plain(X)
    for one in (learner, plain):
        one.model[0].weight.requires_grad = False
    before = learner.model[0].weight.numpy().copy()
    step(X), plain.plain(X)
    assert step.traces == 2 and np.array_equal(before, learner.model[0].weight.numpy())
    assert near(learner.state(), plain.state())
    for one in (learner, plain):
        one.model[0].weight.requires_grad = True
    step(X), plain.plain(X)
    assert step.traces == 2 and near(learner.state(), plain.state())


def test_another_batch_size_traces_and_compiles_nothing():
    learner, plain = Learner(optimizer=optim.Adam), Learner(optimizer=optim.Adam)
    step = native(learner.step)
    big = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    step(big), plain.plain(big)
    compiled = engine().compiled
    for count in (63, 17, 33, 50):
        step(big[:count]), plain.plain(big[:count])
    assert engine().compiled == compiled and step.traces == 5
    assert near(learner.state(), plain.state())


def test_a_rate_needs_no_new_trace_and_a_changed_number_needs_retrace():
    learner, plain = Learner(), Learner()
    step = native(learner.step)
    for rate in (0.1, 0.01, 0.5):
        learner.optimizer.lr = plain.optimizer.lr = rate
        step(X), plain.plain(X)
    assert step.traces == 1 and near(learner.state(), plain.state())
    scale = [2.0]
    times = native(lambda x: x * scale[0])
    times(X)
    scale[0] = 3.0
    assert near([times(X).numpy()], [X * 2])
    times.retrace()
    assert near([times(X).numpy()], [X * 3])


# --- Arguments -------------------------------------------------------------------------------------------


def strange_arrays():
    wide = np.zeros((5, 6), "float32")
    wide[:, ::2] = X
    raw = np.zeros(X.nbytes + 1, np.uint8)
    unaligned = raw[1:].view("float32").reshape(X.shape)
    unaligned[...] = X
    frozen = X.copy()
    frozen.flags.writeable = False
    turned = np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]
    return {
        "Fortran": np.asfortranarray(X),
        "strided": wide[:, ::2],
        "unaligned": unaligned,
        "read-only": frozen,
        "byte-swapped": X.astype(X.dtype.newbyteorder()),
        "reversed": turned,
        "a tensor": Tensor(X),
        "a strided tensor": Tensor.of(wide[:, ::2]),
    }


@pytest.mark.parametrize("name", strange_arrays())
def test_arrays_of_any_layout(name):
    learner, plain = Learner(), Learner()
    x = strange_arrays()[name]
    before = np.array(x.numpy() if isinstance(x, Tensor) else x)
    assert near([native(learner.step)(x).item()], [plain.plain(X)])
    assert near(learner.state(), plain.state())
    assert np.array_equal(before, x.numpy() if isinstance(x, Tensor) else x)


def test_layouts_take_turns_in_one_plan():
    total = native(lambda x: (x * np.arange(3, dtype="float32")).sum())
    assert len({total(a).item() for a in [*strange_arrays().values()] * 2}) == 1


def test_a_stretched_argument_and_one_without_elements():
    doubled = native(lambda x: (x * 2, x.sum(axis=0)))
    stretched = np.broadcast_to(np.float32([1, 2, 3]), (4, 3))
    assert np.array_equal(doubled(stretched)[1].numpy(), [4, 8, 12])
    twice, total = doubled(np.zeros((0, 3), "float32"))
    assert twice.shape == (0, 3) and total.numpy().tolist() == [0, 0, 0]


def test_numbers_strings_and_none_are_part_of_the_step():
    @native
    def step(x, scale, mode, nothing):
        return (x * scale if mode == "scale" else x + scale), nothing

    assert near([step(X, 2, "scale", None)[0].numpy()], [X * 2])
    assert near([step(X, 2.5, "scale", None)[0].numpy()], [X * 2.5])
    assert near([step(X, 2, "shift", None)[0].numpy()], [X + 2])
    assert step(X, 2, "scale", None)[1] is None and step.traces == 3
    one = native(lambda x, k: x * 2 if k is True else x * 3)  # True == 1, and is another step
    assert near([one(X, 1).numpy(), one(X, True).numpy(), one(X, 1).numpy()], [X * 3, X * 2, X * 3])


def test_an_unhashable_argument_is_refused():
    step = native(lambda x, many: x * 2)
    for many in ([1, 2], {"a": 1}, [X], (X, X)):
        with pytest.raises(TraceError, match="array"):
            step(X, many)


def test_a_weak_scalar_stays_weak():
    half = native(lambda x, k: x * k)
    weak = Tensor(0.5, dtype="float64", weak=True)
    assert half(X, weak).dtype == np.float32
    assert half(X.astype("float64"), weak).dtype == np.float64
    assert half(X, Tensor(0.5)).numpy().tobytes() == half(X, weak).numpy().tobytes()


def test_a_tensor_that_wants_a_gradient():
    def step(x):
        loss = (x * x).sum()
        return cr.graph.gradients(loss, [x])[0]

    made = native(step)(Tensor(X, requires_grad=True))
    assert near([made.numpy()], [2 * X])


def test_a_tensor_argument_is_not_state():
    step = native(lambda x: x + 1)
    x = Tensor(X)
    assert not step.program(x).cells
    first = step(x).numpy()
    x.assign(Tensor(X * 2))
    assert near([step(x).numpy(), first], [X * 2 + 1, X + 1])


def test_wrong_shapes_raise_as_in_the_plain_step():
    step = native(lambda x, y: x @ y)
    with pytest.raises(ShapeError, match="matmul") as caught:
        step(X, X)
    assert "test_compiled.py" in caught.value.line


# --- What comes back -------------------------------------------------------------------------------------


def test_tuples_lists_dicts_numbers_and_none_come_back():
    @native
    def step(x):
        y = x * 2
        return {"sum": y.sum(), "pair": (y, [x.max(), 3, None]), "word": "done", 5: x}

    made = step(X)
    assert list(made) == ["sum", "pair", "word", 5] and made["word"] == "done"
    assert isinstance(made["pair"], tuple) and made["pair"][1][1:] == [3, None]
    assert near([made["pair"][0].numpy(), made[5].numpy(), made["pair"][1][0].item()], [X * 2, X, X.max()])
    assert native(lambda x: None)(X) is None and native(lambda x: 7)(X) == 7 and native(lambda x: ())(X) == ()


def test_what_came_back_is_nobody_elses():
    w = Tensor(np.ones(3, "float32"))

    @native
    def step(x):
        y = x * 2
        return y, y, x, w, y.reshape((15,))

    first = step(X)
    kept = [t.numpy().copy() for t in first]
    step(X * 5)
    assert all(np.array_equal(a, t.numpy()) for a, t in zip(kept, first, strict=True))
    first[0].data[...] = 0
    first[2].data[...] = 0
    first[3].data[...] = 0
    assert X.any() and w.numpy().all() and near([step(X)[0].numpy()], [X * 2])


def test_views_and_constants_come_back_in_their_shape():
    @native
    def step(x):
        return x.T, x[::-1, 1], x.reshape((3, 5)), ops.broadcast_to(x[0], (2, 3)), Tensor([1.0, 2.0]) * 1

    for a, b in zip(
        step(X), (X.T, X[::-1, 1], X.reshape(3, 5), np.broadcast_to(X[0], (2, 3)), [1, 2]), strict=True
    ):
        assert a.shape == np.shape(b) and np.array_equal(a.numpy(), b)


# --- Gradients -------------------------------------------------------------------------------------------


def test_gradients_are_gone_unless_they_are_kept():
    learner, keeper, plain = Learner(), Learner(), Learner()
    step = native(learner.step)
    step(X)
    with pytest.raises(GradientError, match="keep_gradients"):
        _ = learner.model[0].weight.grad
    native(keeper.step, keep_gradients=True)(X), plain.plain(X)
    for mine, other in zip(keeper.model.parameters(), plain.model.parameters(), strict=True):
        assert near([mine.grad.numpy()], [other.grad.numpy()])
    step(X)
    assert step.traces == 1


def test_plain_steps_and_compiled_steps_take_turns():
    learner, plain = Learner(momentum=0.9), Learner(momentum=0.9)
    step = native(learner.step)
    saved = {name: array.copy() for name, array in learner.model.state_dict().items()}
    for k in range(6):
        (step if k % 2 else learner.plain)(X)
        plain.plain(X)
        if k == 3:
            learner.model.load_state_dict(saved)
            plain.model.load_state_dict(saved)
    assert near(learner.state(), plain.state())


def test_a_parameter_that_does_not_reach_the_loss_has_none():
    w, unused = (Tensor(np.ones(3, "float32"), requires_grad=True, name=n) for n in "ab")

    @cr.compile(fallback="error", keep_gradients=True)
    def step(x):
        w.grad = unused.grad = None
        (x * w).sum().backward()

    step(X)
    assert unused.grad is None and near([w.grad.numpy()], [X.sum(axis=0)])


# --- What cannot be one fixed program --------------------------------------------------------------------


def branching(x):
    return x * 2 if x.sum() > 0 else x


def test_a_branch_on_a_value_names_the_line():
    with pytest.raises(TraceError) as caught:
        native(branching)(X)
    assert "test_compiled.py" in caught.value.line and "branching" in caught.value.line
    with pytest.raises(TraceError):
        cr.compile(branching)(X)


def test_a_kept_promise_and_an_added_gradient_are_refused_and_leave_everything():
    kept = []
    with pytest.raises(TraceError, match="kept"):
        native(lambda x: kept.append(x * 2))(X)
    learner = Learner()
    learner.plain(X)
    before = learner.state()

    def adding(x):
        (learner.model(x) ** 2).mean().backward()

    with pytest.raises(TraceError, match="zero_grad") as caught:
        native(adding)(X)
    assert "test_compiled.py" in caught.value.line
    assert near(learner.state(), before, 0) and isinstance(learner.model[0].weight.data, np.ndarray)


def test_inside_a_trace_a_compiled_step_is_the_step():
    inner = native(lambda x: x * 2)
    outer = native(lambda x: inner(x) + 1)
    assert near([outer(X).numpy()], [X * 2 + 1])
    assert len(outer.program(X).lines) == 2


# --- Without a compiler, without memory ------------------------------------------------------------------


def test_where_nothing_can_be_compiled_the_step_runs_plain_with_one_warning(monkeypatch):
    def missing(*args, **kwargs):
        raise CompileError("compile", "no llvmlite", "llvmlite", "pip install llvmlite")

    monkeypatch.setattr(ready, "Glass", missing)
    learner, plain = Learner(), Learner()
    step = cr.compile(learner.step)
    with pytest.warns(RuntimeWarning, match="llvmlite.*runs plain"):
        loss = step(X)
    assert near([loss.item()], [plain.plain(X)])
    step(X), plain.plain(X)
    assert near(learner.state(), plain.state(), 0)
    assert learner.model[0].weight.grad is not None
    with pytest.raises(CompileError, match="llvmlite"):
        native(Learner().step)(X)


def test_too_little_memory_is_told_with_the_figure(monkeypatch):
    def none(shape, dtype):
        raise MemoryError

    monkeypatch.setattr("chainrule.compiler.room.aligned_empty", none)
    with pytest.raises(ResourceError, match="MB") as caught:
        native(lambda x: ops.softmax(x @ x.T).sum())(X)
    assert "batch" in str(caught.value)


# --- Interrupted -----------------------------------------------------------------------------------------


@gate
class Stumble(Gate):
    """out = x, unless somebody wants an error."""

    def spec(self, x):
        return x

    def forward(self, x):
        if STUMBLE:
            raise STUMBLE[0]
        return x + 0

    def backward(self, upstream):
        return upstream


STUMBLE = []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError("mine")])
def test_an_error_in_a_users_gate_leaves_the_state(error):
    learner, plain = Learner(optimizer=optim.Adam), Learner(optimizer=optim.Adam)

    def step(x, which):
        which.optimizer.zero_grad()
        loss = (cr.apply(Stumble(), which.model(x)) ** 2).mean()
        loss.backward()
        which.optimizer.step()

    compiled = native(lambda x: step(x, learner))
    compiled(X), step(Tensor(X), plain)
    before = learner.state()
    STUMBLE.append(error)
    try:
        with pytest.raises(type(error)) as caught:
            compiled(X)
    finally:
        STUMBLE.clear()
    assert caught.value is error
    assert near(learner.state(), before, 0)
    compiled(X), step(Tensor(X), plain)
    assert near(learner.state(), plain.state())


def test_other_threads_may_make_their_own_steps():
    errors, results = [], {}

    def work(seed):
        try:
            learner = Learner(seed)
            step = native(learner.step)
            for _ in range(20):
                step(X)
            results[seed] = learner.state()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for seed, state in results.items():
        plain = Learner(seed)
        for _ in range(20):
            plain.plain(X)
        assert near(state, plain.state(), 1e-5)


def test_a_compiled_step_says_what_it_is():
    step = cr.compile(lambda x: x * 2, fallback="error")
    assert repr(step) == "Compiled(<lambda>, 0 plans)"
    step(Tensor([1.0]))
    assert repr(step) == "Compiled(<lambda>, 1 plan)"
