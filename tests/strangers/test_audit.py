"""Reading a file runs no code, imports nothing, opens no second file and no socket."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .audit import PLACES
from .fuzz import case, samples
from .readers import READERS

ROOT = Path(__file__).parents[2]
DAMAGED = 25
BEFORE = {"sealed", "checkpoint", "step", "weights"}
"""They load SHA-256, and look up the types of our gates' settings, before they open their first file."""


def test_every_reader_is_watched():
    assert set(PLACES) == set(READERS)


@pytest.mark.parametrize("place", sorted({place for place, _ in PLACES.values()}))
def test_reading_opens_the_file_and_does_nothing_else(place, tmp_path):
    names = [name for name in READERS if PLACES[name][0] == place]
    given = [(name, path, whole) for name in names for path, whole in files(name, tmp_path)]
    words = [sys.executable, "-m", "tests.strangers.audit", *(str(w) for g in given for w in g[:2])]
    made = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
    lines = [json.loads(line) for line in made.stdout.splitlines()]
    for (name, path, whole), line in zip(given, lines, strict=True):
        opened = ["open", str(path)]
        begin = line["events"].index(opened)
        assert line["events"][begin:] == [opened], (name, line)
        assert not begin or (name in BEFORE and path.parent.name == "0"), (name, line)
        assert line["ended"] == "a value" or not whole


def files(name, folder):
    """Whole and damaged files of a reader, in folders of their own."""
    damaged = 0 if name == "trials" else DAMAGED  # from a log, half a line at the end is cut off
    for number, content in enumerate([*samples(name), *(case(name, 1, n) for n in range(damaged))]):
        path = folder / name / f"{number}" / READERS[name].file
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        yield path, number < len(samples(name))
