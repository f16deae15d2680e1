"""Averaged weights: by hand, in a compiled step, swapped in and out, saved."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, errors, nn, optim
from chainrule.optim import AveragedWeights
from chainrule.random import Generator


def moved(decay, numbers=((1.0, 5.0), (2.0, 3.0), (6.0, 1.0))):
    w = Tensor([0.0, 9.0], requires_grad=True, name="w")
    averaged = AveragedWeights([w], decay)
    for pair in numbers:
        w.assign(np.array(pair, "float32"))
        averaged.update()
    return w, averaged


def test_the_equal_average():
    w, averaged = moved(None)
    with averaged as inside:
        assert inside is averaged
        np.testing.assert_allclose(w.numpy(), [3, 3], 1e-6)
    assert w.tolist() == [6, 1]


def test_the_moving_average_begins_at_the_first_weights():
    w, averaged = moved(0.5)
    with averaged:
        assert w.tolist() == [0.5 * (0.5 * 1 + 0.5 * 2) + 0.5 * 6, 0.5 * (0.5 * 5 + 0.5 * 3) + 0.5 * 1]


@pytest.mark.parametrize("decay", [None, 0.9])
def test_against_pytorch(torch, decay):
    rng = np.random.default_rng(0)
    places = rng.normal(size=(6, 3))
    theirs = torch.nn.Linear(3, 1, bias=False, dtype=torch.float64)
    swa = torch.optim.swa_utils
    mean = swa.AveragedModel(theirs, multi_avg_fn=None if decay is None else swa.get_ema_multi_avg_fn(decay))
    w = Tensor(np.zeros(3), requires_grad=True)
    averaged = AveragedWeights([w], decay)
    for place in places:
        with torch.no_grad():
            theirs.weight.copy_(torch.tensor(place[None]))
        mean.update_parameters(theirs)
        w.assign(place)
        averaged.update()
    with averaged:
        np.testing.assert_allclose(w.numpy(), mean.module.weight.detach().numpy()[0], 1e-12)


def training(compiled, decay, inside=True):
    model = nn.Sequential(nn.Linear(4, 3, rng=Generator(0)), nn.BatchNorm1d(3))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    state = [*model.parameters(), *(b for _, b in model.named_buffers())]
    averaged = AveragedWeights(state, decay)

    def step(x):
        optimizer.zero_grad()
        loss = (model(x) ** 4).mean()
        loss.backward()
        optimizer.step()
        if inside:
            averaged.update()
        return loss

    def look(x):
        with cr.no_grad():
            return model(x)

    wrap = (lambda f: cr.compile(f, fallback="error")) if compiled else lambda f: f
    run, look = wrap(step), wrap(look)
    seen, x = [], Generator(1).normal((8, 4))
    for _ in range(3):
        for _ in range(2):
            run(x)
            if not inside:
                averaged.update()
        with averaged:
            model.eval()
            seen.append(look(x).numpy().copy())
            model.train()
        model.eval()
        seen.append(look(x).numpy().copy())
        model.train()
    if compiled:
        assert not run.left_to_numpy(x) and run.traces == 1
    return seen, averaged, model


@pytest.mark.parametrize("decay", [None, 0.8])
@pytest.mark.parametrize("inside", [True, False])
def test_a_compiled_step_averages_and_is_looked_at_with_the_averages(decay, inside):
    plain, compiled = training(False, decay)[0], training(True, decay, inside)[0]
    for mine, other in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(mine, other, 1e-4, 1e-5)
    assert not np.allclose(plain[-1], plain[-2])


def test_counters_are_copied():
    _, averaged, model = training(False, None)
    counter = model.state_dict()["1.num_batches_tracked"]
    assert averaged.state_dict()["average/1.num_batches_tracked"] == counter == 6


def test_statistics_of_batch_norm_are_estimated_anew():
    """The recipe: with the averages, a pass in training mode whose k-th batch has the share 1/k."""
    _, averaged, model = training(False, None)
    norm, batches = model[1], [Generator(k).normal((8, 4)) for k in range(5, 8)]
    with averaged:
        for k, x in enumerate(batches, 1):
            norm.momentum = 1 / k
            with cr.no_grad():
                model(x)
        hidden = [np.asarray(model[0](x)) for x in batches]
        np.testing.assert_allclose(norm.running_mean.numpy(), np.mean(hidden, (0, 1)), 1e-5, 1e-6)


def test_a_saved_state_goes_on_exactly():
    first, averaged = moved(0.5)
    again, other = moved(0.5, [(7.0, 7.0)])
    other.load_state_dict(averaged.state_dict())
    for w, average in ((first, averaged), (again, other)):
        w.assign(np.array([4.0, 4.0], "float32"))
        average.update()
    assert all(np.array_equal(a, other.state_dict()[n]) for n, a in averaged.state_dict().items())
    with pytest.raises(errors.StateError):
        other.load_state_dict({"average/count": np.zeros((), np.int64)})


def test_what_cannot_be(four_parts):
    w, averaged = moved(None)
    cases = [
        (lambda: AveragedWeights([]), "an empty list", "tensors", "parameters()"),
        (lambda: AveragedWeights(w), "a Tensor as weights", "several tensors", "parameters()"),
        (lambda: AveragedWeights([w, 3.0]), "a float among", "tensors", "parameters()"),
        (lambda: AveragedWeights([w], 1.0), "decay = 1.0", "0 ≤ decay < 1", "decay=0.999"),
    ]
    for act, *parts in cases:
        with pytest.raises(errors.SettingError) as caught:
            act()
        four_parts(caught.value, "AveragedWeights", *parts)
    with averaged:
        for act, came in ((averaged.update, "update() inside"), (averaged.__enter__, "twice")):
            with pytest.raises(errors.SettingError) as caught:
                act()
            four_parts(caught.value, "AveragedWeights", came, "", "")
    assert w.tolist() == [6, 1]
