"""The README tells the truth: its Python blocks run in order, in one namespace."""

from pathlib import Path

import pytest

from .readme import DOCS, blocks


def test_python_blocks_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = blocks("python")
    assert len(found) >= 3
    namespace: dict[str, object] = {"__name__": "readme"}
    for number, block in enumerate(found):
        exec(compile(block, f"README.md, Python block {number}", "exec"), namespace)  # noqa: S102
    assert "conv" in capsys.readouterr().out  # the summary and the program were printed


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_python_blocks_of_the_documentation_run(page: Path) -> None:
    namespace: dict[str, object] = {"__name__": page.stem}
    for number, block in enumerate(blocks("python", page)):
        exec(compile(block, f"{page.name}, Python block {number}", "exec"), namespace)  # noqa: S102


def test_shell_blocks_are_the_two_commands() -> None:
    first, second, *_ = blocks("shell")
    assert first.strip() == "pip install . && chainrule train"
    assert second.strip() == "pip install -e '.[dev]' && pytest -n auto"
