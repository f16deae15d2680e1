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


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads in /proc")
def test_numpy_computes_with_as_many_threads():
    clean = {k: v for k, v in os.environ.items() if k not in (*threads.VARIABLES, threads.SETTING)}
    code = (
        "import os, sys; from chainrule.cli.threads import relaunch; relaunch(sys.argv)\n"
        "import numpy as np; a = np.ones((500, 500)); a @ a; print(len(os.listdir('/proc/self/task')))"
    )

    def count(number: int) -> int:
        command = [sys.executable, "-c", code, "--threads", str(number)]
        return int(subprocess.run(command, env=clean, capture_output=True, check=True).stdout)

    assert count(1) == 1
    # the library starts no more threads than there are processors
    assert count(2) == min(2, len(os.sched_getaffinity(0)))


def test_in_place_it_is_taken(say, monkeypatch, tmp_path, pictures):
    for name in threads.VARIABLES:
        monkeypatch.setenv(name, "1")
    words = ["--data", pictures, "--epochs", 1, "--threads", 1, "--out", tmp_path / "run"]
    assert say("train", "linear", *words).code == 0
