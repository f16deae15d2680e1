"""What recurrent layers are made of: the step of each kind of cell, one step as a layer, and a reader of sequences.

N pictures or sentences, T steps, H hidden units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..errors import ShapeError
from ..ops.arguments import at_least, flag, fraction
from ..random import Generator
from . import init
from .dropout import Dropout
from .module import Module

State = tuple[Any, ...]
"""What a cell hands from step to step: (h, c) of an LSTM, (h,) of a GRU, each (N, H)."""


def within(bound: float) -> init.Initializer:
    """Uniform within ±bound."""
    return lambda shape, rng: rng.uniform(shape, -bound, bound)


class Recurrence(Module):
    """What all recurrent modules share: their sizes, their weights, and one step of a cell.

    gates:  how many pre-activations a hidden unit has;  states:  the values that go from step to step
    """

    gates: ClassVar[int]
    states: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(self, input_size: int, hidden_size: int, bias: bool) -> None:
        who = type(self).__name__
        self.input_size = at_least(who, "input_size", input_size, 1)
        self.hidden_size = at_least(who, "hidden_size", hidden_size, 1)
        self.bias = flag(who, "bias", bias)

    def add_weights(self, suffix: str, features: int, rng: Generator | None) -> None:
        """weight_ih (gates·H, features), weight_hh (gates·H, H), and both biases, within ±1/√H."""
        rows, initialize = self.gates * self.hidden_size, within(1 / math.sqrt(self.hidden_size))
        weights = [("weight_ih", (rows, features)), ("weight_hh", (rows, self.hidden_size))]
        biases = [("bias_ih", (rows,)), ("bias_hh", (rows,))] if self.bias else []
        for name, shape in [*weights, *biases]:
            setattr(self, name + suffix, init.parameter(shape, initialize, rng))

    def weights(self, name: str, suffix: str) -> tuple[Any, Any]:
        """The weight and the bias, None without one, of the input ("ih") or of the hidden value ("hh")."""
        own = vars(self)
        return own[f"weight_{name}{suffix}"], own.get(f"bias_{name}{suffix}")

    def step(self, x: Any, state: State, suffix: str) -> State:
        """The state after one more input (N, features)."""
        raise NotImplementedError

    def begin(self, given: Any, shape: tuple[int, ...], dtype: np.dtype) -> State:
        """The state that was given, or zeros; each of its values has this shape."""
        if given is None:
            return (np.zeros(shape, dtype),) * len(self.states)
        state = (given,) if len(self.states) == 1 else tuple(given) if isinstance(given, Sequence) else ()
        shapes = [tuple(getattr(value, "shape", ())) for value in state]
        if shapes != [shape] * len(self.states):
            came = f"a state of {' and '.join(map(str, shapes)) if any(shapes) else type(given).__name__}"
            expected = " and ".join(f"{name} {shape}" for name in self.states)
            raise ShapeError(type(self).__name__, came, expected, "the state of an earlier call, or None")
        return state

    def returned(self, state: State) -> Any:
        """The state as users see it: one value, or a tuple of several."""
        return state if len(state) > 1 else state[0]

    def check(self, x: Any, names: Sequence[str]) -> None:
        """x has these axes, and input_size features on the last one."""
        shape = tuple(getattr(x, "shape", ()))
        if len(shape) != len(names) + 1 or shape[-1] != self.input_size:
            expected = f"({', '.join(names)}, {self.input_size})"
            hint = "reshape x" if len(shape) != len(names) + 1 else f"{type(self).__name__}({shape[-1]}, …)"
            raise ShapeError(type(self).__name__, f"x of shape {shape}", expected, hint)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class LstmStep(Recurrence):
    """The step of a long short-term memory.  Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000."""

    gates = 4
    states = ("h", "c")

    def step(self, x: Any, state: State, suffix: str) -> State:
        h, c = state
        (w, b), (w_h, b_h) = self.weights("ih", suffix), self.weights("hh", suffix)
        from_x = ops.linear(x, w, None if b is None else b + b_h)
        return ops.lstm_cell(from_x + ops.linear(h, w_h), c)


class GruStep(Recurrence):
    """The step of a gated recurrent unit.  Source: Cho et al. 2014, the reset gate after the product."""

    gates = 3

    def step(self, x: Any, state: State, suffix: str) -> State:
        (h,) = state
        from_x = ops.linear(x, *self.weights("ih", suffix))
        return (ops.gru_cell(from_x, ops.linear(h, *self.weights("hh", suffix)), h),)


class RnnStep(Recurrence):
    """The step of a plain recurrent network.  Source: Elman 1990."""

    gates = 1
    nonlinearity: str

    def step(self, x: Any, state: State, suffix: str) -> State:
        (h,) = state
        (w, b), (w_h, b_h) = self.weights("ih", suffix), self.weights("hh", suffix)
        from_x = ops.linear(x, w, None if b is None else b + b_h)
        return (ops.rnn_cell(from_x, ops.linear(h, w_h), nonlinearity=self.nonlinearity),)


class Cell(Recurrence):
    """One step as a layer."""

    def __init__(
        self, input_size: int, hidden_size: int, *, bias: bool = True, rng: Generator | None = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias)
        self.add_weights("", input_size, rng)

    def forward(self, x: Any, state: Any = None) -> Any:
        self.check(x, ("N",))
        begun = self.begin(state, (x.shape[0], self.hidden_size), x.dtype)
        return self.returned(self.step(x, begun, ""))


class Reader(Recurrence):
    """A cell that reads a sequence step by step, and further ones above it that read its hidden values.

    dropout:  the share of hidden values that are dropped, in training, on the way from one layer to the next
    bidirectional:  whether each layer has a second cell that reads from the last step to the first
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        rng: Generator | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias)
        who = type(self).__name__
        self.num_layers = at_least(who, "num_layers", num_layers, 1)
        self.batch_first = flag(who, "batch_first", batch_first)
        self.directions = ("", "_reverse") if flag(who, "bidirectional", bidirectional) else ("",)
        for number in range(num_layers):
            features = hidden_size * len(self.directions) if number else input_size
            for direction in self.directions:
                self.add_weights(f"_l{number}{direction}", features, rng)
        self.dropout = Dropout(dropout, rng=rng) if fraction(who, "dropout", dropout) else None

    def forward(self, x: Any, state: Any = None) -> tuple[Any, Any]:
        self.check(x, ("N", "T") if self.batch_first else ("T", "N"))
        batch, time = (0, 1) if self.batch_first else (1, 0)
        if x.shape[time] == 0:
            came = f"x of shape {x.shape}: no step in time"
            raise ShapeError(type(self).__name__, came, "at least one step", "skip empty sequences")
        rows = self.num_layers * len(self.directions)
        begun = self.begin(state, (rows, x.shape[batch], self.hidden_size), x.dtype)
        values, last = steps(x, time), list[State]()
        for number in range(self.num_layers):
            if number and self.dropout is not None:
                values = steps(self.dropout(stacked(values, time)), time)
            first = len(last)
            states = [tuple(part[first + k] for part in begun) for k in range(len(self.directions))]
            values, ends = self.read(values, states, f"_l{number}")
            last += ends
        final = tuple(stacked(parts, 0) for parts in zip(*last, strict=True))
        return stacked(values, time), self.returned(final)

    def read(self, values: list[Any], states: list[State], suffix: str) -> tuple[list[Any], list[State]]:
        """One layer over all steps: its hidden values, those of both directions side by side, and the last states."""
        sides, ends = list[list[Any]](), list[State]()
        for direction, state in zip(self.directions, states, strict=True):
            hidden = []
            for x in reversed(values) if direction else values:
                state = self.step(x, state, suffix + direction)
                hidden.append(state[0])
            sides.append(hidden[::-1] if direction else hidden)
            ends.append(state)
        together = (
            [ops.concat(pair, axis=1) for pair in zip(*sides, strict=True)] if len(sides) > 1 else sides[0]
        )
        return together, ends

    def extra_repr(self) -> str:
        sizes = f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}"
        said = {"bias=False": not self.bias, "batch_first=True": self.batch_first}
        said["bidirectional=True"] = len(self.directions) > 1
        return ", ".join([sizes, *(word for word, told in said.items() if told)])


def steps(x: Any, time: int) -> list[Any]:
    """x (T, N, features), or (N, T, features), as T values (N, features)."""
    shape = (x.shape[1 - time], x.shape[2])
    return [ops.reshape(part, shape) for part in ops.split(x, 1, axis=time)]


def stacked(values: Sequence[Any], axis: int) -> Any:
    """Values of one shape side by side along a new axis."""
    shape = values[0].shape
    rows = [ops.reshape(value, (*shape[:axis], 1, *shape[axis:])) for value in values]
    return ops.concat(rows, axis=axis) if len(rows) > 1 else rows[0]
