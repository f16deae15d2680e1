"""Every optimizer: groups, frozen parameters, the traced step, states that resume exactly."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, errors
from chainrule.optim import SGD, Adadelta, Adagrad, Adam, AdamW, Optimizer, RMSprop

RULES = [
    lambda params: SGD(params, lr=0.1, weight_decay=0.1),
    lambda params: SGD(params, lr=0.1, momentum=0.9, dampening=0.3),
    lambda params: SGD(params, lr=0.1, momentum=0.9, nesterov=True),
    lambda params: Adam(params, lr=0.1, weight_decay=0.1),
    lambda params: AdamW(params, lr=0.1, weight_decay=0.1),
    lambda params: Adagrad(params, lr=0.1, lr_decay=0.1),
    lambda params: RMSprop(params, lr=0.1, centered=True, momentum=0.5),
    lambda params: Adadelta(params, weight_decay=0.1),
    lambda params: SGD(params, lr=0.1, l1=0.1, max_norm=1.5),
]
NAMES = ["decay", "damped", "nesterov", "adam", "adamw", "adagrad", "rmsprop", "adadelta", "regular"]
every_rule = pytest.mark.parametrize("make", RULES, ids=NAMES)
both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def one_weight(name=""):
    return Tensor([1.0, 2.0], requires_grad=True, name=name)


def test_groups_have_their_own_settings_as_in_pytorch(torch, problem):
    walk = problem("float64")
    parameters = walk.tensors()
    groups = lambda w, b: [{"params": [w]}, {"params": [b], "lr": 0.02, "momentum": 0.0}]  # noqa: E731
    optimizer = SGD(groups(*parameters), lr=0.1, momentum=0.9)
    walk.walk(optimizer, parameters)
    theirs = walk.walk_torch(torch, lambda ps: torch.optim.SGD(groups(*ps), lr=0.1, momentum=0.9))
    for mine, other in zip(parameters, theirs, strict=True):
        np.testing.assert_allclose(mine.numpy(), other, rtol=1e-10)
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.02]


def test_lr_is_the_first_groups_and_sets_all():
    optimizer = SGD([{"params": [one_weight()]}, {"params": [one_weight()], "lr": 0.5}], lr=0.1)
    assert optimizer.lr == 0.1
    optimizer.lr = 0.3
    assert [g["lr"] for g in optimizer.param_groups] == [0.3, 0.3]


@every_rule
def test_a_frozen_parameter_is_untouched_and_has_no_slots(problem, make):
    walk = problem("float32")
    w, b = parameters = walk.tensors(frozen=("b",))
    optimizer = make(parameters)
    walk.walk(optimizer, parameters)
    np.testing.assert_array_equal(b.numpy(), walk.start["b"])
    assert not np.array_equal(w.numpy(), walk.start["w"])
    assert not [name for name in optimizer.state_dict() if name.startswith("b/")]


def test_a_parameter_that_thaws_later_is_not_silently_left_out(four_parts):
    w, b = one_weight("w"), Tensor([1.0], name="b")
    optimizer = SGD([w, b], lr=0.1)
    cr.graph.require_grad(b)
    with pytest.raises(errors.SettingError) as caught:
        optimizer.step()
    four_parts(caught.value, "SGD", "frozen", "made for", "a new SGD")


def test_zero_grad_forgets_and_step_without_gradients_changes_nothing():
    w = one_weight()
    optimizer = Adam([w])
    w.grad = Tensor([1.0, 1.0])
    optimizer.zero_grad()
    assert w.grad is None
    before = optimizer.state_dict()
    optimizer.step()
    assert w.tolist() == [1.0, 2.0]
    assert all(np.array_equal(before[k], a) for k, a in optimizer.state_dict().items())


def training(make, dtype):
    """A small network of two parameters, its optimizer, and one step of it."""
    rng = np.random.default_rng(3)
    w = Tensor(rng.normal(size=(4, 3)).astype(dtype), requires_grad=True, name="w")
    b = Tensor(np.zeros(3, dtype), requires_grad=True, name="b")
    optimizer = make([{"params": [w]}, {"params": [b], "lr": 0.05}])

    def step(x):
        optimizer.zero_grad()
        loss = (cr.tanh(x @ w + b) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    batches = [rng.normal(size=(8, 4)).astype(dtype) for _ in range(10)]
    return step, optimizer, (w, b), batches


def everything(optimizer, parameters):
    return optimizer.state_dict() | {p.name: p.numpy().copy() for p in parameters}


@both_dtypes
@every_rule
def test_traced_is_direct_to_the_bit_and_a_new_rate_needs_no_new_trace(make, dtype):
    ends = []
    for traced in (False, True):
        step, optimizer, parameters, batches = training(make, dtype)
        run = cr.trace(step, batches[0]) if traced else step
        losses = []
        for t, x in enumerate(batches):
            if t == 5:
                optimizer.lr = 0.5
            losses.append(run(Tensor(x)).item())
        ends.append((losses, everything(optimizer, parameters)))
    (direct_losses, direct), (traced_losses, traced) = ends
    assert direct_losses == traced_losses
    assert direct.keys() == traced.keys()
    for name in direct:
        assert direct[name].dtype == traced[name].dtype
        np.testing.assert_array_equal(direct[name], traced[name], err_msg=name)
    _, unchanged, parameters, batches = training(make, dtype)
    assert not np.array_equal(everything(unchanged, parameters)["w"], direct["w"])


def test_a_rate_changed_between_traced_steps_counts():
    ends = []
    for rate in (0.1, 0.5):
        step, optimizer, (w, _), batches = training(RULES[0], "float64")
        program = cr.trace(step, batches[0])
        optimizer.lr = rate
        before = w.numpy().copy()
        program(batches[0])
        ends.append(w.numpy() - before)
    np.testing.assert_allclose(ends[1], 5 * ends[0], rtol=1e-9)


def test_the_program_names_slots_and_rates_and_marks_its_update_lines():
    step, _, _, batches = training(RULES[3], "float32")
    program = cr.trace(step, batches[0])
    names = {cell.name for cell in program.cells.values()}
    assert {"w/mean", "w/square", "w/steps", "group0/lr", "group1/betas[0]", "group1/eps"} <= names
    assert {cell.name for cell, _ in program.updates} == {
        *("w", "w/mean", "w/square", "w/steps"),
        *("b", "b/mean", "b/square", "b/steps"),
    }
    update = [line for line in program.lines if line.phase == "update"]
    assert update and all(line.place.function == "step" for line in update)


@both_dtypes
@every_rule
def test_a_loaded_state_goes_on_exactly(problem, make, dtype):
    walk = problem(dtype)
    parameters = walk.tensors()
    optimizer = make(parameters)
    walk.walk(optimizer, parameters, steps=10)
    optimizer.lr = 0.07
    saved = optimizer.state_dict()
    resumed = [Tensor(p.numpy(), requires_grad=True, name=p.name) for p in parameters]
    again = make(resumed)
    again.load_state_dict(saved)
    assert again.lr == 0.07
    for ps, o in ((parameters, optimizer), (resumed, again)):
        walk.walk(o, ps, steps=10, start=10)
    for p, q in zip(parameters, resumed, strict=True):
        np.testing.assert_array_equal(p.numpy(), q.numpy())
    for name, array in optimizer.state_dict().items():
        np.testing.assert_array_equal(array, again.state_dict()[name])


def test_a_state_is_a_contiguous_copy():
    w = Tensor(np.ones((2, 3)), requires_grad=True, name="w")
    optimizer = Adam([w], lr=0.1)
    w.grad = Tensor(np.ones((3, 2))).mT
    optimizer.step()
    state = optimizer.state_dict()
    kept = {name: array.copy() for name, array in state.items()}
    assert all(a.flags.c_contiguous and a.flags.writeable for a in state.values())
    assert not any(np.shares_memory(state["w/mean"], slot.data) for slot in optimizer._state.values())
    w.grad = Tensor(np.full((2, 3), 5.0))
    optimizer.step()
    assert all(np.array_equal(state[name], kept[name]) for name in state)


def test_parameters_without_a_name_of_their_own_are_counted():
    state = SGD([one_weight("w"), one_weight(), one_weight("w")], 0.1, momentum=0.9).state_dict()
    assert [name for name in state if name.endswith("velocity")] == [
        "w/velocity",
        "#1/velocity",
        "#2/velocity",
    ]


def changed(**changes):
    def change(state):
        return {name: a for name, a in (state | changes).items() if a is not None}

    return change


STATES = [
    (changed(**{"w/velocity": None}), "without w/velocity", "entries", "build the SGD"),
    (changed(other=np.zeros(1)), "with other", "entries", "build the SGD"),
    (changed(**{"w/velocity": np.zeros(3, "f4")}), "w/velocity f32[3]", "f32[2]", "build the SGD"),
    (changed(**{"w/velocity": np.zeros(2)}), "w/velocity f64[2]", "f32[2]", "build the SGD"),
    (changed(**{"group0/lr": np.array(-1.0)}), "lr = -1.0", "a finite lr ≥ 0", "state_dict()"),
    (changed(**{"group0/momentum": np.array(np.nan)}), "momentum = nan", "< 1", "state_dict()"),
    (
        changed(**{"group0/nesterov": np.array(True)}),
        "group0/nesterov = True",
        "False, fixed",
        "nesterov=True",
    ),
    (
        changed(**{"group0/weight_decay": np.array(0.1)}),
        "group0/weight_decay = 0.1",
        "0.0, fixed",
        "weight_decay=0.1",
    ),
]


@pytest.mark.parametrize(("change", "came", "expected", "hint"), STATES)
def test_a_state_of_another_optimizer_is_refused_and_nothing_changes(
    four_parts, change, came, expected, hint
):
    optimizer = SGD([one_weight("w")], lr=0.1, momentum=0.9)
    before = optimizer.state_dict()
    state = {name: a + 1 if name == "w/velocity" else a for name, a in before.items()}
    with pytest.raises(errors.StateError) as caught:
        optimizer.load_state_dict(change(state))
    four_parts(caught.value, "SGD", came, expected, hint)
    assert all(np.array_equal(a, before[name]) for name, a in optimizer.state_dict().items())


def twice(make):
    w = one_weight("fc.weight")
    return make(w)


PARAMETERS = [
    (list, "an empty list", "at least one tensor", "model.parameters()"),
    (lambda: [Tensor([1.0])], "1 parameters, all frozen", "requires_grad", "model.parameters()"),
    (one_weight, "a Tensor as params", "an iterable", "[w]"),
    (lambda: 3, "a int as params", "an iterable", "[w]"),
    (lambda: [1.0], "a float as parameter 0", "a tensor", "model.parameters()"),
    (lambda: twice(lambda w: [w, w]), "fc.weight f32[2] twice", "each parameter once", "one group"),
    (
        lambda: twice(lambda w: [{"params": [w]}, {"params": [w]}]),
        "fc.weight f32[2] twice",
        "each parameter once",
        "one group",
    ),
    (lambda: [one_weight() * 2], "made by multiply", "no gate made", "Tensor(data"),
    (lambda: [one_weight(), {"params": []}], "mixed", "one or the other", '{"params": [w]}'),
    (lambda: [{"lr": 0.1}], "without 'params'", "'params' and any of lr", '"lr": 0.1'),
    (lambda: [{"params": [one_weight()], "rate": 1}], "'rate'", "any of lr, momentum", '"lr": 0.1'),
    (lambda: [{"params": one_weight()}], "a Tensor as params", "an iterable", "[w]"),
    (lambda: [{"params": [one_weight()], "lr": -1}], "lr = -1", "a finite lr ≥ 0", "lr=0.1"),
]


@pytest.mark.parametrize(("params", "came", "expected", "hint"), PARAMETERS)
def test_impossible_parameters(four_parts, params, came, expected, hint):
    with pytest.raises(errors.SettingError) as caught:
        SGD(params(), lr=0.1)
    four_parts(caught.value, "SGD", came, expected, hint)


def test_a_group_can_be_added_and_generators_are_read_once():
    optimizer = Adam(w for w in [one_weight("a"), one_weight("b")])
    optimizer.add_param_group({"params": [one_weight("c")], "lr": 0.5})
    assert [g["lr"] for g in optimizer.param_groups] == [1e-3, 0.5]
    assert [p.name for p in optimizer.parameters()] == ["a", "b", "c"]
    assert "c/mean" in optimizer.state_dict()


def test_a_rule_that_says_no_update():
    w = one_weight()
    w.grad = Tensor([1.0, 1.0])
    with pytest.raises(NotImplementedError, match=r"Optimizer\.update"):
        Optimizer([w], lr=0.1).step()


# --- what every group may have -----------------------------------------------------------------------------

ALL_RULES = [SGD, Adam, AdamW, Adagrad, RMSprop, Adadelta]


@pytest.mark.parametrize("rule", ALL_RULES)
def test_l1_adds_the_sign_of_the_weights_to_the_gradient(rule):
    starts, gradient = np.array([1.0, -2.0, 0.0]), np.array([0.5, 0.5, 0.5])
    ends = []
    for l1 in (0.25, 0.0):
        w = Tensor(starts, requires_grad=True)
        optimizer = rule([{"params": [w], "l1": l1}], lr=0.1)
        for _ in range(3):
            added = 0.0 if l1 else 0.25 * np.sign(w.numpy())
            w.grad = Tensor(gradient + added)
            optimizer.step()
        ends.append(w.numpy())
    np.testing.assert_array_equal(*ends)


def test_the_elastic_net_of_a_group_is_the_penalty_in_the_loss():
    """l1 and weight_decay of one group; the same as nn.L1 and half of nn.L2 in the loss."""
    ends = []
    for inside in (True, False):
        w, free = (Tensor([[1.0, -2.0], [0.5, 0.1]], dtype="float64", requires_grad=True) for _ in range(2))
        own = {} if inside else {"l1": 0.2, "weight_decay": 0.1}
        optimizer = SGD([{"params": [w], **own}, {"params": [free]}], lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            loss = (w * w * w).sum() + (free * free).sum()
            if inside:
                loss = loss + cr.elastic_net([w], 0.2, 0.05)
            loss.backward()
            optimizer.step()
        ends.append(np.stack([w.numpy(), free.numpy()]))
    np.testing.assert_allclose(*ends, 1e-12)


@pytest.mark.parametrize("rule", ALL_RULES)
@pytest.mark.parametrize("compiled", [False, True])
def test_max_norm_keeps_the_weights_into_each_unit_short(rule, compiled):
    rng = np.random.default_rng(0)
    start = {"w": rng.normal(size=(3, 4)), "k": rng.normal(size=(2, 3, 2, 2)), "b": np.full(3, 9.0)}
    given = Tensor(rng.normal(size=(3, 4)) * 5)

    def made(max_norm):
        tensors = [Tensor(a, requires_grad=True, name=n) for n, a in start.items()]
        return tensors, rule([{"params": tensors, "max_norm": max_norm}], lr=0.3)

    def step(given, tensors, optimizer):
        w, k, b = tensors
        optimizer.zero_grad()
        loss = (w * given).sum() + (k * k * k).sum() + (b * b).sum()
        loss.backward()
        optimizer.step()

    tensors, optimizer = made(1.25)
    free, unlimited = made(0.0)
    call = lambda x: step(x, tensors, optimizer)  # noqa: E731
    run = cr.compile(call, fallback="error") if compiled else call
    for _ in range(4):
        for one, other in zip(free, tensors, strict=True):
            one.assign(other.numpy().copy())
        unlimited.load_state_dict(
            {n: a if "max_norm" not in n else np.asarray(0.0) for n, a in optimizer.state_dict().items()}
        )
        step(given, free, unlimited)
        run(given)
        for one, other in zip(free, tensors, strict=True):
            rows = one.numpy().reshape(one.shape[0], -1)
            length = np.linalg.norm(rows, axis=1, keepdims=True)
            short = np.where(length > 1.25, rows * 1.25 / np.maximum(length, 1e-300), rows)
            expected = one.numpy() if one.ndim == 1 else short.reshape(one.shape)  # a bias leads into no unit
            np.testing.assert_allclose(other.numpy(), expected, 1e-10, 1e-12)
    assert np.linalg.norm(tensors[0].numpy(), axis=1).max() <= 1.25 + 1e-12
    if compiled:
        assert not run.left_to_numpy(given)


def test_a_row_of_zeros_stays_and_short_rows_keep_their_bits():
    w = Tensor([[0.0, 0.0], [0.1, 0.7]], requires_grad=True)
    optimizer = SGD([w], lr=0.0, max_norm=1.0)
    before = w.numpy().tobytes()
    w.grad = Tensor(np.zeros((2, 2), "float32"))
    optimizer.step()
    assert w.numpy().tobytes() == before


@pytest.mark.parametrize("name", ["l1", "max_norm"])
def test_shared_settings_change_between_steps_if_they_were_there(name):
    optimizer = SGD([one_weight()], lr=0.1, **{name: 0.5})
    optimizer.param_groups[0][name] = 0.25
    assert optimizer.param_groups[0][name] == 0.25
    with pytest.raises(errors.SettingError, match=f"{name} = 0.5 after it was 0.0"):
        SGD([one_weight()], lr=0.1).param_groups[0][name] = 0.5
    with pytest.raises(errors.SettingError, match=f"{name} = -1"):
        SGD([one_weight()], lr=0.1, **{name: -1})


# --- several backward passes before one step ----------------------------------------------------------------


def accumulating(parts, compiled):
    """A step of so many parts of a batch of 1,024; returns loss, weights, and the bytes of its plan."""
    rng = np.random.default_rng(0)
    widths = (8, 32, 32, 32, 4)
    weights = [
        Tensor(rng.normal(size=shape, scale=0.1).astype("f4"), requires_grad=True)
        for shape in zip(widths, widths[1:], strict=False)
    ]
    optimizer = SGD(weights, lr=0.1, momentum=0.9)

    def loss_of(x, y):
        for w in weights:
            x = cr.tanh(x @ w)
        return cr.mse(x, y)

    def step(x, y):
        optimizer.zero_grad()
        size, total = 1024 // parts, 0.0
        for k in range(0, 1024, size):
            loss = loss_of(x[k : k + size], y[k : k + size]) / parts
            loss.backward()  # adds to the gradients of the parts before
            total = total + loss.detach()
        optimizer.step()
        return total

    x, y = (Tensor(rng.normal(size=(1024, n)).astype("f4")) for n in (8, 4))
    run = cr.compile(step, fallback="error") if compiled else step
    losses = [run(x, y).item() for _ in range(3)]
    if compiled:
        assert not run.left_to_numpy(x, y)
    return losses, [w.numpy() for w in weights], run.plan(x, y).peak if compiled else 0


@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_of_parts_of_a_batch_add_up_to_its_own(compiled):
    losses, weights, _ = accumulating(1, False)
    for parts in (2, 8):
        some, others, _ = accumulating(parts, compiled)
        np.testing.assert_allclose(some, losses, 1e-5)
        for mine, other in zip(weights, others, strict=True):
            np.testing.assert_allclose(mine, other, 1e-4, 1e-6)


def test_a_compiled_step_of_parts_needs_less_memory():
    whole, parts = (accumulating(n, True)[2] for n in (1, 8))
    assert parts < 0.3 * whole
