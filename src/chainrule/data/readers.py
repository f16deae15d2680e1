"""Files of many pictures in one: IDX, the npz layouts in use, and npz files of packed JPEGs.

None of them can run code: npz is read without pickle. What is wrong with a file is a FileError with its path.
"""

from __future__ import annotations

import gzip
import io
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from ..errors import FileError, SettingError, ShapeError
from .dataset import Dataset, hold_out, numbered
from .folders import decode_picture

Arrays = dict[str, NDArray[Any]]

_GZIP_MAGIC, _ZIP_MAGIC = b"\x1f\x8b", b"PK"
_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
# (training images, training labels, test images, test labels); a file may lack the last two.
_LAYOUTS = (
    ("x", "y", "xt", "yt"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
)
_PACKED = {"bytes", "offsets", "y"}
_FETCH_AGAIN = "fetch it again; a download may have broken off"


def read_idx(path: str | PathLike[str]) -> NDArray[Any]:
    """Read one array in the format of the MNIST files, plain or compressed by gzip.

    The file is 0, 0, a code of the dtype, the number of axes, each axis as 4 bytes, then the numbers; all
    with the highest byte first. The six dtypes are uint8, int8, int16, int32, float32 and float64.

    Returns the array in the machine's own byte order.
    Raises FileError if the file is missing, foreign, truncated, or goes on after its end.
    Source: LeCun, Cortes, Burges, "The MNIST database", section "File formats".

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels-idx1-ubyte")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
    ...     read_idx(path)
    array([7, 9], dtype=uint8)
    """
    data = _read_bytes(path)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _IDX_TYPES:
        raise _fault(
            path,
            f"it begins with the bytes {data[:4].hex(' ') or '(none)'}",
            f"00 00, a dtype of {', '.join(f'{code:02x}' for code in _IDX_TYPES)}, and the number of axes",
            "give an IDX file such as train-images-idx3-ubyte.gz",
        )
    dtype, axes = np.dtype(_IDX_TYPES[data[2]]), data[3]
    start = 4 + 4 * axes
    shape = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(4, min(start, len(data)), 4))
    expected = start + math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        short = len(data) < expected
        raise _fault(
            path,
            f"{len(data)} bytes ({'truncated' if short else 'something follows the numbers'})",
            f"{expected} bytes for shape {shape} of {dtype.name}",
            _FETCH_AGAIN if short else "give the file as it was published",
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def read_npz(path: str | PathLike[str]) -> tuple[Dataset, Dataset]:
    """Read a labelled set of pictures from an npz file.

    Layouts: x, y and perhaps xt, yt; MedMNIST's train_images, train_labels, test_images, test_labels, whose
    val part is left alone so that figures stay comparable; Keras's x_train, y_train, x_test, y_test.
    `classes`, if there, holds the names. Images are (N, H, W), (N, H, W, 3) or (N, C, H, W), labels (N,) or
    (N, 1); float images become float32. Without a test part a fixed fifth of each class is held out.

    Returns (train, test), named after the file.
    Raises FileError if it is missing, damaged or of another layout, and the errors of Dataset.

    >>> read_npz(Path(__file__).parent / "embedded" / "fashion_6k.npz")[1]
    Dataset('fashion_6k': 1000 of (1, 28, 28) uint8, 10 classes)
    """
    arrays = _read_arrays(path)
    parts = [(arrays[images], arrays[labels]) for images, labels in _layout(path, arrays)]
    columns = [_one_column(part) for _, part in parts]
    classes = _class_names(arrays, *columns)
    sets = [
        Dataset(_channels_first(part), column, classes, Path(path).stem)
        for (part, _), column in zip(parts, columns, strict=True)
    ]
    return (sets[0], sets[1]) if len(sets) == 2 else hold_out(sets[0])


def read_packed_jpeg(path: str | PathLike[str], limit: int | None = None) -> tuple[Dataset, Dataset]:
    """Read an npz file whose pictures are JPEGs, one after the other in one array of bytes.

    bytes:    (B,) uint8; picture i is bytes[offsets[i] : offsets[i + 1]]
    offsets:  (N + 1,) integers
    y:        (N,) classes
    test:     (N,) bool; if absent, a fixed fifth of each class is held out
    classes:  names, if there
    track:    (N,) integers, if there: pictures of one class and track (frames of one film) become a group,
              which `Dataset.split` keeps together; negative means none
    limit:    at most so many pictures of either part, taken at even distances; ≥ 2

    Returns (train, test) of (N, C, H, W) uint8, named after the file.
    Raises FileError if it is missing or damaged, SettingError for another limit.

    >>> from PIL import Image
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("RGB", (8, 6)).save(Path(folder, "dark.jpg"))
    ...     jpeg = np.fromfile(Path(folder, "dark.jpg"), np.uint8)
    ...     offsets, y, test = len(jpeg) * np.arange(4), [0, 1, 0], [False, False, True]
    ...     np.savez(Path(folder, "dark.npz"), bytes=np.tile(jpeg, 3), offsets=offsets, y=y, test=test)
    ...     read_packed_jpeg(Path(folder, "dark.npz"))[0]
    Dataset('dark': 2 of (3, 6, 8) uint8, 2 classes)
    """
    if limit is not None and limit < 2:
        raise SettingError("read_packed_jpeg: limit", f"{limit}", "at least 2 pictures", "limit=500")
    arrays = _read_arrays(path)
    _check_packed(path, arrays)
    if "test" not in arrays:
        return hold_out(_unpack(path, arrays, np.arange(len(arrays["y"])), limit))
    test = arrays["test"].astype(np.bool_)
    train_set, test_set = (_unpack(path, arrays, np.flatnonzero(part), limit) for part in (~test, test))
    return train_set, test_set


def is_packed_jpeg(path: str | PathLike[str]) -> bool:
    """Tell by the names of its arrays whether an npz file is one for `read_packed_jpeg`.

    Raises FileError if it is missing, damaged or not npz.
    """
    with _archive(path) as archive:
        return _PACKED.issubset(archive.files)


@contextmanager
def _archive(path: str | PathLike[str]) -> Iterator[NpzFile]:
    """Open an npz file, without pickle; whatever goes wrong inside the block is the file's fault."""
    try:
        # Opened here, because np.load leaves a broken file open.
        with _existing(path).open("rb") as file:
            magic = file.read(len(_ZIP_MAGIC))
            if magic != _ZIP_MAGIC:
                raise _fault(
                    path,
                    f"it begins with the bytes {magic.hex(' ') or '(none)'}",
                    f"an npz file, which begins with {_ZIP_MAGIC.hex(' ')}",
                    "np.savez(path, x=images, y=labels)",
                )
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                yield archive
    except FileError:
        raise
    # A broken archive makes zipfile, zlib and NumPy's header parser raise nearly anything.
    except Exception as error:
        raise _fault(
            path, f"it cannot be read ({error})", "a whole npz file of plain arrays", _FETCH_AGAIN
        ) from error


def _read_arrays(path: str | PathLike[str]) -> Arrays:
    with _archive(path) as archive:
        return {name: archive[name] for name in archive.files}


def _existing(path: str | PathLike[str]) -> Path:
    found = Path(path)
    if not found.is_file():
        raise _fault(path, "no such file", "a file", "check the path")
    return found


def _read_bytes(path: str | PathLike[str]) -> bytes:
    try:
        data = _existing(path).read_bytes()
        return gzip.decompress(data) if data[:2] == _GZIP_MAGIC else data
    except FileError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise _fault(path, f"it cannot be read ({error})", "a whole file", _FETCH_AGAIN) from error


def _layout(path: str | PathLike[str], arrays: Arrays) -> list[tuple[str, str]]:
    """Return the names of images and labels of the training part and, if there, of the test part."""
    for layout in _LAYOUTS:
        train, test = layout[:2], layout[2:]
        missing_of_test = len(set(test) - arrays.keys())
        if set(train) <= arrays.keys() and missing_of_test != 1:
            return [train] if missing_of_test else [train, test]
    packed = " (it is one for read_packed_jpeg)" if _PACKED.issubset(arrays) else ""
    raise _fault(
        path,
        f"arrays named {sorted(arrays)}{packed}",
        " or ".join(", ".join(layout) for layout in _LAYOUTS),
        "np.savez(path, x=images, y=labels)",
    )


def _one_column(labels: NDArray[Any]) -> NDArray[Any]:
    """Return (N,) of MedMNIST's (N, 1)."""
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def _class_names(arrays: Arrays, *labels: NDArray[Any]) -> tuple[str, ...]:
    """Return the names in the file, else the numbers up to the highest label."""
    if "classes" in arrays:
        return tuple(map(str, arrays["classes"].reshape(-1).tolist()))
    return numbered(*labels)


def _channels_first(images: NDArray[Any]) -> NDArray[Any]:
    """Return (N, C, H, W) of grey (N, H, W) or colour (N, H, W, 3), and floats as float32."""
    if images.ndim == 3:
        images = images[:, np.newaxis]
    elif images.ndim == 4 and images.shape[3] in (1, 3) and images.shape[1] not in (1, 3):
        images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    return images.astype(np.float32, copy=False) if images.dtype.kind == "f" else images


def _check_packed(path: str | PathLike[str], arrays: Arrays) -> None:
    """Hold the arrays to each other, so that decoding can only meet a bad JPEG."""
    if not _PACKED.issubset(arrays):
        raise _fault(
            path, f"arrays named {sorted(arrays)}", "bytes, offsets, y", "read_npz for arrays of pixels"
        )
    data, offsets, count = arrays["bytes"], arrays["offsets"], arrays["y"].size
    shapes = {name: arrays[name].shape for name in ("y", "test", "track") if name in arrays}
    whole = data.ndim == 1 and data.dtype == np.uint8 and offsets.dtype.kind in "iu"
    whole = whole and offsets.shape == (count + 1,) and set(shapes.values()) == {(count,)}
    if not whole or offsets[0] < 0 or offsets[-1] > len(data) or (offsets[1:] <= offsets[:-1]).any():
        raise _fault(
            path,
            f"bytes {data.dtype} {data.shape}, offsets {offsets.dtype} {offsets.shape}, {shapes}",
            f"bytes (B,) uint8, rising offsets ({count + 1},) from 0 to at most B, the others ({count},)",
            _FETCH_AGAIN,
        )


def _unpack(
    path: str | PathLike[str], arrays: Arrays, chosen: NDArray[np.int64], limit: int | None
) -> Dataset:
    """Decode the chosen pictures, or `limit` of them."""
    if limit is not None and limit < len(chosen):
        chosen = chosen[np.linspace(0, len(chosen) - 1, limit).astype(np.int64)]
    data, offsets = arrays["bytes"], arrays["offsets"]
    pictures = []
    for i in chosen.tolist():
        file = io.BytesIO(data[offsets[i] : offsets[i + 1]].tobytes())
        pictures.append(decode_picture(file, f"{path}: picture {i}"))
        if pictures[-1].shape != pictures[0].shape:
            raise ShapeError(
                f"{path}: picture {i}",
                f"shape {pictures[-1].shape}",
                f"{pictures[0].shape}",
                "scale them first",
            )
    labels = arrays["y"][chosen]
    images = np.stack(pictures) if pictures else np.zeros((0, 1, 1, 1), np.uint8)
    return Dataset(
        images, labels, _class_names(arrays, arrays["y"]), Path(path).stem, _groups(arrays, chosen)
    )


def _groups(arrays: Arrays, chosen: NDArray[np.int64]) -> NDArray[np.int64] | None:
    if "track" not in arrays or (track := arrays["track"][chosen].astype(np.int64)).min(initial=0) < 0:
        return None
    return arrays["y"][chosen].astype(np.int64) * (int(track.max(initial=0)) + 1) + track


def _fault(path: str | PathLike[str], came: str, expected: str, hint: str) -> FileError:
    return FileError(str(path), came, expected, hint)
