"""A file is whole or not there, and a place that cannot be written says so."""

import os
import subprocess
import sys

import pytest

from chainrule.errors import FileError, ResourceError, UsageError
from chainrule.files import alone, take_away, told, write_whole


def test_a_file_is_written_and_written_over(tmp_path):
    place = tmp_path / "a.bin"
    write_whole(place, b"first")
    write_whole(place, b"second")
    assert place.read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_what_breaks_off_leaves_the_old_file(tmp_path, monkeypatch):
    place = tmp_path / "a.bin"
    write_whole(place, b"first")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(place, b"second")
    assert place.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_errors_name_the_path_and_the_way_to_say_it(tmp_path):
    with pytest.raises(FileError, match=r"nowhere.*: No such file.*; try: a path in another folder"):
        write_whole(tmp_path / "nowhere" / "a.bin", b"")
    with pytest.raises(ResourceError, match="free some, or --out on another disk"), told(tmp_path, "--out"):
        raise OSError(28, "No space left on device")


def test_only_what_is_named_and_only_empty_folders_are_taken_away(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    for name in ("a", "b"):
        (inner / name).touch()
    take_away([inner / "a", inner / "none"], [inner, tmp_path / "none"])
    assert os.listdir(inner) == ["b"]
    take_away([inner / "b"], [inner])
    assert not inner.exists()


def test_a_folder_is_closed_to_others_until_the_block_ends(tmp_path):
    with (
        alone(tmp_path),
        pytest.raises(UsageError, match="another process is at work in it; .*; try: wait"),
        alone(tmp_path),
    ):
        pass
    with alone(tmp_path), alone(tmp_path / "no such folder"):
        pass
    assert os.listdir(tmp_path) == []


def test_a_killed_process_leaves_its_folder_open(tmp_path):
    code = "import pathlib, sys, time; from chainrule.files import alone\n"
    code += "with alone(pathlib.Path(sys.argv[1])): print('in', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None and other.stdout.readline() == b"in\n"
            with pytest.raises(UsageError, match="another process"), alone(tmp_path):
                pass
        finally:
            other.kill()
    with alone(tmp_path):
        pass
