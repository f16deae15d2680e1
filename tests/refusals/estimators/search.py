"""What `estimators/search` refuses."""

from typing import Any

from chainrule.errors import DataError, DivergedError, SettingError, UsageError
from chainrule.estimators import RandomSearch, SoftmaxClassifier

from ..rows import Refusal, refuses
from ..samples import X, Y, bad_data

SOFTMAX = SoftmaxClassifier(epochs=5, random_state=0)


def search(**settings: Any) -> RandomSearch:
    usual = {"estimator": SOFTMAX, "space": {"lr": (0.1, 1.0)}, "trials": 2, "rounds": 1, "folds": 2}
    return RandomSearch(**{**usual, **settings})


def fit(**settings: Any) -> RandomSearch:
    return search(**settings).fit(X, Y)


TABLE: dict[str, tuple[Refusal, ...]] = {
    "RandomSearch": (
        *bad_data(search),
        refuses(SettingError, lambda: fit(estimator="svm"), "'svm', without get_params"),
        refuses(SettingError, lambda: fit(space={"lr": (1.0, 0.1)}), "lr is (1.0, 0.1)"),
        refuses(SettingError, lambda: fit(space={"lr": []}), "lr is []"),
        refuses(
            UsageError, lambda: fit(space={"rate": [1]}), "'rate', which is no parameter of SoftmaxClassifier"
        ),
        refuses(SettingError, lambda: fit(trials=0), "trials is 0"),
        refuses(SettingError, lambda: fit(rounds=3), "3 rounds of 2 trials"),
        refuses(SettingError, lambda: fit(folds=4), "4 folds, and class 'a' has 3 members"),
        refuses(DataError, lambda: fit(folds=[[0], [1]]), "2 folds with 2 indices"),
        refuses(SettingError, lambda: fit(jobs=0), "jobs 0"),
        refuses(DivergedError, lambda: fit(space={"lr": [1e38]}), "all 1 trials failed"),
    ),
}
