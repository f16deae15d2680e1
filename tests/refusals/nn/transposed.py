"""What the layers of `nn/transposed` refuse."""

from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor
from .conv import channels, windows

LINE, LAYER = nn.ConvTranspose1d(4, 6, 3), nn.ConvTranspose2d(4, 6, 3, padding=2)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "ConvTranspose1d": (
        *channels(lambda m, n, **settings: nn.ConvTranspose1d(m, n, 3, **settings)),
        *windows(lambda size, **settings: nn.ConvTranspose1d(4, 6, size, **settings)),
        *not_values(LINE),
        *not_floats(LINE, 2, 4, 7),
        refuses(SettingError, lambda: nn.ConvTranspose1d(4, 6, 3, output_padding=1), "output_padding (1,)"),
        refuses(SettingError, lambda: nn.ConvTranspose1d(4, 6, (3, 3)), "kernel_size (3, 3)"),
        refuses(ShapeError, lambda: LINE(tensor(2, 4, 7, 1)), "f32[2,4,7,1]"),
        refuses(ShapeError, lambda: LINE(tensor(2, 3, 7)), "3 channels"),
    ),
    "ConvTranspose2d": (
        *channels(lambda m, n, **settings: nn.ConvTranspose2d(m, n, 3, **settings)),
        *windows(lambda size, **settings: nn.ConvTranspose2d(4, 6, size, **settings)),
        *not_values(LAYER),
        *not_floats(LAYER, 2, 4, 7, 6),
        refuses(SettingError, lambda: nn.ConvTranspose2d(4, 6, 3, 2, output_padding=2), "output_padding"),
        refuses(SettingError, lambda: nn.ConvTranspose2d(4, 6, 3, output_padding=-1), "output_padding -1"),
        refuses(ShapeError, lambda: LAYER(tensor(2, 3, 7, 6)), "3 channels"),
        refuses(ShapeError, lambda: LAYER(tensor(2, 4, 2, 6)), "0×4 pixels"),
        refuses(DTypeError, lambda: LAYER(tensor(2, 4, 7, 6, dtype="float64")), "f64"),
    ),
}
