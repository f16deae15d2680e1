"""The examples in the docstrings of what makes the documentation."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["docstrings", "drawing", "executed", "gates", "reference"])
def test_examples(name):
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    found = doctest.testmod(importlib.import_module(f"extensions.{name}"), optionflags=flags)
    assert not found.failed
