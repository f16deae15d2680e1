import hashlib

from chainrule.digest import digest, md5_of


def test_it_is_sha256():
    assert digest(b"abc") == hashlib.sha256(b"abc").digest()
    assert digest(b"") != digest(b"\0")
    assert digest(b"a", bytearray(b"b"), memoryview(b"c")) == digest(b"abc")


def test_the_md5_sum_of_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert md5_of(tmp_path / "a") == "900150983cd24fb0d6963f7d28e17f72"
