"""Reading SVG back in tests."""

from xml.etree import ElementTree

import pytest


class Reader:
    """What an SVG holds; each of these fails unless it is well-formed."""

    SPACE = "{http://www.w3.org/2000/svg}"

    @staticmethod
    def parse(markup):
        return ElementTree.fromstring(markup)

    @classmethod
    def parts(cls, markup, tag, kind=""):
        """The elements with a tag, and with a CSS class if one is given."""
        found = cls.parse(markup).iter(cls.SPACE + tag)
        return [one for one in found if not kind or f"cr-{kind}" in one.get("class", "").split()]

    @classmethod
    def words(cls, markup, kind=""):
        return [one.text for one in cls.parts(markup, "text", kind)]

    @classmethod
    def tooltips(cls, markup):
        return [one.text for one in cls.parts(markup, "title")]


@pytest.fixture
def reader():
    return Reader
