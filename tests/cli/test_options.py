"""Options that verbs share."""

import pytest

from chainrule import data, zoo
from chainrule.cli import options
from chainrule.errors import UsageError


@pytest.mark.parametrize("text", ["3x227x227", "3×227×227", "3X227x227"])
def test_picture_shape(text):
    assert options.picture_shape(None, None, text) == (3, 227, 227)
    assert options.picture_shape(None, None, None) is None


@pytest.mark.parametrize("text", ["", "3", "3x3", "0x3x3", "3x3x3x3", "-1x2x3"])
def test_no_picture_shape(text):
    with pytest.raises(UsageError, match="3x227x227"):
        options.picture_shape(None, None, text)


def test_every_name_is_told_and_completed():
    assert [name for name, about in options.networks() if about] == list(zoo.MODELS)
    assert [name for name, about in options.data_sets() if about] == list(data.names())
    assert options.complete_model(None, None, "re") == ["resnet20"]
    assert options.complete_data(None, None, "fashion") == ["fashion-6k", "fashion-mnist"]
