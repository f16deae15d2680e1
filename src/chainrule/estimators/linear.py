"""One template for each class: the linear SVM and the softmax classifier, by minibatch gradient descent."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import nn, optim
from ..train import Trainer
from .base import Classifier
from .lessons import Lessons
from .scaling import Scaling
from .settings import generator, require

Array = NDArray[Any]

ROWS = 4096
"""Samples whose float64 copies are made at once when scores are asked for."""


class LinearClassifier(Classifier):
    """s = Wx + b, learned with SGD, momentum, and a rate that goes down to 0 in a straight line.

    Features of any unit will do: each is brought to mean 0 and standard deviation 1, and λ·ΣW² is that of these; `lr`
    is divided by the largest variance in any direction, so that one rate serves all data. Both are folded back:
    `coef_` and `intercept_` are those of the samples as they were given.
    """

    loss: ClassVar[type[nn.Module]]

    coef_: Array
    intercept_: Array
    loss_curve_: list[float]
    n_iter_: int

    def __init__(
        self,
        *,
        lr: float,
        l2: float = 1e-4,
        epochs: int = 20,
        batch_size: int = 64,
        momentum: float = 0.9,
        random_state: int | None = None,
    ) -> None:
        self.lr, self.l2, self.epochs, self.batch_size = lr, l2, epochs, batch_size
        self.momentum, self.random_state = momentum, random_state

    def _learn(self, X: Array, numbers: NDArray[np.int64]) -> None:
        who = type(self).__name__
        require(who, self.get_params())
        rng, rows = generator(who, self.random_state), X.reshape(len(X), -1)
        scaling = Scaling.fit(rows)
        widest = scaling.widest(rows)
        scaling.slope /= np.sqrt(widest)
        model = nn.Linear(rows.shape[1], len(self.classes_), initialize=nn.init.zeros)
        lessons = Lessons(who, self.lr, self._trainer(model, widest, len(rows)), scaling, rng)
        self.loss_curve_ = lessons.run(rows, numbers, self.epochs, self.batch_size)
        self.n_iter_ = len(self.loss_curve_)
        self._fold(model, scaling)

    def _trainer(self, model: nn.Linear, widest: float, samples: int) -> Trainer:
        """What learns: the weights of scaled features are √widest times as large as those that λ is for."""
        optimizer = optim.SGD(model.parameters(), lr=self.lr, momentum=self.momentum)
        schedule = optim.PolynomialLR(optimizer, self.epochs * -(-samples // self.batch_size))
        penalty = nn.L2(self.l2 / widest)
        return Trainer(
            model,
            self.loss(),
            optimizer,
            schedule=schedule,
            penalty=(lambda parameters: penalty([model.weight])) if self.l2 else None,
        )

    def _fold(self, model: nn.Linear, scaling: Scaling) -> None:
        """The templates of unscaled samples; of two classes, what the second has over the first."""
        w = model.weight.numpy().astype(np.float64) * scaling.slope
        b = model.bias.numpy() - w @ scaling.mean if model.bias is not None else -w @ scaling.mean
        two = len(w) == 2
        self.coef_, self.intercept_ = (w[1:] - w[:1], b[1:] - b[:1]) if two else (w, b)

    def decision_function(self, X: Any) -> Array:
        """(N, classes) the score of each class; of two classes (N,), above 0 for the second.

        Raises NotFittedError before fit, DataError for samples of other features.
        """
        return self._scores(self._asked(X))

    def _scores(self, X: Array) -> Array:
        rows, w = X.reshape(len(X), -1), self.coef_.T
        parts = [rows[i : i + ROWS].astype(np.float64) @ w for i in range(0, len(rows), ROWS)]
        scores = np.concatenate(parts) + self.intercept_
        return scores[:, 0] if len(self.coef_) == 1 else scores

    def _called(self, X: Array) -> NDArray[np.int64]:
        scores = self._scores(X)
        return (scores > 0).astype(np.int64) if scores.ndim == 1 else scores.argmax(axis=1)


class LinearSVMClassifier(LinearClassifier):
    """The linear support vector machine: the sum over the wrong classes of max(0, s_j - s_y + 1), and λ·ΣW².

    lr:  the rate at the beginning, in units of what the data allow, > 0;  l2: λ ≥ 0 of features scaled to deviation 1
    epochs:  passes over all samples, ≥ 1;  batch_size: samples in a step, ≥ 1;  momentum: 0 ≤ … < 1
    random_state:  the seed of the order of samples; None takes `random.current()`

    coef_:  (classes, D) templates, or (1, D) for two classes;  intercept_: (classes,) or (1,)
    loss_curve_:  the mean loss of each epoch, while learning;  n_iter_: epochs

    fit raises SettingError for other settings, DivergedError where the rate is too large, DataError, DTypeError and
    ShapeError for what cannot be learned from; what asks raises NotFittedError before fit.
    Source: Weston & Watkins 1999; the rate: Bottou 2012, "Stochastic gradient descent tricks".

    >>> X = np.array([[0.0, 0], [1, 0], [0, 9], [1, 9]])
    >>> svm = LinearSVMClassifier(random_state=0).fit(X, ["low", "low", "high", "high"])
    >>> svm.predict([[0, 1], [0, 8]])
    array(['low', 'high'], dtype='<U4')
    """

    loss = nn.MulticlassHingeLoss

    def __init__(
        self,
        *,
        lr: float = 0.5,
        l2: float = 1e-4,
        epochs: int = 20,
        batch_size: int = 64,
        momentum: float = 0.9,
        random_state: int | None = None,
    ) -> None:
        super().__init__(
            lr=lr, l2=l2, epochs=epochs, batch_size=batch_size, momentum=momentum, random_state=random_state
        )


class SoftmaxClassifier(LinearClassifier):
    """Softmax regression: the cross-entropy -ln softmax(s)_y, and λ·ΣW².

    lr:  the rate at the beginning, in units of what the data allow, > 0;  l2: λ ≥ 0 of features scaled to deviation 1
    epochs:  passes over all samples, ≥ 1;  batch_size: samples in a step, ≥ 1;  momentum: 0 ≤ … < 1
    random_state:  the seed of the order of samples; None takes `random.current()`

    coef_:  (classes, D) templates, or (1, D) for two classes;  intercept_: (classes,) or (1,)
    loss_curve_:  the mean loss of each epoch, while learning, in nats;  n_iter_: epochs

    fit raises SettingError for other settings, DivergedError where the rate is too large, DataError, DTypeError and
    ShapeError for what cannot be learned from; what asks raises NotFittedError before fit.

    >>> X = np.array([[0.0, 0], [1, 0], [0, 9], [1, 9]])
    >>> softmax = SoftmaxClassifier(random_state=0).fit(X, [0, 0, 1, 1])
    >>> softmax.predict_proba([[0, 4.5]]).round(2)
    array([[0.5, 0.5]])
    """

    loss = nn.CrossEntropyLoss

    def __init__(
        self,
        *,
        lr: float = 1.0,
        l2: float = 1e-4,
        epochs: int = 20,
        batch_size: int = 64,
        momentum: float = 0.9,
        random_state: int | None = None,
    ) -> None:
        super().__init__(
            lr=lr, l2=l2, epochs=epochs, batch_size=batch_size, momentum=momentum, random_state=random_state
        )

    def predict_proba(self, X: Any) -> Array:
        """(N, classes) the probability of each class; each row sums to 1.

        Raises NotFittedError before fit, DataError for samples of other features.
        """
        return probabilities(self._scores(self._asked(X)))

    def predict_log_proba(self, X: Any) -> Array:
        """(N, classes) the logarithms of `predict_proba`."""
        return log_probabilities(self._scores(self._asked(X)))


def log_probabilities(scores: Array) -> Array:
    """(N, classes) ln softmax of scores (N, classes), or of (N,), what the second class has over the first.

    >>> np.exp(log_probabilities(np.array([0.0]))).tolist()
    [[0.5, 0.5]]
    """
    if scores.ndim == 1:
        scores = np.stack([np.zeros_like(scores), scores], axis=1)
    lower = scores - scores.max(axis=1, keepdims=True)
    return lower - np.log(np.exp(lower).sum(axis=1, keepdims=True))


def probabilities(scores: Array) -> Array:
    """(N, classes) softmax of the same."""
    return np.exp(log_probabilities(scores))
