"""What the layers of `nn/unfold` refuse."""

from chainrule import nn
from chainrule.errors import SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

TABLE: dict[str, tuple[Refusal, ...]] = {
    "Fold": (
        *not_values(nn.Fold(4, 2)),
        *not_floats(nn.Fold(4, 2), 1, 8, 9),
        refuses(ShapeError, lambda: nn.Fold(4, 2)(tensor(1, 7, 9)), "f32[1,7,9]"),
        refuses(ShapeError, lambda: nn.Fold(4, 2)(tensor(1, 8, 8)), "f32[1,8,8]"),
        refuses(SettingError, lambda: nn.Fold(0, 2), "output_size 0"),
        refuses(SettingError, lambda: nn.Fold(4, 0), "kernel_size 0"),
        refuses(SettingError, lambda: nn.Fold(4, 2, stride=0), "stride 0"),
    ),
    "Unfold": (
        *not_values(nn.Unfold(2)),
        *not_floats(nn.Unfold(2), 1, 2, 4, 4),
        refuses(ShapeError, lambda: nn.Unfold(5)(tensor(1, 2, 4, 4)), "a window of 5 over 4 pixels"),
        refuses(ShapeError, lambda: nn.Unfold(2)(tensor(2, 4, 4)), "f32[2,4,4]"),
        refuses(SettingError, lambda: nn.Unfold("two"), "kernel_size"),
        refuses(SettingError, lambda: nn.Unfold(2, dilation=0), "dilation 0"),
        refuses(SettingError, lambda: nn.Unfold(2, padding=-1), "padding -1"),
        refuses(SettingError, lambda: nn.Unfold(2, stride=(1, 2, 3)), "stride (1, 2, 3)"),
    ),
}
