"""Who made the NaN: planted in parameters and in lines, forward and backward; and nothing has changed."""

import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import Gate, Spec, check, nn, optim
from chainrule.errors import CompileError, LabelError, NonFiniteError
from chainrule.random import Generator

from .learning import NETWORKS, Learning, batch


@cr.gate
class Poison(Gate):
    """out = x, but its first number is NaN; a user's gate without a kernel."""

    def spec(self, x: Spec) -> Spec:
        return x

    def forward(self, x):
        out = x.copy()
        out[0, 0] = np.nan
        return out

    def backward(self, upstream):
        return upstream


@cr.gate
class PoisonBack(Gate):
    """out = x; its slope is wrong."""

    def spec(self, x: Spec) -> Spec:
        return x

    def forward(self, x):
        return x.copy()

    def backward(self, upstream):
        return upstream / 0.0


def logarithm(x):
    return cr.log(x * 0.0)


def division(x):
    return x / (x - x)


def overflow(x):
    return cr.exp(x * 0.0 + 100.0)


def power(x):
    return (x * 0.0 + 1e20) * 1e20


def poison(x):
    return cr.apply(Poison(), x)


def poison_back(x):
    return cr.apply(PoisonBack(), x)


def root(x):
    return cr.sqrt(x * 0.0) + x


FORWARD = {  # what is planted: the gate that is to blame
    logarithm: "log",
    division: "divide",
    overflow: "exp",
    power: "multiply",
    poison: "poison",
}
BACKWARD = {root: "divide", poison_back: "divide"}


class Planted(nn.Module):
    """Applies a function."""

    def __init__(self, function):
        self.function = function

    def forward(self, x):
        return self.function(x)


def network(function, after):
    """Three layers and dropout; behind one of them, the function."""
    rng, parts = Generator(0), {"flatten": nn.Flatten()}
    for name, n_in, n_out in (("first", 20, 9), ("second", 9, 6), ("third", 6, 3)):
        parts[name] = nn.Linear(n_in, n_out, rng=rng)
        if name == "second":
            parts["tanh"] = nn.Tanh()
        if name == after:
            parts["planted"] = Planted(function)
        if name == "first":
            parts["dropout"] = nn.Dropout(0.2, rng=rng)
    return Learning(nn.Sequential(parts), "adam")


def held_back(learning, data):
    """The guard lets nothing through: an error, and the bits of before; returns the blame."""
    before = learning.state()
    for _ in range(2):
        with pytest.raises(NonFiniteError) as caught:
            learning.step(*data)
        assert learning.state() == before
    culprit = check.blame(learning.step, *data)
    assert learning.state() == before
    said = check.explain(caught.value, learning.step, *data)
    assert learning.state() == before
    assert (
        isinstance(said, NonFiniteError) and said.came == culprit.sentence() and said.who == caught.value.who
    )
    assert culprit.place is None or (said.layer, said.line) == (culprit.place.layer, culprit.place.line)
    return culprit


@pytest.mark.parametrize("after", ["first", "second", "third"])
@pytest.mark.parametrize("function", FORWARD, ids=lambda f: f.__name__)
def test_forward_the_line_is_named(function, after):
    learning = network(function, after)
    culprit = held_back(learning, batch())
    place = culprit.place
    assert (place.gate, place.layer, place.phase) == (FORWARD[function], "planted", "forward")
    assert culprit.path.split(":")[0] == f"{after}/{FORWARD[function]}"
    assert f"test_blame.py:{line_in(function)} in {function.__name__}" in place.line
    assert not np.isfinite(culprit.value) and len(culprit.index) == 2
    assert f"made by {place.gate} of" in culprit.sentence() and f"made by {place.gate} (forward)" in str(
        culprit
    )
    assert all(np.isfinite(number) for _, number in culprit.operands)


