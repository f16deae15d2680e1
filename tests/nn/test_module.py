"""Modules: names and layouts as PyTorch's, loading all or nothing, modes, frozen parts, layer paths."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn, ops, optim
from chainrule.errors import ChainruleError, DTypeError, SettingError, ShapeError, StateError
from chainrule.random import Generator

from .layers import noise
from .steps import everything, pictures, traced_is_direct, whole_step


def layers(kit):
    """The same layers of either library: every setting of convolution, both batch norms, both pools."""
    return [
        kit.Conv2d(3, 8, 5, stride=2, padding=2),
        kit.BatchNorm2d(8),
        kit.ReLU(),
        kit.Conv2d(8, 12, 3, padding=2, dilation=2, groups=4, bias=False),
        kit.BatchNorm2d(12, eps=1e-3, momentum=0.3),
        kit.MaxPool2d(3, stride=2, padding=1),
        kit.LocalResponseNorm(3, 0.5),
        kit.Conv2d(12, 6, (1, 3), (1, 2), (0, 1)),
        kit.AvgPool2d(2),
        kit.Flatten(),
        kit.Linear(12, 10),
        kit.BatchNorm1d(10),
        kit.Tanh(),
        kit.Linear(10, 5),
    ]


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="compares with PyTorch")


@pytest.fixture
def pair(torch):
    """A network of PyTorch, and ours with its weights."""
    torch.manual_seed(0)
    theirs = torch.nn.Sequential(*layers(torch.nn))
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return nn.Sequential(*layers(nn)).load_state_dict(theirs.state_dict()), theirs


def close(ours, theirs, tolerance=1e-5):
    theirs = theirs.detach().numpy()
    scale = max(1.0, float(np.abs(theirs).max()))
    np.testing.assert_allclose(np.asarray(ours), theirs, rtol=tolerance, atol=tolerance * scale)


def test_names_order_and_layouts_are_pytorchs(pair):
    ours, theirs = (model.state_dict() for model in pair)
    assert {n: (a.shape, str(a.dtype)) for n, a in ours.items()} == {
        n: (tuple(a.shape), str(a.dtype).removeprefix("torch.")) for n, a in theirs.items()
    }
    assert list(ours) == list(theirs)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_our_state_dict_loads_into_pytorch(pair, torch):
    ours, theirs = pair
    fresh = torch.nn.Sequential(*layers(torch.nn))
    fresh.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    x = noise((4, 3, 18, 14))
    assert torch.equal(fresh.eval()(torch.tensor(x)), theirs.eval()(torch.tensor(x)))


@pytest.mark.parametrize("training", [True, False])
def test_outputs_and_gradients_agree_with_pytorch(pair, torch, training):
    ours, theirs = (model.train(training) for model in pair)
    x, labels = noise((6, 3, 18, 14)), np.arange(6) % 5
    image, picture = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    scores, expected = ours(image), theirs(picture)
    close(scores, expected)
    nn.CrossEntropyLoss()(scores, labels).backward()
    torch.nn.CrossEntropyLoss()(expected, torch.tensor(labels)).backward()
    close(image.grad, picture.grad)
    gradients = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        close(parameter.grad, gradients[name].grad)


def test_three_steps_agree_with_pytorch(pair, torch):
    ours, theirs = pair
    rule = optim.SGD(ours.parameters(), lr=0.05, momentum=0.9)
    step = whole_step(ours, rule, nn.CrossEntropyLoss())
    their_rule = torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9)
    for seed in range(3):
        x, labels = pictures((3, 18, 14), 5, count=6, seed=seed)
        loss = step(x, labels)
        their_rule.zero_grad()
        expected = torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(labels))
        expected.backward()
        their_rule.step()
        close(loss, expected)
    for name, array in theirs.state_dict().items():
        close(ours.state_dict()[name], array)
    x = noise((4, 3, 18, 14), 11)
    close(ours.eval()(x), theirs.eval()(torch.tensor(x)))


def small():
    rng = Generator(0)
    body = nn.Sequential(nn.Linear(4, 3, rng=rng), nn.BatchNorm1d(3), nn.ReLU())
    return nn.Sequential({"body": body, "head": nn.Linear(3, 2, rng=rng)})


def without(state, name):
    return {key: array for key, array in state.items() if key != name}


FAULTS = {
    "missing": (lambda state: without(state, "head.bias"), "head.bias is missing", StateError),
    "unknown": (lambda state: {**state, "tail.bias": np.zeros(2)}, "tail.bias is unknown", StateError),
    "wrong shape": (
        lambda state: {**state, "head.weight": np.zeros((3, 2))},
        r"head.weight has shape \(3, 2\) instead of \(2, 3\)",
        StateError,
    ),
    "wrong running statistics": (
        lambda state: {**state, "body.1.running_var": np.zeros(1)},
        "body.1.running_var has shape",
        StateError,
    ),
    "text": (lambda state: {**state, "head.bias": np.array(["a", "b"])}, "dtype <U1", DTypeError),
    "complex": (lambda state: {**state, "head.bias": np.ones(2) * 1j}, "dtype complex", DTypeError),
    "empty": (lambda state: {}, "body.0.weight is missing", StateError),
}


@pytest.mark.parametrize(("spoil", "message", "kind"), FAULTS.values(), ids=FAULTS)
def test_loading_is_all_or_nothing(spoil, message, kind):
    model = small()
    before = {name: array.copy() for name, array in model.state_dict().items()}
    with pytest.raises(kind, match=message):
        model.load_state_dict(spoil({name: array + 1 for name, array in before.items()}))
    assert all(np.array_equal(model.state_dict()[name], array) for name, array in before.items())


def test_every_difference_is_named():
    state = {**without(small().state_dict(), "head.bias"), "x": np.zeros(1)}
    with pytest.raises(StateError) as caught:
        small().load_state_dict(state)
    assert caught.value.came == "head.bias is missing; x is unknown"
    assert caught.value.expected == "the 9 names and shapes of this model"


def test_loaded_weights_are_copies_in_the_dtype_of_the_model():
    model = small()
    state = {name: np.asarray(array, "float64") for name, array in model.state_dict().items()}
    model.load_state_dict(state)
    state["head.weight"][:] = 77
    assert model[1].weight.dtype == np.float32
    assert not (model[1].weight.numpy() == 77).any()


def test_state_dict_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        small().state_dict()["head.weight"][:] = 0


class Twice(nn.Module):
    """One layer under two parents, and one weight in two layers."""

    def __init__(self, seed=0):
        rng = Generator(seed)
        shared = nn.Linear(3, 3, rng=rng)
        self.left, self.right = nn.Sequential(shared), nn.Sequential(nn.ReLU(), shared)
        self.tied = nn.Linear(3, 3, rng=rng)
        self.tied.weight = shared.weight

    def forward(self, x):
        return self.tied(self.right(self.left(x)))


def test_shared_parts_are_listed_once():
    model = Twice()
    assert [name for name, _ in model.named_parameters()] == ["left.0.weight", "left.0.bias", "tied.bias"]
    assert [name for name, _ in model.named_modules()] == ["", "left", "left.0", "right", "right.0", "tied"]


def test_shared_parts_stand_under_each_name_in_the_state_dict_as_in_pytorch():
    first, second = Twice(0), Twice(1)
    names = ["left.0.weight", "left.0.bias", "right.1.weight", "right.1.bias", "tied.weight", "tied.bias"]
    assert list(first.state_dict()) == names
    second.load_state_dict(first.state_dict())
    assert np.array_equal(first(noise((2, 3))), second(noise((2, 3))))
    assert second.tied.weight is second.left[0].weight is second.right[1].weight


def test_shared_parts_in_pytorch(torch):
    shared = torch.nn.Linear(3, 3)
    theirs = torch.nn.ModuleDict({"left": torch.nn.Sequential(shared), "right": torch.nn.Sequential(shared)})
    part = nn.Linear(3, 3)
    ours = nn.Sequential({"left": nn.Sequential(part), "right": nn.Sequential(part)})
    assert list(ours.load_state_dict(theirs.state_dict()).state_dict()) == list(theirs.state_dict())


def test_gradients_of_shared_parts_add_up():
    model, x = Twice(), noise((2, 3))
    model(x).sum().backward()
    apart = Twice()
    copies = [nn.Parameter(apart.tied.weight.numpy()) for _ in range(3)]
    h = ops.linear(x, copies[0], apart.left[0].bias)
    h = ops.linear(ops.relu(h), copies[1], apart.left[0].bias)
    ops.linear(h, copies[2], apart.tied.bias).sum().backward()
    expected = sum(copy.grad.numpy() for copy in copies)
    np.testing.assert_allclose(model.tied.weight.grad, expected, rtol=1e-5)


def test_shared_parts_train_traced_as_directly():
    traced_is_direct(Twice, "adam", noise((4, 3)), np.arange(4) % 3)


def test_train_and_eval_reach_every_part():
    model = small()
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    assert model[0].train().training
    assert [model.training, model[0][1].training, model[1].training] == [False, True, False]


def test_evaluating_puts_each_part_back_as_it_was():
    model = small()
    model[0].eval()
    with pytest.raises(ZeroDivisionError), nn.evaluating(model):
        assert not any(module.training for module in model.modules())
        1 / 0  # noqa: B018
    assert [model.training, model[0].training, model[1].training] == [True, False, True]


def test_a_frozen_part_gets_no_gradient_and_no_update():
    model = small()
    assert model[0].requires_grad_(False) is model[0]
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    before = everything(model, optimizer)
    whole_step(model, optimizer, nn.CrossEntropyLoss())(noise((6, 4)), np.arange(6) % 2)
    after = everything(model, optimizer)
    changed = {name for name in before if before[name].tobytes() != after[name].tobytes()}
    assert {name for name in changed if name.startswith("weight")} == {
        "weight head.weight",
        "weight head.bias",
    }
    assert {name for name in after if name.startswith("grad")} == {"grad head.weight", "grad head.bias"}
    assert not any("body" in name for name in after if name.startswith("optimizer"))


def test_frozen_and_unfrozen_again():
    model = small()
    model.requires_grad_(False).requires_grad_(True)
    model(noise((6, 4))).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_parameter_groups_have_rates_of_their_own():
    model = small()
    groups = [{"params": model[0].parameters(), "lr": 0.0}, {"params": model[1].parameters()}]
    optimizer = optim.SGD(groups, lr=0.1)
    before = {name: array.copy() for name, array in model.state_dict().items()}
    whole_step(model, optimizer, nn.CrossEntropyLoss())(noise((6, 4)), np.arange(6) % 2)
    after = model.state_dict()
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    statistics = {f"body.1.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}
    assert changed == {"head.weight", "head.bias", *statistics}


PARTS = {
    "list": lambda part: [part],
    "tuple": lambda part: (part, 1),
    "dict": lambda part: {"a": part},
    "set": lambda part: {part},
    "nested": lambda part: [1, {"a": [part]}],
}


@pytest.mark.parametrize("part", [nn.ReLU(), nn.Parameter(1.0)], ids=["module", "parameter"])
@pytest.mark.parametrize("wrap", PARTS.values(), ids=PARTS)
def test_parts_that_would_not_be_found_are_refused(wrap, part):
    with pytest.raises(SettingError, match=r"Module: layers = a \w+ of modules or parameters") as caught:
        nn.Module().layers = wrap(part)
    assert "ModuleList" in caught.value.hint
    nn.Module().sizes = [1, [2, {"a": 3}]]


class Deep(nn.Module):
    def __init__(self):
        rng = Generator(0)
        self.stem = nn.Conv2d(3, 4, 3, rng=rng)
        self.stages = nn.Sequential(*(Inner(rng) for _ in range(4)))

    def forward(self, x):
        return self.stages(self.stem(x))


class Inner(nn.Module):
    def __init__(self, rng):
        self.conv1, self.norm = nn.Conv2d(4, 4, 3, rng=rng), nn.BatchNorm2d(4)

    def forward(self, x):
        return self.norm(self.conv1(x))


def test_errors_name_the_layer():
    with pytest.raises(ShapeError) as caught:
        Deep()(noise((2, 3, 10, 10)))
    assert caught.value.layer == "stages.3.conv1"
    assert str(caught.value).startswith(
        "stages.3.conv1: conv2d: a window of 3 over 2 pixels: (2+2·0−3)/1+1 = 0"
    )
    assert "test_module.py:" in caught.value.line


def test_errors_that_a_layer_raises_itself_name_it_too():
    model = Deep()
    model.stages[1].norm = nn.BatchNorm2d(5)
    with pytest.raises(
        ShapeError, match=r"^stages\.1\.norm: BatchNorm2d: x of shape \(2, 4, 6, 6\)"
    ) as caught:
        model.eval()(noise((2, 3, 12, 12)))
    assert "test_module.py:" in caught.value.line


def test_a_layer_alone_has_no_path():
    with pytest.raises(ChainruleError) as caught:
        nn.Linear(3, 2)(noise((2, 4)))
    assert caught.value.layer == ""
    assert str(caught.value).startswith("linear: ")


def test_traced_lines_name_the_layer():
    model = Deep()
    program = cr.trace(lambda x: model(x).sum(), noise((2, 3, 12, 12)))
    places = [line.place.layer for line in program.lines]
    assert places.index("stem") < places.index("stages.0.conv1") < places.index("stages.3.norm")
    assert "stages.3.conv1/conv2d" in str(program)
    assert "state stages.3.conv1.weight: f32[4,4,3,3]" in str(program)


def test_names_belong_to_the_outermost_module():
    model = small()
    model[1](noise((2, 3)))
    assert model[1].weight.name == "weight"
    list(model.parameters())
    assert model[1].weight.name == "head.weight"


def test_astype_for_gradient_checks():
    model = small().astype("float64")
    assert {p.dtype for p in model.parameters()} == {np.dtype("float64")}
    assert model(noise((6, 4)).astype("float64")).dtype == np.float64
    assert model[0][1].num_batches_tracked.dtype == np.int64


def test_printed_forms():
    assert repr(nn.Parameter([1.0])) == "Parameter([1.], requires_grad=True)"
    assert repr(small()).splitlines()[:2] == ["Sequential(", "  (body): Sequential("]


class Scaled(nn.Module):
    def __init__(self):
        self.scale, self.shift = nn.Parameter(np.ones((2, 3))), nn.Parameter(1.0)


def test_the_sum_of_parameters_of_a_layer_of_ones_own():
    assert Scaled().parameter_sum() == "2·3 + 1"


def test_inputs_may_be_named():
    class Between(nn.Module):
        def forward(self, low, high=None):
            return low if high is None else (low + high) / 2

    assert Between()(Tensor([1.0]), high=Tensor([3.0])).tolist() == [2.0]
    assert Between()(low=Tensor([1.0])).tolist() == [1.0]
