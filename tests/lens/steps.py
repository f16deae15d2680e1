"""Small steps that the tests of the debugger look into."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule import Tensor
from chainrule.lens import Debugger

from ..laws.rows import Case


def number(x: float) -> Tensor:
    """A number that has a gradient."""
    return Tensor(x, requires_grad=True)


def product(x, y, z):
    """(x + y) · z, of the notes."""
    out = (x + y) * z
    out.backward()
    return out


def neuron(w, x):
    """A sigmoid of two inputs, of the notes: w has two weights and a bias, x two numbers and a 1."""
    out = cr.sigmoid((w * x).sum())
    out.backward()
    return out


def arrays(*values: Any, step: Any) -> Debugger:
    """The debugger of a step on tensors that have a gradient."""
    return cr.debug(step, *(Tensor(v, requires_grad=True) for v in values))


def of_case(case: Case, seed: int = 0, weights: int = 1) -> Debugger:
    """A step that applies one gate of the table, weights every floating output, and goes back: in float64."""
    given = case.make(np.float64, seed)
    rng = np.random.default_rng(weights)

    def step(*values):
        made = cr.apply(case.gate, *values)
        outs = [out for out in (made if isinstance(made, tuple) else (made,)) if out.dtype.kind == "f"]
        total = sum((out * rng.normal(size=out.shape).astype(out.dtype)).sum() for out in outs)
        if isinstance(total, Tensor) and total.requires_grad:
            total.backward()
        return total

    values = [Tensor.of(array) for array in given]
    for position in case.differentiable:
        cr.graph.require_grad(values[position])
    return cr.debug(step, *values)


def gate_line(debugger: Debugger, case: Case) -> Any:
    """The line of the gate of a case."""
    return next(line for line in debugger.program.lines if line.gate == case.gate)
