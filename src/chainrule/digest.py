"""SHA-256, loaded when it is first asked for: its library takes longer to load than most of chainrule."""

from __future__ import annotations

from typing import Any


def digest(*pieces: Any) -> bytes:
    """The 32 bytes that stand for some bytes, or for several buffers as one.

    >>> digest(b"ab", b"c") == digest(b"abc")
    True
    """
    import hashlib  # noqa: PLC0415

    running = hashlib.sha256()
    for piece in pieces:
        running.update(piece)
    return running.digest()
