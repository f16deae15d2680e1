"""Losses of probabilities, against their formulas and PyTorch's."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.random import Generator

from .layers import noise
from .losses import check_empty, check_loss
from .steps import OPTIMIZERS, traced_is_direct

LABELS = np.array([0, 2, 1, 2, 0, 1])


def test_cross_entropy_of_a_network_that_knows_nothing():
    assert nn.CrossEntropyLoss()(np.zeros((6, 3), "float32"), LABELS) == pytest.approx(math.log(3))


def test_cross_entropy_is_the_mean_of_minus_log_softmax():
    scores = noise((6, 3))
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    expected = -np.log(shares[np.arange(6), LABELS]).mean()
    assert nn.CrossEntropyLoss()(scores, LABELS) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_survives_large_scores():
    loss = nn.CrossEntropyLoss()(Tensor([[1000.0, 0.0], [0.0, 1000.0]]), np.array([0, 0]))
    assert loss.item() == pytest.approx(500)


WEIGHT = np.array([0.5, 2.0, 1.0])
RNG = np.random.default_rng(0)


def settings(**given):
    """PyTorch's: arrays as its tensors, and its number for no label to ignore."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    return {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in given.items()}


@pytest.mark.parametrize("weight", [{}, {"weight": WEIGHT}], ids=["alike", "weighted"])
@pytest.mark.parametrize("ignored", [{}, {"ignore_index": 2}, {"ignore_index": -100}], ids=str)
@pytest.mark.parametrize("smoothing", [{}, {"label_smoothing": 0.2}], ids=str)
def test_cross_entropy_in_all_settings(weight, ignored, smoothing):
    given = {**weight, **ignored, **smoothing}
    labels = np.array([[0, 2], [1, 1], [2, 0], [0, 1]])
    if ignored.get("ignore_index") == -100:
        labels[1:3, 0] = -100
    check_loss(
        lambda reduction: nn.CrossEntropyLoss(reduction=reduction, **given),
        lambda torch, reduction: torch.nn.CrossEntropyLoss(reduction=reduction, **settings(**given)),
        RNG.normal(size=(4, 3, 2)),
        labels,
    )


@pytest.mark.parametrize("given", [{}, {"weight": WEIGHT, "label_smoothing": 0.1}], ids=str)
def test_cross_entropy_of_probabilities(given):
    check_loss(
        lambda reduction: nn.CrossEntropyLoss(reduction=reduction, **given),
        lambda torch, reduction: torch.nn.CrossEntropyLoss(reduction=reduction, **settings(**given)),
        RNG.normal(size=(4, 3)),
        RNG.dirichlet(np.ones(3), 4),
    )


@pytest.mark.parametrize("given", [{}, {"weight": WEIGHT, "ignore_index": 1}], ids=str)
def test_nll(given):
    check_loss(
        lambda reduction: nn.NLLLoss(reduction=reduction, **given),
        lambda torch, reduction: torch.nn.NLLLoss(reduction=reduction, **settings(**given)),
        RNG.normal(size=(4, 3)),
        np.array([0, 2, 1, 0]),
    )


@pytest.mark.parametrize("given", [{}, {"pos_weight": np.array([3.0, 0.5, 1.0])}], ids=str)
def test_binary_cross_entropy(given):
    check_loss(
        lambda reduction: nn.BCEWithLogitsLoss(reduction=reduction, **given),
        lambda torch, reduction: torch.nn.BCEWithLogitsLoss(reduction=reduction, **settings(**given)),
        RNG.normal(size=(4, 3)),
        RNG.uniform(size=(4, 3)),
    )


