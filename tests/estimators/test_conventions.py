"""scikit-learn's own checks of an estimator, of all classifiers of this room."""

import warnings
from functools import partial
from unittest import SkipTest

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from chainrule.estimators import (
    KNeighborsClassifier,
    LinearSVMClassifier,
    NetworkClassifier,
    SoftmaxClassifier,
)

ESTIMATORS = [
    KNeighborsClassifier(),
    LinearSVMClassifier(),
    SoftmaxClassifier(),
    NetworkClassifier(),
]
"""One of each, as made without arguments; a new classifier is one more line."""


LEFT_OUT = ("SCIPY_ARRAY_API is not set", "pandas is not installed")
"""What a check may need besides scikit-learn: arrays of other libraries, which this room does not take, and pandas,
which it does not know either: `test_base` has frames of its own."""


def name_of(check):
    """The name of a check, with what it is called with besides an estimator."""
    if not isinstance(check, partial):
        return check.__name__
    settings = [f"{key}={value}" for key, value in check.keywords.items()]
    return "-".join([name_of(check.func), *settings])


def checks():
    """Each classifier with each check; that they do not inherit from scikit-learn is meant so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Estimator .* does not inherit", UserWarning)
        for estimator in ESTIMATORS:
            for one, check in estimator_checks_generator(estimator):
                yield pytest.param(one, check, id=f"{type(one).__name__}-{name_of(check)}")


@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_scikit_learns_own_checks(estimator, check):
    try:
        check(estimator)
    except SkipTest as reason:
        assert str(reason).startswith(LEFT_OUT)
