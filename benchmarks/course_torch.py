"""Worker: one layer of the course, forward and backward, in PyTorch.  Arguments: its name, and a layout."""

from __future__ import annotations

import sys
from typing import Any

import torch
from course_layers import BY_NAME
from torch.nn import functional
from turns import serve


def apply(layer: Any, *given: Any) -> Any:
    """The layer's result."""
    if layer.kind == "norm":
        return functional.layer_norm(given[0], layer.shapes[1], *given[1:])
    if layer.kind == "attention":
        return functional.scaled_dot_product_attention(*given)
    gate = functional.conv_transpose2d if layer.kind == "transposed" else functional.conv2d
    return gate(*given, **dict(layer.settings))


def main() -> None:
    name, layout = sys.argv[1:]
    torch.set_num_threads(2)
    layer = BY_NAME[name]
    memory = torch.channels_last if layout == "channels last" else torch.contiguous_format
    given = [torch.from_numpy(a).to(memory_format=memory).requires_grad_() for a in layer.arrays()]
    upstream = torch.from_numpy(layer.upstream(tuple(apply(layer, *given).shape))).to(memory_format=memory)

    def step() -> float:
        for x in given:
            x.grad = None
        apply(layer, *given).backward(upstream)
        return float(given[-1].grad.flatten()[0])

    serve(step)


if __name__ == "__main__":
    main()
