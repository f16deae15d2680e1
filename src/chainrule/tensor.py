"""The array users hold: a value whose operators are gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from . import graph, ops
from .errors import DTypeError, GradientError, InPlaceError, ShapeError
from .graph import Program, Value, mode, require_grad


class Tensor(Value):
    """An array that remembers how it was made, so that gradients flow back through it.

    data:  a number, nested lists, an array or a tensor; copied.  Numbers and lists become float32 (or int64,
           bool); arrays keep their dtype
    requires_grad:  whether backward() shall leave the gradient in `.grad`
    Raises DTypeError for anything but float32, float64, integers and bool.

    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    Tensor([2., 4., 6.])
    """

    __slots__ = ()
    __array_ufunc__ = None  # array + tensor asks the tensor

    def __init__(
        self, data: Any, *, dtype: Any = None, requires_grad: bool = False, weak: bool = False, name: str = ""
    ) -> None:
        super().__init__(as_array(data, dtype), weak=weak, name=name)
        if requires_grad:
            require_grad(self)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.data.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.spec.size

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows back to, or through, this value."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted:
            require_grad(self)
        elif self.node is not None and self.node.gate is not None:
            came = f"requires_grad=False for a value made by {self.node.gate.label}"
            raise GradientError("requires_grad", came, "a leaf, such as a parameter", "detach()")
        else:
            self.node = None

    @property
    def grad(self) -> Tensor | None:
        """What backward() has added up here, in the shape of the value; None before."""
        return mode.get().gradient(self)  # type: ignore[return-value]

    @grad.setter
    def grad(self, gradient: Tensor | None) -> None:
        if gradient is not None and not isinstance(gradient, Tensor):
            came = f"a {type(gradient).__name__} as a gradient"
            raise DTypeError(self.name or "grad", came, "a tensor, or None", "Tensor(...) around it")
        if gradient is not None and (gradient.shape, gradient.dtype) != (self.shape, self.dtype):
            came = f"a gradient {gradient.spec}"
            raise ShapeError(self.name or "grad", came, f"{self.spec} like the value", "reshape or astype")
        mode.get().set_gradient(self, gradient)

    def backward(
        self, gradient: Tensor | None = None, *, create_graph: bool = False, retain_graph: bool | None = None
    ) -> None:
        """Add d(self)/d(leaf) to `.grad` of every leaf with requires_grad that this value depends on.

        gradient:  the upstream gradient that enters here, in the shape of the value; 1 for one number
        create_graph:  leave the backward pass on the graph, for second derivatives
        retain_graph:  keep the graph for another backward pass; as create_graph unless told
        Raises GradientError without a path to a leaf, on more than one number without `gradient`, or when
        the graph was walked before.

        >>> x = Tensor(3.0, requires_grad=True)
        >>> (x ** 2).backward()
        >>> x.grad
        Tensor(6.)
        """
        graph.backward(self, gradient, create_graph=create_graph, retain_graph=retain_graph)

    def detach(self) -> Tensor:
        """The same numbers, off the graph: no gradient flows through."""
        return Tensor.of(mode.get().read(self), weak=self.weak)

    def assign(self, value: Any) -> None:
        """Give this tensor other numbers; its shape and dtype stay.  The one way to change state in a step.

        Raises ShapeError or DTypeError if shape or dtype differ.
        """
        new = value if isinstance(value, Value) else Tensor(value, dtype=self.dtype)
        if new.weak or new.dtype != self.dtype:
            came = f"{new.spec} for {self.name or 'a tensor'} {self.spec}"
            if not new.weak:
                raise DTypeError("assign", came, f"dtype {self.dtype}", f'astype("{self.dtype}")')
            new = new if self.weak and new.dtype == self.dtype else new.astype(self.dtype)
        if new.shape != self.shape:
            came = f"{new.spec} for {self.name or 'a tensor'} {self.spec}"
            raise ShapeError("assign", came, f"shape {self.shape}", "reshape the value, or make a new tensor")
        mode.get().assign(self, new)

    def numpy(self) -> np.ndarray:
        """The numbers as a read-only array, not copied."""
        view: np.ndarray = np.asarray(mode.get().read(self)).view()
        view.flags.writeable = False
        return view

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        view = self.numpy()
        if dtype is not None and view.dtype != dtype:
            return view.astype(dtype)
        return view.copy() if copy else view

    def item(self) -> Any:
        """The one number as a Python number."""
        return self.alone("item").item()

    def alone(self, who: str) -> Any:
        """The array of the only number, or a ShapeError."""
        if self.size != 1:
            raise ShapeError(
                who, f"{self.spec}, {self.size} numbers", "one", "sum(), max() or an index first"
            )
        return mode.get().read(self)

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return mode.get().read(self).tolist()

    def __repr__(self) -> str:
        if not isinstance(self.data, np.ndarray):
            return f"Tensor(promise of {self.spec})"
        text = np.array2string(self.data, separator=", ", prefix="Tensor(", threshold=100)
        usual = self.dtype in (np.float32, np.int64, np.bool_)
        notes = [] if usual else [f"dtype={self.dtype}"]
        if self.node is not None:
            notes.append(
                "requires_grad=True" if self.node.gate is None else f"made by {self.node.gate.label}"
            )
        return f"Tensor({', '.join([text, *notes])})"

    def __format__(self, style: str) -> str:
        return format(self.item() if style and self.shape == () else str(self), style)

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError("len", "one number without axes", "at least one axis", "reshape(-1)")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[k] for k in range(len(self)))

    def __float__(self) -> float:
        return float(self.alone("float").item())

    def __int__(self) -> int:
        return int(self.alone("int").item())

    def __bool__(self) -> bool:
        return bool(self.alone("bool").item())

    def __index__(self) -> int:
        return mode.get().read(self).__index__()

    def __getitem__(self, key: Any) -> Tensor:
        return ops.index(self, key)

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise in_place("x[…] = value", "where(mask, value, x), or assign() for the whole tensor")

    def reshape(self, *shape: Any) -> Tensor:
        """See `chainrule.reshape`; the sizes may be given one by one."""
        one = len(shape) == 1 and not isinstance(shape[0], int | np.integer)
        return ops.reshape(self, shape[0] if one else shape)

    def astype(self, dtype: Any) -> Tensor:
        """See `chainrule.astype`."""
        return ops.astype(self, dtype)

    def sum(self, *, axis: ops.Axis = None, keepdims: bool = False) -> Tensor:
        """See `chainrule.sum`."""
        return ops.sum(self, axis=axis, keepdims=keepdims)

    def mean(self, *, axis: ops.Axis = None, keepdims: bool = False) -> Tensor:
        """See `chainrule.mean`."""
        return ops.mean(self, axis=axis, keepdims=keepdims)

    def var(self, *, axis: ops.Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
        """See `chainrule.var`."""
        return ops.var(self, axis=axis, correction=correction, keepdims=keepdims)

    def std(self, *, axis: ops.Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
        """See `chainrule.std`."""
        return ops.std(self, axis=axis, correction=correction, keepdims=keepdims)

    def prod(self, *, axis: ops.Axis = None, keepdims: bool = False) -> Tensor:
        """See `chainrule.prod`."""
        return ops.prod(self, axis=axis, keepdims=keepdims)

    def cumulative_sum(self, *, axis: int | None = None, include_initial: bool = False) -> Tensor:
        """See `chainrule.cumulative_sum`."""
        return ops.cumulative_sum(self, axis=axis, include_initial=include_initial)

    def max(self, *, axis: ops.Axis = None, keepdims: bool = False) -> Tensor:
        """See `chainrule.max`."""
        return ops.max(self, axis=axis, keepdims=keepdims)

    def clip(self, min: ops.Operand | None = None, max: ops.Operand | None = None) -> Tensor:
        """See `chainrule.clip`."""
        return ops.clip(self, min, max)

    def min(self, *, axis: ops.Axis = None, keepdims: bool = False) -> Tensor:
        """See `chainrule.min`."""
        return ops.min(self, axis=axis, keepdims=keepdims)

    def argmax(self, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
        """See `chainrule.argmax`."""
        return ops.argmax(self, axis=axis, keepdims=keepdims)

    def argmin(self, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
        """See `chainrule.argmin`."""
        return ops.argmin(self, axis=axis, keepdims=keepdims)

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged."""
        return ops.matrix_transpose(self)

    @property
    def T(self) -> Tensor:
        """A matrix with its axes exchanged."""
        if self.ndim != 2:
            raise ShapeError("T", f"{self.ndim} axes", "a matrix", "mT for stacks of matrices, permute_dims")
        return self.mT

    def sum_to(self, shape: tuple[int, ...]) -> Tensor:
        """Summed along the axes by which this shape exceeds another: broadcasting undone."""
        extra = self.ndim - len(shape)
        along = tuple(a for a in range(self.ndim) if a < extra or (shape[a - extra] == 1 != self.shape[a]))
        return self.sum(axis=along).reshape(shape) if along else self.reshape(shape)


