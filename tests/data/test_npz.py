"""npz files: plain arrays, read as NumPy wrote them; every lie of a header is found before memory is taken for it."""

import io
import struct
import warnings
import zipfile

import numpy as np
import pytest

from chainrule.data.npz import npz
from chainrule.errors import FileError

ARRAYS = {
    "bytes": np.arange(24, dtype="u1").reshape(2, 3, 4),
    "big": np.arange(6, dtype=">i4").reshape(2, 3),
    "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "half": np.arange(3, dtype="f2"),
    "flags": np.array([True, False]),
    "texts": np.array(["cat", "größe ☃"]),
    "old": np.array([b"cat", b"dog"]),
    "one": np.asarray(7),
    "none": np.zeros((0, 5)),
}


def read(path):
    with npz(path) as archive:
        return {name: archive[name] for name in archive.names}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(save, tmp_path):
    save(tmp_path / "a.npz", **ARRAYS)
    found = read(tmp_path / "a.npz")
    assert list(found) == sorted(ARRAYS)
    for name, array in ARRAYS.items():
        assert np.array_equal(found[name], array) and found[name].dtype == array.dtype.newbyteorder("=")


def npy(header, content=b"", version=b"\1\0"):
    text = header.encode("latin1") + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text + content


def header(descr="'|u1'", fortran="False", shape="(3,)"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


def packed(path, *members, method=zipfile.ZIP_STORED):
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that are there already
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "text",
    [
        header(),
        "{'shape': (3,), 'descr': '|u1', 'fortran_order': False}",
        "{'shape':(3L,),'descr':'|u1','fortran_order':False,}   ",
    ],
)
@pytest.mark.parametrize("version", [b"\1\0", b"\2\0", b"\3\0"])
def test_headers_as_others_write_them(text, version, tmp_path):
    found = read(packed(tmp_path / "a.npz", ("x.npy", npy(text, b"abc", version)), ("notes.txt", b"hello")))
    assert {name: array.tolist() for name, array in found.items()} == {"x": [97, 98, 99]}


LIES = {
    "objects": header("'|O'"),
    "a record": header("[('a', '<i4')]"),
    "complex numbers": header("'<c8'"),
    "times": header("'<M8[s]'"),
    "a text of no length": header("'<U0'"),
    "an endless text": header("'<U9999999'"),
    "a call": header("__import__('os').system('id')"),
    "a call as the shape": header(shape="(open('x'),)"),
    "a shape below zero": header(shape="(-1,)"),
    "a list as the shape": header(shape="[3]"),
    "a number as the shape": header(shape="3"),
    "an absurd shape": header(shape="(0, 9999999999999, 9999999999999)"),
    "many axes": header(shape=f"({'1, ' * 40})"),
    "a larger shape": header(shape="(1099511627776,)"),
    "a smaller shape": header(shape="(2,)"),
    "no shape": "{'descr': '|u1', 'fortran_order': False}",
    "an entry twice over": header()[:-1] + "'more': True, }",
    "no order": header(fortran="'x'"),
    "nothing": "",
    "no dictionary": "[1, 2]",
    "escapes": header("'\x1b[2J'"),
    "a long header": header() + " " * 20_000,
    "deep": "(" * 900,
}


@pytest.mark.parametrize("kind", LIES)
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_lying_headers(kind, method, tmp_path, monkeypatch):
    path = packed(tmp_path / "a.npz", ("x.npy", npy(LIES[kind], b"abc")), method=method)
    monkeypatch.setattr(np, "empty", None)  # nothing is allocated
    with pytest.raises(FileError) as caught:
        read(path)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 600 and "x" in caught.value.came


def archive(change, method=zipfile.ZIP_DEFLATED):
    """The bytes of an archive of one array, changed."""
    buffer = io.BytesIO()
    packed(buffer, ("x.npy", npy(header(shape="(3000,)"), bytes(3000))), method=method)
    return change(bytearray(buffer.getvalue()))


def at(mark, offset, form, value):
    def change(data):
        struct.pack_into(form, data, data.index(mark) + offset, value)
        return bytes(data)

    return change


