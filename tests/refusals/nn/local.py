"""What the layer of `nn/local` refuses."""

from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor
from .conv import windows

LAYER = nn.LocallyConnected2d(4, 6, (7, 5), 3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "LocallyConnected2d": (
        *windows(lambda size, **settings: nn.LocallyConnected2d(4, 6, (7, 5), size, **settings)),
        *not_values(LAYER),
        *not_floats(LAYER, 2, 4, 7, 5),
        refuses(SettingError, lambda: nn.LocallyConnected2d(0, 6, 7, 3), "in_channels 0"),
        refuses(SettingError, lambda: nn.LocallyConnected2d(4, "six", 7, 3), "out_channels 'six'"),
        refuses(SettingError, lambda: nn.LocallyConnected2d(4, 6, 0, 3), "input_size 0"),
        refuses(ShapeError, lambda: nn.LocallyConnected2d(4, 6, (7, 2), 3), "a window of 3 over 2 pixels"),
        refuses(ShapeError, lambda: LAYER(tensor(2, 4, 7, 6)), "5×3 places"),
        refuses(ShapeError, lambda: LAYER(tensor(2, 3, 7, 5)), "4 channels"),
        refuses(ShapeError, lambda: LAYER(tensor(4, 7, 5)), "f32[4,7,5]"),
        refuses(DTypeError, lambda: LAYER(tensor(2, 4, 7, 5, dtype="float64")), "f64"),
    ),
}