@pytest.mark.parametrize("after", ["first", "second", "third"])
@pytest.mark.parametrize("function", BACKWARD, ids=lambda f: f.__name__)
def test_backward_the_line_is_named(function, after):
    learning = network(function, after)
    culprit = held_back(learning, batch())
    place = culprit.place
    assert (place.layer, place.phase) == ("planted", "backward")
    assert f"test_blame.py:{line_in(function)} in {function.__name__}" in place.line
    assert culprit.path.startswith((f"{after}/", "planted/"))
    assert culprit.path.endswith(".grad") or ".back" in culprit.path
    assert not np.isfinite(culprit.value)


def line_in(function):
    """The last line of a short function: the one that computes."""
    return function.__code__.co_firstlineno + 1


@pytest.mark.parametrize("name", ["linear", "two-layer", "three-layer", "lstm", "dropout"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_parameter_that_is_not_finite_is_named(name, wrong):
    paths = [path for path, _ in NETWORKS[name]().named_parameters()]
    # what follows a saturating gate stays finite: an infinite weight before a sigmoid harms nobody at once
    for parameter in paths if np.isnan(wrong) or name not in ("lstm", "dropout") else paths[-2:]:
        learning = Learning(name)
        learning.step(*batch(6, 1))
        array = dict(learning.model.named_parameters())[parameter].numpy().copy()
        array.reshape(-1)[-1] = wrong
        learning.model.load_state_dict({**learning.model.state_dict(), parameter: array})
        culprit = held_back(learning, batch())
        assert (culprit.path, culprit.place) == (parameter, None)
        assert culprit.index == tuple(n - 1 for n in array.shape)
        assert np.array_equal(culprit.value, wrong, equal_nan=True)
        came_in = f"it came in with {parameter}, state of before the step, and no line of the step made it"
        assert culprit.came_in == "state" and came_in in str(culprit)


def test_an_argument_that_is_not_finite_is_named():
    images, labels = batch()
    images[2, 0, 1, 3] = np.nan
    culprit = held_back(Learning(), (images, labels))
    assert (culprit.path, culprit.index, culprit.place) == ("images", (2, 0, 1, 3), None)


def test_what_an_optimizer_keeps_is_named_where_a_gradient_is_not_to_blame():
    learning = Learning("two-layer", "momentum")
    learning.step(*batch())
    state = learning.rule.state_dict()
    key = next(name for name in state if name.endswith("velocity"))
    learning.rule.load_state_dict({**state, key: np.full_like(state[key], np.nan)})
    culprit = check.blame(learning.step, *batch())
    assert culprit.path == "optimizer/linear1.weight/velocity" and culprit.place is None


def test_what_is_passed_on_is_not_blamed():
    def step(x):
        y = cr.log(x)
        return (y * 0.5 + 1.0).sum()

    compiled = cr.compile(step, fallback="error")
    x = np.array([1.0, 0.0, 2.0], "float32")
    culprit = check.blame(compiled, x)
    assert (culprit.path, culprit.index, culprit.value) == ("log", (1,), -np.inf)
    assert culprit.operands == [("x", 0.0)]
    assert str(culprit).splitlines() == [
        "log[1] is -inf, made by log (forward)",
        "  of          x = 0",
        f"  line        test_blame.py:{step.__code__.co_firstlineno + 1} in step: y = cr.log(x)",
        "  not finite  1 of 3 numbers",
        "  passed on   by multiply, add to loss",
    ]
    assert culprit.sentence() == "log[1] is -inf, made by log of x = 0; passed on by multiply, add to loss"


def test_operands_are_those_of_the_element():
    compiled = cr.compile(lambda x, y: (x / y).sum(), fallback="error")
    culprit = check.blame(
        compiled, np.array([[1.0, 2.0], [3.0, 4.0]], "float32"), np.array([5.0, 0.0], "float32")
    )
    assert culprit.index == (0, 1) and culprit.operands == [("x", 2.0), ("y", 0.0)]
    big = np.full((2, 3), 1e30, "float32")
    culprit = check.blame(cr.compile(lambda x, y: x @ y, fallback="error"), big, big.T.copy())
    assert culprit.operands == [("x", pytest.approx(1e30)), ("y", pytest.approx(1e30))]
    assert culprit.note == "the largest of 3 products; they add up to 3e+60, beyond float32's 3.4e+38"


def test_the_whole_story_of_a_number():
    """Through layers of a model to the loss, in the words that an error has and in those that are printed."""
    learning = Learning("three-layer")
    learning.step(*batch())
    weight = dict(learning.model.named_parameters())["linear2.weight"]
    weight.assign(np.full(weight.shape, 1e38, "float32"))
    culprit = held_back(learning, batch())
    assert (culprit.path, culprit.place.layer, culprit.came_in) == ("linear2/linear", "linear2", "")
    assert culprit.passed == [
        "linear2/add",
        "linear2/relu",
        "linear3/linear",
        "linear3/add",
        "softmax_cross_entropy",
        "loss",
    ]
    assert [name for name, _ in culprit.operands] == ["linear1/relu", "linear2.weight"]
    assert culprit.operands[1][1] == pytest.approx(1e38) and "the largest of" in culprit.note
    assert culprit.count <= culprit.size == 6 * 5
    assert culprit.way == "by linear2/add, linear2/relu, linear3/linear, …, softmax_cross_entropy to loss"
    assert str(culprit).splitlines()[2:] == [
        f"              {culprit.note}",
        "  layer       linear2",
        f"  line        {culprit.place.line}: {culprit.source}",
        f"  not finite  {culprit.count} of 30 numbers",
        f"  passed on   {culprit.way}",
    ]
    assert culprit.sentence().startswith("linear2/linear[") and culprit.sentence().endswith("to loss")


def test_a_plain_function_is_run_gate_by_gate():
    learning = Learning()
    images, labels = batch()
    assert check.blame(learning.plain, images, labels) is None
    images[1, 0, 2, 2] = np.inf
    before = learning.state()
    culprit, compiled = (check.blame(step, images, labels) for step in (learning.plain, learning.step))
    assert culprit == compiled and culprit.came_in == "argument" and learning.state() == before
    step = lambda x: cr.log(x).sum()  # noqa: E731
    assert check.blame(step, np.zeros(2, "float32")).place.kernel == "numpy"


def test_where_nothing_can_be_compiled_the_step_is_run_gate_by_gate(monkeypatch):
    def refused(*batch):
        raise CompileError("compile", "no compiler", "one", "install it")

    step = cr.compile(lambda x: cr.log(x).sum())
    monkeypatch.setattr(step, "replay", refused)
    assert check.blame(step, np.zeros(2, "float32")).path == "log"


def blame_of_exp(monkeypatch, x, came):
    """The blame of a step whose exp came to these numbers, whatever it computes."""
    step = cr.compile(lambda x: cr.exp(x * 2.0).sum(), fallback="error")
    plan, replay = step.replay(np.array(x, "float32"))
    exp = next(line.outputs[0] for line in plan.program.lines if line.gate.label == "exp")
    wrong = {exp: np.array(came, "float32"), plan.program.output.number: np.array(np.inf, "float32")}
    monkeypatch.setattr(
        sys.modules[check.Blame.__module__], "replayed", lambda *_: (plan, replay.values | wrong)
    )
    return check.blame(step, np.array(x, "float32"))


def test_what_only_the_compiled_step_makes_is_told_so(monkeypatch):
    """The numbers are those of the compiled step; the gate by itself is asked what it makes of them."""
    culprit = blame_of_exp(monkeypatch, [1, 2], [np.inf, 1])
    assert (culprit.path, culprit.index, culprit.operands) == ("exp", (0,), [("multiply", 2.0)])
    assert culprit.note == "gate by gate it is 7.38906" and culprit.note in culprit.sentence()


def test_of_several_numbers_one_is_told_that_the_gate_makes_too(monkeypatch):
    culprit = blame_of_exp(monkeypatch, [1, 100], [np.inf, np.inf])
    assert (culprit.index, culprit.operands, culprit.note) == ((1,), [("multiply", 200.0)], "")


def test_others_that_begin_somewhere_else_are_named_too():
    step = cr.compile(lambda x, y: (cr.log(x) + cr.log(y)).sum(), fallback="error")
    culprit = check.blame(step, np.array([np.nan], "float32"), np.zeros(1, "float32"))
    assert (culprit.path, culprit.came_in, culprit.also) == ("x", "argument", ["log:2"])
    assert "besides     log:2" in str(culprit)


def test_a_constant_that_is_not_finite_is_named():
    step = cr.compile(lambda x: (x + np.array([np.inf, 1.0], "float32")).sum(), fallback="error")
    culprit = check.blame(step, np.ones(2, "float32"))
    assert culprit.came_in == "constant" and "a constant of the step" in str(culprit)


def test_what_is_left_out_is_harmless():
    """The slope of the logarithm at 0 is left out too, by a 1 in its place."""
    w = cr.Tensor(np.ones(3, "float32"), requires_grad=True, name="w")
    rule = optim.SGD([w], lr=0.1)

    @cr.compile(fallback="error")
    def step(x, y):
        rule.zero_grad()
        logarithm = cr.where(x > 0, cr.log(x), 0.0)
        loss = (logarithm * w).sum() + (y / w).sum()
        loss.backward()
        rule.step()
        return loss

    x = np.array([1.0, 0.0, -1.0], "float32")
    assert check.blame(step, x, x) is None
    step(x, x)
    w.assign(np.array([1.0, 0.0, 1.0], "float32"))
    with pytest.raises(NonFiniteError):
        step(x, x + 1)
    culprit = check.blame(step, x, x + 1)
    assert (culprit.path, culprit.index) == ("divide", (1,))
    assert culprit.operands == [("y", 1.0), ("w", 0.0)]


def test_nobody_is_to_blame():
    learning = Learning()
    assert check.blame(learning.step, *batch()) is None
    error = NonFiniteError("learn", "something", "finite numbers", "look")
    assert check.explain(error, learning.step, *batch()) is error


def test_a_step_that_only_looks_may_return_nan():
    w = cr.Tensor([1.0, 2.0], requires_grad=True, name="w")
    found = cr.compile(lambda x: cr.log(x * w), fallback="error")(np.array([-1.0, 0.0], "float32")).numpy()
    assert np.isnan(found[0]) and found[1] == -np.inf


def test_a_number_that_is_only_looked_at_may_be_nan():
    step = cr.compile(lambda x: cr.log(x).sum(), fallback="error")
    x = np.array([1.0, -1.0], "float32")
    assert np.isnan(step(x).item())
    assert check.blame(step, x).path == "log"


def test_a_network_that_only_looks_may_return_nan():
    model = Learning("two-layer").model.eval()
    look = cr.compile(lambda x: model(x), fallback="error")
    images, _ = batch()
    images[0] = np.nan
    with cr.no_grad():
        found = look(images).numpy()
    assert np.isnan(found[0]).all() and np.isfinite(found[1:]).all()


def test_labels_that_are_no_class_are_not_blamed():
    images, labels = batch()
    with pytest.raises(LabelError, match="label -1"):
        check.blame(Learning().step, images, labels * 0 - 1)


def test_labels_that_are_no_class_change_nothing_either():
    """The counter of dropout comes before the check in the step, and is as it was."""
    learning, (images, labels) = Learning("dropout"), batch()
    learning.step(images, labels)
    look = cr.compile(lambda x, y: cr.softmax_cross_entropy(learning.model(x), y), fallback="error")
    before = learning.state()
    for step in (learning.step, look):
        with pytest.raises(LabelError, match="label 3"):
            step(images, labels * 0 + 3)
        assert learning.state() == before
