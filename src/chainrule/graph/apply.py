"""The one door through which every gate is applied."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from ..errors import ChainruleError, DTypeError, ShapeError
from .gate import Gate
from .mode import DIRECT, mode
from .origin import here, layer, origin
from .spec import Spec
from .value import Node, Value, recording


def apply(gate: Gate, *inputs: Any) -> Any:
    """Run a gate on values, arrays and Python numbers.

    With a value among the inputs: values out, on the graph when an input needs a gradient.
    Plain arrays in: plain arrays out.
    """
    kind = next((type(x).result for x in inputs if isinstance(x, Value)), None)
    if kind is None:
        return bare(gate, inputs)
    return through(gate, inputs, kind)


def through(gate: Gate, inputs: tuple[Any, ...], kind: type[Value]) -> Any:
    """Run a gate in the current mode; the results are of this kind."""
    try:
        values = operands(gate, inputs, kind)
        specs = tuple(v.spec for v in values)
        promised = promise(gate, specs)
        outs = mode.get().compute(gate, values, promised)
    except ChainruleError as error:
        raise error.at(layer.get(), str(origin(here()))) from None
    made = tuple(kind.of(out, weak=spec.weak) for out, spec in zip(outs, promised, strict=True))
    if recording.get() and any(v.node is not None for v in values):
        record(gate, values, specs, made, promised)
    return made if len(gate.outputs) > 1 else made[0]


def bare(gate: Gate, inputs: tuple[Any, ...]) -> Any:
    """A gate on arrays alone: computed at once in any mode, nothing recorded."""
    token = mode.set(DIRECT)
    try:
        made = through(gate, inputs, Value)
    finally:
        mode.reset(token)
    return tuple(v.data for v in made) if isinstance(made, tuple) else made.data


def record(
    gate: Gate,
    inputs: tuple[Value, ...],
    specs: tuple[Spec, ...],
    made: tuple[Value, ...],
    promised: tuple[Spec, ...],
) -> None:
    """Leave a node on the graph, and tell each floating output of it."""
    node = Node(gate, inputs, specs, tuple(v.data for v in made), here())
    node.out_specs = promised
    mode.get().placed(node, tuple(v.data for v in made))
    for number, (value, spec) in enumerate(zip(made, promised, strict=True)):
        if spec.floating:
            value.node, value.output = node, number


def promise(gate: Gate, specs: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """The specs of the outputs, by the gate's own rule."""
    if len(specs) != len(gate.inputs) and not (gate.variadic and len(specs) >= len(gate.inputs) - 1):
        came = f"{len(specs)} inputs"
        raise ShapeError(
            gate.label, came, f"{len(gate.inputs)}: {', '.join(gate.inputs)}", "give each of them"
        )
    made = gate.spec(*specs)
    outs: tuple[Spec, ...] = made if isinstance(made, tuple) else (made,)
    if len(outs) != len(gate.outputs) or not all(isinstance(s, Spec) for s in outs):
        came, expected = f"spec gave {made!r}", f"a Spec for each of {', '.join(gate.outputs)}"
        hint = 'name several outputs in the class: outputs = ("low", "high")'
        raise ShapeError(gate.label, came, expected, hint)
    return outs


def operands(gate: Gate, inputs: tuple[Any, ...], kind: type[Value]) -> tuple[Value, ...]:
    """The inputs as values; weak ones take the dtype of the strong ones they meet."""
    values = [x if isinstance(x, Value) else wrap(gate, x, kind) for x in inputs]
    if len(values) == 1 or not any(v.weak for v in values):  # one alone meets nobody
        return tuple(values)
    dtype = meeting_dtype(gate, values)
    weak = all(v.weak for v in values)
    return tuple(convert(v, dtype, weak) if v.weak else v for v in values)


def wrap(gate: Gate, x: Any, kind: type[Value]) -> Value:
    """A Python number becomes a weak constant, an array a constant."""
    if isinstance(x, np.ndarray):
        return kind.of(x, constant=True)
    if isinstance(x, bool | np.bool_):
        return kind.of(np.asarray(bool(x)), constant=True)
    if isinstance(x, numbers.Integral):
        whole = int(x)
        if not -(2**63) <= whole < 2**63:
            raise DTypeError(gate.label, "an integer beyond 64 bits", "one of 64 bits", "a float, 1e30")
        return kind.of(np.asarray(whole, np.int64), weak=True, constant=True)
    if isinstance(x, numbers.Real):
        return kind.of(np.asarray(float(x), np.float64), weak=True, constant=True)
    raise DTypeError(
        gate.label, f"a {type(x).__name__}", "a tensor, an array or a number", "Tensor(...) around it"
    )


def meeting_dtype(gate: Gate, values: list[Value]) -> np.dtype:
    """The dtype that weak operands take: that of the strong numbers; masks alone leave the default."""
    strong = [v.dtype for v in values if not v.weak and v.dtype.kind in "fiu"]
    fractional = any(v.dtype.kind == "f" for v in values if v.weak)
    floats = [d for d in strong if d.kind == "f"]
    if floats:
        return floats[0]
    if strong and fractional:
        came = f"a fraction and {next(v.spec for v in values if not v.weak and v.dtype.kind in 'iu')}"
        raise DTypeError(gate.label, came, "numbers of one kind", 'astype("float32") on the integers first')
    if strong:
        return strong[0]
    if all(v.weak for v in values):
        return np.dtype(np.float64 if fractional else np.int64)
    return np.dtype(np.float32 if fractional else np.int64)


def convert(value: Value, dtype: np.dtype, weak: bool) -> Value:
    """A weak value in another dtype; one that a trace knows as state or promise is converted by a gate."""
    if value.dtype == dtype:
        if weak:
            return value
        return type(value).result.of(value.data, constant=True) if value.constant else value.astype(dtype)
    if value.constant:
        return type(value).result.of(np.asarray(value.data, dtype), weak=weak, constant=True)
    converted: Value = value.astype(dtype)
    converted.weak = weak
    return converted
