"""Columns."""

from chainrule.lens.rows import aligned


def test_columns_are_as_wide_as_their_longest_word_and_lines_end_with_words():
    rows = [("a", "10", "x"), ("bcd", "2", "")]
    assert aligned(rows, "lrl") == ["a     10   x", "bcd    2"]
    assert aligned([("►", "")], "ll", 1) == ["►"]
