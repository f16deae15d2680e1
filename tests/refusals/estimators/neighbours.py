"""What `estimators/neighbours` refuses."""

from chainrule.errors import DataError, NotFittedError, SettingError
from chainrule.estimators import KNeighborsClassifier

from ..rows import Refusal, refuses
from ..samples import X, Y, bad_data, bad_settings

TABLE: dict[str, tuple[Refusal, ...]] = {
    "KNeighborsClassifier": (
        *bad_data(KNeighborsClassifier),
        *bad_settings(
            KNeighborsClassifier,
            n_neighbors=(0, -1, 2.5, True, "all", None),
            weights=("near", None, 1),
            metric=("l3", None, ["l2"]),
        ),
        refuses(DataError, lambda: KNeighborsClassifier(7).fit(X, Y), "n_neighbors = 7 of 6 samples"),
        refuses(DataError, lambda: KNeighborsClassifier().fit(X, Y).kneighbors(X, 7), "7 of 6 samples"),
        refuses(
            DataError, lambda: KNeighborsClassifier().fit(X, Y).kneighbors(n_neighbors=6), "6 of 5 samples"
        ),
        refuses(SettingError, lambda: KNeighborsClassifier().fit(X, Y).kneighbors(X, 0), "n_neighbors 0"),
        refuses(NotFittedError, lambda: KNeighborsClassifier().kneighbors(), "not fitted"),
        refuses(NotFittedError, lambda: KNeighborsClassifier().predict_proba(X), "not fitted"),
        refuses(DataError, lambda: KNeighborsClassifier().fit(X * 1e200, Y), "from their mean"),
        refuses(
            DataError, lambda: KNeighborsClassifier().fit(X, Y).predict(X * 1e200), "float64 cannot hold"
        ),
        refuses(
            DataError,
            lambda: KNeighborsClassifier(metric="cosine").fit(X * 1e-200, Y),
            "sample 0 has a length",
        ),
    ),
}
