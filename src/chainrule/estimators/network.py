"""Any network as an estimator: hidden layers by their sizes, the zoo by name, or a function that builds one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import nn
from ..errors import ChainruleError, DataError, SettingError, UsageError
from ..graph import no_grad
from ..ops.arguments import at_least, flag
from ..random import Generator
from ..train import Config, Trainer
from ..train.config import OPTIMIZERS, SCHEDULES
from ..train.job import make_trainer
from ..train.steps import Runner
from ..zoo.feedforward import layers
from ..zoo.models import find
from .base import Classifier
from .lessons import Lessons
from .linear import log_probabilities
from .scaling import Scaling
from .settings import generator, require

Array = NDArray[Any]

LOOK = 256
"""Samples that are looked at together when scores are asked for."""


class NetworkClassifier(Classifier):
    """A network that is trained to tell classes apart, with cross-entropy.

    hidden:  the sizes of the hidden layers, each followed by relu, where no model is given
    model:  a name of the zoo ("convnet", "lenet5", …), or a function (input_shape, classes, *, rng) → Module
    input_shape:  (C, H, W) of one picture, where samples are rows (N, C·H·W)
    optimizer, schedule:  as of `train.Config`; schedule "plateau" looks at the loss while learning
    lr:  the (largest) rate, > 0;  momentum: of sgd and rmsprop
    weight_decay:  the optimizer's, ≥ 0;  l2: λ ≥ 0 of λ·ΣW² in the loss, of all parameters
    epochs:  passes over all samples, ≥ 1;  batch_size: samples in a step, ≥ 1
    plain:  run every step gate by gate; else compiled where every gate has a kernel
    random_state:  the seed of weights, order and dropout; None takes `random.current()`

    Features of any unit will do: rows are brought to mean 0 and standard deviation 1 feature by feature, pictures
    channel by channel, as the network reads them.

    network_:  the Module;  loss_curve_: the mean loss of each epoch, while learning, in nats;  n_iter_: epochs

    fit raises SettingError and UsageError for other settings, DataError for samples that do not fit the network,
    DivergedError where the rate is too large, and what `Classifier` does.

    >>> X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> network = NetworkClassifier((16,), epochs=300, random_state=0).fit(X, ["same", "not", "not", "same"])
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
        lr: float = 2e-3,
        momentum: float = 0.9,
        schedule: str = "one-cycle",
        weight_decay: float = 0.0,
        l2: float = 0.0,
        epochs: int = 20,
        batch_size: int = 64,
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
        self.network_ = self._built(X.shape[1:], rng.split("weights"))
        self._scaling = Scaling.fit(X)
        lessons = Lessons(who, self._trainer(self.network_, len(X)), self._scaling, rng)
        self.loss_curve_ = lessons.run(X, numbers, self.epochs, self.batch_size)
        self.n_iter_ = len(self.loss_curve_)
        for parameter in self.network_.parameters():
            parameter.grad = None
        self._look = self._looker()

    def _check(self) -> None:
        """The settings, before anything is built."""
        who = type(self).__name__
        require(who, self.get_params())
        flag(who, "plain", self.plain)
        for name, allowed in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in allowed:
                came, expected = f"{name} {getattr(self, name)!r}", f"one of {', '.join(allowed)}"
                raise UsageError(who, came, expected, f"{name}={allowed[0]!r}")
        if self.model is None:
            if isinstance(self.hidden, str) or not isinstance(self.hidden, Sequence):
                came, hint = f"hidden {self.hidden!r}", "hidden=(100,), or model= with a name of the zoo"
                raise SettingError(who, came, "the sizes of the hidden layers", hint)
            for size in self.hidden:
                at_least(who, "hidden", size, 1)
        elif not isinstance(self.model, str) and (
            isinstance(self.model, nn.Module) or not callable(self.model)
        ):
            came = f"model is a {type(self.model).__name__}"
            expected = "a name of the zoo, or a function that builds a network"
            raise SettingError(
                who, came, expected, "model=lambda input_shape, classes, rng: nn.Sequential(…)"
            )

    def _shaped(self, X: Array) -> Array:
        """Samples in the axes that the network reads; pictures of one channel may come without it."""
        who = type(self).__name__
        if self.input_shape is not None:
            shape = tuple(at_least(who, "input_shape", size, 1) for size in self.input_shape)
            if math.prod(shape) != math.prod(X.shape[1:]):
                came = f"samples of shape {X.shape[1:]} with input_shape {shape}"
                expected = f"{math.prod(X.shape[1:])} numbers in input_shape"
                raise DataError(who, came, expected, "input_shape=(1, 28, 28) for rows of 784 pixels")
            return X.reshape(len(X), *shape)
        return X[:, np.newaxis] if X.ndim == 3 else X

    def _built(self, input_shape: tuple[int, ...], rng: Generator) -> nn.Module:
        """The network, which makes one score for each class of such samples."""
        who, classes = type(self).__name__, len(self.classes_)
        if self.model is None:
            return layers([math.prod(input_shape), *self.hidden, classes], rng)
        build = find(self.model) if isinstance(self.model, str) else self.model
        named = self.model if isinstance(self.model, str) else getattr(build, "__name__", "model")
        try:
            network = build(input_shape, classes, rng=rng)
            made = nn.output_shape(network, input_shape)
        except (ChainruleError, ValueError, IndexError) as error:
            came = f"{named} does not fit samples of shape {input_shape} ({error})"
            hint = "input_shape=(1, 28, 28) for rows of pixels" if len(input_shape) == 1 else "another model"
            raise DataError(who, came, "samples that it can look at", hint) from error
        if made != (classes,):
            came = f"{named} makes {made} of one sample"
            raise DataError(
                who, came, f"({classes},), a score for each class", "the classes it is built with"
            )
        return network

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
        X = self._shaped(X)
        with nn.evaluating(self.network_), no_grad():
            parts = [self._look(X[i : i + LOOK]).numpy() for i in range(0, len(X), LOOK)]
        return np.concatenate(parts).astype(np.float64)

    def predict_proba(self, X: Any) -> Array:
        """(N, classes) the probability of each class; each row sums to 1.

        Raises NotFittedError before fit, DataError for samples of other features.
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
