"""Values, and the nodes that made them.  Bare: the operators come from the floor above."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import numpy as np

from ..errors import GradientError
from .gate import Gate
from .spec import Spec

recording: ContextVar[bool] = ContextVar("recording", default=True)
"""Whether gates leave nodes on the graph."""

_ranks = itertools.count()


def next_rank() -> int:
    """A number above those of all nodes so far."""
    return next(_ranks)


class Value:
    """An array (or, while tracing, the promise of one) that knows which node made it.

    data:    the array, never written to by anyone
    node, output:  the node that made it and which of its outputs it is; node is None without gradient
    weak:    takes the dtype of what it meets (Python numbers, rates, counters)
    constant:  made from a number or array in passing; a trace writes it into the program
    name:    the path of a parameter or state, for people
    """

    __slots__ = ("__weakref__", "_grad", "constant", "data", "name", "node", "output", "weak")
    result: ClassVar[type[Value]]
    usual: ClassVar[type[Value]]  # what the arrays of a compiled step become

    def __init__(
        self,
        data: Any,
        node: Node | None = None,
        output: int = 0,
        *,
        weak: bool = False,
        constant: bool = False,
        name: str = "",
    ) -> None:
        self.data = data
        self.node = node
        self.output = output
        self.weak = weak
        self.constant = constant
        self.name = name
        self._grad: Value | None = None

    @classmethod
    def of(
        cls,
        data: Any,
        node: Node | None = None,
        output: int = 0,
        *,
        weak: bool = False,
        constant: bool = False,
    ) -> Any:
        """A value around data as it is, whatever the constructor of a subclass does for its users."""
        value = cls.__new__(cls)
        Value.__init__(value, data, node, output, weak=weak, constant=constant)
        return value

    def __getstate__(self) -> tuple[Any, dict[str, Any], bool]:
        """Copies and pickles stand off the graph; that of a leaf is a leaf of its own, with its own gradient."""
        own, slots = cast(tuple[Any, dict[str, Any]], object.__getstate__(self))
        gradient = None if self._grad is GONE else self._grad
        return own, slots | {"node": None, "output": 0, "_grad": gradient}, isinstance(self.node, Leaf)

    def __setstate__(self, state: tuple[Any, dict[str, Any], bool]) -> None:
        own, slots, leaf = state
        for name, value in {**(own or {}), **slots}.items():
            setattr(self, name, value)
        if leaf:
            require_grad(self)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    @property
    def spec(self) -> Spec:
        return Spec(self.data.shape, self.data.dtype, self.weak)

    if TYPE_CHECKING:  # what the floor above gives; the graph itself needs `+`, `sum_to` and `astype`

        def __add__(self, other: Any) -> Any: ...
        def __sub__(self, other: Any) -> Any: ...
        def __mul__(self, other: Any) -> Any: ...
        def __truediv__(self, other: Any) -> Any: ...
        def __pow__(self, other: Any) -> Any: ...
        def __matmul__(self, other: Any) -> Any: ...
        def __radd__(self, other: Any) -> Any: ...
        def __rsub__(self, other: Any) -> Any: ...
        def __rmul__(self, other: Any) -> Any: ...
        def __rtruediv__(self, other: Any) -> Any: ...
        def __neg__(self) -> Any: ...
        def sum_to(self, shape: tuple[int, ...]) -> Any: ...
        def astype(self, dtype: Any) -> Any: ...


Value.result = Value
Value.usual = Value

GONE: Final = Value(np.zeros(0))
"""What stands in `.grad` after a compiled step that did not keep it; reading it raises."""


class Node:
    """A gate placed on the graph: who fed it, and what its backward asked the graph to keep.

    parents: (node, output) of each input, node None where no gradient is needed
    specs:   the input specs;  kept: data by name;  rank: grows with time, so it orders the backward pass
    """

    __slots__ = ("gate", "kept", "origin", "out_specs", "parents", "rank", "specs", "walked", "__weakref__")

    def __init__(
        self,
        gate: Gate,
        inputs: tuple[Value, ...],
        specs: tuple[Spec, ...],
        outs: tuple[Any, ...],
        origin: int,
    ) -> None:
        self.gate = gate
        self.parents = tuple((v.node, v.output) for v in inputs)
        self.specs = specs
        self.out_specs: tuple[Spec, ...] = ()
        self.origin = origin
        self.rank = next(_ranks)
        self.walked = False
        self.kept = {
            name: self._data(name, inputs, outs) for name in gate.keeps if name not in gate.keeps_spec
        }

    def _data(self, name: str, inputs: tuple[Value, ...], outs: tuple[Any, ...]) -> Any:
        if name in self.gate.outputs:
            return outs[self.gate.outputs.index(name)]
        position = self.gate.inputs.index(name)
        if self.gate.variadic and position == len(self.gate.inputs) - 1:
            return tuple(unshared(v) for v in inputs[position:])
        return unshared(inputs[position])

    def recall(self, kind: type[Value]) -> dict[str, Any]:
        """What backward asked for, as values with their place on the graph, so that it can be differentiated."""
        return {name: self._recall(name, kind) for name in self.gate.keeps}

    def _recall(self, name: str, kind: type[Value]) -> Any:
        if name in self.gate.outputs:
            output = self.gate.outputs.index(name)
            data = self.kept[name]
            return kind.of(data, self if data.dtype.kind == "f" else None, output, constant=True)
        position = self.gate.inputs.index(name)
        many = self.gate.variadic and position == len(self.gate.inputs) - 1
        if name in self.gate.keeps_spec:
            return self.specs[position:] if many else self.specs[position]
        if many:
            places = range(position, len(self.parents))
            return tuple(
                kind.of(d, *self.parents[p], constant=True)
                for d, p in zip(self.kept[name], places, strict=True)
            )
        return kind.of(
            self.kept[name], *self.parents[position], weak=self.specs[position].weak, constant=True
        )

    def free(self) -> None:
        """Drop kept arrays and edges: this node was walked and nobody asked to walk it again."""
        self.kept, self.parents, self.walked = {}, (), True


def unshared(value: Value) -> Any:
    """The data to keep: a copy of an array that the user may still write into before backward reads it."""
    data = value.data
    given = value.constant and value.node is None and isinstance(data, np.ndarray)
    return data.copy() if given and data.ndim > 0 and data.flags.writeable else data


class Leaf(Node):
    """The node of a value that somebody wants the gradient of; knows it weakly, so that it can go."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.gate = None  # type: ignore[assignment]
        self.parents, self.specs, self.out_specs, self.kept = (), (), (value.spec,), {}
        self.origin, self.rank, self.walked = -1, next(_ranks), False
        self.value = weakref.ref(value)


def require_grad(value: Value) -> None:
    """Make a value a leaf of the graph: from here on its gradient is wanted."""
    if value.dtype.kind != "f":
        came = f"a value of {value.spec}"
        raise GradientError("requires_grad", came, "float32 or float64", 'astype("float32") first')
    if value.node is None:
        value.node, value.output = Leaf(value), 0


@contextmanager
def no_grad() -> Iterator[None]:
    """Inside, gates leave no nodes on the graph: for evaluation, metrics and updates.

    >>> from chainrule import Tensor, no_grad
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     (w * 2).requires_grad
    False
    """
    token = recording.set(False)
    try:
        yield
    finally:
        recording.reset(token)
