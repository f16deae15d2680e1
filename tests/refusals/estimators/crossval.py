"""What `estimators/crossval` refuses."""

from typing import Any

from chainrule.errors import DataError, NonFiniteError, SettingError
from chainrule.estimators import CrossValidation, SoftmaxClassifier, cross_validate

from ..rows import Refusal, refuses
from ..samples import X, Y, with_nan


def look(lr: float = 1.0, **given: Any) -> CrossValidation:
    estimator = SoftmaxClassifier(lr=lr, epochs=5, random_state=0)
    called = {"estimator": estimator, "X": X, "y": Y, "folds": 2, **given}
    return cross_validate(called.pop("estimator"), called.pop("X"), called.pop("y"), **called)


TABLE: dict[str, tuple[Refusal, ...]] = {
    "cross_validate": (
        refuses(DataError, lambda: look(X=with_nan()), "1 NaN"),
        refuses(DataError, lambda: look(y=Y[:5]), "6 samples and y 5 labels"),
        refuses(DataError, lambda: look(y=["a"] * 6), "1 class"),
        refuses(DataError, lambda: look(folds=[[0, 1], [1, 2]]), "2 folds with 4 indices"),
        refuses(SettingError, lambda: look(folds=4), "4 folds, and class 'a' has 3 members"),
        refuses(SettingError, lambda: look(folds=1), "k is 1"),
        refuses(SettingError, lambda: look(groups=[0, 1, 0, 1, 0, 1]), "class 'a' has 1 group"),
        refuses(SettingError, lambda: look(estimator=SoftmaxClassifier), "the class SoftmaxClassifier"),
        refuses(SettingError, lambda: look(jobs=1.5), "1.5"),
        refuses(NonFiniteError, lambda: look(lr=1e38), "in epoch"),
    ),
}
