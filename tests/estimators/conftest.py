"""What tests of estimators share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def workers_find_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that joblib or a test starts can import the estimators of these tests."""
    monkeypatch.syspath_prepend(str(ROOT))
    paths = [str(ROOT), str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
