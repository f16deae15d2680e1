"""The names that train and search know."""

import pytest

from chainrule import zoo
from chainrule.cli.classifiers import NAMES, classifiers, complete_classifier, require_classifier
from chainrule.errors import UsageError


def test_names():
    assert {"knn", "svm", "softmax", *zoo.MODELS} == set(NAMES)
    assert [name for name, _ in classifiers()] == list(NAMES) and all(about for _, about in classifiers())
    assert complete_classifier(None, None, "s") == ["svm", "softmax"]


def test_an_unknown_name():
    for name in NAMES:
        require_classifier(name)
    with pytest.raises(UsageError, match="no model named 'smv'; .* try: svm"):
        require_classifier("smv")
