"""Losses: the numbers of the course, PyTorch, labels that do not exist, losses that would broadcast."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, LabelError, ShapeError

from .peers import agrees_with_torch, refused

CATS = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])


def test_hinge_of_the_course():
    losses = cr.multiclass_hinge(CATS, np.array([0, 1, 2]))
    assert losses.round(4).tolist() == [2.9, 0, 12.9]
    assert round(float(cr.mean(losses)), 2) == 5.27


def test_hinge_gradient_counts_the_classes_inside_the_margin():
    scores = Tensor(CATS, requires_grad=True)
    cr.multiclass_hinge(scores, np.array([0, 1, 2])).sum().backward()
    assert scores.grad.tolist() == [[-1, 1, 0], [0, 0, 0], [1, 1, -2]]


def test_hinge_with_another_margin():
    assert cr.multiclass_hinge(CATS[:1], np.array([0]), margin=10.0).round(4).tolist() == [11.9 + 5.1]


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
    if len(shape) == 2:
        agrees_with_torch(
            lambda x, y: cr.mean(cr.multiclass_hinge(x, y)) / shape[1],
            f.multi_margin_loss,
            shape,
            labels=labels,
        )
    agrees_with_torch(cr.mse, f.mse_loss, shape, shape)


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
        (DTypeError, CATS, np.eye(3), ("one integer for each row", "argmax(axis=1)")),
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


def test_squared_error_does_not_broadcast():
    refused(
        ShapeError,
        lambda: cr.mse(np.ones((3, 1)), np.ones(3)),
        "squared_error",
        "x f64[3,1] and target f64[3]",
        "a loss does not broadcast",
        "target.reshape(3, 1)",
    )
    refused(ShapeError, lambda: cr.mse(np.ones(3), np.ones(4)), "squared_error", "one target for each x")


def test_penalties():
    w = [Tensor([1.0, -2.0], requires_grad=True), Tensor([[3.0]], requires_grad=True)]
    assert cr.l2(w, 0.5).item() == 7 and cr.l1(w, 0.5).item() == 3
    (cr.l2(w, 0.5) + cr.l1(w, 0.5)).backward()
    assert w[0].grad.tolist() == [1.5, -2.5] and w[1].grad.tolist() == [[3.5]]
    refused(ShapeError, lambda: cr.l2([], 0.1), "penalty", "no weights")
