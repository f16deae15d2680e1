"""What scikit-learn wants in its own types: tags, its error of what is not fitted, its warning of a column.

It is imported where it asks for its tags itself, and nowhere else; its error and its warning are used where a program
has loaded it already.
"""

from __future__ import annotations

import sys
from typing import Any

from ..errors import MissingExtraError, NotFittedError


def classifier_tags() -> Any:
    """What scikit-learn's own tools ask a classifier: that it is one, and needs labels.

    Raises MissingExtraError without scikit-learn, 1.6 or newer.
    """
    try:
        from sklearn.utils import (  # type: ignore[import-untyped]  # noqa: PLC0415
            ClassifierTags,
            Tags,
            TargetTags,
        )
    except ImportError:
        came, hint = "scikit-learn is not installed", "pip install 'scikit-learn>=1.6'"
        raise MissingExtraError("estimators", came, "it, to make tags for it", hint) from None
    return Tags("classifier", TargetTags(required=True), classifier_tags=ClassifierTags())


def not_fitted(who: str) -> NotFittedError:
    """The error of an estimator that has not learned yet; for programs with scikit-learn, one of theirs too."""
    kind: Any = NotFittedError
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError", None)
    if theirs is not None:
        remade = {"__reduce__": lambda error: (not_fitted, (error.who,))}
        kind = type("NotFittedError", (NotFittedError, theirs), remade)
    error: NotFittedError = kind(
        who, "this instance is not fitted yet", "one that has learned", "fit(X, y) before"
    )
    return error


def conversion_warning() -> type[Warning]:
    """The kind of warning for a column of labels."""
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "DataConversionWarning", None)
    return UserWarning if theirs is None else theirs
