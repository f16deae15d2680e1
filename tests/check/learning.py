"""Compiled training steps of small networks, and their state, for tests that look at them from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn, optim, zoo
from chainrule.compiler import Compiled
from chainrule.random import Generator

from ..nn.steps import pictures

SHAPE, CLASSES = (1, 4, 5), 3

RULES: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd": lambda parameters: optim.SGD(parameters, lr=0.05),
    "momentum": lambda parameters: optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=1e-3),
    "adam": lambda parameters: optim.Adam(parameters, lr=0.01),
    "adamw": lambda parameters: optim.AdamW(parameters, lr=0.01, weight_decay=0.01),
}
LOSSES: dict[str, Callable[[], nn.Module]] = {
    "cross-entropy": nn.CrossEntropyLoss,
    "hinge": nn.MulticlassHingeLoss,
}


def dropout_network() -> nn.Module:
    """A network that draws."""
    rng = Generator(0)
    return nn.Sequential(
        {
            "flatten": nn.Flatten(),
            "first": nn.Linear(20, 9, rng=rng),
            "tanh": nn.Tanh(),
            "dropout": nn.Dropout(0.4, rng=rng),
            "second": nn.Linear(9, CLASSES, rng=rng),
        }
    )


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: zoo.linear(SHAPE, CLASSES, rng=Generator(0)),
    "two-layer": lambda: zoo.two_layer(SHAPE, CLASSES, hidden=7, rng=Generator(0)),
    "three-layer": lambda: zoo.three_layer(SHAPE, CLASSES, hidden=(18, 5), rng=Generator(0)),
    "lstm": lambda: zoo.lstm(SHAPE, CLASSES, hidden=5, rng=Generator(0)),
    "dropout": dropout_network,
}


class Learning:
    """A network with its optimizer and its compiled training step; `plain` is the same step gate by gate."""

    def __init__(
        self,
        network: str | nn.Module = "two-layer",
        rule: str = "momentum",
        loss: str = "cross-entropy",
        *,
        penalty: float = 0.0,
        max_norm: float | None = None,
        keep_gradients: bool = False,
    ) -> None:
        self.model = NETWORKS[network]() if isinstance(network, str) else network
        self.rule, self.loss = RULES[rule](self.model.parameters()), LOSSES[loss]()

        def learn(images, labels):
            self.rule.zero_grad()
            loss = self.loss(self.model(images), labels)
            if penalty:
                loss = loss + nn.L2(penalty)(self.model.parameters())
            loss.backward()
            if max_norm is not None:
                optim.clip_grad_norm(self.model.parameters(), max_norm)
            self.rule.step()
            return loss

        self.plain = learn
        self.step: Compiled = cr.compile(learn, keep_gradients=keep_gradients, fallback="error")

    def state(self) -> dict[str, bytes]:
        """All that a step may change: weights, buffers (those of dropout count), slots and rates."""
        found = {name: p.numpy() for name, p in self.model.named_parameters()}
        found |= {f"buffer {name}": b.numpy() for name, b in self.model.named_buffers()}
        found |= {f"optimizer {name}": array for name, array in self.rule.state_dict().items()}
        return {name: array.tobytes() for name, array in found.items()}


def batch(count: int = 6, seed: int = 7) -> tuple[Any, Any]:
    """Pictures of noise and labels."""
    return pictures(SHAPE, CLASSES, count, seed)


def near(array: Any, expected: Any) -> None:
    """Equal up to float32 rounding, which a sum of magnitudes near the largest number has."""
    array, expected = np.asarray(array), np.asarray(expected)
    assert (array.shape, array.dtype) == (expected.shape, expected.dtype)
    largest = float(np.abs(expected.astype(np.float64)).max(initial=0.0))
    np.testing.assert_allclose(array, expected, rtol=2e-4, atol=2e-5 * largest + 1e-7)
