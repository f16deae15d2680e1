"""Residual networks for small pictures."""

from __future__ import annotations

from typing import Any

from .. import nn, ops
from ..random import Generator, chosen


def conv(channels: int, width: int, size: int, stride: int, rng: Generator) -> nn.Conv2d:
    """A convolution that keeps the picture's size at stride 1; batch norm brings the bias."""
    return nn.Conv2d(channels, width, size, stride, padding=size // 2, bias=False, rng=rng)


class Block(nn.Module):
    """relu(F(x) + shortcut(x)) with F two 3×3 convolutions, each with batch norm.

    Where width or stride changes, the shortcut is a 1×1 convolution with batch norm, else nothing.
    Source: He et al. 2016, figure 2, option B.
    """

    def __init__(self, channels: int, width: int, stride: int, rng: Generator) -> None:
        self.conv1, self.bn1 = conv(channels, width, 3, stride, rng), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, 1, rng), nn.BatchNorm2d(width)
        same = channels == width and stride == 1
        self.shortcut = nn.Sequential(
            *([] if same else [conv(channels, width, 1, stride, rng), nn.BatchNorm2d(width)])
        )

    def forward(self, x: Any) -> Any:
        h = ops.relu(self.bn1(self.conv1(x)))
        return ops.relu(self.bn2(self.conv2(h)) + self.shortcut(x))


class ResNet(nn.Module):
    """One convolution, three stages of blocks of widths 16, 32, 64, the mean over the picture, one linear."""

    def __init__(self, blocks: int, channels: int, classes: int, rng: Generator) -> None:
        self.conv1, self.bn1 = conv(channels, 16, 3, 1, rng), nn.BatchNorm2d(16)
        self.stages = nn.Sequential(
            *(
                Block(
                    width if number else max(16, width // 2),
                    width,
                    2 if number == 0 and width > 16 else 1,
                    rng,
                )
                for width in (16, 32, 64)
                for number in range(blocks)
            )
        )
        self.linear = nn.Linear(64, classes, rng=rng)

    def forward(self, x: Any) -> Any:
        h = self.stages(ops.relu(self.bn1(self.conv1(x))))
        return self.linear(ops.mean(h, axis=(2, 3)))


def resnet20(
    input_shape: tuple[int, ...] = (3, 32, 32), classes: int = 10, *, rng: Generator | None = None
) -> ResNet:
    """Twenty layers with weights, three blocks a stage; 272,474 parameters on 3×32×32 with ten classes.

    Source: He et al. 2016, §4.2, with 1×1 convolution shortcuts (batch norm's scales and shifts counted).
    """
    return ResNet(3, input_shape[0], classes, chosen(rng))
