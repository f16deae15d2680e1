"""A sealed file holds what was put in, and any other byte is an error that says so."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from chainrule.digest import digest
from chainrule.errors import FileError
from chainrule.sealed import NOTHING, Kind, seal, unseal

KIND = Kind("test thing", 1, "a thing", "a file that a test wrote", "write it again")
ARRAYS = {
    "w": np.arange(6, dtype="f4").reshape(2, 3),
    "turned": np.arange(6, dtype="f4").reshape(2, 3).T,
    "n": np.asarray(7),
    "flags": np.array([True, False]),
    "none": np.zeros((0, 2)),
    "bytes": np.arange(5, dtype="u1"),
    "half": np.arange(3, dtype="f2"),
}


def test_what_is_sealed_is_unsealed(tmp_path):
    path = tmp_path / "thing"
    seal(path, KIND, {"größe": [1, 2]}, ARRAYS)
    found = unseal(path, KIND)
    assert found.facts == {"größe": [1, 2]}
    assert {n: (a.dtype, a.shape, a.tobytes()) for n, a in found.arrays.items()} == {
        n: (a.dtype, a.shape, a.tobytes()) for n, a in ARRAYS.items()
    }
    others = load_file(path)  # the library's own reading
    assert all(np.array_equal(others[name], array) for name, array in ARRAYS.items())


def test_the_order_of_the_arrays_does_not_matter(tmp_path):
    for name, arrays in (("a", ARRAYS), ("b", dict(reversed(ARRAYS.items())))):
        seal(tmp_path / name, KIND, {}, arrays)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_every_other_byte_is_found(tmp_path):
    path = tmp_path / "thing"
    seal(path, KIND, {}, ARRAYS)
    content = path.read_bytes()
    for place in range(len(content)):
        other = bytearray(content)
        other[place] ^= 1 << place % 8
        path.write_bytes(other)
        with pytest.raises(FileError, match="try: "):
            unseal(path, KIND)


def test_a_name_that_stands_twice_is_refused(tmp_path):
    content = save(
        {"w": np.zeros(2, "f4"), "v": np.ones(2, "f4")},
        {KIND.name: json.dumps({"format": KIND.name, "version": 1, "chainrule": "1", "sha256": NOTHING})},
    ).replace(b'"v"', b'"w"', 1)
    path = tmp_path / "thing"
    path.write_bytes(content.replace(NOTHING.encode(), digest(content).hex().encode(), 1))
    with pytest.raises(FileError, match="damaged in the header: the key 'w' twice"):
        unseal(path, KIND)


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    path = tmp_path / "thing"
    many = {f"{k}": np.zeros(1, "u1") for k in range(5000)}
    for facts, arrays in (({}, many), ({"list": [[]] * 20_000}, {}), ({}, {"x" * 600: np.zeros(1)})):
        with pytest.raises(FileError, match="could not be read again .* try: fewer"):
            seal(path, KIND, facts, arrays)
    assert not list(tmp_path.iterdir())


def test_facts_may_hold_as_many_zeros_as_a_checksum(tmp_path):
    path = tmp_path / "thing"
    seal(path, KIND, {"note": NOTHING}, ARRAYS)
    assert unseal(path, KIND).facts == {"note": NOTHING}
