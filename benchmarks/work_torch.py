"""What the workers of PyTorch share: its modes, the first weights, and steps served one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

import numpy as np
import torch
from networks import MOMENTUM, RATE
from resident import resident
from torch import nn
from turns import serve

IMPORTED = resident()
"""MiB after the imports, before there is a model."""


def load(model: nn.Module, weights: str) -> None:
    """Take over the weights that the worker of chainrule wrote; both name them in the same order."""
    with np.load(weights) as arrays:
        found = map(torch.from_numpy, arrays.values())
        model.load_state_dict(dict(zip(model.state_dict(), found, strict=True)))


def form(mode: str) -> torch.memory_format:
    """The layout of four axes that a mode asks for."""
    return torch.channels_last if "channels-last" in mode else torch.contiguous_format


def prepared(model: nn.Module, mode: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """The model in its mode: eager, channels-last, compile, or compile channels-last."""
    model.to(memory_format=form(mode))  # type: ignore[call-overload]
    return torch.compile(model) if "compile" in mode else model


def work(
    model: nn.Module,
    given: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    learn: bool,
    weights: str,
    mode: str,
    rate: float = RATE,
) -> None:
    """Serve steps of training, or of inference (a score instead of a loss), from the given weights on."""
    torch.set_num_threads(2)
    load(model, weights)
    running = prepared(model.train(learn), mode)
    pairs = cycle(
        [(torch.from_numpy(x).contiguous(memory_format=form(mode)), torch.from_numpy(y)) for x, y in given]
    )
    del given  # only one of the layouts stays in memory
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM, fused=True)
    loss_function = nn.CrossEntropyLoss()

    def step() -> float:
        images, labels = next(pairs)
        if not learn:
            with torch.inference_mode():
                return float(running(images)[0, 0])
        optimizer.zero_grad()
        loss = loss_function(running(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    serve(step, version=torch.__version__, imported=IMPORTED)
