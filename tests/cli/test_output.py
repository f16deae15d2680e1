"""What is printed, and where."""

import io
import json

from chainrule.cli import output


def test_json_is_one_line(capsys):
    output.show_json({"run": "é", "loss": 0.5})
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1 and json.loads(printed) == {"run": "é", "loss": 0.5}


def test_bars_grow():
    assert [output.bar(share, 2) for share in (0, 1 / 16, 0.5, 1, 7)] == ["  ", "▏ ", "█ ", "██", "██"]


def test_lines_are_whole_in_a_pipe_and_bounded_by_columns(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert output.console(io.StringIO()).width == output.UNBOUNDED
    monkeypatch.setenv("COLUMNS", "70")
    assert output.console(io.StringIO()).width == 70


def test_facts_are_aligned():
    assert output.facts({"a": "1", "long": "2"}).plain == "a      1\nlong   2"
