"""Products of matrices: matmul and the fully connected layer's linear."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import ShapeError
from ..graph import Gate, Spec, Value, apply, common_dtype, gate
from .arguments import Operand, check_bias, named, shape_of
from .arithmetic import add
from .shape import matrix_transpose, reshape


@gate
class Matmul(Gate):
    """out = x · y, stacks of matrices broadcasting;  downstream = upstream · yᵀ and xᵀ · upstream"""

    pattern: ClassVar[str] = "mixes"
    broadcasts: ClassVar[bool] = True

    def spec(self, x: Spec, y: Spec) -> Spec:
        dtype = common_dtype(self.label, {"x": x, "y": y}, "float")
        if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-2]:
            expected = "(…, M, K) and (…, K, N): as many columns in x as rows in y"
            raise ShapeError(self.label, f"x {x} and y {y}", expected, "transpose one of them")
        try:
            stack = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
        except ValueError:
            expected = "stacks of matrices that broadcast"
            raise ShapeError(self.label, f"x {x} and y {y}", expected, "reshape the leading axes") from None
        return Spec((*stack, x.shape[-2], y.shape[-1]), dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        return int(self.spec(*specs).size * specs[0].shape[-1])

    def forward(self, x: np.ndarray, y: np.ndarray) -> Any:
        return np.matmul(x, y)

    def backward(self, upstream: Value, *, x: Value, y: Value) -> Any:
        return lambda: upstream @ matrix_transpose(y), lambda: matrix_transpose(x) @ upstream


@gate
class Linear(Gate):
    """out = x · wᵀ with w (out, in);  downstream = upstream · w and upstreamᵀ · x"""

    pattern: ClassVar[str] = "mixes"

    def spec(self, x: Spec, w: Spec) -> Spec:
        dtype = common_dtype(self.label, {"x": x, "w": w}, "float")
        if x.ndim < 1 or w.ndim != 2 or x.shape[-1] != w.shape[1]:
            wide = x.shape[-1] if x.ndim else "?"
            hint = f"w (out, {wide}), as of Linear({wide}, …), or x with {w.shape[-1] if w.ndim else '?'} features"
            raise ShapeError(self.label, f"x {x} and w {w}", "x (…, in) and w (out, in)", hint)
        return Spec((*x.shape[:-1], w.shape[0]), dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        return int(self.spec(*specs).size * specs[0].shape[-1])

    def forward(self, x: np.ndarray, w: np.ndarray) -> Any:
        rows = x.reshape(int(np.prod(x.shape[:-1], dtype=np.int64)), x.shape[-1])
        return np.matmul(rows, w.T).reshape(*x.shape[:-1], w.shape[0])

    def backward(self, upstream: Value, *, x: Value, w: Value) -> Any:
        def to_w() -> Any:
            rows = int(np.prod(x.shape[:-1], dtype=np.int64))
            return matrix_transpose(reshape(upstream, (rows, w.shape[0]))) @ reshape(x, (rows, w.shape[1]))

        return lambda: linear(upstream, matrix_transpose(w)), to_w

    def parts(self, x: Value, w: Value) -> Any:
        rows = int(np.prod(x.shape[:-1], dtype=np.int64))
        out = matmul(reshape(x, (rows, x.shape[-1])), matrix_transpose(w))
        return reshape(out, (*x.shape[:-1], w.shape[0]))


def matmul(x: Operand, y: Operand) -> Any:
    """The matrix product; stacks of matrices broadcast, a vector counts as a row (x) or column (y).

    x:  (…, M, K) or (K,) float
    y:  (…, K, N) or (K,) float
    Returns (…, M, N).
    Raises ShapeError if the inner sizes differ or the stacks do not broadcast, DTypeError unless both are floats of
    one dtype.

    >>> from chainrule import Tensor
    >>> Tensor([[1.0, 2.0]]) @ Tensor([[3.0], [4.0]])
    Tensor([[11.]])
    """
    row, column = len(shape_of(x)) == 1, len(shape_of(y)) == 1
    out = apply(Matmul(), reshape(x, (1, -1)) if row else x, reshape(y, (-1, 1)) if column else y)
    if not (row or column):
        return out
    shape = shape_of(out)
    return reshape(out, shape[:-2] + (() if row else shape[-2:-1]) + (() if column else shape[-1:]))


@named
def linear(x: Operand, w: Operand, b: Operand | None = None) -> Any:
    """x · wᵀ + b: every output a weighted sum of all inputs.

    x:  (…, in) float
    w:  (out, in) float
    b:  (out,) float, or None
    Returns (…, out).
    Raises ShapeError if x has not `in` features or b not one number for each output, DTypeError unless all are floats
    of one dtype.
    Cost: 2 · N · in · out flops for N rows.  Also: nn.Linear.

    >>> from chainrule import Tensor, linear
    >>> linear(Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0]]), Tensor([0.5]))
    Tensor([[11.5]])
    """
    out = apply(Linear(), x, w)
    if b is None:
        return out
    check_bias("linear", b, shape_of(w)[0])
    return add(out, b)
