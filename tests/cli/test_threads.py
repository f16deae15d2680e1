"""--threads holds: NumPy's libraries are asked before they load."""

import os
import subprocess
import sys

import pytest

from chainrule.cli import threads


@pytest.mark.parametrize(
    ("words", "environment", "count"),
    [
        (["train", "--threads", "2"], {}, 2),
        (["train", "--threads=3"], {threads.SETTING: "1"}, 3),
        (["train"], {threads.SETTING: "4"}, 4),
        (["train", "--threads", "many"], {}, None),
        (["train", "--threads", "0"], {}, None),
        (["predict", "run", "--", "--threads", "2"], {}, None),
        ([], {}, None),
    ],
)
def test_asked(words, environment, count):
    assert threads.asked(words, environment) == count


def test_the_process_starts_anew_with_the_variables_in_place():
    clean = {k: v for k, v in os.environ.items() if k not in (*threads.VARIABLES, threads.SETTING)}
    code = (
        "import os, sys; from chainrule.cli import threads; threads.relaunch(['train', '--threads', '1']);"
        "print([os.environ[name] for name in threads.VARIABLES])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=True)
    assert done.stdout == "['1', '1', '1', '1']\n"


def test_too_late_inside_a_process(say, monkeypatch):
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    said = say("train", "linear", "--threads", "2")
    assert said.code == 2 and "after NumPy was loaded" in said.err
