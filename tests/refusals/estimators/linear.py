"""What `estimators/linear` refuses."""

from typing import Any

from chainrule.errors import DivergedError
from chainrule.estimators import LinearSVMClassifier, SoftmaxClassifier

from ..rows import Refusal, refuses
from ..samples import RATES, X, Y, bad_data, bad_settings


def rows(made: type[Any]) -> tuple[Refusal, ...]:
    return (
        *bad_data(lambda: made(epochs=1, random_state=0)),
        *bad_settings(made, **RATES),
        refuses(DivergedError, lambda: made(lr=1e38, random_state=0).fit(X, Y), "in epoch"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "LinearSVMClassifier": rows(LinearSVMClassifier),
    "SoftmaxClassifier": rows(SoftmaxClassifier),
}