BROKEN = {
    "no archive": (lambda data: b"x,y\n", "begins with the bytes 78 2c"),
    "cut off": (lambda data: bytes(data[:-30]), "it cannot be read"),
    "another checksum": (at(b"PK\1\2", 16, "<I", 1), "CRC"),
    "a larger size": (at(b"PK\1\2", 24, "<I", 1 << 31), "bytes of numbers for shape"),
    "a smaller size": (at(b"PK\1\2", 24, "<I", 100), "CRC"),
    "packed smaller": (at(b"PK\1\2", 20, "<I", 5), "truncated|begins with|header|end of file|EOF|cannot"),
    "an offset outside": (at(b"PK\1\2", 42, "<I", 1 << 30), "cannot be read"),
    "an offset into the table": (at(b"PK\1\2", 42, "<I", 40), "cannot be read"),
    "another packing": (at(b"PK\1\2", 10, "<H", 99), "a way that np.savez does not use|compression"),
    "locked": (at(b"PK\1\2", 8, "<H", 1), "cannot be read"),
    "an endless table": (at(b"PK\5\6", 12, "<I", 1 << 30), "table|cannot"),
    "a table of many": (at(b"PK\5\6", 12, "<I", 40_000), "table of contents of 40,000 bytes|offset"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_archives(kind, tmp_path):
    change, said = BROKEN[kind]
    path = tmp_path / "a.npz"
    path.write_bytes(archive(change))
    with pytest.raises(FileError, match=said) as caught:
        read(path)
    assert str(caught.value).isprintable()


def test_a_size_that_is_not_there_takes_no_memory(tmp_path, monkeypatch):
    """Header and table agree on more than the file has."""
    path = packed(tmp_path / "a.npz", ("x.npy", npy(header(shape="(2147483648,)"), b"abc")))
    data = path.read_bytes()
    stated = (1 << 31) + data.index(b"abc") - data.index(b"\x93NUMPY")
    path.write_bytes(at(b"PK\1\2", 24, "<I", stated)(bytearray(data)))
    monkeypatch.setattr(np, "empty", None)
    with pytest.raises(FileError, match="truncated|CRC"):
        read(path)


def test_letters_that_there_are_not(tmp_path):
    content = npy(header("'<U2'", shape="(1,)"), b"a\0\0\0\0\0\x11\0")
    with pytest.raises(FileError, match="a letter that there is not"):
        read(packed(tmp_path / "a.npz", ("x.npy", content)))


def test_an_array_of_objects_is_told_as_such(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([1, "a"], object))
    with pytest.raises(FileError, match="x is an array of Python objects; expected .*; try: x.astype"):
        read(tmp_path / "a.npz")


def test_two_arrays_of_one_name(tmp_path):
    one = npy(header(), b"abc")
    with pytest.raises(FileError, match="two arrays of one name"):
        read(packed(tmp_path / "a.npz", ("x.npy", one), ("y.npy", one), ("x.npy", one)))


def test_thousands_of_members(tmp_path):
    many = packed(tmp_path / "a.npz", *((f"{k}.npy", b"") for k in range(2000)))
    with pytest.raises(FileError, match="table of contents"):
        read(many)


def test_a_bomb(tmp_path):
    content = npy(header(shape="(4194304,)"), bytes(1 << 22))
    with pytest.raises(FileError, match="more than 100 times its size"):
        read(packed(tmp_path / "a.npz", ("x.npy", content), method=zipfile.ZIP_DEFLATED))
    read(packed(tmp_path / "a.npz", ("x.npy", content)))
    half = npy(header(shape="(700000,)"), bytes(700_000))
    both = packed(tmp_path / "a.npz", ("x.npy", half), ("y.npy", half), method=zipfile.ZIP_DEFLATED)
    with pytest.raises(FileError, match="more than 100 times its size"):  # together
        read(both)


def test_a_truth_value_of_two(tmp_path):
    with pytest.raises(FileError, match="neither 0 nor 1"):
        read(packed(tmp_path / "a.npz", ("x.npy", npy(header("'|b1'"), b"\0\1\2"))))


def test_names_are_printed_safely_and_are_no_paths(tmp_path):
    path = packed(tmp_path / "a.npz", ("../../\x1b[2J.npy", npy(header(), b"abc")))
    with npz(path) as archive:
        assert archive.shown == r"arrays named ['../../\x1b[2J']"
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
