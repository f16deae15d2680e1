"""ConvNets as a line of layers: LeNet-5, the small ConvNet, AlexNet, VGG-16."""

from __future__ import annotations

import math

from .. import nn
from ..random import Generator, chosen
from .naming import named


def flat(features: list[nn.Module], input_shape: tuple[int, ...]) -> int:
    """How many numbers the features make of one picture."""
    return math.prod(nn.output_shape(named(*features), input_shape))


def lenet5(
    input_shape: tuple[int, ...] = (1, 28, 28), classes: int = 10, *, rng: Generator | None = None
) -> nn.Sequential:
    """conv 6 – pool – conv 16 – pool – 120 – 84 – classes; 61,706 parameters on 1×28×28.

    Pictures below 32×32 get a border of 2, so that the first convolution sees the 32×32 of the paper.
    Source: LeCun et al. 1998, §II, with relu and max pooling, as it is used today.
    """
    rng = chosen(rng)
    features: list[nn.Module] = [
        nn.Conv2d(input_shape[0], 6, 5, padding=2 if min(input_shape[1:]) < 32 else 0, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]
    return named(
        *features,
        nn.Flatten(),
        nn.Linear(flat(features, input_shape), 120, rng=rng),
        nn.ReLU(),
        nn.Linear(120, 84, rng=rng),
        nn.ReLU(),
        nn.Linear(84, classes, rng=rng),
    )


def convnet(
    input_shape: tuple[int, ...] = (1, 28, 28), classes: int = 10, *, rng: Generator | None = None
) -> nn.Sequential:
    """The small ConvNet: conv 32 – conv 32 – pool – conv 64 – conv 64 – pool – 256 – classes.

    All filters are 3×3 with padding 1.  870,634 parameters on 1×28×28, 1,116,970 on 3×32×32.
    """
    rng = chosen(rng)
    features = stages([(2, 32), (2, 64)], input_shape[0], rng)
    return named(
        *features,
        nn.Flatten(),
        nn.Linear(flat(features, input_shape), 256, rng=rng),
        nn.ReLU(),
        nn.Linear(256, classes, rng=rng),
    )


def stages(plan: list[tuple[int, int]], channels: int, rng: Generator) -> list[nn.Module]:
    """(n, width): n convolutions 3×3 of that width with relu, then a 2×2 max pool."""
    parts: list[nn.Module] = []
    for repeats, width in plan:
        for _ in range(repeats):
            parts += [nn.Conv2d(channels, width, 3, padding=1, rng=rng), nn.ReLU()]
            channels = width
        parts.append(nn.MaxPool2d(2))
    return parts


def alexnet(
    input_shape: tuple[int, ...] = (3, 227, 227),
    classes: int = 1000,
    *,
    normalize: bool = True,
    rng: Generator | None = None,
) -> nn.Sequential:
    """Five convolutions (two groups in the 2nd, 4th, 5th), overlapping 3×3 pools with stride 2, 4096 – 4096.

    60,965,224 parameters, 724,406,816 multiply-adds on 3×227×227.
    normalize: local response norm after the first two convolutions
    Source: Krizhevsky et al. 2012, §3.5; norm constants n = 5, α = 1e-4, β = 0.75, k = 2 (α averaged over n).
    """
    rng = chosen(rng)
    norm = [nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)] if normalize else []
    features: list[nn.Module] = [
        nn.Conv2d(input_shape[0], 96, 11, stride=4, rng=rng),
        nn.ReLU(),
        *norm,
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(96, 256, 5, padding=2, groups=2, rng=rng),
        nn.ReLU(),
        *(nn.LocalResponseNorm(layer.size, layer.alpha, layer.beta, layer.k) for layer in norm),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(256, 384, 3, padding=1, rng=rng),
        nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2, rng=rng),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
    ]
    return named(*features, nn.Flatten(), *dropout_head(flat(features, input_shape), classes, rng))


def vgg16(
    input_shape: tuple[int, ...] = (3, 224, 224), classes: int = 1000, *, rng: Generator | None = None
) -> nn.Sequential:
    """Thirteen 3×3 convolutions in five stages, 4096 – 4096; 138,357,544 parameters on 3×224×224.

    Source: Simonyan and Zisserman 2015, configuration D.
    """
    rng = chosen(rng)
    features = stages([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], input_shape[0], rng)
    return named(*features, nn.Flatten(), *dropout_head(flat(features, input_shape), classes, rng))


def dropout_head(inputs: int, classes: int, rng: Generator) -> list[nn.Module]:
    """4096 – 4096 – classes, with dropout before the first two."""
    return [
        nn.Dropout(0.5, rng=rng),
        nn.Linear(inputs, 4096, rng=rng),
        nn.ReLU(),
        nn.Dropout(0.5, rng=rng),
        nn.Linear(4096, 4096, rng=rng),
        nn.ReLU(),
        nn.Linear(4096, classes, rng=rng),
    ]
