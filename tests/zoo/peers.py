"""The same networks in PyTorch, with our weights, and their training step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chainrule import nn, optim

from ..nn.steps import pictures, whole_step


def convnet(torch: Any, channels: int, features: int) -> Any:
    """The small ConvNet."""
    kit, parts = torch.nn, []
    for n_in, n_out, last in ((channels, 32, False), (32, 32, True), (32, 64, False), (64, 64, True)):
        parts += [kit.Conv2d(n_in, n_out, 3, padding=1), kit.ReLU()] + [kit.MaxPool2d(2)] * last
    return kit.Sequential(*parts, kit.Flatten(), kit.Linear(features, 256), kit.ReLU(), kit.Linear(256, 10))


def resnet20(torch: Any, channels: int) -> Any:
    """ResNet-20 with 1×1 convolution shortcuts; parts named as ours."""
    kit = torch.nn

    def conv(n_in, n_out, size, stride):
        return kit.Conv2d(n_in, n_out, size, stride, size // 2, bias=False)

    class Block(kit.Module):
        def __init__(self, n_in, n_out, stride):
            super().__init__()
            self.conv1, self.bn1 = conv(n_in, n_out, 3, stride), kit.BatchNorm2d(n_out)
            self.conv2, self.bn2 = conv(n_out, n_out, 3, 1), kit.BatchNorm2d(n_out)
            same = n_in == n_out and stride == 1
            self.shortcut = kit.Sequential(
                *([] if same else [conv(n_in, n_out, 1, stride), kit.BatchNorm2d(n_out)])
            )

        def forward(self, x):
            h = torch.relu(self.bn1(self.conv1(x)))
            return torch.relu(self.bn2(self.conv2(h)) + self.shortcut(x))

    class ResNet(kit.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = conv(channels, 16, 3, 1), kit.BatchNorm2d(16)
            widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
            strides = [1, 1, 1, 2, 1, 1, 2, 1, 1]
            blocks = [Block(*row) for row in zip(widths[:-1], widths[1:], strides, strict=True)]
            self.stages, self.linear = kit.Sequential(*blocks), kit.Linear(64, 10)

        def forward(self, x):
            h = self.stages(torch.relu(self.bn1(self.conv1(x))))
            return self.linear(h.mean(dim=(2, 3)))

    return ResNet()


def lstm(torch: Any, features: int) -> Any:
    """An LSTM that reads pictures row by row; parts named as ours."""

    class RowReader(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(features, 128, batch_first=True)
            self.linear = torch.nn.Linear(128, 10)

        def forward(self, x):
            rows = torch.stack([x[:, :, row].flatten(1) for row in range(x.shape[2])], dim=1)
            return self.linear(self.lstm(rows)[0][:, -1])

    return RowReader()


@contextmanager
def one_thread(torch: Any) -> Iterator[None]:
    """PyTorch on one thread: two that wait for each other on a busy machine take many times as long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def learn_alike(
    torch: Any, ours: nn.Module, theirs: Any, shape: tuple[int, ...], dtype: str = "float32"
) -> None:
    """Five steps of both from our weights: the losses agree, to 1e-4 in float32 and 1e-12 in float64.

    The rate is small because steps amplify the rounding of a deep network in float32.
    """
    names, state = list(theirs.state_dict()), ours.state_dict()
    theirs.load_state_dict(
        {name: torch.tensor(array) for name, array in zip(names, state.values(), strict=True)}
    )
    ours, theirs = ours.astype(dtype), theirs.to(getattr(torch, dtype))
    step = whole_step(ours, optim.SGD(ours.parameters(), lr=0.005, momentum=0.9), nn.CrossEntropyLoss())
    rule = torch.optim.SGD(theirs.parameters(), lr=0.005, momentum=0.9)
    found, expected = [], []
    for seed in range(5):
        images, labels = pictures(shape, 10, count=16, seed=seed)
        images = images.astype(dtype)
        found.append(step(images, labels).item())
        rule.zero_grad()
        with one_thread(torch):
            loss = torch.nn.functional.cross_entropy(theirs(torch.tensor(images)), torch.tensor(labels))
            loss.backward()
            rule.step()
        expected.append(loss.item())
    assert found == pytest.approx(expected, rel=1e-4 if dtype == "float32" else 1e-12)
    assert len(set(expected)) == 5
