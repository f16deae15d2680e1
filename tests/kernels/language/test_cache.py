import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule
from chainrule.kernels.language import Engine, write
from chainrule.kernels.language.cache import MAGIC, Cache, trusted
from chainrule.kernels.language.native import run_native
from chainrule.kernels.language.types import I64

KEY, CODE = "a key\nof lines", b"\x7fELF" + bytes(range(256))


def entry(cache: Cache, key: str = KEY) -> Path:
    path = cache.place(key)
    assert path is not None
    return Path(path)


@pytest.fixture
def cache(tmp_path) -> Cache:
    return Cache(tmp_path / "objects")


def test_round_trip(cache):
    assert cache.read(KEY) is None
    cache.write(KEY, CODE)
    assert cache.read(KEY) == CODE
    assert cache.read(KEY + " ") is None
    cache.write(KEY, CODE[:9])
    assert cache.read(KEY) == CODE[:9]
    assert [p.name for p in entry(cache).parent.iterdir()] == [entry(cache).name]


def test_an_empty_object_is_one(cache):
    cache.write(KEY, b"")
    assert cache.read(KEY) == b""


DAMAGES = {
    "name": lambda b: flip(b, 0),
    "version": lambda b: flip(b, len(MAGIC) - 2),
    "first byte of the checksum": lambda b: flip(b, len(MAGIC)),
    "last byte of the checksum": lambda b: flip(b, len(MAGIC) + 31),
    "first byte of the code": lambda b: flip(b, len(MAGIC) + 32),
    "last byte of the code": lambda b: flip(b, len(b) - 1),
    "cut short": lambda b: b[:-1],
    "cut in the head": lambda b: b[:20],
    "empty": lambda b: b"",
    "longer": lambda b: b + b"\0",
}


def flip(content, at):
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_as_good_as_none(cache, damage):
    cache.write(KEY, CODE)
    path = entry(cache)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert cache.read(KEY) is None
    cache.write(KEY, CODE)
    assert cache.read(KEY) == CODE


def ones(k):
    k.store(k.pointer(0, I64), 0, k.constant(1, I64))


@pytest.mark.parametrize("damage", ["first byte of the code", "version"])
def test_a_damaged_kernel_is_compiled_again(cache, damage):
    first = Engine(cache=cache)
    first.load([write(ones)])
    path = entry(cache, first.key(write(ones)))
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    second, third = Engine(cache=cache), Engine(cache=cache)
    x = np.zeros(16, I64)
    run_native(ones, [x], 1, second)
    third.load([write(ones)])
    assert (second.compiled, third.compiled) == (1, 0)
    assert x.all()


def test_an_entry_in_the_place_of_another_is_ignored(cache):
    cache.write(KEY, CODE)
    other = entry(cache, "other")
    other.parent.mkdir(exist_ok=True)
    entry(cache).rename(other)
    assert cache.read("other") is None


on_posix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners of folders here")


@on_posix
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
def test_a_folder_that_others_write_into_is_refused(cache, level, mode):
    cache.write(KEY, CODE)
    folder = entry(cache).parents[level]
    folder.chmod(mode)
    assert not trusted(folder)
    assert cache.read(KEY) is None
    cache.write("another", CODE)
    if level == 1:
        assert not entry(cache, "another").exists()
    folder.chmod(0o755)
    assert cache.read(KEY) == CODE


@on_posix
def test_a_folder_of_somebody_else_is_refused(cache, monkeypatch):
    cache.write(KEY, CODE)
    monkeypatch.setattr(os, "getuid", lambda: entry(cache).stat().st_uid + 1)
    assert cache.read(KEY) is None


@on_posix
def test_new_folders_are_for_their_owner_alone(cache):
    before = os.umask(0)
    try:
        cache.write(KEY, CODE)
    finally:
        os.umask(before)
    assert cache.read(KEY) == CODE
    assert all(not folder.stat().st_mode & 0o077 for folder in entry(cache).parents[:2])


def test_a_folder_that_cannot_be_is_no_error(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        cache = Cache(folder)
        cache.write(KEY, CODE)
        assert cache.read(KEY) is None


def test_a_full_disk_is_no_error_and_leaves_nothing(cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache.write(KEY, CODE)
    assert cache.read(KEY) is None
    assert list(entry(cache).parent.iterdir()) == []


@pytest.mark.parametrize("step", ["makedirs", "replace"])
def test_a_folder_without_the_right_to_write_is_no_error(cache, monkeypatch, step):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, step, denied)
    cache.write(KEY, CODE)
    assert cache.read(KEY) is None


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    assert Cache.usual().folder == str(tmp_path)
    monkeypatch.setenv("CHAINRULE_CACHE", "")
    assert Cache.usual().folder is None
    monkeypatch.delenv("CHAINRULE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert Cache.usual().folder == str(tmp_path / "xdg" / "chainrule")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Cache.usual().folder == str(tmp_path / ".cache" / "chainrule")


def test_without_a_folder_nothing_is_kept():
    cache = Cache(None)
    cache.write(KEY, CODE)
    assert cache.read(KEY) is None
    assert cache.place(KEY) is None


WRITES = """
import sys
from pathlib import Path
from chainrule.kernels.language.cache import Cache
cache = Cache(Path(sys.argv[1]))
code = bytes([int(sys.argv[2])]) * 300_000
for _ in range(100):
    cache.write("key", code)
    found = cache.read("key")
    assert found is not None and len(set(found)) == 1 and len(found) == 300_000
"""


def test_two_processes_write_at_once(cache):
    source = str(Path(chainrule.__file__).parents[1])
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITES, str(cache.folder), str(number)],
            env={**os.environ, "PYTHONPATH": source},
        )
        for number in (1, 2)
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert cache.read("key") in (bytes([1]) * 300_000, bytes([2]) * 300_000)
    assert len(list(entry(cache, "key").parent.iterdir())) == 1
