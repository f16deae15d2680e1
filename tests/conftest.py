"""What tests of several rooms share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"
# Python's readline, which pytest loads, leaves a width for the processes that it starts: nobody's terminal has it.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)
# Read once, before any test takes the variable away.
FOLDER = Path(os.environ.get("CHAINRULE_DATA") or BESIDE_THE_CHECKOUT)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CHAINRULE_NO_SKIPS set, as in .ci/run, a skipped test fails: every peer and data set is there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CHAINRULE_NO_SKIPS") and reporter is not None:
        skipped = reporter.stats.get("skipped", [])
        for report in skipped:
            reporter.write_line(f"SKIPPED where nothing may be: {report.nodeid}: {report.longrepr}", red=True)
        if skipped:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """`shared_data("mnist_5k.npz")` is the path of a real data file, or skips the test."""

    def find(name: str) -> Path:
        if not (FOLDER / name).exists():
            pytest.skip(f"needs {name} in CHAINRULE_DATA or ../shared/data")
        return FOLDER / name

    return find
