"""Worker: labels of test pictures by their nearest neighbours.

Arguments: library, data set, metric, queries, dtype, a file for the labels.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from resident import peak
from turns import serve

NEIGHBOURS = 5
SKLEARN = {"l2": "euclidean", "l1": "manhattan", "cosine": "cosine"}


def arrays(name: str, dtype: str, queries: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training samples and their labels, and the first queries of the test set; flat."""
    if name == "noise":
        rng = np.random.default_rng(0)
        train, test = (rng.standard_normal((n, 784), dtype=dtype) for n in (20_000, queries))
        return train, rng.integers(0, 10, len(train)), test
    from chainrule import data  # noqa: PLC0415

    train, test = data.load(name)
    x, q = (part.images.reshape(len(part), -1) for part in (train, test))
    return x.astype(dtype), train.labels, q[:queries].astype(dtype)


def classifier(library: str, metric: str) -> tuple[Any, str]:
    """The classifier of a library, and its version."""
    if library == "chainrule":
        import chainrule  # noqa: PLC0415
        from chainrule.estimators import KNeighborsClassifier  # noqa: PLC0415

        return KNeighborsClassifier(NEIGHBOURS, metric=metric), chainrule.__version__
    import sklearn  # noqa: PLC0415
    from sklearn.neighbors import KNeighborsClassifier as Theirs  # noqa: PLC0415

    return Theirs(NEIGHBOURS, metric=SKLEARN[metric], algorithm="brute"), sklearn.__version__


def main() -> None:
    library, name, metric, queries, dtype, file = sys.argv[1:]
    knn, version = classifier(library, metric)
    x, y, q = arrays(name, dtype, int(queries))
    began = time.perf_counter()
    knn.fit(x, y)
    fit = time.perf_counter() - began
    knn.predict(q[:64])  # compiles
    held = (x.nbytes + q.nbytes) / 2**20

    def step() -> float:
        np.save(file, knn.predict(q))
        return peak() - held

    serve(step, version=version, fit=fit)


if __name__ == "__main__":
    main()
