"""One step in time of recurrent networks.  Axes: N, then the pre-activations side by side, H for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Gate, Spec, Value, apply, common_dtype, gate
from .activation import Sigmoid, relu, sigmoid, tanh
from .arguments import Operand, checked_shape, named
from .arithmetic import add
from .shape import concat, cut, pad


def check_step(who: str, state: str, wide: dict[str, Spec], narrow: Spec, count: int) -> np.dtype:
    """The one dtype, if the pre-activations are `count` times as wide as the state (N, H)."""
    dtype = common_dtype(who, {**wide, state: narrow}, "float")
    if narrow.ndim != 2 or any(s.shape != (narrow.shape[0], count * narrow.shape[1]) for s in wide.values()):
        came = ", ".join(f"{name} {spec}" for name, spec in {**wide, state: narrow}.items())
        expected = ", ".join([*(f"{name} (N, {count}·H)" for name in wide), f"{state} (N, H)"])
        raise ShapeError(who, came, expected, f"weights of {count} rows for each hidden unit")
    return dtype


def pieces(x: Value, count: int) -> list[Any]:
    """x (N, count·H) cut into `count` values (N, H)."""
    h = x.shape[1] // count
    return [cut(x, 1, k * h, (k + 1) * h) for k in range(count)]


def slope_of_sigmoid(out: Any) -> Any:
    """σ' = σ · (1 - σ)"""
    return out * (1 - out)


def slope_of_tanh(out: Any) -> Any:
    """tanh' = 1 - tanh²"""
    return 1 - out * out


@gate
class LstmCell(Gate):
    """c' = σ(f) · c + σ(i) · tanh(g),  h' = σ(o) · tanh(c'),  with i, f, g, o side by side in `gates`.

    u = upstream_c + upstream_h · σ(o) · tanh'(c') arrives at c'; downstream to c = u · σ(f), to
    i, f, g, o = u · tanh(g) · σ'(i), u · c · σ'(f), u · σ(i) · tanh'(g), upstream_h · tanh(c') · σ'(o).
    """

    pattern: ClassVar[str] = "remembers"
    outputs: ClassVar[tuple[str, ...]] = ("h_next", "c_next")

    def spec(self, gates: Spec, c: Spec) -> tuple[Spec, Spec]:
        state = Spec(c.shape, check_step(self.label, "c", {"gates": gates}, c, 4))
        return state, state

    def forward(self, gates: np.ndarray, c: np.ndarray) -> Any:
        sigma = Sigmoid().compute
        i, f, g, o = np.split(gates, 4, axis=1)
        c_next = sigma(f) * c + sigma(i) * np.tanh(g)
        return sigma(o) * np.tanh(c_next), c_next

    def backward(self, upstream: Any, *, gates: Value, c: Value, c_next: Value) -> Any:
        i, f, g, o = pieces(gates, 4)
        i, f, g, o, t = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o), tanh(c_next)
        up_h, up_c = upstream
        arrived = up_c
        if up_h is not None:
            through_h = up_h * o * slope_of_tanh(t)
            arrived = through_h if up_c is None else up_c + through_h

        def to_gates() -> Any:
            to_i = arrived * g * slope_of_sigmoid(i)
            to_f = arrived * c * slope_of_sigmoid(f)
            to_g = arrived * i * slope_of_tanh(g)
            if up_h is None:  # nothing came out of the output gate
                return pad(concat([to_i, to_f, to_g], axis=1), ((0, 0), (0, c.shape[1])))
            return concat([to_i, to_f, to_g, up_h * t * slope_of_sigmoid(o)], axis=1)

        return to_gates, lambda: arrived * f

    def parts(self, gates: Value, c: Value) -> Any:
        i, f, g, o = pieces(gates, 4)
        c_next = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c_next), c_next


