"""Worker: 3×3 convolutions alone, in PyTorch, channels-last.  Arguments: the networks."""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from layers import Case, cases, serve_cases

TO_FIRST = (0, 3, 1, 2)
"""Pictures with their channels last, seen with their channels first."""


def step_of(case: Case) -> Callable[[], float]:
    """One way of a layer."""
    pictures, filters, back = (torch.from_numpy(array) for array in case.numbers())
    x, y = pictures.permute(TO_FIRST), back.permute(TO_FIRST)
    w = filters.contiguous(memory_format=torch.channels_last)
    stride, border = (case.stride, case.stride), (1, 1)
    if case.way == "forward":
        return lambda: float(torch.conv2d(x, w, None, stride, border)[0, 0, 0, 0])
    number, wanted = (0, [True, False, False]) if case.way == "to pictures" else (1, [False, True, False])

    def step() -> float:
        made = torch.ops.aten.convolution_backward(
            y, x, w, None, stride, border, (1, 1), False, (0, 0), 1, wanted
        )
        return float(made[number][0, 0, 0, 0])

    return step


def main() -> None:
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    serve_cases(cases(sys.argv[1:]), step_of)


if __name__ == "__main__":
    main()
