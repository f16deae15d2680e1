"""The comparison of a layer with PyTorch's of the same weights: values and all gradients, plain and compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import Tensor, nn

from .layers import noise


def torch_of(torch: Any, ours: nn.Module, theirs: Any) -> Any:
    """PyTorch's layer with our weights, in float64, by their names."""
    theirs = theirs.double()
    theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    return theirs


def agrees(
    torch: Any,
    ours: nn.Module,
    theirs: Any,
    *shapes: tuple[int, ...],
    mine: Callable[..., Any] | None = None,
    other: Callable[..., Any] | None = None,
) -> None:
    """Every output, and every gradient to inputs of these shapes and to weights, is PyTorch's, in float64.

    mine, other:  how the two are called with the inputs, where not as they are
    """
    ours = ours.astype("float64")
    for number, state in enumerate(ours.parameters()):
        state.assign(noise(state.shape, 40 + number).astype("float64"))
    theirs = torch_of(torch, ours, theirs)
    call, expect = mine or ours, other or theirs
    arrays = [noise(shape, 10 + k).astype("float64") for k, shape in enumerate(shapes)]
    given = [torch.tensor(a, requires_grad=True) for a in arrays]
    expected = list(leaves(expect(*given)))
    ups = [noise(tuple(e.shape), 20 + k).astype("float64") for k, e in enumerate(expected)]
    weights = [theirs.get_parameter(name) for name, _ in ours.named_parameters()]
    loss = sum((e * torch.tensor(u)).sum() for e, u in zip(expected, ups, strict=True))
    slopes = torch.autograd.grad(loss, [*given, *weights])

    def step(*inputs: Any) -> Any:
        outs = list(leaves(call(*inputs)))
        total = sum((out * up).sum() for out, up in zip(outs, ups, strict=True))
        return outs, cr.graph.gradients(total, [*inputs, *ours.parameters()])

    for run in (step, cr.compile(step, fallback="error")):
        outs, gradients = run(*(Tensor(a, requires_grad=True) for a in arrays))
        for a, b in [*zip(outs, expected, strict=True), *zip(gradients, slopes, strict=True)]:
            np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-10)


def leaves(out: Any) -> Iterator[Any]:
    """All tensors of nested tuples."""
    if isinstance(out, tuple | list):
        for part in out:
            yield from leaves(part)
    elif out is not None:
        yield out
