"""What the functions of `ops/contraction` refuse."""

from chainrule import ops
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X, V = tensor(2, 3), tensor(3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "einsum": (
        *not_values(lambda x: ops.einsum("...", x)),
        *not_floats(lambda x: ops.einsum("i", x), 3),
        refuses(DTypeError, lambda: ops.einsum("i,i", V, V.astype("float64")), "f64"),
        refuses(SettingError, lambda: ops.einsum("ij,jk", X), "for 1 operands"),
        refuses(SettingError, lambda: ops.einsum("i1", X), "'i1'"),
        refuses(SettingError, lambda: ops.einsum("ij->k", X), "'ij->k'"),
        refuses(SettingError, lambda: ops.einsum(X, X), "Tensor"),
        refuses(ShapeError, lambda: ops.einsum("i", X), "1 letters"),
        refuses(ShapeError, lambda: ops.einsum("ii", X), "i of size 2"),
        refuses(ShapeError, lambda: ops.einsum("ij,i", X, V), "i of size 2"),
    ),
    "tensordot": (
        *not_values(lambda x: ops.tensordot(x, X)),
        *not_floats(lambda x: ops.tensordot(x, V, axes=1), 3),
        refuses(ShapeError, lambda: ops.tensordot(X, X, axes=1), "size 3"),
        refuses(ShapeError, lambda: ops.tensordot(X, V), "axes 2"),
        refuses(SettingError, lambda: ops.tensordot(X, X, axes="2"), "'2'"),
        refuses(SettingError, lambda: ops.tensordot(X, X, axes=((0,), (0, 1))), "((0,), (0, 1))"),
        refuses(IndexingError, lambda: ops.tensordot(X, X, axes=((2,), (0,))), "axis 2"),
    ),
    "outer": (
        *not_values(lambda x: ops.outer(x, V)),
        refuses(ShapeError, lambda: ops.outer(X, V), "shape (2, 3)"),
        refuses(ShapeError, lambda: ops.outer(V, 2.0), "shape ()"),
        refuses(DTypeError, lambda: ops.outer(V, V.astype("float64")), "f64"),
        refuses(DTypeError, lambda: ops.outer(V > 0, V > 0), "bool"),
    ),
    "vecdot": (
        *not_values(lambda x: ops.vecdot(x, V)),
        refuses(ShapeError, lambda: ops.vecdot(X, tensor(2)), "shape (2,)"),
        refuses(ShapeError, lambda: ops.vecdot(tensor(4, 3), X), "f32[4,3]"),
        refuses(IndexingError, lambda: ops.vecdot(X, V, axis=-2), "axis -2"),
        refuses(IndexingError, lambda: ops.vecdot(X, V, axis=None), "axis None"),
        refuses(DTypeError, lambda: ops.vecdot(V, V.astype("int64")), "i64"),
    ),
}
