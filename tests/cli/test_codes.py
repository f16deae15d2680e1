"""The exit codes are those the documentation promises."""

from chainrule.cli.codes import EXIT_CODES


def test_the_codes():
    assert list(EXIT_CODES) == [0, 1, 2, 3, 4, 5, 130, 143]


def test_the_help_tells_them(say):
    shown = say("--help").out
    assert all(f"\n  {code}" in shown for code in EXIT_CODES)
