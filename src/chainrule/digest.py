"""Checksums, loaded when one is first asked for: their library takes longer to load than most of chainrule."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def digest(*pieces: Any) -> bytes:
    """The 32 bytes of SHA-256 that stand for some bytes, or for several buffers as one.

    >>> digest(b"ab", b"c") == digest(b"abc")
    True
    """
    import hashlib  # noqa: PLC0415

    running = hashlib.sha256()
    for piece in pieces:
        running.update(piece)
    return running.digest()


def md5_of(path: Path) -> str:
    """The MD5 sum of a file in hex digits: what authors of older data sets publish, against broken downloads."""
    import hashlib  # noqa: PLC0415

    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
