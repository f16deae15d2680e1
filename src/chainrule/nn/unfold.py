"""Windows of pictures as columns, and columns laid back as pictures."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.arguments import pair
from .module import Module

Size = int | tuple[int, int]


class Sliding(Module):
    """What both share: the window."""

    def __init__(self, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> None:
        self.window = ops.window_of(type(self).__name__, kernel_size, stride, padding, dilation)

    def settings(self) -> dict[str, Any]:
        """The window, as the functions are told it."""
        w = self.window
        return {"kernel_size": w.size, "dilation": w.dilation, "padding": w.padding, "stride": w.stride}

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.settings().items())


class Unfold(Sliding):
    """Every window of the pictures as a column: (N, C, H, W) float to (N, C·KH·KW, H'·W').

    Raises SettingError for settings that cannot work, ShapeError if the window does not fit, DTypeError for anything
    but floats.
    Also: `chainrule.unfold`.

    >>> from chainrule import nn
    >>> nn.Unfold(3, padding=1)
    Unfold(kernel_size=(3, 3), dilation=(1, 1), padding=(1, 1), stride=(1, 1))
    """

    def forward(self, x: Any) -> Any:
        return ops.unfold(x, **self.settings())


class Fold(Sliding):
    """Columns (N, C·KH·KW, H'·W') laid back as windows of pictures (N, C, H, W); overlaps add.

    output_size:  H and W
    Raises SettingError for settings that cannot work, ShapeError if the columns are not those of such pictures,
    DTypeError for anything but floats.
    Also: `chainrule.fold`.
    """

    def __init__(
        self, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
    ) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = pair("Fold", "output_size", output_size, 1)

    def forward(self, x: Any) -> Any:
        return ops.fold(x, self.output_size, **self.settings())

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
