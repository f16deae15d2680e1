"""Worker: the same with scikit-learn, in as many threads as it takes.  Arguments: network-200 or svm, and settings."""

from __future__ import annotations

import itertools
import sys
import warnings

import sklearn
from estimators import read, settings
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from turns import serve


def main() -> None:
    warnings.simplefilter("ignore")  # that it could go on learning
    name, words = sys.argv[1:]
    chosen = settings(words)
    epochs = int(chosen["epochs"])
    X, y, X_test, y_test = read("scaled" in chosen)
    if name.startswith("network"):
        made = MLPClassifier(
            (100,), max_iter=epochs, batch_size=int(chosen["batch"]), learning_rate_init=chosen["lr"]
        )
    else:
        made = SGDClassifier(loss="hinge", max_iter=epochs, tol=None, average="average" in chosen, n_jobs=2)
        made.set_params(alpha=chosen.get("alpha", 1e-4))
    made.set_params(random_state=0)

    def fit() -> float:
        made.fit(X, y)
        return 0.0

    calls = itertools.cycle((fit, lambda: made.score(X_test, y_test)))
    serve(lambda: next(calls)(), who=f"{type(made).__name__} {sklearn.__version__}")


if __name__ == "__main__":
    main()