@gate
class GruCell(Gate):
    """out = (1 - z) · n + z · h,  with r = σ(x_r + h_r), z = σ(x_z + h_z), n = tanh(x_n + r · h_n).

    With d_n = upstream · (1 - z) · n', d_r = d_n · h_n · r' and d_z = upstream · (h - n) · z':
    downstream to x = d_r, d_z, d_n side by side, to h_gates = d_r, d_z, d_n · r, to h = upstream · z.
    """

    pattern: ClassVar[str] = "remembers"

    def spec(self, x: Spec, h_gates: Spec, h: Spec) -> Spec:
        return Spec(h.shape, check_step(self.label, "h", {"x": x, "h_gates": h_gates}, h, 3))

    def forward(self, x: np.ndarray, h_gates: np.ndarray, h: np.ndarray) -> Any:
        sigma = Sigmoid().compute
        (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(x, 3, axis=1), np.split(h_gates, 3, axis=1)
        r, z = sigma(x_r + h_r), sigma(x_z + h_z)
        n = np.tanh(x_n + r * h_n)
        return (1 - z) * n + z * h

    def backward(self, upstream: Value, *, x: Value, h_gates: Value, h: Value) -> Any:
        r, z, n, h_n = self.inside(x, h_gates)
        d_n = upstream * (1 - z) * slope_of_tanh(n)
        d_r = d_n * h_n * slope_of_sigmoid(r)
        d_z = upstream * (h - n) * slope_of_sigmoid(z)
        return (
            lambda: concat([d_r, d_z, d_n], axis=1),
            lambda: concat([d_r, d_z, d_n * r], axis=1),
            lambda: upstream * z,
        )

    def inside(self, x: Value, h_gates: Value) -> tuple[Any, Any, Any, Any]:
        """r, z, n and h_n, made of gates."""
        (x_r, x_z, x_n), (h_r, h_z, h_n) = pieces(x, 3), pieces(h_gates, 3)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        return r, z, tanh(x_n + r * h_n), h_n

    def parts(self, x: Value, h_gates: Value, h: Value) -> Any:
        _, z, n, _ = self.inside(x, h_gates)
        return n + z * (h - n)


@named
def rnn_cell(x: Operand, h_gates: Operand, *, nonlinearity: str = "tanh") -> Any:
    """One step of a plain recurrent network: the next hidden value, tanh(x + h_gates).

    x:  (N, H) float     what the input gives, weight_ih · x + bias_ih
    h_gates:  (N, H) float     what the hidden value gives, weight_hh · h + bias_hh
    nonlinearity:  "tanh" or "relu"
    Returns h' (N, H).
    Raises ShapeError unless both have one shape (N, H), DTypeError unless both are of one float dtype, SettingError for
    another nonlinearity.
    Source: Elman 1990.  Also: nn.RNN, nn.RNNCell.

    >>> from chainrule import Tensor, rnn_cell
    >>> rnn_cell(Tensor([[1.0, 2.0]]), Tensor([[-1.0, 9.0]]), nonlinearity="relu")
    Tensor([[ 0., 11.]])
    """
    name = known_nonlinearity("rnn_cell", nonlinearity)
    shapes = [checked_shape("rnn_cell", value, what) for what, value in (("x", x), ("h_gates", h_gates))]
    if shapes[0] != shapes[1] or len(shapes[0]) != 2:
        came = f"x of shape {shapes[0]}, h_gates of shape {shapes[1]}"
        raise ShapeError("rnn_cell", came, "(N, H) of both", "weights of one row for each hidden unit")
    return NONLINEARITIES[name](add(x, h_gates))


NONLINEARITIES: Final[dict[str, Callable[[Operand], Any]]] = {"tanh": tanh, "relu": relu}
"""What makes a hidden value of its pre-activation, by name."""


def known_nonlinearity(who: str, name: str) -> str:
    """A name of that table."""
    if not isinstance(name, str) or name not in NONLINEARITIES:
        expected = " or ".join(map(repr, NONLINEARITIES))
        raise SettingError(who, f"nonlinearity {name!r}", expected, 'nonlinearity="tanh"')
    return name


def lstm_cell(gates: Operand, c: Operand) -> Any:
    """One step of a long short-term memory: the next hidden value and the next cell.

    c' = σ(f) · c + σ(i) · tanh(g),  h' = σ(o) · tanh(c')

    gates:  (N, 4·H) float     pre-activations i, f, g, o side by side: of the input plus of the hidden value
    c:  (N, H) float     the cell
    Returns h' (N, H), c' (N, H).
    Raises ShapeError unless gates is four times as wide as c, DTypeError unless both are of one float dtype.
    Source: Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000.  Also: nn.LSTM, nn.LSTMCell.

    >>> from chainrule import Tensor, lstm_cell
    >>> h, c = lstm_cell(Tensor([[0.0, 0.0, 9.0, 0.0]]), Tensor([[1.0]]))
    >>> round(c.item(), 4)  # half of the old cell, and half of tanh 9
    1.0
    """
    return apply(LstmCell(), gates, c)


def gru_cell(x: Operand, h_gates: Operand, h: Operand) -> Any:
    """One step of a gated recurrent unit: the next hidden value.

    r = σ(x_r + h_r),  z = σ(x_z + h_z),  n = tanh(x_n + r · h_n),  h' = (1 - z) · n + z · h

    x:  (N, 3·H) float     what the input gives to r, z, n, side by side
    h_gates:  (N, 3·H) float     what the hidden value gives to them
    h:  (N, H) float     the hidden value
    Returns h' (N, H).
    Raises ShapeError unless x and h_gates are three times as wide as h, DTypeError unless all are of one float dtype.
    Source: Cho et al. 2014, in PyTorch's form: r is applied after the product.  Also: nn.GRU, nn.GRUCell.

    >>> from chainrule import Tensor, gru_cell
    >>> x = Tensor([[0.0, 0.0, 0.0]])
    >>> gru_cell(x, x, Tensor([[1.0]]))  # half of n = 0, and half of the old value
    Tensor([[0.5]])
    """
    return apply(GruCell(), x, h_gates, h)
