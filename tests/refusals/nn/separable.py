"""What the layers of `nn/separable` refuse."""

from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor
from .conv import windows

DEPTHWISE, POINTWISE = nn.DepthwiseConv2d(4, 3), nn.PointwiseConv2d(4, 6)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "DepthwiseConv2d": (
        *windows(lambda size, **settings: nn.DepthwiseConv2d(4, size, **settings)),
        *not_values(DEPTHWISE),
        *not_floats(DEPTHWISE, 2, 4, 7, 6),
        refuses(SettingError, lambda: nn.DepthwiseConv2d(0, 3), "in_channels 0"),
        refuses(SettingError, lambda: nn.DepthwiseConv2d(4, 3, multiplier=0), "multiplier 0"),
        refuses(SettingError, lambda: nn.DepthwiseConv2d(4, 3, multiplier=1.5), "multiplier 1.5"),
        refuses(ShapeError, lambda: DEPTHWISE(tensor(2, 8, 7, 6)), "8 channels"),
        refuses(ShapeError, lambda: DEPTHWISE(tensor(4, 7, 6)), "f32[4,7,6]"),
        refuses(DTypeError, lambda: DEPTHWISE(tensor(2, 4, 7, 6, dtype="float64")), "f64"),
    ),
    "PointwiseConv2d": (
        *not_values(POINTWISE),
        *not_floats(POINTWISE, 2, 4, 7, 6),
        refuses(SettingError, lambda: nn.PointwiseConv2d(0, 3), "in_channels 0"),
        refuses(SettingError, lambda: nn.PointwiseConv2d(4, None), "out_channels None"),
        refuses(ShapeError, lambda: POINTWISE(tensor(2, 8, 7, 6)), "8 channels"),
        refuses(ShapeError, lambda: POINTWISE(tensor(2, 4)), "f32[2,4]"),
        refuses(DTypeError, lambda: POINTWISE(tensor(2, 4, 7, 6, dtype="float64")), "f64"),
    ),
}
