"""What every classifier of ours is: scikit-learn's conventions, with the checks at the door, once for all."""

from __future__ import annotations

import difflib
import inspect
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UsageError
from . import door, scikit

Array = NDArray[Any]


class Classifier:
    """A classifier as scikit-learn's users know them: fit, predict, score, get_params, set_params.

    A subclass stores its parameters in the constructor and does no more there, and says how it learns and answers:
    `_learn(X, numbers)` leaves attributes that end with _, and `_called(X)` gives the number of each sample's class.
    Both get X checked: finite, uint8, float32 or float64, of the axes that the user gave (samples first).

    What fit leaves here:
    classes_:  the labels, sorted;  n_features_in_: numbers in one sample
    sample_shape_:  the axes of one sample, (D,) or (C, H, W);  feature_names_in_: the columns of a data frame
    """

    classes_: Array
    n_features_in_: int
    sample_shape_: tuple[int, ...]
    feature_names_in_: Array

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from samples and their labels; returns self, which is as it was if that fails.

        X:  (N, D) numbers, pictures (N, C, H, W), lists, or a data frame;  y: (N,) labels that can be sorted
        Raises DataError for NaN, infinity, text and complex numbers, nothing, one sample, one class, labels that are
        no classes; DTypeError for sparse matrices and objects; ShapeError for other axes.
        """
        before = vars(self).copy()
        try:
            for name in [name for name in before if name.endswith("_")]:
                delattr(self, name)
            self._learn(*self._taught(X, y))
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise
        return self

    def predict(self, X: Any) -> Array:
        """(N,) the label that each sample is given.

        Raises NotFittedError before fit, DataError for samples of other features.
        """
        X = self._asked(X)
        return self.classes_[self._called(X)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of samples that are given their own label, 0 to 1.

        sample_weight:  (N,) how much each counts; None counts all alike
        """
        called, truth = self.predict(X), door.one_column(type(self).__name__, np.asarray(y))
        if len(called) != len(truth):
            came = f"X has {len(called)} samples and y {len(truth)} labels"
            raise DataError(type(self).__name__, came, "as many of each", "give each sample its label")
        return float(np.average(called == truth, weights=sample_weight))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor; deep changes nothing, as none of them is an estimator."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Change parameters, which are checked when fit needs them; returns self.

        Raises UsageError for a name that is no parameter.
        """
        known = self._defaults()
        for name in params:
            if name not in known:
                near = (difflib.get_close_matches(name, known, n=1) or list(known))[0]
                came, expected = f"no parameter {name!r}", f"one of {', '.join(known)}"
                raise UsageError(type(self).__name__, came, expected, f"set_params({near}=…)")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """The constructor's call, with the parameters that are not as usual."""
        usual = self._defaults()
        told = [f"{k}={v!r}" for k, v in self.get_params().items() if repr(v) != repr(usual[k])]
        return f"{type(self).__name__}({', '.join(told)})"

    def __sklearn_tags__(self) -> Any:
        return scikit.classifier_tags()

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        """The parameters of the constructor with their defaults, in its order."""
        found = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return {parameter.name: parameter.default for parameter in found}

    def _learn(self, X: Array, numbers: NDArray[np.int64]) -> None:
        """Learn from checked samples (N, …), with (N,) the numbers of their classes."""
        raise NotImplementedError

    def _called(self, X: Array) -> NDArray[np.int64]:
        """(N,) the number of the class that each checked sample is given."""
        raise NotImplementedError

    def _taught(self, X: Any, y: Any) -> tuple[Array, NDArray[np.int64]]:
        """X and y, checked, and what is known of them kept."""
        who, names = type(self).__name__, door.names(X)
        array = door.features(who, X)
        self.classes_, numbers = door.labels(who, y, len(array))
        self.sample_shape_ = array.shape[1:]
        self.n_features_in_ = int(np.prod(self.sample_shape_))
        if names is not None:
            self.feature_names_in_ = names
        return array, numbers

    def _asked(self, X: Any) -> Array:
        """X of a question, checked, in the axes of the samples that were learned from."""
        who = type(self).__name__
        self._require_fit()
        names = door.names(X)
        if names is not None and hasattr(self, "feature_names_in_"):
            door.require_names(who, self.feature_names_in_, names)
        array = door.features(who, X)
        given, known = array.shape[1:], self.sample_shape_
        if given != known and int(np.prod(given)) == self.n_features_in_ and 1 in (len(given), len(known)):
            return array.reshape(len(array), *known)
        if given != known:
            count = int(np.prod(given))
            came = f"X has {count} features, but {who} is expecting {self.n_features_in_} features as input"
            hint = f"samples of shape {known}, as in fit, instead of {given}"
            raise DataError(who, came, f"X of shape (N, {', '.join(map(str, known))})", hint)
        return array

    def _require_fit(self) -> None:
        if not hasattr(self, "classes_"):
            raise scikit.not_fitted(type(self).__name__)
