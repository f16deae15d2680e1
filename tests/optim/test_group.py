"""Groups: hyperparameters read as Python numbers, held in cells, changed between steps only."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, errors
from chainrule.optim import SGD, Adam, Bounds


def weight(name=""):
    return Tensor([1.0, 2.0], requires_grad=True, name=name)


def test_a_group_is_a_mapping_of_python_numbers():
    w = weight()
    group = Adam([w], lr=0.1, betas=(0.5, 0.75)).param_groups[0]
    assert dict(group) == {
        "params": [w],
        "lr": 0.1,
        "betas": (0.5, 0.75),
        "eps": 1e-8,
        "weight_decay": 0.0,
        "l1": 0.0,
        "max_norm": 0.0,
    }
    assert isinstance(group["lr"], float) and len(group) == 7 and "momentum" not in group


def test_hyperparameters_are_weak_cells_of_float64_with_names():
    group = Adam([weight()], lr=0.1).param_groups[0]
    beta1, beta2 = group.cells("betas")
    for cell, name in [(group.cell("lr"), "lr"), (beta1, "betas[0]"), (beta2, "betas[1]")]:
        assert cell.weak and cell.shape == () and cell.dtype == np.float64 and cell.name == f"group0/{name}"


def test_setting_keeps_the_cell_and_moves_the_base_rate():
    group = Adam([weight()], lr=0.1).param_groups[0]
    cell = group.cell("lr")
    group["lr"], group["betas"] = np.float32(0.5), [0.1, 0.2]
    assert group.cell("lr") is cell and (group["lr"], group["betas"]) == (0.5, (0.1, 0.2))
    assert group.base_lr == 0.5
    group.set("lr", 0.25)
    assert (group["lr"], group.base_lr) == (0.25, 0.5)


@pytest.mark.parametrize(
    ("key", "value", "came", "expected", "hint"),
    [
        ("lr", -1, "lr = -1", "a finite lr ≥ 0", "lr=0.1"),
        ("momentum", 0.5, "momentum = 0.5 after it was 0.0", "can change: lr", "give momentum"),
        ("nesterov", True, "nesterov = True after it was False", "can change: lr", "give nesterov"),
        ("rate", 0.1, "'rate'", "can change: lr", 'group["lr"]'),
        ("params", [], "'params'", "can change: lr", 'group["lr"]'),
    ],
)
def test_what_cannot_be_set(four_parts, key, value, came, expected, hint):
    group = SGD([weight()], lr=0.1).param_groups[0]
    with pytest.raises(errors.SettingError) as caught:
        group[key] = value
    four_parts(caught.value, "SGD", came, expected, hint)
    assert group["lr"] == group.base_lr == 0.1


def test_a_rate_set_or_read_in_a_traced_step_is_refused(four_parts):
    optimizer = SGD([weight()], lr=0.1)

    def setting(x):
        optimizer.lr = 0.5
        return x

    def reading(x):
        return x * optimizer.lr

    with pytest.raises(errors.TraceError) as caught:
        cr.trace(setting, np.ones(2))
    four_parts(caught.value, "assign", "group0/lr", "a value that the step computes", "between the steps")
    with pytest.raises(errors.TraceError):
        cr.trace(reading, np.ones(2))
    assert optimizer.lr == optimizer.param_groups[0].base_lr == 0.1


@pytest.mark.parametrize(
    ("value", "right"), [(0, True), (0.5, True), (1, False), (-0.1, False), ("0", False), (False, False)]
)
def test_bounds_hold_the_least_and_leave_out_the_upper_end(value, right):
    if right:
        assert Bounds(below=1.0).check("SGD", "momentum", value) == (float(value),)
    else:
        with pytest.raises(errors.SettingError):
            Bounds(below=1.0).check("SGD", "momentum", value)


def test_a_state_with_what_cannot_change_is_refused(four_parts):
    group = SGD([weight()], lr=0.1).param_groups[0]
    state = group.state()
    group.check_state(state)
    with pytest.raises(errors.StateError) as caught:
        group.check_state(state | {"group0/momentum": np.array(0.9)})
    four_parts(caught.value, "SGD", "group0/momentum = 0.9", "0.0, fixed", "momentum=0.9")
