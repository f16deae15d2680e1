"""What rows of many gates share: makers of rows for gates of one kind, and what they all refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, IndexingError, ShapeError
from chainrule.graph import Gate

from .reference import along, one_by_one
from .rows import Bad, Input, Row, bad, case, mask, real, spaced, whole

Maker = Callable[..., Input]


def unary(gate: type[Gate], make: Maker, function: Callable[..., Any], **bounds: Any) -> Row:
    """A row for an elementwise gate with one input."""
    shapes = ((), (5,), (2, 3), (3, 1, 2), (1, 1), (0, 3))
    cases = [case(gate(), make(*shape)) for shape in shapes]
    refused = [bad(DTypeError, gate(), mask(2)), bad(DTypeError, gate(), real(2).of("float16"))]
    if gate.takes == "number":  # type: ignore[attr-defined]
        cases.append(case(gate(), whole(2, 3, low=-5, high=5)))
    else:
        refused.append(bad(DTypeError, gate(), whole(2)))
    return Row(gate.__name__, tuple(cases), one_by_one(function), tuple(refused), **bounds)


def binary(gate: type[Gate], left: Maker, right: Maker, function: Callable[..., Any], **bounds: Any) -> Row:
    """A row for an elementwise gate with two inputs that broadcast."""
    shapes = (
        ((2, 3), (2, 3)),
        ((3, 1), (4,)),
        ((2, 1, 3), (2, 1)),
        ((), (3,)),
        ((), ()),
        ((1, 1), (1,)),
        ((0, 2), (1, 2)),
    )
    cases = [case(gate(), left(*m), right(*n)) for m, n in shapes]
    refused = [
        bad(ShapeError, gate(), left(2, 3), right(4)),
        bad(DTypeError, gate(), left(3), right(3).of("float64")),
        bad(DTypeError, gate(), left(3).of("float16"), right(3).of("float16")),
    ]
    if gate.takes == "float":  # type: ignore[attr-defined]
        refused.append(bad(DTypeError, gate(), whole(3), whole(3)))
    else:
        cases.append(case(gate(), whole(2, 3, high=4), whole(3, high=4)))
    if gate.takes == "any":  # type: ignore[attr-defined]
        cases.append(case(gate(), mask(2, 3), mask(3)))
    else:
        refused.append(bad(DTypeError, gate(), mask(3), mask(3)))
    return Row(gate.__name__, tuple(cases), one_by_one(function), tuple(refused), **bounds)


def of_setting(function: Callable[[Any, float], float]) -> Callable[..., np.ndarray]:
    """A function of a gate and a number as the reference of an elementwise gate with settings."""
    return lambda gate, x: one_by_one(lambda number: function(gate, number))(gate, x)


def beside(*shape: int) -> Input:
    """Numbers half a gap away from spaced ones: no two are equal."""
    return spaced(*shape, shift=0.115)


def masks(gate: type[Gate], function: Callable[..., Any], count: int) -> Row:
    """A row for a gate on masks."""
    shapes = (((3, 4), (4,)), ((4,), (4,)), ((), ()), ((1,), (1,)), ((0, 2), (2,)))
    cases = tuple(case(gate(), *(mask(*s) for s in pair[:count])) for pair in shapes)
    refused = [bad(DTypeError, gate(), *(real(3) for _ in range(count)))]
    refused += [bad(DTypeError, gate(), *(whole(3) for _ in range(count)))]
    if count == 2:
        refused.append(bad(ShapeError, gate(), mask(2), mask(3)))
    return Row(gate.__name__, cases, one_by_one(function), tuple(refused))


def reduction(gate: type[Gate], make: Maker, function: Callable[..., Any], **bounds: Any) -> Row:
    """A row for a reduction over any axes."""
    cases = [
        case(gate((0, 1)), make(3, 4)),
        case(gate((1,), True), make(3, 4)),
        case(gate((0, 2)), make(2, 3, 5)),
        case(gate((1,)), make(2, 3, 5)),
        case(gate(()), make()),
        case(gate((0,)), make(1)),
        case(gate((0,)), make(3, 0)),
    ]
    refused = [
        bad(IndexingError, gate((2,)), make(2, 3)),
        bad(IndexingError, gate((-1,)), make(2, 3)),
        bad(IndexingError, gate((0, 0)), make(2, 3)),
        bad(DTypeError, gate((0,)), mask(3)),
        bad(DTypeError, gate((0,)), make(3).of("float16")),
    ]
    return Row(gate.__name__, tuple(cases), along(function), tuple(refused), native="reduce", **bounds)


def widths(gate: Gate, *inputs: Input, at: int = 0) -> tuple[Bad, ...]:
    """Integers, and two widths of floats: refused by every gate that wants floats."""
    ints = [whole(*i.shape) if p == at else i for p, i in enumerate(inputs)]
    refused = [bad(DTypeError, gate, *ints)]
    floats = [i for i in inputs if i.differentiable]
    if len(floats) > 1:
        wide = [i.of("float64") if p == at else i for p, i in enumerate(inputs)]
        refused.append(bad(DTypeError, gate, *wide))
    return tuple(refused)
