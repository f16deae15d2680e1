"""Paths: what people type.  They follow the model, name gradients truly, and stay from trace to trace."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn, optim
from chainrule.errors import UsageError
from chainrule.graph import evaluate, find, gradients, select
from chainrule.random import Generator

from ..check.learning import Learning, batch


def names_of(learning, *data):
    return cr.trace(learning.plain, *(data or batch())).names()


def lines_of(program):
    return [program.names()[n] for line in program.lines for n in line.outputs]


@pytest.mark.parametrize(
    ("network", "paths"),
    [
        (
            "two-layer",
            "images labels flatten1/reshape linear1/linear linear1/add linear1/relu linear2/linear linear2/add "
            "softmax_cross_entropy loss linear1.weight linear1.weight.grad linear1.weight.new linear1/relu.grad "
            "linear1/add.grad linear2/add.grad linear1/less_equal.back optimizer/linear1.weight/velocity "
            "optimizer/linear1.weight/velocity.new optimizer/group0/lr optimizer/group0/momentum",
        ),
        (
            "lstm",
            "permute_dims reshape lstm/split.out0 lstm/split.out3 lstm/linear lstm/linear:8 lstm/lstm_cell.h_next "
            "lstm/lstm_cell.c_next lstm/lstm_cell.h_next:4 linear/linear linear/add loss lstm.weight_ih_l0 "
            "lstm.weight_hh_l0.grad lstm.bias_ih_l0.new lstm/lstm_cell.c_next:3.grad lstm/add:3.grad "
            "linear/add.grad optimizer/lstm.weight_hh_l0/velocity.new",
        ),
        (
            "dropout",
            "flatten/reshape first/linear first/add first/tanh dropout/dropout second/linear second/add "
            "dropout/dropout.grad first/tanh.grad dropout.counter dropout.counter.new",
        ),
    ],
)
def test_the_paths_of_a_network(network, paths):
    found = set(names_of(Learning(network)).values())
    assert set(paths.split()) <= found, sorted(set(paths.split()) - found)


def test_the_paths_of_adam():
    found = set(names_of(Learning("linear", "adam")).values())
    slots = {p for p in found if p.startswith("optimizer/linear1.weight/")}
    assert len(slots) >= 4 and {p for p in slots if p.endswith(".new")} == {
        p + ".new" for p in slots if not p.endswith(".new")
    }


@pytest.mark.parametrize("network", ["two-layer", "three-layer", "lstm", "dropout"])
def test_each_value_that_is_made_has_a_path_of_its_own(network):
    program = cr.trace(Learning(network).plain, *batch())
    names = program.names()
    held = [n for n in names if n not in program.constants]
    assert len({names[n] for n in held}) == len(held)
    assert {n for line in program.lines for n in (*line.inputs, *line.outputs)} <= set(names)


@pytest.mark.parametrize("network", ["two-layer", "lstm"])
def test_paths_stay_from_trace_to_trace_and_from_batch_to_batch(network):
    learning = Learning(network)
    first, again, larger, one = (
        lines_of(cr.trace(learning.plain, *data)) for data in (batch(), batch(), batch(11), batch(1))
    )
    assert first == again == larger and len(set(first)) == len(first)
    # nothing is stretched over a batch of one, so a line of the way back is missing there
    assert [p for p in one if ".back" not in p] == [p for p in first if ".back" not in p]


def test_paths_do_not_change_with_what_is_added_elsewhere():
    plain, more = Learning("two-layer"), Learning("two-layer", penalty=0.1, max_norm=1.0)
    forward = [p for p in names_of(plain).values() if p.startswith("linear")]
    missing = set(forward) - set(names_of(more).values())
    assert not missing


def test_the_gradient_of_a_path_is_the_gradient_to_that_value():
    """`linear1/relu.grad` against gradients of the rest of the network, to that very value."""
    learning, (images, labels) = Learning("two-layer"), batch()
    program = cr.trace(learning.plain, images, labels)
    values, names = evaluate(program, images, labels), program.names()
    number = {name: n for n, name in names.items()}
    state = {
        name: Tensor(p.numpy().copy(), requires_grad=True) for name, p in learning.model.named_parameters()
    }

    def rest(at, value):
        """The loss from a value on."""
        if at == "linear1/add":
            value = cr.relu(value)
        if at in ("linear1/add", "linear1/relu"):
            value = cr.linear(value, state["linear2.weight"]) + state["linear2.bias"]
        if at != "softmax_cross_entropy":
            value = cr.softmax_cross_entropy(value, labels)
        return cr.mean(value)

    for at in ("linear1/add", "linear1/relu", "linear2/add", "softmax_cross_entropy"):
        value = Tensor(values[number[at]].copy(), requires_grad=True)
        (slope,) = gradients(rest(at, value), [value])
        np.testing.assert_allclose(values[number[f"{at}.grad"]], slope.numpy(), rtol=1e-5, atol=1e-8)
    learning.plain(images, labels)
    for name, parameter in learning.model.named_parameters():
        np.testing.assert_allclose(
            values[number[f"{name}.grad"]], parameter.grad.numpy(), rtol=1e-5, atol=1e-8
        )


def test_where_paths_meet_at_a_fork_the_gradient_is_the_sum():
    w = Tensor([3.0, -2.0], requires_grad=True, name="w")

    def step(x):
        w.grad = None
        y = w * x
        loss = (y * y + cr.exp(y)).sum()
        loss.backward()
        return loss

    x = np.array([0.5, 0.25], "float32")
    program = cr.trace(step, x)
    values = {program.names()[n]: array for n, array in evaluate(program, x).items()}
    y = w.numpy() * x
    np.testing.assert_allclose(values["multiply.grad"], 2 * y + np.exp(y), rtol=1e-6)
    np.testing.assert_allclose(values["w.grad"], (2 * y + np.exp(y)) * x, rtol=1e-6)


def test_equal_names_get_numbers():
    program = cr.trace(lambda x: cr.exp(cr.exp(cr.exp(x))), np.ones(2, "float32"))
    assert lines_of(program) == ["exp", "exp:2", "exp:3"]


def test_values_whose_names_are_those_of_arguments():
    """An argument named like a gate keeps its name; the gate's value gets a number."""
    program = cr.trace(lambda exp: cr.exp(exp), np.ones(2, "float32"))
    assert lines_of(program) == ["exp:2"]


