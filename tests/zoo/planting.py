"""Numbers that are not finite, planted behind every layer of a network, forward and on the way back.

Nothing is compiled again for one: a plant is a division by a number of state, which is one until it is set to zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.compiler import Plan, watch
from chainrule.compiler.arrange import Arrangement
from chainrule.random import Generator
from chainrule.zoo import convnets


@cr.gate
class Steep(cr.Elementwise):
    """out = x;  its slope is 1 / y"""

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x

    def backward(self, upstream: Any, *, y: Any) -> Any:
        return upstream / y, None


class Plant:
    """What stands behind one layer: x / forward, whose slope is divided by backward once more."""

    def __init__(self, dtype: str) -> None:
        self.forward, self.backward = Tensor(1.0, dtype=dtype), Tensor(1.0, dtype=dtype)

    def grown(self, x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple(map(self.grown, x))
        return cr.apply(Steep(), x / self.forward, self.backward)

    def behind(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """The same forward with the plant behind each of its results."""
        return lambda *inputs: self.grown(forward(*inputs))


def planted(model: nn.Module, dtype: str) -> dict[str, Plant]:
    """Plants behind every layer and block of a model, by path; containers only pass on."""
    plants = {}
    for path, module in model.named_modules():
        if path and not isinstance(module, nn.Sequential):
            plants[path] = Plant(dtype)
            module.forward = plants[path].behind(module.forward)  # type: ignore[method-assign]
    return plants


def learned_so_far(model: nn.Module) -> dict[str, bool]:
    """For each layer whether it, or one before, has parameters: whether a gradient comes back through it."""
    found, there = {}, False
    for path, module in model.named_modules():
        if not isinstance(module, nn.Sequential):
            there = there or any(isinstance(value, nn.Parameter) for value in vars(module).values())
            found[path] = there
    return found


@contextmanager
def spoiled(cell: Tensor, number: float) -> Iterator[None]:
    """Inside, all numbers of a value are another."""
    before = cell.numpy().copy()
    cell.assign(Tensor(before * 0 + number, dtype=cell.dtype))
    try:
        yield
    finally:
        cell.assign(Tensor(before, dtype=cell.dtype))


@contextmanager
def narrow() -> Iterator[None]:
    """Inside, VGG-16 and AlexNet have the same layers with fewer channels and units: a step takes milliseconds."""
    stages, linear = convnets.stages, nn.Linear

    def few_channels(plan: list[tuple[int, int]], channels: int, rng: Generator) -> list[nn.Module]:
        return stages([(repeats, width // 8) for repeats, width in plan], channels, rng)

    def few_units(n_in: int, n_out: int, **settings: Any) -> nn.Linear:
        return linear(min(n_in, 64) if n_in == 4096 else n_in, 64 if n_out == 4096 else n_out, **settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convnets, "stages", few_channels)
        patch.setattr(nn, "Linear", few_units)
        yield


@contextmanager
def one_plan_for_looking() -> Iterator[None]:
    """Inside, the plan that keeps every value is made once for a step, and not at each look."""
    plans: dict[int, tuple[Arrangement, Plan]] = {}
    keeping = watch.keeping

    def known(made: Arrangement, *rest: Any) -> Plan:
        if id(made) not in plans:
            plans[id(made)] = made, keeping(made, *rest)
        return plans[id(made)][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "keeping", known)
        yield
