"""Changes to valid files: of any bytes, of the trees in JSON, and such as know the format and make it right again."""

from __future__ import annotations

import copy
import gzip
import io
import json
import random
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.digest import digest
from chainrule.sealed import NOTHING

from .samples import as_json, npz, packed

Change = Callable[[random.Random, bytes], bytes]

NUMBERS = (0, 1, 2, 7, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
NAMES = (
    "",
    "\x1b[2J\x07",
    "../../etc/passwd",
    "/dev/zero",
    "C:\\x",
    "a" * 3000,
    "\ud800",
    "\u202e☃",
    "x\0y",
    "__metadata__",
)
LEAVES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, 1e308, -0.0, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**30, 10**400),
    *(*NAMES, [], {}, [[]], {"": {}}, [0] * 50, {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}),
)
TEXTS = (
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"-0",
        b"9" * 5000,
        b"1" + b"0" * 400,
        b"null",
        b"true",
        b'"a"',
    ),
    *(
        b"[" * 2000,
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"[0," * 3,
        b'"\\ud800"',
        b'"\\u0000"',
    ),
    *(
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\x00",
        b"\xf0\x9f\x98\x80",
        b'"' + b"x" * 5000 + b'"',
        b"0x" + b"f" * 5000,
    ),
)


def flips(rng: random.Random, data: bytes) -> bytes:
    """A few bits."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16)) if made else 0):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def pokes(rng: random.Random, data: bytes) -> bytes:
    """A number of 1, 2, 4 or 8 bytes anywhere, either way round."""
    size = rng.choice((1, 2, 4, 8))
    if len(data) < size:
        return data
    at, order = rng.randrange(len(data) - size + 1), rng.choice(("little", "big"))
    return data[:at] + (rng.choice(NUMBERS) % 256**size).to_bytes(size, order) + data[at + size :]


def cuts(rng: random.Random, data: bytes) -> bytes:
    """Shorter, longer, or with a part taken out, doubled or moved."""
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    c = rng.randrange(len(data) + 1)
    more = bytes(rng.randrange(256) for _ in range(rng.choice((1, 2, 8, 100))))
    return rng.choice(
        (
            data[:a],
            data[a:],
            data + more,
            data[:a] + data[b:],
            data[:b] + data[a:],
            data[:a] + more + data[b:],
            data[:c] + data[a:b] + data[c:],
        )
    )


def words(rng: random.Random, data: bytes) -> bytes:
    """Another text in the place of a number, a name or a truth value."""
    found = list(re.finditer(rb'\d+|"[^"]*"|true|false|null', data))
    if not found:
        return data + rng.choice(TEXTS)
    one = rng.choice(found)
    number = str(rng.choice(NUMBERS) * rng.choice((1, -1))).encode()
    return data[: one.start()] + rng.choice((*TEXTS, *[number] * 8)) + data[one.end() :]


def twice(rng: random.Random, data: bytes) -> bytes:
    """An entry, or a line, said again."""
    found = list(re.finditer(rb'"[^"]{1,40}": ?[^,{}\[\]]{1,40},|[^\n]{1,200}\n', data))
    if not found:
        return data
    one, other = rng.choice(found), rng.choice(found)
    return data[: other.start()] + one[0] + data[other.start() :]


BYTES: tuple[Change, ...] = (flips, pokes, cuts)
WORDS: tuple[Change, ...] = (*BYTES, words, words, twice)


def grown(rng: random.Random, tree: Any, depth: int = 0) -> Any:
    """Random data."""
    if depth > 3 or rng.random() < 0.6:
        return copy.deepcopy(rng.choice(LEAVES))
    if rng.random() < 0.5:
        return [grown(rng, tree, depth + 1) for _ in range(rng.randrange(4))]
    return {
        rng.choice((*NAMES, "a", "dtype", "value")): grown(rng, tree, depth + 1)
        for _ in range(rng.randrange(4))
    }


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a tree."""
    found, waiting = [], [tree]
    while waiting:
        one = waiting.pop()
        inside = list(one.items()) if isinstance(one, dict) else list(enumerate(one))
        found += [(one, key) for key, _ in inside]
        waiting += [value for _, value in inside if isinstance(value, dict | list)]
    return found