def test_layers_without_numbers_count_to_the_one_before_in_nested_models():
    rng = Generator(0)
    body = nn.Sequential(
        {"first": nn.Linear(2, 3, rng=rng), "act": nn.Tanh(), "second": nn.Linear(3, 2, rng=rng)}
    )
    model = nn.Sequential(
        {"body": body, "out": nn.Sigmoid(), "head": nn.Linear(2, 2, rng=rng), "end": nn.ReLU()}
    )
    found = lines_of(cr.trace(model, np.ones((1, 2), "float32")))
    assert found == [
        "body.first/linear",
        "body.first/add",
        "body.first/tanh",
        "body.second/linear",
        "body.second/add",
        "body.second/sigmoid",
        "head/linear",
        "head/add",
        "head/relu",
    ]


def test_a_number_that_is_returned_with_others_is_not_the_loss():
    program = cr.trace(lambda x: (x.sum(), x * 2), np.ones(2, "float32"))
    assert lines_of(program) == ["sum", "multiply"]
    assert lines_of(cr.trace(lambda x: x * 2, np.ones(2, "float32"))) == ["multiply"]


def test_a_number_that_is_returned_with_others_is_the_loss_if_the_way_back_begins_there():
    w = cr.Tensor(np.ones(2, "float32"), requires_grad=True, name="w")

    def step(x):
        w.grad = None
        scores = x * w
        loss = scores.sum() + (w * w).sum()
        loss.backward()
        return scores, scores.max(), loss

    assert lines_of(cr.trace(step, np.ones(2, "float32")))[:5] == [
        "multiply",
        "sum",
        "multiply:2",
        "sum:2",
        "loss",
    ]


def test_two_groups_of_an_optimizer():
    model = nn.Sequential({"a": nn.Linear(2, 3, rng=Generator(0)), "b": nn.Linear(3, 2, rng=Generator(1))})
    groups = [{"params": list(model.a.parameters())}, {"params": list(model.b.parameters()), "lr": 0.01}]
    rule = optim.SGD(groups, lr=0.1)

    def step(x, labels):
        rule.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x), labels)
        loss.backward()
        rule.step()
        return loss

    found = set(cr.trace(step, np.ones((1, 2), "float32"), np.array([0])).names().values())
    assert {"optimizer/group0/lr", "optimizer/group1/lr", "a.weight.new", "b.bias.new"} <= found


KNOWN = {"conv1/relu": 1, "conv2/relu": 2, "conv2.weight": 3, "conv2.weight.grad": 4, "loss": 5}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("loss", [5]),
        ("*/relu", [1, 2]),
        ("conv?.weight*", [3, 4]),
        ("conv2/weight.grad", [4]),  # people may not know where paths have dots
        ("conv2.relu", [2]),
    ],
)
def test_values_are_selected_by_path_or_pattern(pattern, found):
    assert list(select(KNOWN, pattern, "watch").values()) == found


def test_a_path_that_is_not_there_names_the_nearest():
    for pattern, hint in (
        ("conv3/relu", "conv2/relu, conv1/relu"),
        ("conv2.wieght", "conv2.weight"),
        ("x", "conv1"),
    ):
        with pytest.raises(UsageError, match=f"watch: no value '{pattern}'") as caught:
            select(KNOWN, pattern, "watch")
        assert caught.value.hint.startswith(hint)
    assert find(KNOWN, "l*ss", "why") == 5
    with pytest.raises(UsageError, match="which is 2 values"):
        find(KNOWN, "*/relu", "why")
