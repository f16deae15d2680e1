"""Worker: the same ConvNets in PyTorch.  Arguments: network, verb, the weights, a mode of work_torch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import torch
from pictures import CONVNETS, batches
from torch import nn
from work_torch import work


def conv(channels: int, width: int, size: int, stride: int = 1, padding: int = 0, groups: int = 1) -> list:
    """A convolution with relu."""
    return [nn.Conv2d(channels, width, size, stride, padding, groups=groups), nn.ReLU()]


def line(features: Sequence[nn.Module], *sizes: int) -> nn.Sequential:
    """Features, then linear layers of these sizes with relu between them."""
    layers: list[nn.Module] = [*features, nn.Flatten()]
    for wide, narrow in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Linear(wide, narrow), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def stages(channels: int, *plan: tuple[int, int]) -> list[nn.Module]:
    """(n, width): n convolutions 3×3 of that width with relu, then a 2×2 max pool."""
    parts: list[nn.Module] = []
    for repeats, width in plan:
        for _ in range(repeats):
            parts += conv(channels, width, 3, padding=1)
            channels = width
        parts.append(nn.MaxPool2d(2))
    return parts


def lenet5() -> nn.Module:
    """LeNet-5 on 1×28×28."""
    features = [*conv(1, 6, 5, padding=2), nn.MaxPool2d(2), *conv(6, 16, 5), nn.MaxPool2d(2)]
    return line(features, 400, 120, 84, 10)


def convnet(channels: int = 3, size: int = 32) -> nn.Module:
    """The small ConvNet on square pictures."""
    return line(stages(channels, (2, 32), (2, 64)), 64 * (size // 4) ** 2, 256, 10)


def alexnet() -> nn.Module:
    """AlexNet in two groups on 3×227×227, without local response norm and dropout."""
    features = [
        *conv(3, 96, 11, stride=4),
        nn.MaxPool2d(3, 2),
        *conv(96, 256, 5, padding=2, groups=2),
        nn.MaxPool2d(3, 2),
        *conv(256, 384, 3, padding=1),
        *conv(384, 384, 3, padding=1, groups=2),
        *conv(384, 256, 3, padding=1, groups=2),
        nn.MaxPool2d(3, 2),
    ]
    return line(features, 9216, 4096, 4096, 1000)


def vgg16() -> nn.Module:
    """VGG-16 on 3×224×224, without dropout."""
    return line(stages(3, (2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), 25088, 4096, 4096, 1000)


def normed(channels: int, width: int, size: int, stride: int) -> tuple[nn.Module, nn.Module]:
    """A convolution that keeps the picture's size at stride 1, and its batch norm."""
    return nn.Conv2d(channels, width, size, stride, size // 2, bias=False), nn.BatchNorm2d(width)


class Block(nn.Module):
    """relu(F(x) + shortcut(x)), the shortcut a 1×1 convolution where width or stride changes."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = normed(channels, width, 3, stride)
        self.conv2, self.bn2 = normed(width, width, 3, 1)
        same = channels == width and stride == 1
        self.shortcut = nn.Sequential(*(() if same else normed(channels, width, 1, stride)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(h)) + self.shortcut(x))


class ResNet20(nn.Module):
    """One convolution, three stages of three blocks, the mean over the picture, one linear."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = normed(3, 16, 3, 1)
        plan = [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
        blocks = [[Block(c, w, s), Block(w, w, 1), Block(w, w, 1)] for c, w, s in plan]
        self.stages = nn.Sequential(*(block for stage in blocks for block in stage))
        self.linear = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.stages(torch.relu(self.bn1(self.conv1(x))))
        return self.linear(h.mean((2, 3)))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "lenet5": lenet5,
    "convnet": convnet,
    "resnet20": ResNet20,
    "alexnet": alexnet,
    "vgg16": vgg16,
}


def main() -> None:
    name, verb, weights, mode = sys.argv[1:]
    network, learn = CONVNETS[name], verb != "look"
    work(MODELS[name](), batches(network, verb), learn=learn, weights=weights, mode=mode, rate=network.rate)


if __name__ == "__main__":
    main()
