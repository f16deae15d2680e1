"""What the functions of `ops/recurrent` refuse."""

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

H, THREE, FOUR = tensor(2, 3), tensor(2, 9), tensor(2, 12)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "rnn_cell": (
        *not_values(lambda x: ops.rnn_cell(x, H)),
        *not_values(lambda h_gates: ops.rnn_cell(H, h_gates)),
        *not_floats(lambda x: ops.rnn_cell(x, x), 2, 3),
        refuses(DTypeError, lambda: ops.rnn_cell(H, tensor(2, 3, dtype="float64")), "f64"),
        refuses(ShapeError, lambda: ops.rnn_cell(H, tensor(3)), "(3,)"),
        refuses(ShapeError, lambda: ops.rnn_cell(tensor(2, 1, 3), tensor(2, 1, 3)), "(2, 1, 3)"),
        refuses(SettingError, lambda: ops.rnn_cell(H, H, nonlinearity="sigmoid"), "nonlinearity 'sigmoid'"),
        refuses(SettingError, lambda: ops.rnn_cell(H, H, nonlinearity=None), "nonlinearity None"),
    ),
    "lstm_cell": (
        *not_values(lambda gates: ops.lstm_cell(gates, H)),
        *not_values(lambda c: ops.lstm_cell(FOUR, c)),
        *not_floats(lambda gates: ops.lstm_cell(gates, H), 2, 12),
        refuses(ShapeError, lambda: ops.lstm_cell(THREE, H), "f32[2,9]"),
        refuses(ShapeError, lambda: ops.lstm_cell(tensor(3, 12), H), "f32[3,12]"),
        refuses(ShapeError, lambda: ops.lstm_cell(tensor(12), tensor(3)), "f32[12]"),
        refuses(DTypeError, lambda: ops.lstm_cell(FOUR, tensor(2, 3, dtype="float64")), "f64"),
    ),
    "gru_cell": (
        *not_values(lambda x: ops.gru_cell(x, THREE, H)),
        *not_values(lambda h: ops.gru_cell(THREE, THREE, h)),
        *not_floats(lambda h: ops.gru_cell(THREE, THREE, h), 2, 3),
        refuses(ShapeError, lambda: ops.gru_cell(FOUR, THREE, H), "f32[2,12]"),
        refuses(ShapeError, lambda: ops.gru_cell(THREE, tensor(3, 9), H), "f32[3,9]"),
        refuses(ShapeError, lambda: ops.gru_cell(tensor(9), tensor(9), tensor(3)), "f32[9]"),
        refuses(DTypeError, lambda: ops.gru_cell(THREE, tensor(2, 9, dtype="float64"), H), "f64"),
    ),
}
