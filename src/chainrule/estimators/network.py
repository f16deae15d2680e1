"""Any network as an estimator: hidden layers by their sizes, the zoo by name, or a function that builds one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import nn
from ..errors import DataError, UsageError
from ..finite import all_finite
from ..graph import no_grad
from ..ops.arguments import flag
from ..train import Config, Trainer
from ..train.config import OPTIMIZERS, SCHEDULES
from ..train.job import make_trainer
from ..train.settings import nearest
from ..train.steps import Runner
from .base import Classifier
from .building import builder, built, shaped
from .lessons import Lessons
from .linear import log_probabilities
from .scaling import Scaling
from .settings import generator, require

Array = NDArray[Any]

LOOK, NUMBERS = 256, 1 << 21
"""Samples that are looked at together when scores are asked for, and numbers in them, at most."""


class NetworkClassifier(Classifier):
    """A network that is trained to tell classes apart, with cross-entropy.

    hidden:  the sizes of the hidden layers, each followed by relu, where no model is given
    model:  a name of the zoo ("convnet", "lenet5", …), or a function (input_shape, classes, *, rng) → Module
    input_shape:  (C, H, W) of one picture, where samples are rows (N, C·H·W)
    optimizer, schedule:  as of `train.Config`; schedule "plateau" looks at the loss while learning
    lr:  the (largest) rate, > 0, the smaller the deeper the network is;  momentum: of sgd and rmsprop
    weight_decay:  the optimizer's, ≥ 0;  l2: λ ≥ 0 of λ·ΣW² in the loss, of all parameters
    epochs:  passes over all samples, ≥ 1;  batch_size: samples in a step, ≥ 1
    plain:  run every step gate by gate; else compiled where every gate has a kernel
    random_state:  the seed of weights, order and dropout; None takes `random.current()`

    Features of any unit will do: rows are brought to mean 0 and standard deviation 1 feature by feature, pictures
    channel by channel, as the network reads them.

    network_:  the Module;  loss_curve_: the mean loss of each epoch, while learning, in nats;  n_iter_: epochs

    fit raises SettingError and UsageError for other settings, DivergedError where the rate is too large, DataError,
    DTypeError and ShapeError for what cannot be learned from, samples among it that do not fit the network; what asks
    raises NotFittedError before fit.

    >>> X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> network = NetworkClassifier((16,), epochs=200, random_state=0).fit(X, ["same", "not", "not", "same"])
    >>> network.predict(X)
    array(['same', 'not', 'not', 'same'], dtype='<U4')
    """

    network_: nn.Module
    loss_curve_: list[float]
    n_iter_: int

    def __init__(
        self,
        hidden: Sequence[int] = (100,),
        *,
        model: str | Callable[..., nn.Module] | None = None,
        input_shape: tuple[int, ...] | None = None,
        optimizer: str = "adam",
        lr: float = 3e-3,
        momentum: float = 0.9,
        schedule: str = "one-cycle",
        weight_decay: float = 0.0,
        l2: float = 0.0,
        epochs: int = 30,
        batch_size: int = 32,
        plain: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.hidden, self.model, self.input_shape = hidden, model, input_shape
        self.optimizer, self.lr, self.momentum, self.schedule = optimizer, lr, momentum, schedule
        self.weight_decay, self.l2, self.epochs, self.batch_size = weight_decay, l2, epochs, batch_size
        self.plain, self.random_state = plain, random_state

    def _learn(self, X: Array, numbers: NDArray[np.int64]) -> None:
        who = type(self).__name__
        self._check()
        rng, X = generator(who, self.random_state), self._shaped(X)
        build = builder(who, self.model, self.hidden)
        self.network_ = built(who, build, X.shape[1:], len(self.classes_), rng.split("weights"))
        self._scaling = Scaling.fit(X, plain=self.plain)
        lessons = Lessons(who, self.lr, self._trainer(self.network_, len(X)), self._scaling, rng)
        self.loss_curve_ = lessons.run(X, numbers, self.epochs, self.batch_size)
        self.n_iter_ = len(self.loss_curve_)
        self.network_.eval()
        self._look = self._looker()

    def _check(self) -> None:
        """The settings, before anything is built."""
        who = type(self).__name__
        require(who, self.get_params())
        flag(who, "plain", self.plain)
        for name, allowed in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in allowed:
                came, expected = f"{name} {getattr(self, name)!r}", f"one of {', '.join(allowed)}"
                raise UsageError(who, came, expected, f"{name}={nearest(getattr(self, name), allowed)!r}")

    def _shaped(self, X: Array) -> Array:
        """Samples in the axes that the network reads; pictures of one channel may come without it."""
        if self.input_shape is not None:
            return shaped(type(self).__name__, X, self.input_shape)
        return X[:, np.newaxis] if X.ndim == 3 else X

    def _trainer(self, network: nn.Module, samples: int) -> Trainer:
        """Loss, optimizer and schedule by their names."""
        names = ("optimizer", "lr", "momentum", "schedule", "weight_decay", "l2")
        config = Config.of({name: getattr(self, name) for name in names})
        steps = self.epochs * -(-samples // self.batch_size)
        return make_trainer(network, config, steps, plain=self.plain)

    def _looker(self) -> Runner:
        """The step that gives the scores of samples."""
        network, scaling = self.network_, self._scaling
        return Runner(lambda x: network(scaling(x)), plain=self.plain)

    def _scores(self, X: Array) -> Array:
        """(N, classes) float64 scores, before the softmax."""
        X, rows = self._shaped(X), max(1, min(LOOK, NUMBERS // self.n_features_in_))
        with nn.evaluating(self.network_), no_grad():
            parts = [self._look(X[i : i + rows]).numpy() for i in range(0, len(X), rows)]
        scores = np.concatenate(parts).astype(np.float64)
        if not all_finite(scores):
            wrong = int(np.argmin(np.isfinite(scores).all(axis=1)))
            came = f"sample {wrong} has scores that are not finite"
            hint = f"look at X[{wrong}]"
            raise DataError(
                type(self).__name__, came, "features of about the size that was learned from", hint
            )
        return scores

    def predict_proba(self, X: Any) -> Array:
        """(N, classes) the probability of each class; each row sums to 1.

        Raises NotFittedError before fit, DataError for samples of other features, and for numbers so far from those
        that were learned from that a score is not finite.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Any) -> Array:
        """(N, classes) the logarithms of `predict_proba`."""
        return log_probabilities(self._scores(self._asked(X)))

    def _called(self, X: Array) -> NDArray[np.int64]:
        return self._scores(X).argmax(axis=1)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs: compiled steps belong to one process, and are made anew."""
        return {name: value for name, value in vars(self).items() if name != "_look"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if "network_" in state:
            self._look = self._looker()
