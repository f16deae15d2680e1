"""A program run gate by gate in float64, whole or from what was changed: what differences are taken of."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..graph import Gate, Line, Spec, Value, apply, gradients, recording
from ..graph.apply import promise
from ..graph.mode import run
from ..random import Generator
from ..tensor import Tensor
from .sketch import Sketch

Arrays = dict[int, np.ndarray]


def widened(array: np.ndarray) -> np.ndarray:
    """The same numbers in float64; whole numbers and masks as they are."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def wide(gate: Gate) -> Gate:
    """The gate; one that would make float32 of what it is given makes float64."""
    if getattr(gate, "dtype", None) != "float32":
        return gate
    settings: Any = {"dtype": "float64"}
    return dataclasses.replace(gate, **settings)


def plainly(gate: Gate, given: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """The results of a gate, held to its shape rule."""
    return run(gate, tuple(given), promise(gate, tuple(Spec(a.shape, a.dtype) for a in given)))


def computed(gate: Gate, given: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """The results of a gate in float64."""
    return plainly(wide(gate), given)


def execute(
    lines: Sequence[Line],
    values: Arrays,
    keep: Iterable[int],
    how: Callable[..., tuple[np.ndarray, ...]] = computed,
    made: Arrays | None = None,
) -> Arrays:
    """Run lines, and return what they made of what shall be kept; the rest is dropped once it was read.

    values:  what is there before;  how: what a gate makes of arrays;  made: what stands in the place of some values
    """
    kept, found = set(keep), {} if made is None else dict(made)
    left = Counter(n for line in lines for n in line.inputs)
    for line in lines:
        given = [found[n] if n in found else values[n] for n in line.inputs]
        found.update(zip(line.outputs, how(line.gate, given), strict=True))
        left.subtract(line.inputs)
        for n in (*line.inputs, *line.outputs):
            if not left[n] and n not in kept:
                found.pop(n, None)
    return found


def given_to(sketch: Sketch, arrays: Sequence[np.ndarray]) -> Arrays:
    """The numbers of inputs and cells, by number."""
    program = sketch.program
    cells = {n: cell.data for n, cell in program.cells.items()}
    return dict(zip(program.inputs, arrays, strict=True)) | cells


class Wide:
    """A sketch with its numbers in float64.

    given:  inputs and cells, by number
    values:  of what the outputs are made of, by number;  gradients: of the outcome, by the number of the value
    total, size:  the outcome, and the magnitudes that it is the sum of, which its rounding is relative to
    """

    def __init__(self, sketch: Sketch, given: Mapping[int, np.ndarray]) -> None:
        self.sketch, program = sketch, sketch.program
        values = {n: widened(a) for n, a in {**program.constants, **given}.items()}
        forward = [program.lines[k] for k in sketch.forward]
        self.forward = forward
        self.tail = [program.lines[k] for k in sketch.way if k not in set(sketch.forward)]
        made = [n for line in forward for n in line.outputs]
        slopes = [w.gradient for w in sketch.wanted if w.gradient is not None]
        values |= execute(forward, values, made)
        rest = execute(self.tail, values, {sketch.outcome, *slopes})
        self.values = values
        after = values | rest
        self.total = float(after[sketch.outcome])
        self.gradients = {
            w.number: np.zeros_like(values[w.number]) if w.gradient is None else after[w.gradient]
            for w in sketch.wanted
        }
        ends = [line for line in self.tail if line.phase == "forward"]
        self._ends = ends
        self.size = max(abs(self.total), *(float(np.abs(values[n]).sum()) for n in sketch.outputs), 1e-300)
        self._reading: dict[frozenset[int], list[Line]] = {}

    def outcome(self, changes: Mapping[int, np.ndarray]) -> float:
        """The outcome with other numbers in the places of some values."""
        made = self.changed(changes, ())
        return float(made.get(self.sketch.outcome, self.total))

    def changed(self, changes: Mapping[int, np.ndarray], keep: Iterable[int]) -> Arrays:
        """What the lines make of other numbers, as far as it is to be kept; the outcome always is."""
        return execute(self.reading(changes), self.values, {self.sketch.outcome, *keep}, made=dict(changes))

    def reading(self, changes: Iterable[int]) -> list[Line]:
        """The lines that depend on some values, up to the outcome."""
        key = frozenset(changes)
        if key not in self._reading:
            reached, found = set(key), []
            for line in (*self.forward, *self._ends):
                if not reached.isdisjoint(line.inputs):
                    found.append(line)
                    reached.update(line.outputs)
            self._reading[key] = found
        return self._reading[key]


class Alone:
    """One gate at the numbers that it read, with the same face: its inputs are the values, by position.

    weights:  for each output an array, or None where it has no slope
    """

    def __init__(self, gate: Gate, given: Sequence[np.ndarray], weights: Sequence[np.ndarray | None]) -> None:
        self.gate, self.weights = wide(gate), weights
        self.values = dict(enumerate(given))
        terms = self.terms(given)
        self.total = float(sum(t.sum() for t in terms))
        self.size = max(float(sum(np.abs(t).sum() for t in terms)), 1e-300)

    def terms(self, given: Sequence[np.ndarray]) -> list[np.ndarray]:
        made = computed(self.gate, given)
        return [out * w for out, w in zip(made, self.weights, strict=True) if w is not None]

    def outcome(self, changes: Mapping[int, np.ndarray]) -> float:
        """The weighed sum of the outputs with other numbers in the places of some inputs."""
        return float(sum(t.sum() for t in self.terms([changes.get(k, a) for k, a in self.values.items()])))

    def handed(self, wants: Sequence[bool]) -> list[np.ndarray | None]:
        """What the gate's own backward hands to the inputs that want a gradient."""
        return handed(self.gate, list(self.values.values()), self.weights, wants)


def handed(
    gate: Gate, given: Sequence[np.ndarray], upstream: Sequence[np.ndarray | None], wants: Sequence[bool]
) -> list[np.ndarray | None]:
    """Downstream of upstream, by a gate's backward; None where it hands nothing."""
    inputs = [Tensor(a, requires_grad=want) for a, want in zip(given, wants, strict=True)]
    found: list[np.ndarray | None] = [None] * len(inputs)
    token = recording.set(True)
    try:
        made = apply(gate, *inputs)
        outs = made if isinstance(made, tuple) else (made,)
        for out, weight in zip(outs, upstream, strict=True):
            if weight is not None:
                slopes = gradients(out, inputs, Tensor(weight), retain_graph=True)
                found = [added(a, s) for a, s in zip(found, slopes, strict=True)]
    finally:
        recording.reset(token)
    return found


def added(before: np.ndarray | None, slope: Value | None) -> np.ndarray | None:
    if slope is None:
        return before
    return slope.data if before is None else before + slope.data


def weights_for(outs: Sequence[np.ndarray]) -> list[np.ndarray | None]:
    """For each output of floats numbers from 0.5 to 1.5, always the same ones: plain ones would add up to nothing in
    gates such as softmax, whose outputs have a fixed sum.
    """
    rng = Generator(0)
    return [spread(rng, out.shape) if out.dtype.kind == "f" else None for out in outs]


def spread(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers from 0.5 to 1.5, in float64."""
    return np.asarray(rng.uniform((math.prod(shape),), 0.5, 1.5, "float64")).reshape(shape)
