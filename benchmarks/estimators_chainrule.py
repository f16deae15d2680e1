"""Worker: fits an estimator of ours, and scores it, by turns.  Arguments: network-200 or svm, and settings."""

from __future__ import annotations

import itertools
import sys

from estimators import read, settings
from turns import serve

from chainrule.estimators import LinearSVMClassifier, NetworkClassifier


def main() -> None:
    name, words = sys.argv[1:]
    chosen = settings(words)
    X, y, X_test, y_test = read()
    if name.startswith("network"):
        made = NetworkClassifier(
            (100,), schedule="constant", lr=chosen["lr"], batch_size=int(chosen["batch"])
        )
    else:
        made = LinearSVMClassifier()
    made.set_params(epochs=int(chosen["epochs"]), random_state=0)
    calls = itertools.cycle((lambda: made.fit(X, y).loss_curve_[-1], lambda: made.score(X_test, y_test)))
    serve(lambda: next(calls)(), who=type(made).__name__)


if __name__ == "__main__":
    main()
