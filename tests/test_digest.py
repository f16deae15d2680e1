import hashlib

from chainrule.digest import digest


def test_it_is_sha256():
    assert digest(b"abc") == hashlib.sha256(b"abc").digest()
    assert digest(b"") != digest(b"\0")
    assert digest(b"a", bytearray(b"b"), memoryview(b"c")) == digest(b"abc")
