"""Compiled objects on disk: owned by the user, checksummed, found by the hash of all that matters.

CHAINRULE_CACHE names another folder; empty, it switches the cache off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

MAGIC = b"chainrule-object-1\n"


class Cache:
    """A folder of objects; None: nothing is kept.  A damaged entry is as good as none."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    @classmethod
    def usual(cls) -> Cache:
        """The user's folder for caches."""
        named = os.environ.get("CHAINRULE_CACHE")
        if named is not None:
            return cls(Path(named) if named else None)
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        return cls(Path(base) / "chainrule")

    def place(self, key: str) -> Path | None:
        """The file of a key."""
        if self.folder is None:
            return None
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / name[:2] / name[2:]

    def read(self, key: str) -> bytes | None:
        """The object, or None if it is missing, damaged, or in a folder of somebody else."""
        path = self.place(key)
        if path is None or not self.ours(path):
            return None
        try:
            content = path.read_bytes()
        except OSError:
            return None
        head, code = content[: len(MAGIC) + 32], content[len(MAGIC) + 32 :]
        return code if head == MAGIC + hashlib.sha256(key.encode() + code).digest() else None

    def write(self, key: str, code: bytes) -> None:
        """Keep an object; a folder that cannot be written to is no error."""
        path = self.place(key)
        if path is None:
            return
        with contextlib.suppress(OSError):
            for folder in (path.parent.parent, path.parent):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self.ours(path):
                return
            handle, name = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(MAGIC + hashlib.sha256(key.encode() + code).digest() + code)
                os.replace(name, path)
            except OSError:
                os.unlink(name)

    def ours(self, path: Path) -> bool:
        """Nobody else can put a file here, nor another folder in the place of this one."""
        return trusted(path.parent) and trusted(path.parent.parent)


def trusted(folder: Path) -> bool:
    """Code is run from here: the folder is ours, and nobody else may write into it."""
    try:
        status = folder.stat()
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022
