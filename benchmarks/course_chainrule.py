"""Worker: one layer of the course, forward and backward, in chainrule.  Argument: its name.

Pictures come with their channels last, and go so, as they lie between the layers of a compiled network.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from course_layers import BY_NAME
from turns import serve

import chainrule as cr

TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def apply(layer: Any, *given: Any) -> Any:
    """The layer's result."""
    if layer.kind == "norm":
        return cr.layer_norm(given[0], layer.shapes[1], *given[1:])
    if layer.kind == "attention":
        return cr.scaled_dot_product_attention(*given)
    gate = cr.conv_transpose2d if layer.kind == "transposed" else cr.conv2d
    return gate(*given, **dict(layer.settings))


def main() -> None:
    layer = BY_NAME[sys.argv[1]]
    arrays = layer.arrays()
    upstream = layer.upstream(apply(layer, *arrays).shape)
    if layer.pictures:
        arrays[0], upstream = (np.ascontiguousarray(a.transpose(TO_LAST)) for a in (arrays[0], upstream))
    parameters = [cr.nn.Parameter(array) for array in arrays]

    @cr.compile(fallback="error")
    def step(arrived: cr.Tensor) -> Any:
        given = list(parameters)
        if layer.pictures:
            given[0], arrived = (cr.permute_dims(x, TO_FIRST) for x in (given[0], arrived))
        out = apply(layer, *given)
        out = cr.permute_dims(out, TO_LAST) if layer.pictures else out
        arrived = cr.permute_dims(arrived, TO_LAST) if layer.pictures else arrived
        return out, *cr.graph.gradients(out, parameters, arrived)

    tensor = cr.Tensor(upstream)
    serve(lambda: float(step(tensor)[-1].numpy().flat[0]))


if __name__ == "__main__":
    main()
