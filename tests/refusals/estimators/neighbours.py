"""What `estimators/neighbours` refuses."""

from chainrule.errors import DataError, SettingError
from chainrule.estimators import KNeighborsClassifier

from ..rows import Refusal, refuses
from ..samples import X, Y, bad_data, bad_settings

TABLE: dict[str, tuple[Refusal, ...]] = {
    "KNeighborsClassifier": (
        *bad_data(lambda: KNeighborsClassifier(1)),
        *bad_settings(KNeighborsClassifier, weights=("none", None), metric=("l3", 2)),
        refuses(SettingError, lambda: KNeighborsClassifier(0).fit(X, Y), "n_neighbors 0"),
        refuses(DataError, lambda: KNeighborsClassifier(7).fit(X, Y), "n_neighbors = 7 of 6 samples"),
    ),
}
