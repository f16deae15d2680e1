"""One check for every layer: shapes, parameter names, save and load, a loss that falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from chainrule import Tensor, nn, optim
from chainrule.random import Generator


@dataclass(frozen=True)
class Layer:
    """A layer's row.

    make: builds it, drawing from the generator;  input, output: shapes
    parameters, buffers: shapes by name, in order
    """

    make: Callable[[Generator], nn.Module]
    input: tuple[int, ...]
    output: tuple[int, ...]
    parameters: dict[str, tuple[int, ...]] = field(default_factory=dict)
    buffers: dict[str, tuple[int, ...]] = field(default_factory=dict)


def check_layer(layer: Layer) -> None:
    """All that a layer promises."""
    check_shapes(layer)
    check_names(layer)
    check_save_and_load(layer)
    check_that_a_loss_falls(layer)


def noise(shape: tuple[int, ...], seed: int = 3) -> np.ndarray:
    return Generator(seed).normal(shape)


def check_shapes(layer: Layer) -> None:
    module, x = layer.make(Generator(0)), noise(layer.input)
    before = x.copy()
    for mode in (True, False):
        out = module.train(mode)(Tensor(x))
        assert (out.shape, out.dtype) == (layer.output, np.float32)
        assert np.isfinite(out.numpy()).all()
        assert np.array_equal(module(x), module(Tensor(x))) or mode  # arrays are taken too
    np.testing.assert_array_equal(x, before)
    many = module.eval()(np.concatenate([x, x]))
    assert many.shape == (2 * layer.output[0], *layer.output[1:])


def check_names(layer: Layer) -> None:
    module = layer.make(Generator(0))
    assert {name: p.shape for name, p in module.named_parameters()} == layer.parameters
    assert {name: b.shape for name, b in module.named_buffers() if b.persistent} == layer.buffers
    assert list(module.state_dict()) == [*layer.parameters, *layer.buffers]
    assert all(p.requires_grad and p.dtype == np.float32 for p in module.parameters())


def check_save_and_load(layer: Layer) -> None:
    first, second, x = layer.make(Generator(1)), layer.make(Generator(2)), noise(layer.input)
    for state in (*first.parameters(), *(b for _, b in first.named_buffers() if b.persistent)):
        state.assign((noise(state.shape, 9) ** 2 * 10 + 1).astype(state.dtype))
    saved = {name: array.copy() for name, array in first.state_dict().items()}
    assert second.load_state_dict(saved) is second
    assert np.array_equal(first.eval()(x), second.eval()(x))
    assert all(np.array_equal(second.state_dict()[name], array) for name, array in saved.items())


class Fitted(nn.Module):
    """A layer behind a learned input, so that layers without parameters have something to learn too."""

    def __init__(self, layer: nn.Module, x: np.ndarray) -> None:
        self.x, self.layer = nn.Parameter(x), layer

    def forward(self, target):
        difference = self.layer(self.x) - target
        return (difference * difference).mean()


def check_that_a_loss_falls(layer: Layer) -> None:
    module = layer.make(Generator(0))
    target = layer.make(Generator(5)).eval()(noise(layer.input, 8) * 2)
    fitted = Fitted(module, noise(layer.input))
    optimizer = optim.Adam(fitted.parameters(), lr=0.05)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = fitted(Tensor(np.asarray(target)))
        loss.backward()
        assert all(p.grad is not None and p.grad.shape == p.shape for p in fitted.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.8 * losses[0]
