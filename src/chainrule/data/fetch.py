"""One file from the network: gone on with where it broke off, and only kept if its checksum is right."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from ..digest import md5_of
from ..errors import FileError
from ..files import told
from .published import Published

Listener = Callable[[str, int, int], None]
"""Told of each piece: the name of the file, how many bytes of it are there, and of how many."""

TRIES = 4
"""Times that a server is asked before the next one: each goes on where the last broke off."""
TIMEOUT = 30.0
"""Seconds that a server may be silent."""
_PIECE = 1 << 18
_SCHEMES = ("http", "https")
_GOES_ON = "the same command again, which goes on there"


class BrokenOff(Exception):
    """A server that ended early, or gave no or another answer than the file; the message says which."""


def fetch(file: Published, folder: Path, listen: Listener) -> Path:
    """Download a file into a folder, as `.NAME.part` until somebody moves it; return where it is.

    What an earlier attempt left there is gone on with, where the server can do so.
    Raises FileError if no server gives the file as it was published, ResourceError for a full disk.
    """
    part = folder / f".{file.name}.part"
    failures = []
    with told(folder, "CHAINRULE_DATA"):
        for base in file.bases:
            for _ in range(TRIES):
                try:
                    _go_on(base + file.name, file, part, listen)
                    return part
                except BrokenOff as failure:
                    failures.append(f"{base}{file.name}: {failure}")
    there = part.stat().st_size if part.exists() else 0
    raise FileError(
        str(folder / file.name),
        f"it could not be fetched: {failures[-1]} ({there:,} of {file.size:,} bytes are there)",
        f"{file.size:,} bytes with the MD5 sum {file.md5}",
        f"{_GOES_ON}; or put the file there by hand",
    )


def _go_on(url: str, file: Published, part: Path, listen: Listener) -> None:
    """Fetch what is missing.  Raises BrokenOff; what is there then can be gone on with, or is taken away."""
    there = part.stat().st_size if part.exists() else 0
    if there < file.size:
        with closing(_answer(url, there)) as answer:
            there = _begin(answer, there)
            with open(part, "r+b" if there else "wb") as out:
                out.truncate(there)
                out.seek(there)
                _copy(answer, out, there, file, listen)
    if (found := md5_of(part)) != file.md5 or part.stat().st_size != file.size:
        part.unlink()
        raise BrokenOff(f"other bytes than were published (MD5 {found})")


def _answer(url: str, there: int) -> Any:
    """What the server says to a request for the bytes from there on."""
    import http.client  # noqa: PLC0415
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    headers = {"User-Agent": "chainrule", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers=headers | ({"Range": f"bytes={there}-"} if there else {}))
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310  the addresses are ours
    except urllib.error.HTTPError as error:
        error.close()
        raise BrokenOff(f"the server says {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise BrokenOff(f"no connection ({error.reason})") from None
    except (http.client.HTTPException, OSError) as error:
        raise BrokenOff(f"no answer ({error or type(error).__name__})") from None
    if answer.url.split(":")[0] not in _SCHEMES:  # a server can send us on
        answer.close()
        raise BrokenOff(f"it leads to {answer.url}")
    return answer


def _begin(answer: Any, there: int) -> int:
    """Where the server's bytes begin: a server that knows no ranges begins anew."""
    if answer.status != 206:
        return 0
    stated = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    if stated is None or int(stated[1]) != there:
        raise BrokenOff("the server gives another part of the file than it was asked for")
    return there


def _copy(answer: Any, out: Any, there: int, file: Published, listen: Listener) -> None:
    """Write the bytes of an answer, no more than the file has."""
    import http.client  # noqa: PLC0415

    listen(file.name, there, file.size)
    while True:
        try:
            piece = answer.read(_PIECE)
        except http.client.IncompleteRead as error:
            out.write(error.partial[: file.size - there])
            raise BrokenOff(f"it broke off after {there + len(error.partial):,} bytes") from None
        except (http.client.HTTPException, OSError) as error:
            raise BrokenOff(f"it broke off after {there:,} bytes ({error})") from None
        if not piece:
            break
        out.write(piece[: file.size - there])
        if there + len(piece) > file.size:
            raise BrokenOff(f"more than {file.size:,} bytes")
        there += len(piece)
        listen(file.name, there, file.size)
    if there < file.size:
        raise BrokenOff(f"it broke off after {there:,} bytes")
