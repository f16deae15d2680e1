"""A model looked at: scores, loss and what it leaves as it was."""

import numpy as np
import pytest

from chainrule import nn, no_grad
from chainrule.errors import DataError
from chainrule.random import Generator
from chainrule.train import evaluate
from chainrule.train.evaluation import looking

BATCH = np.arange(12, dtype="float32").reshape(4, 3), np.array([0, 1, 0, 1])


def model_and_loss():
    return nn.Sequential(nn.Linear(3, 2, rng=Generator(0)), nn.Dropout(0.5)), nn.CrossEntropyLoss()


@pytest.mark.parametrize("plain", [False, True])
def test_scores_labels_and_the_mean_loss_of_pictures(plain):
    model, loss = model_and_loss()
    images, labels = BATCH
    found = evaluate(model, loss, [(images[:3], labels[:3]), (images[3:], labels[3:])], plain=plain)
    with looking(model):
        scores = model(images)
        whole = loss(scores, labels)
    np.testing.assert_allclose(found.scores, scores.numpy(), rtol=1e-6)
    np.testing.assert_array_equal(found.labels, labels)
    assert found.loss == pytest.approx(whole.item())


@pytest.mark.parametrize("training", [False, True])
def test_the_model_comes_back_as_it_was(training):
    model, loss = model_and_loss()
    model.train(training)
    evaluate(model, loss, [BATCH])
    assert model[1].training is training


def test_inside_looking_nothing_is_kept_for_gradients():
    model, _ = model_and_loss()
    with looking(model):
        assert model(BATCH[0]).node is None
    assert model(BATCH[0]).node is not None


def test_no_batches():
    with no_grad(), pytest.raises(DataError, match="evaluate: no batches"):
        evaluate(*model_and_loss(), [])
