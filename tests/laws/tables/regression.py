"""Rows of the gates of `ops/regression`: functions of a difference."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.errors import ShapeError
from chainrule.graph import Gate
from chainrule.ops.regression import AbsoluteError, Huber, SquaredError

from ..builders import beside, widths
from ..reference import one_by_one
from ..rows import Row, bad, case, real, spaced


def of_differences(gates: tuple[Gate, ...], function: Callable[[Gate, float], float]) -> Row:
    """A row for a function of x - target; the differences keep away from its kinks."""
    shapes = ((5,), (2, 3), (2, 1, 2), (), (1, 1), (0, 2))
    first = gates[0]
    return Row(
        type(first).__name__,
        tuple(case(gate, spaced(*shape), beside(*shape)) for gate in gates for shape in shapes),
        lambda gate, x, target: one_by_one(lambda a, b: function(gate, a - b))(gate, x, target),
        (
            bad(ShapeError, first, real(3, 1), real(3)),
            bad(ShapeError, first, real(3), real(1)),
            *widths(first, real(3), real(3)),
        ),
    )


def bent(gate: Gate, d: float) -> float:
    """A parabola, and a line outside of delta."""
    delta = gate.delta  # type: ignore[attr-defined]
    return d * d / 2 if abs(d) <= delta else delta * abs(d) - delta * delta / 2


ROWS: tuple[Row, ...] = (
    of_differences((SquaredError(),), lambda gate, d: d * d),
    of_differences((AbsoluteError(),), lambda gate, d: abs(d)),
    of_differences((Huber(), Huber(0.2), Huber(0.5)), bent),
)
