"""Writes so many bytes to a file, and waits until they are on the disk."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from turns import serve


def main(folder: str, size: str) -> None:
    content = np.random.default_rng(0).bytes(int(size))
    path = Path(folder) / "raw"

    def copy() -> float:
        with open(path, "wb", buffering=0) as file:
            view = memoryview(content)
            while view:
                view = view[file.write(view[: 1 << 30]) :]
            os.fsync(file.fileno())
        return 0.0

    serve(copy)


if __name__ == "__main__":
    main(*sys.argv[1:])
