"""SHA-256, loaded when a kernel is first named: its library takes longer to load than most of chainrule."""

from __future__ import annotations


def digest(content: bytes) -> bytes:
    """The 32 bytes that stand for some bytes."""
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(content).digest()
