"""What a gate is: one operation, with its shape rule, its forward and its backward.  A gate knows no graph."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, fields
from typing import Any, ClassVar, NoReturn, TypeVar, dataclass_transform

import numpy as np

from ..errors import DTypeError, IndexingError, SettingError, ShapeError
from .mathematics import xp
from .spec import Spec

G = TypeVar("G", bound="type[Gate]")


@dataclass_transform(frozen_default=True)
def gate(cls: G) -> G:
    """Make a class a gate: its settings become frozen fields, and its two signatures tell the graph the rest.

    The parameters of `forward` name the inputs.  The keyword-only names of `backward` are what the graph
    keeps for it: an input, an output, or, annotated `Spec`, only an input's shape and dtype.
    """
    frozen: Any = dataclass(frozen=True)(cls) if has_settings(cls) else cls
    frozen.label = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()
    parameters = inspect.signature(frozen.formula()).parameters.values()
    names = [p for p in parameters if p.name not in ("self", "xp")]
    frozen.inputs = tuple(p.name for p in names)
    frozen.variadic = any(p.kind is p.VAR_POSITIONAL for p in names)
    rule = inspect.signature(frozen.backward).parameters.values() if hasattr(frozen, "backward") else ()
    frozen.keeps = tuple(p.name for p in rule if p.kind is p.KEYWORD_ONLY)
    frozen.keeps_spec = frozenset(p.name for p in rule if p.annotation in (Spec, "Spec", "tuple[Spec, ...]"))
    for name in frozen.keeps:
        known = frozen.inputs if name in frozen.keeps_spec else (*frozen.inputs, *frozen.outputs)
        if name not in known:
            came, expected = f"backward asks for {name}", f"one of {', '.join(known)}"
            raise SettingError(frozen.label, came, expected, "the name of an input or output")
    return frozen


def has_settings(cls: type) -> bool:
    """Whether a class adds fields of its own; one that does not is as frozen as its base, and quicker to import."""
    return any("ClassVar" not in str(kind) for kind in cls.__dict__.get("__annotations__", {}).values())


class Frozen:
    """Nothing can be set on an instance, also where a dataclass adds no fields."""

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")


@dataclass(frozen=True)
class Gate(Frozen):
    """One operation.  Subclass it, decorate with `@gate`, and give three methods:

    spec(*specs) -> Spec, or a tuple of them     runs before every forward, raises ShapeError or DTypeError
    forward(*arrays) -> array, or a tuple        plain NumPy; never writes to its inputs
    backward(upstream, *, kept…) -> gradients    values in, values out, one for each input; None where there
                                                 is none; a function without arguments is called only if needed

    A gate with several outputs names them, `outputs = ("low", "high")`; its upstream is then a tuple, with None
    for an output that nobody used.

    A gate that is made of smaller ones may say so, by another formula where there is one:

    parts(*values) -> value, or a tuple          the same in smaller gates; no branch on a value

    pattern says in a word what its backward does, for explanations:

    hands      the upstream gradient to every input, at most with another sign
    switches   scales it by the other input
    scales     by a slope, number by number
    routes     to the one input that won
    moves      to where the number came from;  spreads: to all that were summed, alike
    mixes      sums of products;  shares: scores that share one total
    attends    a mean of values whose weights are shares
    normalizes, remembers, judges, draws     batch norm, a cell of a recurrent network, a loss of labels, dropout
    compares   no gradient at all
    """

    label: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    variadic: ClassVar[bool]
    outputs: ClassVar[tuple[str, ...]] = ("out",)
    keeps: ClassVar[tuple[str, ...]]
    keeps_spec: ClassVar[frozenset[str]]
    broadcasts: ClassVar[bool] = False
    pattern: ClassVar[str] = ""

    spec: ClassVar[Callable[..., Any]]
    forward: ClassVar[Callable[..., Any]]
    backward: ClassVar[Callable[..., Any]]
    parts: ClassVar[Callable[..., Any]]

    @classmethod
    def formula(cls) -> Callable[..., Any]:
        """The function whose parameters name the inputs."""
        return cls.forward

    def compute(self, *arrays: np.ndarray) -> Any:
        """Run forward on NumPy arrays."""
        return self.forward(*arrays)

    def multiply_adds(self, *specs: Spec) -> int:
        """How many products are summed for inputs of these specs; 0 for gates that sum no products."""
        return 0

    def arithmetic(self, *specs: Spec) -> str:
        """The output size as a sum one can read, for gates that slide a window."""
        return ""

    def settings(self) -> dict[str, Any]:
        """The frozen fields, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