Tensor.result = Tensor
Value.usual = Tensor


def as_array(data: Any, dtype: Any = None) -> np.ndarray:
    """A fresh array of a dtype that gates know: lists and numbers of fractions become float32."""
    if isinstance(data, Value):
        data = mode.get().read(data)
    try:
        array = np.array(data)
    except ValueError as error:
        raise ShapeError(
            "Tensor", f"nested lists: {error}", "rows of equal length", "pad the shorter rows"
        ) from None
    if dtype is None and not isinstance(data, np.ndarray) and array.dtype == np.float64:
        dtype = np.float32
    if array.dtype.kind in "fiub" and dtype is not None:
        array = array.astype(ops.known_dtype("Tensor", dtype))
    ops.known_dtype("Tensor", array.dtype)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def in_place(what: str, instead: str) -> InPlaceError:
    return InPlaceError(
        "Tensor", f"an in-place write ({what})", "a new value: the graph may still read this one", instead
    )


def operator(function: Callable[..., Any], swapped: bool = False) -> Callable[[Any, Any], Any]:
    """A binary operator made of a function of ops."""

    def method(self: Any, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        return function(other, self) if swapped else function(self, other)

    return method


def refused(sign: str) -> Callable[[Any, Any], NoReturn]:
    """An in-place operator, which says what to write instead."""

    def method(self: Any, other: Any) -> NoReturn:
        raise in_place(f"x {sign}= y", f"x = x {sign} y")

    return method


ARITHMETIC = {
    "add": ("+", ops.add),
    "sub": ("-", ops.subtract),
    "mul": ("*", ops.multiply),
    "truediv": ("/", ops.divide),
    "pow": ("**", ops.power),
    "matmul": ("@", ops.matmul),
    "and": ("&", ops.logical_and),
    "or": ("|", ops.logical_or),
}
for _name, (_sign, _function) in ARITHMETIC.items():
    setattr(Tensor, f"__{_name}__", operator(_function))
    setattr(Tensor, f"__r{_name}__", operator(_function, swapped=True))
    setattr(Tensor, f"__i{_name}__", refused(_sign))

for _name, _sign in {"floordiv": "//", "mod": "%", "xor": "^", "lshift": "<<", "rshift": ">>"}.items():
    setattr(Tensor, f"__i{_name}__", refused(_sign))

COMPARISON = {
    "lt": ops.less,
    "le": ops.less_equal,
    "gt": ops.greater,
    "ge": ops.greater_equal,
    "eq": ops.equal,
    "ne": ops.not_equal,
}
for _name, _function in COMPARISON.items():
    setattr(Tensor, f"__{_name}__", operator(_function))
for _name, _alone in {"neg": ops.negative, "abs": ops.abs, "invert": ops.logical_not}.items():
    setattr(Tensor, f"__{_name}__", _alone)
Tensor.__hash__ = object.__hash__  # type: ignore[method-assign]  # == compares numbers


def trace(step: Callable[..., Any], *examples: Any) -> Program:
    """Write a whole step down as a program, for the shapes of these example arguments; nothing is computed.

    Returns a Program: print it to read it; call it with arrays to run it gate by gate.  It is the step as it was
    when traced: after train(), eval() or freezing a parameter, trace it again.
    Raises TraceError if the step branches on a value, keeps one, or adds to an earlier step's gradient.

    >>> print(trace(lambda x: (x * 2).sum(), np.ones(3, "float32")))  # doctest: +ELLIPSIS
    program <lambda>(x: f32[3])
      multiply: f32[3] <- multiply(x, 2.)                      # forward, ...:1 in <lambda>
      loss: f32[] <- sum(multiply, axis=(0,), keepdims=False)  # forward, ...:1 in <lambda>
      return loss
    """
    return graph.trace(step, *examples, kind=Tensor)
