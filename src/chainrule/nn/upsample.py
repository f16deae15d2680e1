"""Layers that make larger pictures: of nearest pixels, of pixels between, of channels."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.arguments import at_least, flag
from ..ops.upsample import checked_target, kind_of
from .module import Module


class Upsample(Module):
    """Pictures in another size; (N, C, H, W) float to (N, C, H', W').

    size or scale_factor:  H' and W', or how many pixels become of one; one number for both axes, or two
    mode:  "nearest" or "bilinear";  align_corners: whether the outermost pixels lie on each other, for bilinear
    Raises SettingError for settings that cannot work, ShapeError for anything but pictures, DTypeError for anything
    but floats.
    Also: `chainrule.upsample`.

    >>> from chainrule import nn
    >>> nn.Upsample(scale_factor=2, mode="bilinear")
    Upsample(scale_factor=2, mode='bilinear')
    """

    def __init__(
        self,
        size: int | tuple[int, int] | None = None,
        scale_factor: float | tuple[float, float] | None = None,
        mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners = flag("Upsample", "align_corners", align_corners)
        kind_of("Upsample", mode, self.align_corners)
        checked_target("Upsample", size, scale_factor)

    def forward(self, x: Any) -> Any:
        how: dict[str, Any] = {"mode": self.mode, "align_corners": self.align_corners}
        return ops.upsample(x, size=self.size, scale_factor=self.scale_factor, **how)

    def extra_repr(self) -> str:
        text = f"scale_factor={self.scale_factor}" if self.size is None else f"size={self.size}"
        return f"{text}, mode={self.mode!r}{', align_corners=True' if self.align_corners else ''}"


class PixelShuffle(Module):
    """r² channels laid out as r × r pixels; (N, C·r², H, W) to (N, C, H·r, W·r).

    Raises SettingError for r below 1, ShapeError unless r² divides the channels, DTypeError for what is no array.
    Also: `chainrule.pixel_shuffle`.
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = at_least("PixelShuffle", "upscale_factor", upscale_factor, 1)

    def forward(self, x: Any) -> Any:
        return ops.pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """r × r pixels as r² channels; (N, C, H·r, W·r) to (N, C·r², H, W).

    Raises SettingError for r below 1, ShapeError unless r divides height and width, DTypeError for what is no array.
    Also: `chainrule.pixel_unshuffle`.
    """

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = at_least("PixelUnshuffle", "downscale_factor", downscale_factor, 1)

    def forward(self, x: Any) -> Any:
        return ops.pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
