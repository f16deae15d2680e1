"""What applying a gate means right now: compute at once, or write a line of a program."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final, Protocol

import numpy as np

from ..errors import GradientError, InPlaceError, ShapeError, TraceError
from .gate import Gate
from .spec import Spec
from .value import GONE, Node, Value

OURS: Final = __name__.split(".")[0] + "."


class Mode(Protocol):
    """The verbs that differ between direct and traced execution."""

    def compute(
        self, gate: Gate, inputs: tuple[Value, ...], promised: tuple[Spec, ...]
    ) -> tuple[Any, ...]: ...
    def read(self, value: Value) -> Any: ...
    def assign(self, target: Value, value: Value) -> None: ...
    def gradient(self, value: Value) -> Value | None: ...
    def set_gradient(self, value: Value, gradient: Value | None) -> None: ...
    def depends(self, thing: Any, attribute: str) -> None: ...
    def placed(self, node: Node, outs: tuple[Any, ...]) -> None: ...
    def arrived(self, node: Node, gradients: list[Value | None]) -> None: ...
    def written(self) -> int: ...
    def repeated(self, first: int, second: int) -> None: ...


class Direct:
    """The everyday mode: compute at once."""

    def compute(self, gate: Gate, inputs: tuple[Value, ...], promised: tuple[Spec, ...]) -> tuple[Any, ...]:
        for value in inputs:
            if not isinstance(value.data, np.ndarray):
                raise stale(gate.label)
        return run(gate, tuple(v.data for v in inputs), promised)

    def read(self, value: Value) -> Any:
        return value.data

    def assign(self, target: Value, value: Value) -> None:
        if not isinstance(value.data, np.ndarray):
            raise stale("assign")
        target.data = value.data

    def gradient(self, value: Value) -> Value | None:
        if value._grad is GONE:
            came = f"{value.name or 'a parameter'}.grad after a compiled step"
            hint = (
                'step.watch("*.grad"), or compile(step, keep_gradients=True); zero_grad() before a plain step'
            )
            raise GradientError("grad", came, "a gradient that was kept", hint)
        return value._grad

    def set_gradient(self, value: Value, gradient: Value | None) -> None:
        value._grad = gradient

    def depends(self, thing: Any, attribute: str) -> None:
        """Nothing to note: the step is not written down."""

    def placed(self, node: Node, outs: tuple[Any, ...]) -> None:
        """Nothing to note."""

    def arrived(self, node: Node, gradients: list[Value | None]) -> None:
        """Nothing to note."""

    def written(self) -> int:
        """No line at all."""
        return 0

    def repeated(self, first: int, second: int) -> None:
        """Nothing to note."""


def stale(who: str) -> TraceError:
    return TraceError(
        who, "a promise of a trace that has ended", "a value with numbers", "return the value from the step"
    )


def watched(gate: Gate, arrays: tuple[np.ndarray, ...]) -> Any:
    """Forward of a user's gate, on arrays that it can only read."""
    views = tuple(a.view() for a in arrays)
    for view in views:
        view.flags.writeable = False
    try:
        return gate.compute(*views)
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        came, expected = f"forward writes into an input ({error})", "inputs that are only read"
        raise InPlaceError(gate.label, came, expected, "x * 2 instead of x *= 2") from None


def run(gate: Gate, arrays: tuple[np.ndarray, ...], promised: tuple[Spec, ...]) -> tuple[np.ndarray, ...]:
    """Forward on arrays, held to its own shape rule.  Overflow and NaN flow on: guards look for them."""
    with np.errstate(all="ignore"):
        made = gate.compute(*arrays) if type(gate).__module__.startswith(OURS) else watched(gate, arrays)
    outs = tuple(np.asarray(a) for a in (made if isinstance(made, tuple) else (made,)))
    if len(outs) != len(promised):
        came, expected = f"forward returned {len(outs)} arrays", f"{len(promised)}: {', '.join(gate.outputs)}"
        raise ShapeError(gate.label, came, expected, "correct outputs or forward of this gate")
    for out, spec in zip(outs, promised, strict=True):
        if out.shape != spec.shape or out.dtype != spec.dtype:
            came = f"forward returned {Spec(out.shape, out.dtype)}"
            raise ShapeError(
                gate.label, came, f"{spec} as its spec said", "correct spec or forward of this gate"
            )
    return outs


DIRECT: Final = Direct()
mode: ContextVar[Mode] = ContextVar("mode", default=DIRECT)
"""Direct outside of a trace."""
