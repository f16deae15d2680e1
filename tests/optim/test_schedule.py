"""Every schedule: it starts from a person's rate, resumes exactly, and runs between traced steps."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, errors, optim

PEERS = "ignore:The epoch parameter:UserWarning"


def made(lr=0.4, **settings):
    return optim.SGD([Tensor([1.0], requires_grad=True)], lr, **settings)


def warm_up_and(optimizer, rest, **settings):
    first = optim.LinearLR(optimizer, start_factor=0.1, total_iters=8)
    return optim.SequentialLR(optimizer, [first, rest(optimizer, **settings)], milestones=[8])


@pytest.mark.filterwarnings(PEERS)
@pytest.mark.parametrize(
    ("name", "settings"), [("CosineAnnealingLR", {"T_max": 42}), ("StepLR", {"step_size": 9, "gamma": 0.5})]
)
def test_a_warm_up_and_what_follows_are_those_of_pytorch(torch, name, settings):
    optimizer, there = made(), torch.optim.lr_scheduler
    schedule = warm_up_and(optimizer, getattr(optim, name), **settings)
    twin = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.4)
    first = there.LinearLR(twin, start_factor=0.1, total_iters=8)
    theirs = there.SequentialLR(twin, [first, getattr(there, name)(twin, **settings)], milestones=[8])
    for t in range(51):
        np.testing.assert_allclose(optimizer.lr, twin.param_groups[0]["lr"], rtol=1e-9, atol=1e-12)
        assert schedule.rate(t) == optimizer.lr
        twin.step()
        theirs.step()
        schedule.step()


def test_the_next_schedule_begins_at_its_milestone():
    optimizer = made(1.0)
    parts = [optim.LinearLR(optimizer, factor, factor, 1) for factor in (0.5, 0.25, 0.125)]
    schedule = optim.SequentialLR(optimizer, parts, milestones=[2, 3])
    assert [schedule.rate(t) for t in range(5)] == [0.5, 0.5, 0.25, 0.125, 0.125]


def test_a_schedule_starts_from_the_rate_that_a_person_set():
    optimizer = made(0.4)
    optim.LinearLR(optimizer, start_factor=0.5)
    assert optimizer.lr == 0.2
    assert optim.StepLR(optimizer, 5).rate(0) == 0.4  # not from the warm-up's first rate
    optimizer.lr = 0.3
    assert optim.StepLR(optimizer, 5).rate(0) == 0.3


def test_a_group_added_later_keeps_its_rate():
    optimizer = made()
    schedule = optim.StepLR(optimizer, 1)
    optimizer.add_param_group({"params": [Tensor([1.0], requires_grad=True)], "lr": 0.9})
    schedule.step()
    assert [g["lr"] for g in optimizer.param_groups] == [pytest.approx(0.04), 0.9]


ALL = [
    lambda o: optim.StepLR(o, 3, 0.5),
    lambda o: optim.CosineAnnealingLR(o, 20),
    lambda o: optim.LinearLR(o, 0.1, total_iters=12),
    lambda o: optim.ExponentialLR(o, 0.9),
    lambda o: optim.InverseTimeLR(o, 0.1),
    lambda o: optim.PolynomialLR(o, 20, 2.0),
    lambda o: optim.OneCycleLR(o, 0.7, 20),
    lambda o: warm_up_and(o, optim.CosineAnnealingLR, T_max=12),
]


@pytest.mark.parametrize("make", ALL)
def test_a_loaded_state_goes_on_exactly(make):
    optimizer = made(0.4, momentum=0.9)
    schedule = make(optimizer)
    for _ in range(9):
        schedule.step()
    again = made(0.2, momentum=0.9)  # the rates are those of the state
    resumed = make(again)
    resumed.load_state_dict(schedule.state_dict())
    for _ in range(8):
        assert dict(again.param_groups[0], params=0) == dict(optimizer.param_groups[0], params=0)
        schedule.step()
        resumed.step()


@pytest.mark.parametrize(
    ("changes", "came", "expected", "hint"),
    [
        ({"t": None}, "without t", "entries", "build the OneCycleLR"),
        ({"x": 1}, "with x", "entries", "build the OneCycleLR"),
        ({"bases": np.zeros(2)}, "bases f64[2]", "bases f64[1]", "build the OneCycleLR"),
        ({"t": np.array(-1)}, "t = -1", "t ≥ 0", "state_dict()"),
        ({"bases": np.array([np.nan])}, "nan", "finite rates", "state_dict()"),
        ({"t": np.array(99)}, "step 99 of a cycle of 20", "at most 20", "total_steps"),
    ],
)
def test_a_state_of_another_schedule_is_refused_and_nothing_changes(
    four_parts, changes, came, expected, hint
):
    optimizer = made(0.4, momentum=0.9)
    schedule = optim.OneCycleLR(optimizer, 0.7, 20)
    schedule.step()
    before = optimizer.state_dict()
    state = {n: a for n, a in (schedule.state_dict() | changes).items() if a is not None}
    with pytest.raises(errors.StateError) as caught:
        schedule.load_state_dict(state)
    four_parts(caught.value, "OneCycleLR", came, expected, hint)
    assert schedule.t == 1 and schedule.rate(3) > 0
    assert all(np.array_equal(a, before[n]) for n, a in optimizer.state_dict().items())


def test_a_schedule_runs_between_traced_steps_without_a_new_trace():
    ends = []
    for traced in (False, True):
        w = Tensor(np.ones(3), requires_grad=True)
        optimizer = optim.Adam([w], lr=0.1)
        schedule = optim.OneCycleLR(optimizer, 0.5, 10)

        def step(x, w=w, optimizer=optimizer):
            optimizer.zero_grad()
            (w * w * x).sum().backward()
            optimizer.step()

        run = cr.trace(step, np.ones(3)) if traced else step
        for t in range(10):
            run(Tensor(np.full(3, 1.0 + t)))
            schedule.step()
        ends.append(w.tolist())
    assert ends[0] == ends[1]


def test_a_schedule_stepped_inside_a_traced_step_is_refused():
    schedule = optim.StepLR(made(), 1)

    def step(x):
        schedule.step()
        return x

    with pytest.raises(errors.TraceError, match="between the steps"):
        cr.trace(step, np.ones(1))
    assert schedule.t == 0 and schedule.optimizer.lr == 0.4


@pytest.mark.parametrize(
    ("make", "who", "came", "expected", "hint"),
    [
        (lambda o: optim.StepLR(None, 3), "StepLR", "a NoneType", "an optimizer", "SGD("),
        (lambda o: optim.SequentialLR(o, [], []), "SequentialLR", "no schedules", "this optimizer", "make"),
        (
            lambda o: optim.SequentialLR(o, [optim.StepLR(made(), 3)], []),
            "SequentialLR",
            "another optimizer",
            "this optimizer",
            "make them",
        ),
        (
            lambda o: optim.SequentialLR(o, [optim.StepLR(o, 3)], [4]),
            "SequentialLR",
            "milestones [4] for 1 schedules",
            "0 growing steps",
            "milestones=",
        ),
        (
            lambda o: optim.SequentialLR(o, [optim.StepLR(o, 3)] * 3, [4, 4]),
            "SequentialLR",
            "milestones [4, 4]",
            "2 growing steps",
            "milestones=",
        ),
    ],
)
def test_impossible_schedules(four_parts, make, who, came, expected, hint):
    with pytest.raises(errors.SettingError) as caught:
        make(made())
    four_parts(caught.value, who, came, expected, hint)


def test_the_base_has_no_rate_of_its_own():
    with pytest.raises(NotImplementedError, match=r"Schedule\.rate"):
        optim.Schedule(made())
