"""safetensors files: each array where the header says, and nothing else."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from chainrule.errors import FileError
from chainrule.tensorfile import CODES, read_tensors


def refuse(came):
    return FileError("who", came, "a whole safetensors file", "another")


def read(folder, content):
    path = folder / "w"
    path.write_bytes(content)
    return read_tensors(path, refuse, "save again")


def made(header, rest=b""):
    text = header if isinstance(header, bytes) else json.dumps(header, ensure_ascii=False).encode()
    return len(text).to_bytes(8, "little") + text + rest


def one(begin=0, end=4, dtype="F32", shape=(1,)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def test_what_the_library_writes_is_read(tmp_path):
    arrays = {name: np.ones((2, 3), name) for name in CODES} | {
        "größe": np.asarray(5),
        "none": np.zeros((0, 2)),
    }
    found = read(tmp_path, save(arrays, {"format": "pt"}))
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert np.array_equal(found[name], array)
        assert (
            not found[name].flags.writeable and found[name].flags.aligned and found[name].flags.c_contiguous
        )


def test_arrays_of_one_file_share_its_memory_where_they_can(tmp_path):
    found = read(
        tmp_path, made({"a": one(0, 4), "b": one(4, 8), "c": one(8, 9, "U8"), "d": one(9, 13)}, bytes(13))
    )
    assert all(not array.flags.owndata for name, array in found.items() if name != "d")
    assert found["d"].flags.aligned and found["d"].tolist() == [0]


FOUR = bytes(4)
REFUSED = {
    "nothing": (b"", "0 bytes that are no whole safetensors file"),
    "seven bytes": (bytes(7), "no whole"),
    "an endless header": (b"\xff" * 8 + b"{}", "no whole"),
    "a header longer than the file": (b"\x03" + bytes(7) + b"{}", "no whole"),
    "a list": (made([]), "damaged in the header: '\\['"),
    "an array twice": (
        made(b'{"a":%s,"a":%s}' % ((json.dumps(one()).encode(),) * 2), FOUR),
        "the key 'a' twice",
    ),
    "texts twice": (made(b'{"__metadata__":{"a":"b"},"__metadata__":{"a":"b"}}'), "'__metadata__' twice"),
    "a text twice": (made(b'{"__metadata__":{"a":"b","a":"b"}}'), "the key 'a' twice"),
    "a text that is none": (made({"__metadata__": {"a": 1}}), 'where " belongs'),
    "an overlap": (made({"a": one(0, 4), "b": one(2, 6)}, bytes(6)), "'b' begins at byte 2"),
    "the same place": (
        made({"a": one(), "b": one()}, FOUR),
        "begins at byte 0 of the numbers; expected byte 4",
    ),
    "a hole": (made({"a": one(0, 4), "b": one(6, 10)}, bytes(10)), "'b' begins at byte 6"),
    "a hole in front": (made({"a": one(4, 8)}, bytes(8)), "'a' begins at byte 4"),
    "truncated": (made({"a": one()}, bytes(3)), "3 bytes of numbers \\(truncated\\)"),
    "something follows": (made({"a": one()}, bytes(5)), "5 bytes of numbers \\(something follows\\)"),
    "outside": (made({"a": one(0, 400, shape=(100,))}, FOUR), "truncated"),
    "backwards": (made({"a": one(4, 0)}, FOUR), "-4 bytes for the shape"),
    "below zero": (made({"a": one(-4, 0)}, FOUR), "a whole number from 0"),
    "another size": (
        made({"a": one(shape=(2,))}, FOUR),
        "4 bytes for the shape \\(2,\\) of F32; expected 8 bytes",
    ),
    "an absurd shape": (made({"a": one(0, 0, shape=(0, 1 << 40, 1 << 40))}), "an array that there could be"),
    "a huge number": (made({"a": one(shape=(1 << 70,))}, FOUR), "a whole number"),
    "many axes": (made({"a": one(shape=(1,) * 40)}, FOUR), "an array that there could be"),
    "a fraction": (made({"a": one(shape=(1.0,))}, FOUR), "a whole number"),
    "true": (made({"a": one(shape=(True,))}, FOUR), "a whole number"),
    "another dtype": (made({"a": one(dtype="BF16", shape=(2,))}, FOUR), "BF16; expected one of BOOL, F16"),
    "no dtype": (made({"a": {"shape": [1], "data_offsets": [0, 4]}}, FOUR), "an object with dtype"),
    "an entry too many": (made({"a": {**one(), "more": 1}}, FOUR), "an object with dtype"),
    "three offsets": (made({"a": {**one(), "data_offsets": [0, 4, 4]}}, FOUR), "a list of 2 entries"),
    "a truth value of 2": (made({"a": one(0, 1, "BOOL")}, b"\2"), "neither 0 nor 1"),
    "an endless name": (made({"a" * 600: one()}, FOUR), "a name of 600 letters"),
    "a name that steers": (made({"\x1b[2J": one(dtype="x")}, FOUR), r"the dtype of '\\x1b\[2J'"),
    "a lone surrogate": (made(b'{"\\ud800":{}}'), r"\\ud800"),
    "NaN": (made(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}', FOUR), "NaN"),
    "many arrays": (
        made({f"{k}": one(0, 0, shape=(0,)) for k in range(9000)}),
        "arrays; expected fewer in a file",
    ),
    "a long text": (
        made({"__metadata__": {"a": "☃" + "x" * 400_000}}),
        "a shorter one in a file of this size",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_damaged_files(kind, tmp_path):
    content, said = REFUSED[kind]
    with pytest.raises(FileError, match=said) as caught:
        read(tmp_path, content)
    assert str(caught.value).isprintable()


def test_a_file_of_a_terabyte_is_refused_by_its_header(tmp_path):
    path = tmp_path / "w"
    path.write_bytes(made({"a": one()}, FOUR))
    with open(path, "r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(FileError, match="something follows"):
        read_tensors(path, refuse, "save again")