@pytest.mark.parametrize("log_target", [False, True])
def test_kl_divergence(log_target):
    x, target = np.log(RNG.dirichlet(np.ones(3), 4)), RNG.dirichlet(np.ones(3), 4)
    target = np.log(target) if log_target else target
    check_loss(
        lambda reduction: nn.KLDivLoss(reduction, log_target),
        lambda torch, reduction: QuietKL(torch, reduction, log_target),
        x,
        target,
    )
    each = nn.KLDivLoss("none", log_target)(x, target)
    assert nn.KLDivLoss("batchmean", log_target)(x, target) == pytest.approx(each.sum() / 4)


def QuietKL(torch, reduction, log_target):
    """PyTorch's, which warns that its mean is not the divergence."""
    each = torch.nn.KLDivLoss(reduction="none", log_target=log_target)
    final = {"mean": torch.mean, "sum": torch.sum, "none": lambda x: x}[reduction]
    return lambda x, target: final(each(x, target))


@pytest.mark.parametrize("weight", [None, WEIGHT.astype("float32")])
def test_if_no_label_counts_the_loss_is_0_and_so_is_its_gradient(weight):
    loss_function = nn.CrossEntropyLoss(weight, ignore_index=255)

    def step(x, labels):
        x = Tensor.of(x.data)
        cr.graph.require_grad(x)
        loss = loss_function(x, labels)
        return loss, cr.graph.gradients(loss, [x])[0]

    for run in (step, cr.compile(step, fallback="error")):
        loss, slope = run(Tensor(noise((3, 3))), Tensor(np.full(3, 255, np.uint8)))
        assert loss.item() == 0 and not slope.numpy().any()


def test_weights_of_classes_are_taken_in_any_width():
    scores = noise((6, 3))
    for dtype in ("float32", "float64"):
        x = scores.astype(dtype)
        losses = [nn.CrossEntropyLoss(w)(x, LABELS) for w in ([1, 2, 3], np.array([1.0, 2.0, 3.0]))]
        assert losses[0].dtype == dtype and losses[0] == losses[1]
        yes = nn.BCEWithLogitsLoss(pos_weight=np.array(2.0))(x, np.ones_like(x))
        assert yes.item() == pytest.approx(np.mean(2 * np.log1p(np.exp(-x))), rel=1e-6)


def test_weights_of_classes_are_state_and_no_parameters():
    loss = nn.CrossEntropyLoss([1, 2, 3])
    assert list(loss.parameters()) == [] and loss.state_dict()["weight"].dtype == np.float32
    other = nn.CrossEntropyLoss([0, 0, 0]).load_state_dict(loss.state_dict())
    assert other(noise((6, 3)), LABELS) == loss(noise((6, 3)), LABELS)


@pytest.mark.parametrize(
    "loss",
    [
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(np.array([1, 2, 3], "float32"), ignore_index=1, label_smoothing=0.1),
        nn.MulticlassHingeLoss(),
        nn.MulticlassHingeLoss(p=2),
    ],
    ids=repr,
)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_traced_is_direct(loss, optimizer):
    traced_is_direct(lambda: nn.Linear(5, 3, rng=Generator(0)), optimizer, noise((6, 5)), LABELS, loss)


def test_the_mean_of_nothing_is_refused():
    scores, labels = np.zeros((0, 3), "float32"), np.zeros(0, int)
    check_empty(nn.CrossEntropyLoss(), scores, labels)
    check_empty(nn.CrossEntropyLoss(ignore_index=1), scores, labels)
    check_empty(nn.NLLLoss(), scores, labels)
    check_empty(nn.BCEWithLogitsLoss(), scores, scores)
    check_empty(nn.KLDivLoss("batchmean"), scores, scores)
    assert nn.CrossEntropyLoss(reduction="sum")(scores, labels) == 0


def test_printed_form():
    assert repr(nn.CrossEntropyLoss()) == "CrossEntropyLoss()"
    loss = nn.CrossEntropyLoss(ignore_index=3, label_smoothing=0.1, reduction="sum")
    assert repr(loss) == "CrossEntropyLoss(ignore_index=3, label_smoothing=0.1, reduction='sum')"
