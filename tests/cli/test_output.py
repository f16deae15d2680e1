"""What is printed, and where."""

import io
import json

from rich.text import Text

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


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_colours_on_a_terminal_unless_no_color(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = Text("87%", "green")
    assert "\x1b[32m" in output.rendered(output.console(Terminal()), shown)
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.rendered(output.console(Terminal()), shown) == "87%\n"


def test_paths_are_never_broken_and_brackets_are_no_markup(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "20")
    path = "runs/[red]" + "long" * 20
    output.show(output.facts({"run": path}))
    assert capsys.readouterr().out == f"run   {path}\n"


def test_tables_fold_instead_of_cutting(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "30")
    table = output.plain_table("picture", "probability", right=(1,))
    table.add_row("x" * 30, "1.0%")
    output.show(table)
    text = capsys.readouterr().out
    assert text.count("x") == 30 and "…" not in text


def test_json_has_no_nan(capsys):
    output.show_json({"loss": float("nan"), "runs": [{"scores": (1.5, float("-inf"))}], "epochs": 3})
    expected = {"loss": None, "runs": [{"scores": [1.5, None]}], "epochs": 3}
    assert json.loads(capsys.readouterr().out) == expected