def change(rng: random.Random, tree: Any) -> Any:
    """A tree with one place changed, and sometimes more."""
    made = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        found = places(made) if isinstance(made, dict | list) else []
        if not found:
            return grown(rng, tree)
        container, key = rng.choice(found)
        one, other = container[key], rng.choice(found)
        deed = rng.randrange(7)
        if deed == 0:
            container.pop(key)
        elif deed == 1:
            container[key] = copy.deepcopy(other[0][other[1]]) if other[0] is not one else None
        elif deed == 2 and isinstance(one, int):
            container[key] = one + rng.choice((-1, 1, 2, -one, one, 2**32, -(2**32)))
        elif deed == 3 and isinstance(container, list):
            container.insert(key, rng.choice(container))
        elif deed == 4 and isinstance(container, dict):
            container[rng.choice((*NAMES, *container))] = container.pop(key)
        else:
            container[key] = grown(rng, tree)
    return made


def json_tree(rng: random.Random, data: bytes) -> bytes:
    """A JSON file, or one of its lines, with a changed tree."""
    lines = data.split(b"\n") if data.startswith((b'{"kind"', b'{"number"')) else [data]
    at = rng.randrange(len(lines))
    try:
        lines[at] = as_json(change(rng, json.loads(lines[at])))
    except (ValueError, RecursionError):
        return data
    return b"\n".join(lines)


def header(rng: random.Random, data: bytes) -> bytes:
    """A safetensors file whose header is another one, of the right length."""
    length = int.from_bytes(data[:8], "little")
    tree, rest = json.loads(data[8 : 8 + length]), data[8 + length :]
    if rng.random() < 0.3:
        text = rng.choice(WORDS)(rng, as_json(tree))
    elif rng.random() < 0.2:
        end = len(rest)
        many = rng.choice((10, 3000))
        tree |= {f"{k}": {"dtype": "U8", "shape": [0], "data_offsets": [end, end]} for k in range(many)}
        text = as_json(tree)
    else:
        text = as_json(change(rng, tree))
    if rng.random() < 0.2:
        rest = rng.choice(BYTES)(rng, rest)
    return len(text).to_bytes(8, "little") + text + rest


def signed(data: bytes, kind: str) -> bytes:
    """A sealed file whose checksum is right again, whatever else is wrong."""
    length = int.from_bytes(data[:8], "little")
    try:
        tree = json.loads(data[8 : 8 + length])
        facts = json.loads(tree["__metadata__"][kind])
        facts["sha256"] = NOTHING
        tree["__metadata__"][kind] = json.dumps(facts)
        text = as_json(tree)
        whole = len(text).to_bytes(8, "little") + text + data[8 + length :]
        return whole.replace(NOTHING.encode(), digest(whole).hex().encode(), 1)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, OverflowError):
        return data


def sealed_header(kind: str) -> Change:
    return lambda rng, data: signed(header(rng, data), kind)


def sealed_facts(kind: str) -> Change:
    """The facts of a sealed file as another tree."""

    def made(rng: random.Random, data: bytes) -> bytes:
        length = int.from_bytes(data[:8], "little")
        tree = json.loads(data[8 : 8 + length])
        stated = tree.get("__metadata__", {}).get(kind)
        if stated is None:  # a file of another maker
            return header(rng, data)
        tree["__metadata__"][kind] = as_json(change(rng, json.loads(stated))).decode(errors="replace")
        text = as_json(tree)
        return signed(len(text).to_bytes(8, "little") + text + data[8 + length :], kind)

    return made


