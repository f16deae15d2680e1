"""What flows: dead relus, saturated curves, inputs on an odd scale, gradients that are all 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..graph import Line
from ..words import many
from .findings import Finding
from .look import Look

DEAD = 0.6
"""A share of dead units that is no accident; of four pictures, a third of a hidden layer is off by chance."""
FLAT = 0.5
"""A share of saturated numbers that stops a layer from learning."""
ENDS = {"tanh": (-0.995, 0.995), "sigmoid": (0.0025, 0.9975)}
"""Beyond these the slope is below a hundredth of the largest one."""
FAR, SPREAD = 3.0, (0.05, 5.0)
"""Inputs are odd if their mean is so many spreads from 0, or if the spread is outside."""


def odd_inputs(look: Look) -> Iterator[Finding]:
    """Inputs that are not normalized."""
    x = np.asarray(look.images)
    if x.dtype.kind != "f" or not x.size:
        return
    mean, spread = float(x.mean()), float(x.std())
    if not SPREAD[0] <= spread <= SPREAD[1] or abs(mean) > FAR * spread:
        yield Finding("inputs", "the batch", f"mean {mean:.3g}, standard deviation {spread:.3g}")


def one_class(look: Look) -> Iterator[Finding]:
    """Labels that are all the same."""
    labels = np.asarray(look.labels)
    if look.classifies and len(labels) > 1 and (labels == labels[0]).all():
        yield Finding("labels", "the batch", f"{len(labels)} examples, all of class {labels[0]}")


def dead_units(look: Look) -> Iterator[Finding]:
    """Layers of relus most of which are 0 for the whole batch."""
    for line in look.lines():
        share = dead_share(look, line)
        if share is not None and share >= DEAD:
            where, units = look.names[line.outputs[0]], units_of(look.values[line.outputs[0]])
            measured = (
                f"{share:.0%} of {units} units are 0 for all {many(len(np.asarray(look.labels)), 'example')}"
            )
            yield Finding("dead units", where, measured)


def dead_share(look: Look, line: Line) -> float | None:
    """The share of units that are 0 for the whole batch; None of what is no relu of a batch."""
    out = look.values[line.outputs[0]]
    if not is_relu(look, line) or out.ndim < 2 or not out.size:
        return None
    return float((out == 0).all(axis=shared_axes(out)).mean())


def is_relu(look: Look, line: Line) -> bool:
    """Whether a line is max(x, 0), by that name or another."""
    if line.gate.label == "relu":
        return True
    constants = look.sketch.program.constants
    zeros = [n in constants and not constants[n].any() for n in line.inputs]
    return line.gate.label == "maximum" and any(zeros)


def shared_axes(out: np.ndarray) -> tuple[int, ...]:
    """The axes along which a unit is the same: of pictures all but the channel, else all but the last."""
    return (0, *range(2, out.ndim)) if out.ndim >= 4 else tuple(range(out.ndim - 1))


def units_of(out: np.ndarray) -> int:
    """How many units a layer has."""
    return out.shape[1] if out.ndim >= 4 else out.shape[-1]


def saturated(look: Look) -> Iterator[Finding]:
    """Layers of sigmoid or tanh most of whose numbers are near the ends."""
    for line in look.lines():
        out = look.values[line.outputs[0]]
        if line.gate.label in ENDS and out.size:
            low, high = ENDS[line.gate.label]
            share = float(((out < low) | (out > high)).mean())
            if share >= FLAT:
                measured = f"{share:.0%} of its numbers are where {line.gate.label} is flat"
                yield Finding("saturation", look.names[line.outputs[0]], measured)


def zero_gradients(look: Look) -> Iterator[Finding]:
    """Parameters whose gradient is 0 throughout."""
    for path, cell, gradient in look.gradients():
        if gradient is not None and gradient.size and not gradient.any():
            yield Finding("zero gradient", path, f"all {cell.data.size:,} numbers of its gradient are 0")
