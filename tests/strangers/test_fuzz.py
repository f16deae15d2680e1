"""A short run of the fuzzer, the same one each time; and the faults that it is there to find."""

import pytest

from chainrule.errors import FileError

from . import fuzz
from .readers import READERS

EACH = 30


def test_damaged_files_end_in_their_own_errors():
    found = fuzz.run(list(READERS), seed=0, each=EACH)
    assert not [text for one in found.values() for text in one.wrong], fuzz.told(found)
    assert all(one.cases == EACH and one.errors["FileError"] for one in found.values()), fuzz.told(found)


def test_the_same_numbers_make_the_same_file():
    for name in READERS:
        assert [fuzz.case(name, 3, n) for n in range(9)] == [fuzz.case(name, 3, n) for n in range(9)]


def raising(error):
    def read(path):
        raise error

    return read


FAULTS = {
    "another error": (raising(KeyError("x")), "KeyError: 'x'"),
    "a message that steers": (raising(FileError("a", "\x1b[2J", "c", "d")), "a bad message"),
    "a message without a hint": (raising(FileError("a", "b", "c", "")), "a bad message"),
    "an endless message": (raising(FileError("a", "b" * 5000, "c", "d")), "a bad message"),
    "memory": (lambda path: bytes(1 << 22), "bytes of memory for a file of"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_found(fault, monkeypatch, tmp_path):
    read, said = FAULTS[fault]
    monkeypatch.setattr(fuzz, "KEPT", tmp_path / "kept")
    fuzz.samples("start")
    calls = iter(range(100))
    first = READERS["start"].read
    kept = READERS["start"]._replace(read=lambda path: read(path) if next(calls) else first(path))
    monkeypatch.setitem(READERS, "start", kept)
    found = fuzz.run(["start"], each=2)["start"]
    assert len(found.wrong) == 2 and said in found.wrong[0]
    assert f"{fuzz.case('start', 0, 0)}" == f"{(tmp_path / 'kept' / 'start-0-0.bin').read_bytes()}"
    assert "2 files, 2 wrong" in fuzz.told({"start": found})