def program(kind: str) -> Change:
    """The program of a saved step as another tree."""

    def made(rng: random.Random, data: bytes) -> bytes:
        length = int.from_bytes(data[:8], "little")
        tree, rest = json.loads(data[8 : 8 + length]), data[8 + length :]
        begin, end = tree["program"]["data_offsets"]
        if rng.random() < 0.1:
            text = rng.choice(WORDS)(rng, rest[begin:end])
        else:
            text = as_json(change(rng, json.loads(rest[begin:end])))
        moved = len(text) - (end - begin)
        tree["program"] |= {"shape": [len(text)], "data_offsets": [begin, end + moved]}
        for name, place in tree.items():
            if name not in ("program", "__metadata__") and place["data_offsets"][0] >= end:
                place["data_offsets"] = [n + moved for n in place["data_offsets"]]
        head = as_json(tree)
        return signed(len(head).to_bytes(8, "little") + head + rest[:begin] + text + rest[end:], kind)

    return made


def whole_records(rng: random.Random, data: bytes) -> bytes:
    """As many records of CIFAR as one likes."""
    return data[:3073] * rng.choice((1, 2, 63, 64, 65, 130))


def idx_header(rng: random.Random, data: bytes) -> bytes:
    """Another dtype, number of axes or size."""
    plain = bytearray(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    deed = rng.randrange(4)
    if deed < 2:
        plain[2 + deed] = rng.choice((*range(15), 255))
    else:
        at = 4 + 4 * rng.randrange(3)
        struct.pack_into(">I", plain, at, rng.choice(NUMBERS) % 2**32)
    return gzip.compress(bytes(plain)) if rng.random() < 0.5 else bytes(plain)


def gzip_inside(rng: random.Random, data: bytes) -> bytes:
    """Changed before it is packed; in several parts; a bomb."""
    plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    deed = rng.randrange(8)
    if deed == 0:
        size = rng.choice((1 << 18, 1 << 20, 1 << 23))
        return gzip.compress(b"\0\0\x08\1" + struct.pack(">I", size) + bytes(size))
    if deed == 1:
        return b"".join(gzip.compress(plain[k : k + 5]) for k in range(0, len(plain), 5))
    return gzip.compress(rng.choice(BYTES)(rng, plain))


def zip_table(rng: random.Random, data: bytes) -> bytes:
    """A number in the table of contents, or at a member's beginning."""
    marks = [m.start() for m in re.finditer(rb"PK(\x01\x02|\x03\x04|\x05\x06)", data)]
    if not marks:
        return data
    made, at = (
        bytearray(data),
        rng.choice(marks) + rng.choice((4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 42)),
    )
    size = rng.choice((2, 4))
    made[at : at + size] = (rng.choice((*NUMBERS, rng.randrange(len(data)))) % 256**size).to_bytes(
        size, "little"
    )
    return bytes(made)


def zip_inside(rng: random.Random, data: bytes) -> bytes:
    """Members changed, packed again with checksums that agree; twice, by the thousand, or a bomb."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    at = rng.randrange(len(members))
    name, content = members[at]
    deed = rng.randrange(8)
    if deed == 0:
        members.insert(at, (name, content))
    elif deed == 1:
        members += [(f"{k}.npy", b"") for k in range(rng.choice((5, 2000)))]
    elif deed == 2:
        size = rng.choice((1 << 18, 1 << 20, 1 << 23))
        shape = f"({size},)".encode() if rng.random() < 0.5 else b"(%d, 1, 1)" % size
        members[at] = name, npy(b"'|u1'", b"False", shape) + bytes(size)
    elif deed == 3:
        members[at] = rng.choice(NAMES) + rng.choice((".npy", "")), content
    elif deed < 6 and content[8:10]:
        length = int.from_bytes(content[8:10], "little")
        head = rng.choice(WORDS)(rng, content[10 : 10 + length])
        members[at] = (
            name,
            content[:8] + (len(head) % 65536).to_bytes(2, "little") + head + content[10 + length :],
        )
    else:
        members[at] = name, rng.choice(BYTES)(rng, content)
    return zipped(rng, members)


def npy(descr: bytes, fortran: bytes, shape: bytes) -> bytes:
    """The beginning of an npy file."""
    head = b"{'descr': " + descr + b", 'fortran_order': " + fortran + b", 'shape': " + shape + b", }\n"
    return b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head


def zipped(rng: random.Random, members: Sequence[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that are there already
        for name, content in members:
            try:
                archive.writestr(name.replace("\0", "") or "y.npy", content)
            except UnicodeEncodeError:
                continue
        archive.comment = b"x" * rng.choice((0, 0, 0, 1, 65535))
    return buffer.getvalue()


def npz_arrays(rng: random.Random, data: bytes) -> bytes:
    """Other arrays in a right file: dtypes, shapes, numbers."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for _ in range(rng.choice((1, 1, 2))):
        name = rng.choice(sorted(arrays))
        arrays[name] = other(rng, arrays[name])
    return npz(rng.random() < 0.5, **arrays)


def other(rng: random.Random, array: np.ndarray) -> np.ndarray:
    """An array that is like one in some respects."""
    with np.errstate(all="ignore"):
        deed = rng.randrange(8)
        if deed == 0:
            return array[: rng.randrange(len(array) + 1)] if array.ndim else array.reshape(1)
        if deed == 1:
            return array.reshape(-1) if rng.random() < 0.5 else array[..., None]
        if deed == 2:
            dtype = rng.choice(
                ("u1", "i1", "i8", "u8", "f2", "f4", ">f8", "?", "S5", "U7", ">i4", "c8", "M8[s]")
            )
            return np.zeros(array.shape, dtype) if array.dtype.kind in "USMc" else np.abs(array).astype(dtype)
        if deed == 3 and array.size and array.dtype.kind in "iuf":
            made = array.copy()
            made.reshape(-1)[rng.randrange(array.size)] = np.asarray(rng.choice(NUMBERS[:9]), "f8").astype(
                array.dtype
            )
            return made
        if deed == 4:
            return np.array(list(NAMES[:3]) + ["\U0010ffff"])
        if deed == 5:
            return np.asfortranarray(array)
        if deed == 6 and array.dtype == np.uint8:
            return np.frombuffer(rng.choice(BYTES)(rng, array.tobytes()), np.uint8)
        return np.concatenate([array, array]) if array.ndim else array


def jpegs(rng: random.Random, data: bytes) -> bytes:
    """A packed set one of whose pictures is changed, or says another size; the offsets agree."""
    arrays = packed()
    offsets = arrays["offsets"]
    files = [arrays["bytes"][a:b].tobytes() for a, b in zip(offsets, offsets[1:], strict=False)]
    at = rng.randrange(len(files))
    size = files[at].find(b"\xff\xc0") + 5
    if rng.random() < 0.5:
        height, width = (rng.choice((1, 6, 100, 577, 3000, 65500)) for _ in range(2))
        files[at] = files[at][:size] + struct.pack(">HH", height, width) + files[at][size + 4 :]
    else:
        files[at] = rng.choice(BYTES)(rng, files[at])
    arrays["bytes"] = np.frombuffer(b"".join(files), np.uint8)
    arrays["offsets"] = np.cumsum([0, *map(len, files)])
    return npz(rng.random() < 0.5, **arrays)


def toml(rng: random.Random, data: bytes) -> bytes:
    """Another line of a configuration."""
    key = rng.choice(
        (b"epochs", b"lr", b"data", b"flip", b"seed", b"model", b"x", b'"a b"', b"a.b.c", b"'\xe2\x98\x83'")
    )
    value = rng.choice(
        (
            *TEXTS,
            *(
                b"inf",
                b"nan",
                b"-inf",
                b"1979-05-27T07:32:00Z",
                b"07:32:00",
                b"{ a = 1 }",
                b"{a={a={a={a=1}}}}",
                b"[1, 2]",
            ),
            *(
                b"'''\n\x1b[2J'''",
                b'"\\u001b[2J"',
                b'"\\ud800"',
                b"0o7777",
                b"0b1",
                b"1e400",
                b"-1",
                b"'/dev/zero'",
                b"{a=" * 600,
            ),
        )
    )
    line = rng.choice(
        (
            key + b" = " + value,
            b"[" + key + b"]",
            b"[[" + key + b"]]",
            b".".join([b"a"] * 900) + b" = 1",
            value,
        )
    )
    lines = data.split(b"\n")
    lines.insert(rng.randrange(len(lines) + 1), line)
    return b"\n".join(lines)
