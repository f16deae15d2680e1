"""What the functions of `ops/activation` refuse."""

from chainrule import ops
from chainrule.errors import SettingError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X = tensor(2, 3)
NAMES = ("gelu", "log_sigmoid", "relu", "sigmoid", "silu", "softplus", "tanh")
FLOATS = {name: (*not_values(getattr(ops, name)), *not_floats(getattr(ops, name), 2, 3)) for name in NAMES}

TABLE: dict[str, tuple[Refusal, ...]] = FLOATS | {
    "gelu": (
        *FLOATS["gelu"],
        refuses(SettingError, lambda: ops.gelu(X, approximate="quick"), "approximate 'quick'"),
        refuses(SettingError, lambda: ops.gelu(X, approximate=None), "approximate None"),
        refuses(SettingError, lambda: ops.gelu(X, approximate=["tanh"]), "approximate ['tanh']"),
    ),
    "softplus": (
        *FLOATS["softplus"],
        refuses(SettingError, lambda: ops.softplus(X, beta=0), "beta 0"),
        refuses(SettingError, lambda: ops.softplus(X, beta=-1.0), "beta -1.0"),
        refuses(SettingError, lambda: ops.softplus(X, beta=float("inf")), "beta inf"),
        refuses(SettingError, lambda: ops.softplus(X, beta="1"), "beta '1'"),
    ),
}
