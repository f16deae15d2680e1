"""Published data sets brought to this machine, when somebody asks for it: `data.load` never touches the network."""

from __future__ import annotations

import difflib
import os
import tarfile
import zlib
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from ..digest import md5_of
from ..errors import FileError, UsageError
from ..files import told, whole
from .fetch import Listener, fetch
from .published import SETS, Published, bytes_of, home

_PIECE, _LARGEST = 1 << 20, 1 << 28


def download(name: str, folder: str | PathLike[str] | None = None, listen: Listener | None = None) -> Path:
    """Fetch a published data set; what is there already stays.

    A download that breaks off goes on where it was; a file comes to its place once its published checksum is right.

    name:    one of `data.downloads()`
    folder:  where the files go; None takes CHAINRULE_DATA/NAME, or where that is not set the user's cache
    listen:  told of each piece: file, bytes there, bytes in all
    Returns the folder, which `data.load(name)` finds if none was given.
    Raises UsageError for another name, FileError if it cannot be fetched, ResourceError for a full disk.

    >>> download("cifar-10")
    Traceback (most recent call last):
    chainrule.errors.UsageError: data set 'cifar-10': ...; try: cifar10
    """
    if name not in SETS:
        near = difflib.get_close_matches(name, SETS, n=1, cutoff=0.4) or list(SETS)[:1]
        raise UsageError(f"data set {name!r}", "not one to download", f"one of {', '.join(SETS)}", near[0])
    place = home(name) if folder is None else Path(folder).expanduser()
    with told(place, "CHAINRULE_DATA"):
        place.mkdir(parents=True, exist_ok=True)
    for file in SETS[name]:
        if not _is_there(file, place):
            _bring(file, place, listen or (lambda name, done, total: None))
    return place


def downloads() -> dict[str, int]:
    """The names of the sets that can be downloaded, each with its bytes.

    >>> downloads()["mnist"]
    11594722
    """
    return {name: bytes_of(name) for name in SETS}


def missing(files: Iterable[Published], folder: Path) -> list[str]:
    """Which files of a set are not in a folder."""
    return [name for file in files for name in file.kept if not (folder / name).is_file()]


def not_there(name: str, looked: Iterable[Path]) -> FileError:
    """The error of a set that is not, or only half, on this machine."""
    folders = list(looked)
    half = next((folder for folder in folders if folder.name == name and folder.is_dir()), None)
    if half is None:
        came = f"it is not in {' or '.join(map(str, folders))}"
    else:
        came = f"{half} lacks {', '.join(missing(SETS[name], half))}"
    fetched = f"chainrule download {name} ({bytes_of(name) / 1e6:,.0f} MB)"
    hint = f"{fetched}, or CHAINRULE_DATA=/path/to/the/folder that has it"
    return FileError(name, came, "its files, whole", hint)


def _is_there(file: Published, folder: Path) -> bool:
    """Whether it need not be fetched: an archive's files are there, or the file itself with its checksum."""
    if missing([file], folder):
        return False
    if file.members:
        return True
    place = folder / file.name
    return place.stat().st_size == file.size and md5_of(place) == file.md5


def _bring(file: Published, folder: Path, listen: Listener) -> None:
    """Fetch a file and put it, or what is wanted of an archive, in its place."""
    part = fetch(file, folder, listen)
    with told(folder, "CHAINRULE_DATA"):
        if file.members:
            _take_out(part, file, folder)
            part.unlink()
        else:
            os.replace(part, folder / file.name)


def _take_out(archive: Path, file: Published, folder: Path) -> None:
    """Write the wanted members of an archive; a name in it says which one it is, never where it goes."""
    left = set(file.members)
    try:
        with tarfile.open(archive, "r:gz") as members:
            for member in members:
                wanted = member.name.rpartition("/")[2]
                if wanted in left and member.isreg() and member.size <= _LARGEST:
                    content = members.extractfile(member)
                    with whole(folder / wanted, "CHAINRULE_DATA") as out:
                        while content is not None and (piece := content.read(_PIECE)):
                            out.write(piece)
                    left.discard(wanted)
    except (tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        raise FileError(str(archive), f"no archive ({error})", "a tar.gz file", "fetch it again") from None
    if left:
        came = f"an archive without {', '.join(sorted(left))}"
        raise FileError(str(archive), came, ", ".join(file.members), "fetch it again")
