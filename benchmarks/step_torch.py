"""Worker: the same steps in PyTorch.  Arguments: the weights of step_chainrule, and eager or channels-last."""

from __future__ import annotations

import sys

from convnets_torch import convnet
from step_chainrule import batches
from work_torch import work


def main() -> None:
    weights, mode = sys.argv[1:]
    work(convnet(), batches(), learn=True, weights=weights, mode=mode)


if __name__ == "__main__":
    main()
