"""A training set-up that is tried out and comes back to the bit: numbers, gradients, modes, counters, random state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..graph import Value
from ..random import Generator


@contextmanager
def kept(trainer: Any, values: Iterable[Value] = (), *, learning: bool = True) -> Iterator[None]:
    """Inside, the model may learn; afterwards everything is as it was.

    values:  more of them that a step may change;  learning: whether one is made, else arrays stay as they are
    Arrays are copied: a compiled step writes the new state where the old one was.
    """
    things = [trainer, trainer.optimizer, *modules(trainer)]
    attributes = [(thing, dict(vars(thing))) for thing in things]
    every = (*trainer.state(), *rates(trainer.optimizer), *values) if learning else ()
    cells = [(v, v.data.copy(), v._grad) for v in every]
    streams = [(g, dict(vars(g))) for g in held(things, Generator)]
    foreign = [(g, g.bit_generator.state) for g in held(things, np.random.Generator)]
    numpy_state = np.random.get_state()
    try:
        yield
    finally:
        for value, data, gradient in cells:
            value.data, value._grad = data, gradient
        for thing, before in (*attributes, *streams):
            vars(thing).clear()
            vars(thing).update(before)
        for generator, state in foreign:
            generator.bit_generator.state = state
        np.random.set_state(numpy_state)


def modules(trainer: Any) -> Iterator[Any]:
    """Every module of the model, and of the loss and the penalty where they are modules."""
    for part in (trainer.model, trainer.loss, trainer.penalty):
        if hasattr(part, "modules"):
            yield from part.modules()


def rates(optimizer: Any) -> Iterator[Value]:
    """The cells of hyperparameters."""
    for group in optimizer.param_groups:
        for key in group:
            if key != "params" and group.uses(key):
                yield from group.cells(key)


def held(things: Iterable[Any], kind: type) -> list[Any]:
    """What these things have of a kind, each once."""
    found = {id(x): x for thing in things for x in vars(thing).values() if isinstance(x, kind)}
    return list(found.values())
