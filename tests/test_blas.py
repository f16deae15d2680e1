"""NumPy's threads sleep soon, if nobody chose otherwise and NumPy is not loaded yet."""

import os
import subprocess
import sys

import pytest

from chainrule.blas import SETTING, TICKS


def setting_after(code, **environment):
    """What the environment of a process says after some imports."""
    kept = {name: value for name, value in os.environ.items() if name != SETTING}
    command = [sys.executable, "-c", f"{code}; import os; print(os.environ.get({SETTING!r}))"]
    done = subprocess.run(command, env={**kept, **environment}, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize("code", ["import chainrule", "import chainrule, numpy", "from chainrule import nn"])
def test_threads_of_numpy_sleep_soon(code):
    assert setting_after(code) == TICKS


def test_what_somebody_chose_stays():
    assert setting_after("import chainrule", **{SETTING: "26"}) == "26"


def test_it_is_too_late_once_numpy_is_loaded():
    assert setting_after("import numpy, chainrule") == "None"
