"""Losses of probabilities: the numbers of the course, PyTorch in all settings, labels that do not exist."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, LabelError, SettingError, ShapeError

from .peers import agrees_with_torch, refused

CATS = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])


def test_softmax_loss_of_the_course():
    # unnormalized log-probabilities 3.2, 5.1, -1.7: the cat has probability 0.13
    loss = cr.softmax_cross_entropy(CATS[:1], np.array([0]))
    assert round(float(np.exp(-loss[0])), 2) == 0.13
    assert round(float(loss[0] / np.log(10)), 2) == 0.89


def test_cross_entropy_of_huge_scores():
    scores = Tensor([[1e30, 0.0], [-1e30, 0.0]], requires_grad=True)
    loss = cr.softmax_cross_entropy(scores, np.array([0, 1]))
    assert loss.tolist() == [0, 0]
    loss.sum().backward()
    assert scores.grad.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("shape", [(5, 4), (2, 4, 3), (2, 4, 3, 5)])
def test_losses_are_those_of_torch(shape):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    f = torch.nn.functional
    labels = np.random.default_rng(1).integers(0, 4, (shape[0], *shape[2:]))
    agrees_with_torch(
        cr.softmax_cross_entropy, lambda x, y: f.cross_entropy(x, y, reduction="none"), shape, labels=labels
    )


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "uint64"])
@pytest.mark.parametrize("loss", [cr.softmax_cross_entropy, cr.multiclass_hinge])
def test_labels_may_be_of_any_integer_dtype(dtype, loss):
    scores = Tensor(np.zeros((1, 300), "float32"), requires_grad=True)
    loss(scores, np.array([3], dtype)).sum().backward()
    assert np.flatnonzero(scores.grad.numpy() < 0).tolist() == [3]


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "multiclass_hinge"])
@pytest.mark.parametrize(
    ("kind", "scores", "labels", "parts"),
    [
        (LabelError, CATS, [1, 3, 2], ("label 3 at 1", "labels from 0 to 2", "labels - 1")),
        (LabelError, CATS, [0, 3, 1], ("label 3 at 1", "more outputs")),
        (DTypeError, np.array([0, 1, 2]), CATS, ("the scores first",)),
        (LabelError, CATS, [0, 1, -1], ("label -1 at 2",)),
        (LabelError, np.zeros((1, 2, 2)), [[0, 2]], ("label 2 at (0, 1)",)),
        (ShapeError, CATS, [0, 1], ("labels i64[2]", "labels (3,)")),
        (ShapeError, CATS, [[0], [1], [2]], ("labels i64[3,1]",)),
        (ShapeError, CATS[0], [0, 1, 2], ("scores (N, C, …)",)),
        (DTypeError, CATS, [0.0, 1.0, 2.0], ("labels f64[3]", "an integer dtype")),
        (DTypeError, CATS.astype(int), [0, 1, 2], ("scores i64[3,3]",)),
    ],
)
def test_scores_and_labels_that_do_not_fit(name, kind, scores, labels, parts):
    refused(kind, lambda: getattr(cr, name)(scores, np.array(labels)), name, *parts)


@pytest.mark.parametrize("name", ["multiclass_hinge", "nll"])
def test_one_hot_rows_are_no_labels(name):
    refused(DTypeError, lambda: getattr(cr, name)(CATS, np.eye(3)), name, "one integer for each row")


def functional():
    return pytest.importorskip(
        "torch", reason="compares with PyTorch: pip install torch==2.13.0"
    ).nn.functional


WEIGHT = np.array([0.2, 1.0, 3.0, 0.5])
SETTINGS = [
    {"weight": weight, "ignore_index": ignored, "label_smoothing": smoothing}
    for weight in (None, WEIGHT)
    for ignored in (None, 2, -7, 255)
    for smoothing in (0.0, 0.15)
]


def theirs(settings):
    """PyTorch's names and kinds."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    given = {name: value for name, value in settings.items() if value is not None}
    return given | ({"weight": torch.tensor(WEIGHT)} if "weight" in given else {})


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("shape", [(7, 4), (2, 4, 3, 2)])
def test_cross_entropy_in_all_settings_is_that_of_torch(settings, shape):
    f = functional()
    labels = np.random.default_rng(2).integers(0, 4, (shape[0], *shape[2:]))
    if settings["ignore_index"] not in (None, 2):
        labels.flat[::3] = settings["ignore_index"]
    agrees_with_torch(
        lambda x, y: cr.softmax_cross_entropy(x, y, **settings),
        lambda x, y: f.cross_entropy(x, y, reduction="none", **theirs(settings)),
        shape,
        labels=labels,
    )


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("smoothing", [0.0, 0.15, 1.0])
@pytest.mark.parametrize("shape", [(5, 4), (2, 4, 3)])
def test_cross_entropy_of_probabilities_is_that_of_torch(weight, smoothing, shape):
    f = functional()
    target = np.random.default_rng(3).dirichlet(np.ones(4), (shape[0], *shape[2:]))
    target = np.moveaxis(target, -1, 1).copy()
    settings = {"weight": weight, "label_smoothing": smoothing}
    agrees_with_torch(
        lambda x, y: cr.softmax_cross_entropy(x, y, **settings),
        lambda x, y: f.cross_entropy(x, y, reduction="none", **theirs(settings)),
        shape,
        labels=target,
    )


