"""Compiled objects on disk: owned by the user, checksummed, found by the hash of all that matters.

CHAINRULE_CACHE names another folder; empty, it switches the cache off.
"""

from __future__ import annotations

import contextlib
import os
import threading

from ...digest import digest

MAGIC = b"chainrule-object-1\n"


class Cache:
    """A folder of objects; None: nothing is kept.  A damaged entry is as good as none."""

    def __init__(self, folder: str | os.PathLike[str] | None) -> None:
        self.folder = None if folder is None else os.fspath(folder)

    @classmethod
    def usual(cls) -> Cache:
        """The user's folder for caches."""
        named = os.environ.get("CHAINRULE_CACHE")
        if named is not None:
            return cls(named or None)
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        return cls(os.path.join(base, "chainrule"))

    def place(self, key: str) -> str | None:
        """The file of a key."""
        if self.folder is None:
            return None
        name = digest(key.encode()).hex()
        return os.path.join(self.folder, name[:2], name[2:])

    def read(self, key: str) -> bytes | None:
        """The object, or None if it is missing, damaged, or in a folder of somebody else."""
        path = self.place(key)
        if path is None or not self.ours(path):
            return None
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError:
            return None
        head, code = content[: len(MAGIC) + 32], content[len(MAGIC) + 32 :]
        return code if head == MAGIC + digest(key.encode() + code) else None

    def write(self, key: str, code: bytes) -> None:
        """Keep an object; a folder that cannot be written to is no error."""
        path = self.place(key)
        if path is None:
            return
        parent, name = os.path.dirname(path), f"{path}.{os.getpid()}.{threading.get_ident()}"
        with contextlib.suppress(OSError):
            for folder in (os.path.dirname(parent), parent):
                os.makedirs(folder, mode=0o700, exist_ok=True)
            if not self.ours(path):
                return
            try:
                with open(name, "xb") as file:
                    file.write(MAGIC + digest(key.encode() + code) + code)
                os.replace(name, path)
            except OSError:
                os.unlink(name)

    def ours(self, path: str) -> bool:
        """Nobody else can put a file here, nor another folder in the place of this one."""
        parent = os.path.dirname(path)
        return trusted(parent) and trusted(os.path.dirname(parent))


def trusted(folder: str | os.PathLike[str]) -> bool:
    """Code is run from here: the folder is ours, and nobody else may write into it."""
    try:
        status = os.stat(folder)
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022
