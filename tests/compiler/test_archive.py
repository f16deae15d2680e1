"""The file of a saved step: the same bytes each time, and any other byte is an error that says so."""

import contextlib
import json
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

import chainrule as cr
from chainrule.compiler import SavedStep
from chainrule.compiler.archive import STEP, Archive, MadeBy, pack, unpack
from chainrule.digest import digest
from chainrule.errors import FileError
from chainrule.sealed import NOTHING
from chainrule.version import __version__

ROOT = Path(__file__).parents[2]
FORMAT = STEP.name
ARCHIVE = Archive(
    MadeBy("0.3.0", "znver5", 2),
    [3, 1],
    {"name": "größe"},
    {
        "inputs/x": np.arange(6, dtype="f4").reshape(2, 3),
        "state/n": np.asarray(7),
        "constants/3": np.zeros((0, 2)),
    },
)


def packed(archive: Archive) -> bytes:
    """The bytes of the file."""
    with tempfile.TemporaryDirectory() as folder:
        pack(path := Path(folder, "step.safetensors"), archive)
        return path.read_bytes()


def signed(facts, arrays) -> bytes:
    """A file with these facts whose checksum is right: what a hostile hand can write too."""
    content = save(arrays, {FORMAT: json.dumps({**facts, "sha256": NOTHING})})
    return content.replace(NOTHING.encode(), digest(content).hex().encode(), 1)


def opened(folder, content: bytes) -> Archive:
    path = folder / "step.safetensors"
    path.write_bytes(content)
    return unpack(path)


FACTS = {"format": FORMAT, "version": 1, **ARCHIVE.made_by._asdict(), "watched": [3, 1]}
PROGRAM = {"program": np.frombuffer(b"{}", np.uint8)}


def test_what_is_packed_is_unpacked(tmp_path):
    found = opened(tmp_path, packed(ARCHIVE))
    assert found[:3] == ARCHIVE[:3]
    assert set(found.arrays) == set(ARCHIVE.arrays)
    for name, array in found.arrays.items():
        assert (array.shape, array.dtype) == (ARCHIVE.arrays[name].shape, ARCHIVE.arrays[name].dtype)
        assert array.tobytes() == ARCHIVE.arrays[name].tobytes()
        assert not array.flags.writeable and array.flags.aligned and array.flags.c_contiguous
    assert str(found.made_by) == "chainrule 0.3.0 on znver5, 2 threads"


def test_other_tools_read_the_arrays():
    arrays = load(packed(ARCHIVE))
    assert np.array_equal(arrays["inputs/x"], ARCHIVE.arrays["inputs/x"])
    assert json.loads(arrays["program"].tobytes()) == ARCHIVE.program


def test_the_same_archive_gives_the_same_bytes_in_every_process():
    look = "from tests.compiler.test_archive import *; print(digest(packed(ARCHIVE)).hex())"
    for _ in range(2):
        made = subprocess.run(
            [sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert made.stdout.strip() == digest(packed(ARCHIVE)).hex()
    turned = ARCHIVE._replace(arrays=dict(reversed(ARCHIVE.arrays.items())))
    assert packed(turned) == packed(ARCHIVE)


def test_every_other_byte_is_found(tmp_path):
    content = packed(ARCHIVE)
    for place in range(len(content)):
        other = bytearray(content)
        other[place] ^= 1 << place % 8
        with pytest.raises(FileError, match="try: "):
            opened(tmp_path, bytes(other))


def test_every_other_length_is_found(tmp_path):
    content = packed(ARCHIVE)
    for length in (*range(200), *range(200, len(content), 7)):
        with pytest.raises(FileError, match="try: "):
            opened(tmp_path, content[:length])
    with pytest.raises(FileError, match="something follows"):
        opened(tmp_path, content + b" ")


def test_a_newer_format_says_so(tmp_path):
    newer = signed({**FACTS, "version": 2, "more": [1]}, PROGRAM)
    with pytest.raises(FileError) as caught:
        opened(tmp_path, newer)
    assert caught.value.came == "a saved step that chainrule 0.3.0 wrote, in format 2"
    assert caught.value.expected == f"format 1, which this chainrule ({__version__}) reads"
    assert caught.value.hint == "pip install --upgrade chainrule"


FOREIGN = {
    "nothing": (b"", "0 bytes that are no whole safetensors file"),
    "a picture": (b"\x89PNG\r\n\x1a\n" * 9, "no whole safetensors file"),
    "an archive": (b"PK\x03\x04" * 99, "no whole safetensors file"),
    "text": (b"hello world, this is a text " * 4, "no whole safetensors file"),
    "weights": (save({"w": np.zeros(3)}), "a safetensors file that is not a saved step"),
    "weights of another": (save({"w": np.zeros(3)}, {"format": "pt"}), "that is not a saved step"),
    "another format": (signed({**FACTS, "format": "x"}, PROGRAM), "that is not a saved step"),
    "a header of no JSON": (b"\x08" + b"\0" * 7 + b"{nonsense", "damaged in the header: "),
    "a deep header": (b"\xa0\x86\x01" + b"\0" * 5 + b"[" * 100_000, "damaged in the header: "),
    "a list": (b"\x02" + b"\0" * 7 + b"[]", "damaged in the header: '[' at character 0"),
    "facts of no JSON": (save(PROGRAM, {FORMAT: "{"}), "damaged in the header: "),
    "a deep program": (
        signed(FACTS, {"program": np.frombuffer(b"[" * 100_000, np.uint8)}),
        "in the program: ",
    ),
    "a number of many digits": (
        signed(FACTS, {"program": np.frombuffer(b"9" * 9999, np.uint8)}),
        "the program",
    ),
    "no program": (signed(FACTS, {"w": np.zeros(3)}), "damaged in the program: "),
    "a program of no text": (signed(FACTS, {"program": np.arange(255, dtype="u1")}), "in the program: "),
    "no version": (signed({**FACTS, "version": "1"}, PROGRAM), "damaged in the version of the format"),
    "an old version": (signed({**FACTS, "version": 0}, PROGRAM), "damaged in the version of the format"),
    "a fact too many": (signed({**FACTS, "more": 1}, PROGRAM), "damaged in the header"),
    "no threads": (signed({**FACTS, "threads": -1}, PROGRAM), "damaged in the number of threads"),
    "a processor that steers": (signed({**FACTS, "processor": "\x1b[2J"}, PROGRAM), "in the processor: ?[2J"),
    "no list": (signed({**FACTS, "watched": {}}, PROGRAM), "damaged in the watched values"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_says_so(kind, tmp_path):
    content, said = FOREIGN[kind]
    with pytest.raises(FileError) as caught:
        opened(tmp_path, content)
    assert said in caught.value.came and caught.value.who == str(tmp_path / "step.safetensors")


def test_a_missing_file_says_so(tmp_path):
    for path in (tmp_path / "none.safetensors", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(FileError, match="expected a saved step; try: a file that step.save"):
            SavedStep.open(path)


def test_a_damaged_file_takes_little_memory(tmp_path):
    w = cr.Tensor(np.zeros(1 << 18), name="w")
    step = cr.compile(lambda x: (w * x).sum())
    path = tmp_path / "step.safetensors"
    step.save(np.asarray(2.0), path)
    content = path.read_bytes()
    promising = content.replace(b"[0,8]", b"[0,9]")
    for other in (content, content[: len(content) // 2], promising, b"\xff" * 7 + b"\0" + content[8:]):
        path.write_bytes(other)
        tracemalloc.start()
        with contextlib.suppress(FileError):
            SavedStep.open(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4 * len(content)