def test_probabilities_get_a_gradient_too():
    f = functional()
    agrees_with_torch(
        cr.softmax_cross_entropy, lambda x, y: f.cross_entropy(x, y, reduction="none"), (5, 4), (5, 4)
    )


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("ignored", [None, 1])
def test_nll_is_that_of_torch(weight, ignored):
    f = functional()
    labels = np.random.default_rng(2).integers(0, 4, (6, 2))
    settings = {"weight": weight, "ignore_index": ignored}
    agrees_with_torch(
        lambda x, y: cr.nll(cr.log_softmax(x, axis=1), y, **settings),
        lambda x, y: f.nll_loss(f.log_softmax(x, 1), y, reduction="none", **theirs(settings)),
        (6, 4, 2),
        labels=labels,
    )


def test_nll_of_impossible_classes_is_finite_for_the_right_one():
    x = Tensor([[0.0, -np.inf], [-np.inf, 0.0]], requires_grad=True)
    loss = cr.nll(x, np.array([0, 1]))
    loss.sum().backward()
    assert loss.tolist() == [0, 0] and x.grad.tolist() == [[-1, 0], [0, -1]]


@pytest.mark.parametrize("pos_weight", [None, 2.5, np.array([0.5, 3.0, 1.0])])
def test_binary_cross_entropy_is_that_of_torch(pos_weight):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    weight = None if pos_weight is None else torch.tensor(pos_weight, dtype=torch.float64)
    target = np.random.default_rng(4).uniform(0, 1, (5, 3))
    agrees_with_torch(
        lambda x, y: cr.binary_cross_entropy_with_logits(x, y, pos_weight=pos_weight),
        lambda x, y: torch.nn.functional.binary_cross_entropy_with_logits(
            x, y, pos_weight=weight, reduction="none"
        ),
        (5, 3),
        labels=target,
    )


def test_binary_cross_entropy_of_huge_and_of_sure_scores():
    x = Tensor([1e30, -1e30, 1e30, 20.0, -20.0], requires_grad=True)
    loss = cr.binary_cross_entropy_with_logits(x, np.array([1, 0, 0, 1, 0], "float32"))
    assert loss.tolist()[:3] == [0, 0, np.float32(1e30)]
    assert np.allclose(loss.numpy()[3:], np.exp(-20.0), rtol=1e-6)  # 1 + e⁻²⁰ is 1 in float32
    loss.sum().backward()
    assert x.grad.tolist()[:3] == [0, 0, 1]
    at_zero = Tensor([0.0, 0.0], requires_grad=True)
    cr.binary_cross_entropy_with_logits(at_zero, np.array([1, 0], "float32")).sum().backward()
    assert at_zero.grad.tolist() == [-0.5, 0.5]


@pytest.mark.parametrize("log_target", [False, True])
def test_kl_divergence_is_that_of_torch(log_target):
    f = functional()
    rng = np.random.default_rng(5)
    target = rng.dirichlet(np.ones(3), 4)
    agrees_with_torch(
        lambda x, y: cr.kl_divergence(x, y, log_target=log_target),
        lambda x, y: f.kl_div(x, y, reduction="none", log_target=log_target),
        (4, 3),
        labels=np.log(target) if log_target else target,
    )
    agrees_with_torch(
        lambda x, y: cr.kl_divergence(x, y, log_target=log_target),
        lambda x, y: f.kl_div(x, y, reduction="none", log_target=log_target),
        (4, 3),
        (4, 3),
        make=lambda rng, shape: rng.uniform(0.1, 1, shape),
    )


def test_kl_divergence_of_a_target_of_0_is_0():
    x, target = Tensor([-1.0, -np.inf], requires_grad=True), Tensor([0.0, 0.0], requires_grad=True)
    loss = cr.kl_divergence(x, target)
    loss.sum().backward()
    assert loss.tolist() == [0, 0] and x.grad.tolist() == [0, 0] and target.grad.tolist() == [0, 0]


def test_labels_of_bytes_and_an_ignored_one_that_no_byte_can_be():
    scores = Tensor(np.zeros((3, 4), "float32"), requires_grad=True)
    loss = cr.softmax_cross_entropy(scores, np.array([1, 255, 0], "uint8"), ignore_index=255)
    loss.sum().backward()
    assert loss.tolist()[1] == 0 and scores.grad.numpy()[1].tolist() == [0, 0, 0, 0]
    assert cr.softmax_cross_entropy(scores, np.array([1, 2, 0], "uint8"), ignore_index=-100).shape == (3,)


def test_settings_of_labels_refuse_what_cannot_be():
    labels, who = np.array([0, 1, 2]), "softmax_cross_entropy"
    refused(SettingError, lambda: cr.softmax_cross_entropy(CATS, labels, ignore_index=0.5), who, "0.5")
    refused(
        SettingError, lambda: cr.softmax_cross_entropy(CATS, np.eye(3), ignore_index=0), who, "probabilities"
    )
    refused(ShapeError, lambda: cr.softmax_cross_entropy(CATS, labels, weight=np.ones(2)), who, "(3,)")
    refused(ShapeError, lambda: cr.softmax_cross_entropy(CATS, np.eye(3)[:2]), who, "labels f64[2,3]")
