"""Every network of the zoo, compiled: its steps, gradients and scores are the plain ones; what is seen and how many
threads there are changes no bit; what is not finite changes nothing.
"""

import numpy as np
import pytest

import chainrule as cr
from chainrule import check, zoo
from chainrule.errors import NonFiniteError

from .trial import LARGE, SHAPES, Trial, furthest

STEPS = 10
SMALL = [name for name in SHAPES if name not in LARGE]


@pytest.fixture(scope="module", params=SHAPES)
def trial(request):
    return Trial(request.param)


@pytest.fixture
def start(trial):
    """The state that a test begins with, and that the next one finds again."""
    state = trial.state()
    yield state
    trial.set(state)


def test_these_are_all():
    assert set(SHAPES) == set(zoo.MODELS)


# --- compiled is plain ----------------------------------------------------------------------------------


def test_ten_steps_each_held_to_plain(trial, start):
    """Loss, gradients and state of each compiled step are those of the plain step from the same state.

    float32 leaves 1e-5 of them, in twenty layers.  A relu or a maximum that is nearer to its kink than rounding may
    take the other side, and then moves a gradient by some hundredths: in half of the steps none does.
    """
    losses, gradients, states = [], [], []
    for seed in range(STEPS):
        before = trial.state()
        plain = trial.after(trial.plain, seed)
        trial.set(before)
        came = trial.after(trial.step, seed)
        losses.append(abs(came.loss / plain.loss - 1))
        gradients.append(furthest(came.gradients, plain.gradients))
        states.append(furthest(came.state, plain.state, before))
        assert came.gradients.keys() == plain.gradients.keys()
        assert not trial.is_in(before), "nothing has moved"
    assert max(losses) < 2e-5, losses
    for apart in (gradients, states):
        assert np.median(apart) < 5e-5 and max(apart) < 0.2, apart


@pytest.mark.parametrize("name", SMALL)
def test_ten_steps_in_a_row(name):
    """In float64 no rounding reaches a kink, and ten steps end where the plain ones end."""
    in_a_row(Trial(name, "float64"), STEPS)


def in_a_row(trial, steps):
    """Compiled and plain steps from one state lose the same and end in the same state."""
    begun, ends = trial.state(), []
    for run in (trial.plain, trial.step):
        trial.set(begun)
        losses = [run(*trial.batch(seed)).item() for seed in range(steps)]
        ends.append((np.array(losses), trial.state()))
    (expected, plain), (losses, came) = ends
    assert len(set(expected)) == steps
    np.testing.assert_allclose(losses, expected, rtol=1e-10)
    assert furthest(came, plain, begun) < 1e-9


@pytest.mark.parametrize("count", [1, 7, 16, 65])
def test_any_number_of_pictures(count):
    """LeNet-5's vectors go along the pictures: there may be fewer than a vector has lanes, or a few more."""
    in_a_row(Trial("lenet5", "float64", count), 3)
    trial = Trial("lenet5", count=count)
    start = trial.state()
    assert len({digest(trial, start, threads) for threads in (1, 2, 3, 4)}) == 1


def test_scores(trial, start):
    """Evaluation, with the statistics of a step."""
    model, (images, labels) = trial.learning.model, trial.batch()
    trial.step(images, labels)
    look = cr.compile(lambda x: model(x), fallback="error")
    model.eval()
    try:
        with cr.no_grad():
            came, plain = look(images).numpy(), model(images).numpy()
    finally:
        model.train()
    assert came.shape == (trial.count, 10)
    apart = np.abs(came - plain).max() / np.abs(plain).max()
    assert apart < 2e-5


def test_every_line_agrees_with_its_gate(trial, start):
    batch = trial.batch(11)
    report = check.compiled(trial.step, *batch)
    assert report.worst.worst <= 1
    assert len(report.lines) > len(trial.step.program(*batch).lines) // 2
    assert trial.is_in(start)


# --- the same bits --------------------------------------------------------------------------------------


def digest(trial, start, threads):
    """Of all bytes after two compiled steps from a state."""
    trial.set(start)
    cr.set_threads(threads)
    try:
        return trial.digest()
    finally:
        cr.set_threads(None)


def test_watching_changes_no_bit_for_any_number_of_threads(trial, start):
    """One activation, the last sum of a convolution if there is one, which no kernel stores; and one gradient."""
    parameter, *_ = trial.learning.model.named_parameters()
    specs = trial.step.values(*trial.batch())
    paths = [path for path in specs if "/" in path]
    sums = [path for path in paths if path.endswith("/conv2d")]
    activation, gradient = (sums or paths[:1])[-1], f"{parameter[0]}.grad"
    expected = digest(trial, start, 1)
    for threads in (2, 3, 4):
        assert digest(trial, start, threads) == expected, threads
    with trial.step.watch(activation) as seen, trial.step.watch(gradient) as back:
        assert digest(trial, start, 3) == expected
    assert len(seen[activation]) == len(back[gradient]) == 2
    assert seen[activation][0].shape == specs[activation].shape
    assert np.array_equal(back[gradient][1], parameter[1].grad)


# --- what is not finite ---------------------------------------------------------------------------------


def test_a_nan_is_refused_and_blamed(trial, start):
    images, labels = trial.batch()
    images[-1, 0, 2, 3] = np.nan
    for _ in range(2):
        with pytest.raises(NonFiniteError):
            trial.step(images, labels)
        assert trial.is_in(start)
    culprit = check.blame(trial.step, images, labels)
    assert (culprit.path, culprit.index, culprit.place) == ("images", (trial.count - 1, 0, 2, 3), None)
    assert trial.is_in(start)
