"""Bytes one after the other: memory is taken once they are there, and a bomb is refused."""

import io
import zipfile

import numpy as np
import pytest

from chainrule.data.stream import Stream, native, reading
from chainrule.errors import FileError

U1 = np.dtype("u1")


def stream(content, size=1000):
    return Stream("path", io.BytesIO(content).read, size)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("dtype", ["u1", ">i2", "<f8", ">U3", "?"])
def test_an_array_comes_in_the_machines_own_order(there, dtype):
    array = np.arange(600_000).reshape(2, -1).astype(dtype)
    one = stream(array.tobytes() + b"x", 10**6)
    found = one.array(array.dtype, array.shape, "", there)
    assert np.array_equal(found, array) and found.dtype.isnative and found.flags.writeable
    assert one.take(9) == b"x"


@pytest.mark.parametrize("there", [True, False])
def test_arrays_without_numbers(there):
    assert stream(b"").array(U1, (0, 3), "", there).shape == (0, 3)
    assert stream(b"\7").array(U1, (), "", there) == 7


def test_what_is_missing_is_said_and_no_memory_taken(monkeypatch):
    def never(*_):
        raise AssertionError("an array was made")

    monkeypatch.setattr(np, "empty", never)
    with pytest.raises(
        FileError, match=r"path: 5 bytes of numbers \(truncated\); expected nine; try: fetch it"
    ):
        stream(b"12345").array(U1, (1 << 40,), "nine")


def test_what_follows_is_said():
    stream(b"").check_end("")
    with pytest.raises(FileError, match="something follows the numbers; expected nine"):
        stream(b"x").check_end("nine")


def test_a_bomb_is_refused_beyond_a_hundred_times_and_a_megabyte():
    assert len(stream(bytes(1 << 20), 1).take(1 << 20)) == 1 << 20
    assert len(stream(bytes(2_000_000), 20_000).take(2_000_000)) == 2_000_000
    with pytest.raises(FileError, match="more than 100 times its size; expected .* try: unpack it yourself"):
        stream(bytes(2_000_001), 20_000).take(2_000_001)


def test_a_bomb_in_pieces_is_refused():
    one = stream(bytes(3 << 20), 1)
    with pytest.raises(FileError, match="more than 100 times"):
        one.array(U1, (3 << 20,), "")
    assert one.made < 1 << 21


def test_native_order_needs_no_copy():
    array = np.arange(4, dtype=">i4")
    assert np.shares_memory(native(array), array) and native(np.arange(2)).tolist() == [0, 1]


@pytest.mark.parametrize(
    "error", [zipfile.BadZipFile("a\x1b" + "b" * 900), EOFError("x"), NotImplementedError("y")]
)
def test_what_goes_wrong_is_the_files_fault(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"")
    with pytest.raises(FileError, match="it cannot be read") as caught, reading(path, "a file"):
        raise error
    assert str(caught.value).isprintable() and len(caught.value.came) < 200


def test_our_own_faults_stay_ours(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    with pytest.raises(AttributeError), reading(path, "a file"):
        raise AttributeError("x")
