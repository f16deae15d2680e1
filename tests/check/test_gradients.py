"""Right rules pass, wrong ones are named with their gate; kinks and rough functions are told apart from faults."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import check, nn, optim, zoo
from chainrule.errors import (
    DifferenceError,
    DTypeError,
    GradientError,
    NonFiniteError,
    SettingError,
    ShapeError,
    TraceError,
    UsageError,
)
from chainrule.ops.activation import Relu, Tanh
from chainrule.random import Generator

from ..nn.steps import pictures
from .wrong_rules import Cube, Flat, Forgetful, HalfRelu, Moody, OneWrong, Rough, Swapped, applied, numbers


def verdicts(report):
    return {slope.path: slope.verdict for slope in report.slopes}


def test_the_circuit_of_the_course():
    report = check.gradients(lambda x, y, z: (x + y) * z, -2.0, 5.0, -4.0)
    assert [slope.worst.backward for slope in report.slopes] == [-4.0, -4.0, 3.0]
    assert [slope.path for slope in report.slopes] == ["x", "y", "z"]
    assert report.ok and report.worst.worst.error < 1e-9
    assert str(report).startswith(
        "<lambda>: 3 gradients agree with differences in float64, largest relative error "
    )


@pytest.mark.parametrize("gate", [Tanh(), Relu()], ids=str)
def test_a_gate_alone(gate):
    report = check.gradients(gate, numbers(3, 4))
    assert (
        report.name == gate.label
        and verdicts(report) == {"x": "agrees"}
        and report.raise_for_errors() is report
    )


@pytest.mark.parametrize(
    "form", [np.asarray, np.float32, cr.Tensor, list], ids=["array", "float32", "tensor", "list"]
)
def test_inputs_of_any_form(form):
    given = form([1.0, -2.0, 0.5])
    report = check.gradients(cr.tanh, given)
    assert report.ok and report.worst.worst.error < 1e-8


def test_a_layer_with_its_parameters():
    layer = nn.Linear(4, 3, rng=Generator(0))
    before = {name: (p, p.data, p.grad) for name, p in layer.named_parameters()}
    report = check.gradients(layer, numbers(5, 4))
    assert verdicts(report) == dict.fromkeys(("x", "weight", "bias"), "agrees")
    assert [slope.kind for slope in report.slopes] == ["input", "parameter", "parameter"]
    assert all(p.data is data and p.grad is grad for p, data, grad in before.values())
    assert layer.weight.dtype == np.float32


def test_a_network_with_dropout_and_batch_norm_stays_as_it_is():
    rng, loss = Generator(0), nn.CrossEntropyLoss()
    model = nn.Sequential(
        nn.Linear(6, 9, rng=rng),
        nn.BatchNorm1d(9),
        nn.Tanh(),
        nn.Dropout(0.4, rng=rng),
        nn.Linear(9, 3, rng=rng),
    )
    before = {name: value.data for name, value in [*model.named_parameters(), *model.named_buffers()]}
    report = check.gradients(lambda x, y: loss(model(x), y), numbers(8, 6), np.arange(8) % 3)
    assert report.ok and len(report.slopes) == 7 and report.worst.worst.error < 1e-5
    assert report.left_out == ["y, i64[8]: no floats"]
    after = dict([*model.named_parameters(), *model.named_buffers()])
    assert all(after[name].data is data for name, data in before.items())
    assert model.training


def test_a_wrong_rule_is_named_with_its_number():
    report = check.gradients(Cube(), [1.0, -2.0])
    assert verdicts(report) == {"x": "wrong"} and not report.ok
    worst = report.worst.worst
    assert worst.backward / worst.differences == pytest.approx(2 / 3) and worst.error == pytest.approx(1 / 3)
    (gate,) = report.culprits
    assert (gate.gate, gate.input, gate.value) == ("cube", "x", "x") and "test_gradients.py:" in gate.line
    with pytest.raises(
        DifferenceError, match=r"a wrong gradient to x at \[\d\]: backward .*; the gate at fault: cube"
    ):
        report.raise_for_errors()


def test_a_rule_that_forgets_what_arrives():
    assert check.gradients(Forgetful(), numbers(3)).culprits[0].gate == "forgetful"


def test_the_gate_at_fault_in_a_network_is_named_with_layer_line_and_input():
    class Net(nn.Module):
        def __init__(self):
            self.first, self.second = nn.Linear(5, 7, rng=Generator(0)), nn.Linear(7, 2, rng=Generator(1))

        def forward(self, x):
            return self.second(cr.apply(Cube(), cr.tanh(self.first(x))))

    report = check.gradients(Net(), numbers(4, 5))
    assert verdicts(report) == {
        "x": "wrong",
        "first.weight": "wrong",
        "first.bias": "wrong",
        "second.weight": "agrees",
        "second.bias": "agrees",
    }
    (gate,) = report.culprits
    assert (gate.gate, gate.input, gate.value, gate.path) == ("cube", "x", "tanh", "cube")
    assert "in forward" in gate.line and "cr.apply(Cube()" in gate.source
    assert "gate at fault: cube (makes cube)" in str(report)


def test_only_the_input_with_the_wrong_rule_is_named():
    report = check.gradients(Swapped(), numbers(3), numbers(3, seed=1))
    assert verdicts(report) == {"x": "agrees", "y": "wrong"}
    assert [gate.input for gate in report.culprits] == ["y"]


@pytest.mark.parametrize("steepest", [0, 1])
def test_one_wrong_element_of_many_is_found_along_directions(steepest):
    x = numbers(20, 30)
    x[13, 17] = 120.0
    report = check.gradients(OneWrong(), x, steepest=steepest)
    assert report.slopes[0].index == (13, 17) and report.slopes[0].verdict == "wrong"
    assert report.culprits[0].index == (13, 17)


def test_at_a_kink_either_slope_is_right():
    report = check.gradients(cr.relu, np.array([0.0, 1.0, -1.0]))
    slope = report.slopes[0]
    assert report.ok and slope.verdict == "kink" and slope.index == (0,)
    assert slope.worst.left == 0 < slope.worst.right
    assert "a kink: relu (relu[0])" in slope.meaning() and report.raise_for_errors() is report
    assert "1 of them at a kink" in report.head()


def test_a_wrong_rule_does_not_hide_between_the_two_sides_of_a_kink():
    x = np.concatenate([np.zeros(300), np.ones(20)])
    report = check.gradients(HalfRelu(), x, steepest=0)
    assert verdicts(report) == {"x": "wrong"} and report.culprits[0].gate == "half_relu"
    assert check.gradients(cr.relu, x, steepest=0).slopes[0].verdict == "kink"


@pytest.mark.parametrize("distance", [1e-9, 3e-7, 1e-6, 1e-4])
def test_near_a_kink_smaller_steps_agree(distance):
    report = check.gradients(cr.relu, np.array([distance, -distance, 1.0]))
    assert report.ok and report.slopes[0].verdict in ("agrees", "kink")
    assert distance < 1e-7 or report.slopes[0].verdict == "agrees"


def test_pools_over_equal_numbers_are_no_fault():
    """Ties: what the windows hand on need not lie between the slopes of the two sides."""
    x, w = np.zeros((1, 1, 6, 6)), np.array([[[[1.0, -2.0], [0.5, 1.5]]]])
    signs = numbers(1, 1, 2, 2)
    report = check.gradients(lambda x, w: cr.max_pool2d(cr.conv2d(x, w), 2) * signs, x, w)
    assert report.ok and verdicts(report)["x"] == "kink"


def test_what_is_computed_in_float32_is_not_decided():
    report = check.gradients(Rough(), [1.3, 0.7])
    assert verdicts(report) == {"x": "precision"} and report.ok
    assert "float32" in report.slopes[0].meaning() and "1 of them not decided" in report.head()


def test_a_way_back_that_is_cut_is_no_gates_fault():
    report = check.gradients(lambda x: x.detach() * x, numbers(3))
    assert not report.ok and not report.culprits
    assert "detach()" in str(report)
    with pytest.raises(DifferenceError, match="try: look for detach"):
        report.raise_for_errors()


def test_a_cut_input_gets_no_gradient_and_has_a_slope():
    report = check.gradients(lambda x, y: x.detach() * y, numbers(3), numbers(3))
    assert verdicts(report) == {"x": "wrong", "y": "agrees"} and report.slopes[0].worst.backward == 0


def test_several_outputs_are_weighed_and_whole_numbers_left_out():
    report = check.gradients(lambda x: (x * 2.0, {"best": x.argmax(axis=0)}, [cr.exp(x)]), numbers(4))
    assert report.ok and report.left_out == ["output 1, i64[]: no floats"]


def test_weights_from_outside_are_found_by_reading():
    w = cr.Tensor([1.0, 2.0], requires_grad=True, name="w")
    assert verdicts(check.gradients(lambda x: (x * w).sum(), numbers(2))) == {"x": "agrees", "w": "agrees"}


def test_a_compiled_function_is_checked_as_it_was_written():
    assert check.gradients(cr.compile(lambda x: cr.tanh(x)), numbers(3)).ok


@pytest.mark.parametrize("name", ["linear", "lenet5", "resnet20", "lstm"])
def test_networks_of_the_zoo(name):
    shape = {"lstm": (1, 5, 4), "resnet20": (1, 8, 8)}.get(name, (1, 28, 28))
    model, loss = zoo.build(name, shape, 10, rng=Generator(0)), nn.CrossEntropyLoss()
    images, labels = pictures(shape, 10, 2)
    report = check.gradients(
        lambda x, y: loss(model(x), y), images, labels, elements=2, directions=1, steepest=1
    )
    assert report.ok and len(report.slopes) == 1 + len([*model.parameters()])
    assert not any(slope.verdict == "precision" for slope in report.slopes)


def test_a_long_report_names_the_worst_and_counts_the_rest():
    model = zoo.build("lenet5", rng=Generator(0))
    report = check.gradients(model, pictures((1, 28, 28), 10, 1)[0], elements=0, directions=1, steepest=0)
    assert len(report.shown(3)) == 3 and len(report.shown()) == 11
    assert report.worst in report.shown(1)


def test_expensive_functions_are_moved_along_one_direction(monkeypatch):
    monkeypatch.setitem(check.gradients.__globals__, "EXPENSIVE", 10)
    x, w = numbers(3, 4), numbers(4, 5)
    report = check.gradients(lambda x, w: cr.tanh(x @ w), x, w)
    assert [(s.path, s.kind, s.verdict) for s in report.slopes] == [
        ("all 2 values together", "together", "agrees")
    ]
    wrong = check.gradients(lambda x, w: applied(Cube)(x @ w), x, w)
    assert verdicts(wrong) == {"x": "wrong", "w": "wrong"} and wrong.culprits[0].gate == "cube"


def test_for_programs():
    told = check.gradients(Cube(), [1.0, -2.0]).as_dict()
    assert told["slopes"][0]["verdict"] == "wrong" and told["culprits"][0]["gate"] == "cube"
    assert told["slopes"][0]["error"] == pytest.approx(1 / 3)


def test_a_slope_that_is_no_number_is_wrong():
    """The root of 0 times 0: its slope comes out as infinity times 0."""
    report = check.gradients(lambda x: cr.sqrt(x * 0.0) + x, [1.0])
    assert verdicts(report) == {"x": "wrong"} and np.isnan(report.slopes[0].worst.backward)
    assert not check.gradients(cr.sqrt, [0.0, 1.0]).wrong, "to the left of 0 there is nothing"


WEIGHT = cr.Tensor([1.0, 2.0], dtype="float64", requires_grad=True)
OPTIMIZER = optim.SGD([WEIGHT], lr=0.1)


def goes_back(x):
    OPTIMIZER.zero_grad()
    loss = (x * WEIGHT).sum()
    loss.backward()
    return loss


@pytest.mark.parametrize(
    ("kind", "act", "came"),
    [
        (UsageError, lambda: check.gradients(3.0, 1.0), "a float"),
        (UsageError, lambda: check.gradients(Cube, 1.0), "the class Cube"),
        (UsageError, lambda: check.gradients(Moody(), numbers(2)), "and then"),
        (SettingError, lambda: check.gradients(cr.tanh, 1.0, tolerance=0.0), "tolerance 0.0"),
        (SettingError, lambda: check.gradients(cr.tanh, 1.0, tolerance=1), "tolerance 1"),
        (SettingError, lambda: check.gradients(cr.tanh, 1.0, tolerance="small"), "tolerance 'small'"),
        (SettingError, lambda: check.gradients(cr.tanh, 1.0, elements=-1), "elements -1"),
        (SettingError, lambda: check.gradients(cr.tanh, 1.0, directions=1.5), "directions 1.5"),
        (SettingError, lambda: check.gradients(cr.tanh, 1.0, directions=0, steepest=0), "directions 0"),
        (SettingError, lambda: check.gradients(cr.tanh, 1.0, seed=True), "seed True"),
        (DTypeError, lambda: check.gradients(lambda x: x > 0, numbers(2)), "no floats"),
        (DTypeError, lambda: check.gradients(lambda x: None, numbers(2)), "no tensor"),
        (GradientError, lambda: check.gradients(lambda x: x.detach(), numbers(2)), "depends on no parameter"),
        (GradientError, lambda: check.gradients(Flat(), numbers(2, 3)), "backward gave a gradient"),
        (GradientError, lambda: check.gradients(goes_back, numbers(2)), "calls backward() itself"),
        (NonFiniteError, lambda: check.gradients(cr.log, -1.0), "an outcome of nan"),
        (ShapeError, lambda: check.gradients(lambda x, w: x @ w, numbers(2, 3), numbers(2, 3)), "f64[2,3]"),
        (TraceError, lambda: check.gradients(lambda x: x if x.sum() > 0 else -x, numbers(2)), "a look at"),
    ],
)
def test_bad_input(kind, act, came):
    with pytest.raises(kind) as caught:
        act()
    assert came in caught.value.came and caught.value.hint
    assert kind is ShapeError or kind.__name__ in check.gradients.__doc__
