"""Parameters that will not learn: not listed, not reached by a gradient, or not known to the optimizer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .findings import Finding
from .look import Look


def parameters_of(trainer: Any) -> dict[int, tuple[str, Any]]:
    """Path and parameter of all that model and loss list, by identity."""
    parts = [part for part in (trainer.model, trainer.loss) if hasattr(part, "named_parameters")]
    return {id(p): (name, p) for part in parts for name, p in part.named_parameters()}


def strays(look: Look) -> Iterator[Finding]:
    """Parameters that are unregistered, unreachable or unoptimized."""
    own = parameters_of(look.trainer)
    trained = {id(p) for p in look.trainer.optimizer.parameters()}
    arrived = {id(cell) for _, cell, gradient in look.gradients() if gradient is not None}
    for path, cell, gradient in look.gradients():
        if id(cell) not in own:
            known = "; the optimizer has it" if id(cell) in trained else "; the optimizer does not have it"
            where = f"{path if cell.name else 'a parameter without a name,'} {cell.spec}"
            yield Finding("unregistered", where, read_by(look, cell) + known)
        elif gradient is not None and id(cell) not in trained:
            size = float(np.linalg.norm(gradient))
            measured = (
                f"a gradient of length {size:.3g} arrives, and the optimizer does not have the parameter"
            )
            yield Finding("unoptimized", path, measured)
    for number, (path, parameter) in own.items():
        if parameter.requires_grad and number not in arrived:
            read = any(cell is parameter for cell in look.sketch.program.cells.values())
            yield Finding(
                "unreachable",
                path,
                "forward reads it, and no gradient comes back" if read else "forward does not read it",
            )


def read_by(look: Look, cell: Any) -> str:
    """The gate and the line that read a parameter."""
    number = next(n for n, known in look.sketch.program.cells.items() if known is cell)
    line = next(line for line in look.lines() if number in line.inputs)
    return f"read by {line.gate.label}{f' at {line.place}' if str(line.place) else ''}"
