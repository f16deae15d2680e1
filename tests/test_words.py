"""One thing, several, none."""

import pytest

from chainrule.words import many


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 picks"), (1, "1 pick"), (2, "2 picks"), (12345, "12,345 picks")]
)
def test_many(count, said):
    assert many(count, "pick") == said


def test_words_of_their_own():
    assert [many(n, "class", "classes") for n in (0, 1, 2)] == ["0 classes", "1 class", "2 classes"]
