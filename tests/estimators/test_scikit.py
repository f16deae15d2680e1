"""scikit-learn's own types: its tags, and its error of what is not fitted."""

import copy
import pickle
import subprocess
import sys

import pytest
import sklearn.exceptions
from sklearn.utils import get_tags

from chainrule.errors import ChainruleError, MissingExtraError, NotFittedError
from chainrule.estimators import scikit

from .test_base import Means


def test_tags_say_what_it_is():
    tags = get_tags(Means())
    assert tags.estimator_type == "classifier" and tags.target_tags.required and tags.requires_fit


def test_without_scikit_learn_the_tags_name_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.utils", None)
    with pytest.raises(MissingExtraError, match="pip install 'scikit-learn"):
        scikit.classifier_tags()


def test_the_error_of_what_is_not_fitted_is_theirs_too():
    error = scikit.not_fitted("Means")
    assert isinstance(error, sklearn.exceptions.NotFittedError) and isinstance(error, NotFittedError)
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert str(again) == str(error) and isinstance(again, sklearn.exceptions.NotFittedError)


def test_nothing_of_this_room_loads_scikit_learn():
    script = """
import sys
from chainrule.estimators import scikit
error = scikit.not_fitted("x")
assert type(error).__module__ == "chainrule.errors" and scikit.conversion_warning() is UserWarning
print("sklearn" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert issubclass(NotFittedError, ChainruleError | AttributeError)
