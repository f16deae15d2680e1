"""What the functions of `ops/lp_pool` refuse."""

from chainrule import ops
from chainrule.errors import SettingError

from ..rows import Refusal, refuses
from .pool import X, pictures, pools

TABLE: dict[str, tuple[Refusal, ...]] = {
    "lp_pool2d": (
        *pictures(lambda x: ops.lp_pool2d(x, 2, 5)),
        *pools(lambda *a, **b: ops.lp_pool2d(X, 2, *a, **b)),
        refuses(SettingError, lambda: ops.lp_pool2d(X, 0, 2), "norm_type 0"),
        refuses(SettingError, lambda: ops.lp_pool2d(X, -1.0, 2), "norm_type -1.0"),
        refuses(SettingError, lambda: ops.lp_pool2d(X, float("inf"), 2), "norm_type inf"),
        refuses(SettingError, lambda: ops.lp_pool2d(X, "two", 2), "norm_type 'two'"),
        refuses(SettingError, lambda: ops.lp_pool2d(X, 2, 2, ceil_mode=1), "ceil_mode 1"),
    ),
}