class Elementwise(Gate):
    """A gate told by one formula in `xp`; its inputs broadcast.

    takes:  "float", "number" (integers too), "bool", or "any"
    gives:  the dtype of the result, where it is not that of the inputs
    masks:  names of inputs that must be bool
    """

    broadcasts: ClassVar[bool] = True
    takes: ClassVar[str] = "float"
    gives: ClassVar[str | None] = None
    masks: ClassVar[tuple[str, ...]] = ()

    def spec(self, *inputs: Spec) -> Spec:
        shape = broadcast_shapes(self.label, dict(zip(self.inputs, inputs, strict=True)))
        for name, spec in zip(self.inputs, inputs, strict=True):
            if name in self.masks:
                require_kind(self.label, name, spec, "bool")
        operands = {n: s for n, s in zip(self.inputs, inputs, strict=True) if n not in self.masks}
        dtype = common_dtype(self.label, operands, self.takes)
        weak = shape == () and all(s.weak for s in operands.values())
        return Spec(shape, np.dtype(self.gives or dtype), weak and self.gives is None)

    def compute(self, *arrays: np.ndarray) -> Any:
        return self.forward(xp, *arrays)


@dataclass(frozen=True)
class Reduction(Gate):
    """A gate that maps every element, combines along axes, and finishes the total.

    axis:  sorted axes, all ≥ 0;  keepdims: leave them in the shape with size 1
    combine:  "add" or "maximum";  `map` and `finish` are formulas in `xp`
    """

    axis: tuple[int, ...]
    keepdims: bool = False
    combine: ClassVar[str] = "add"
    takes: ClassVar[str] = "number"

    def map(self, xp: Any, x: Any) -> Any:
        return x

    def finish(self, xp: Any, total: Any, count: int) -> Any:
        return total

    @classmethod
    def formula(cls) -> Callable[..., Any]:
        return cls.map

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, self.takes)
        check_axes(self.label, x, self.axis)
        if self.combine == "maximum" and 0 in (x.shape[a] for a in self.axis):
            raise ShapeError(
                self.label,
                f"x {x} has no element along axis {self.axis}",
                "at least one",
                "skip empty batches",
            )
        return x.with_shape(reduced_shape(x.shape, self.axis, self.keepdims))

    def forward(self, x: np.ndarray) -> Any:
        count = int(np.prod([x.shape[a] for a in self.axis], dtype=np.int64))
        combine: Any = {"add": np.add, "maximum": np.maximum}[self.combine]
        total = combine.reduce(self.map(xp, x), axis=self.axis, keepdims=self.keepdims, dtype=x.dtype)
        return self.finish(xp, total, count)


def reduced_shape(shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    """The shape after a reduction along `axis`."""
    if keepdims:
        return tuple(1 if a in axis else n for a, n in enumerate(shape))
    return tuple(n for a, n in enumerate(shape) if a not in axis)


def check_axes(who: str, x: Spec, axis: tuple[int, ...]) -> None:
    """Every axis lies in 0 … ndim - 1 and none is named twice."""
    if len(set(axis)) != len(axis) or any(not 0 <= a < x.ndim for a in axis):
        raise IndexingError(
            who, f"axis {axis} of x {x}", f"different axes from 0 to {x.ndim - 1}", "another axis"
        )


def broadcast_shapes(who: str, inputs: dict[str, Spec]) -> tuple[int, ...]:
    """The common shape of inputs aligned at the right, where a size 1 stretches."""
    try:
        return np.broadcast_shapes(*(s.shape for s in inputs.values()))
    except ValueError:
        came = " and ".join(f"{name} {spec}" for name, spec in inputs.items())
        hint = "reshape one of them, a new axis of size 1 stretches"
        raise ShapeError(who, came, "shapes that agree from the right, or are 1", hint) from None


KINDS = {"float": "f", "number": "fiu", "integer": "iu", "bool": "b", "any": "fiub"}
UNKNOWN = (np.dtype(np.float16), np.dtype(np.longdouble))
MEANING = {
    "float": "float32 or float64",
    "number": "a float or integer dtype",
    "integer": "an integer dtype",
    "bool": "bool, as comparisons give",
    "any": "a float, integer or bool dtype",
}


def require_kind(who: str, name: str, spec: Spec, kind: str) -> None:
    """A DTypeError unless the dtype of `spec` is of the kind."""
    if spec.dtype.kind not in KINDS[kind] or spec.dtype in UNKNOWN:
        wish = {"float": "float32", "bool": "bool", "integer": "int64"}.get(kind, "float32")
        raise DTypeError(who, f"{name} {spec}", MEANING[kind], f'{name}.astype("{wish}")')


def common_dtype(who: str, inputs: dict[str, Spec], kind: str) -> np.dtype:
    """The one dtype of all inputs, of the kind, or a DTypeError: nothing is widened silently."""
    for name, spec in inputs.items():
        require_kind(who, name, spec, kind)
    dtypes = {spec.dtype for spec in inputs.values()}
    if len(dtypes) > 1:
        came = " and ".join(f"{name} {spec}" for name, spec in inputs.items())
        # the way of least surprise: everything becomes the narrowest float there is
        wish = min(dtypes, key=lambda d: (d.kind != "f", d.itemsize))
        other = next(name for name, s in inputs.items() if s.dtype != wish)
        raise DTypeError(who, came, "one dtype", f'{other}.astype("{wish}")')
    return next(iter(dtypes))
