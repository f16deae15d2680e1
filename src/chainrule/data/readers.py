"""Files of many pictures in one: IDX, the npz layouts in use, and npz files of packed JPEGs.

None of them can run code: npz is read without pickle. What is wrong with a file is a FileError with its path.
"""

from __future__ import annotations

import gzip
import io
import math
import os
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError, ShapeError
from ..reading import EXPANSION, MB
from ..words import printable
from .dataset import Dataset, hold_out, numbered
from .folders import decode_picture
from .npz import Npz, npz
from .stream import FETCH_AGAIN, Stream, fault, reading

Arrays = dict[str, NDArray[Any]]

_GZIP_MAGIC = b"\x1f\x8b"
_MOST_AXES = 32
_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
# (training images, training labels, test images, test labels); a file may lack the last two.
_LAYOUTS = (
    ("x", "y", "xt", "yt"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
)
_PACKED, _PERHAPS = {"bytes", "offsets", "y"}, {"test", "track"}
_MORE_CLASSES = 1000


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
    with reading(path, "a whole file") as (file, size):
        packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        if not packed:
            return _idx(Stream(path, file.read, size), size)
        with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
            return _idx(Stream(path, unpacked.read, size), None)


def _idx(stream: Stream, size: int | None) -> NDArray[Any]:
    """The array; where the size is known before, it is held to what the header says."""
    head = stream.take(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES or head[3] > _MOST_AXES:
        raise fault(
            stream.path,
            f"it begins with the bytes {head.hex(' ') or '(none)'}",
            f"00 00, a dtype of {', '.join(f'{code:02x}' for code in _IDX_TYPES)}, and the number of axes",
            "give an IDX file such as train-images-idx3-ubyte.gz",
        )
    dtype, axes = np.dtype(_IDX_TYPES[head[2]]), stream.take(4 * head[3])
    shape = tuple(int.from_bytes(axes[at : at + 4], "big") for at in range(0, len(axes), 4))
    total = 4 + 4 * head[3] + math.prod(shape) * dtype.itemsize
    expected = f"{total} bytes for shape {shape} of {dtype.name}"
    if len(axes) < 4 * head[3] or (size is not None and size != total):
        came = f"{4 + len(axes) if size is None else size} bytes"
        if size is not None and size > total:
            hint = "give the file as it was published"
            raise fault(stream.path, f"{came} (something follows the numbers)", expected, hint)
        raise fault(stream.path, f"{came} (truncated)", expected, FETCH_AGAIN)
    array = stream.array(dtype, shape, expected, there=size is not None)
    stream.check_end(expected)
    return array


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
    with npz(path) as archive:
        names = _layout(path, archive)
        parts = [(_channels_first(archive[x]), _one_column(archive[y])) for x, y in names]
        classes = _class_names(archive, *(labels for _, labels in parts))
    sets = [Dataset(images, labels, classes, Path(path).stem) for images, labels in parts]
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
    with npz(path) as archive:
        if not _PACKED.issubset(archive.names):
            hint = "read_npz for arrays of pixels"
            raise fault(path, archive.shown, "bytes, offsets, y", hint)
        arrays = {name: archive[name] for name in archive.names if name in _PACKED | _PERHAPS}
        _check_packed(path, arrays)
        classes = _class_names(archive, arrays["y"])
    if "test" not in arrays:
        whole = _unpack(path, arrays, classes, np.arange(len(arrays["y"])), limit)
        arrays.clear()  # their memory is for the two parts
        return hold_out(whole)
    test = arrays["test"].astype(np.bool_)
    train_set, test_set = (
        _unpack(path, arrays, classes, np.flatnonzero(part), limit) for part in (~test, test)
    )
    return train_set, test_set


def is_packed_jpeg(path: str | PathLike[str]) -> bool:
    """Tell by the names of its arrays whether an npz file is one for `read_packed_jpeg`.

    Raises FileError if it is missing, damaged or not npz.
    """
    with npz(path) as archive:
        return _PACKED.issubset(archive.names)


def _layout(path: str | PathLike[str], archive: Npz) -> list[tuple[str, str]]:
    """Return the names of images and labels of the training part and, if there, of the test part."""
    names = set(archive.names)
    for layout in _LAYOUTS:
        train, test = layout[:2], layout[2:]
        missing_of_test = len(set(test) - names)
        if set(train) <= names and missing_of_test != 1:
            return [train] if missing_of_test else [train, test]
    packed = " (it is one for read_packed_jpeg)" if names >= _PACKED else ""
    raise fault(
        path,
        f"{archive.shown}{packed}",
        " or ".join(", ".join(layout) for layout in _LAYOUTS),
        "np.savez(path, x=images, y=labels)",
    )


def _one_column(labels: NDArray[Any]) -> NDArray[Any]:
    """Return (N,) of MedMNIST's (N, 1)."""
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def _class_names(archive: Npz, *labels: NDArray[Any]) -> tuple[str, ...]:
    """Return the names in the file, else the numbers up to the highest label."""
    if "classes" not in archive.names:
        return numbered(*labels)
    classes, pictures = archive["classes"].reshape(-1), sum(part.size for part in labels)
    if len(classes) > pictures + _MORE_CLASSES:
        raise archive.fault(f"{len(classes):,} classes for {pictures:,} pictures")
    return tuple(printable(str(name)) for name in classes.tolist())


def _channels_first(images: NDArray[Any]) -> NDArray[Any]:
    """Return (N, C, H, W) of grey (N, H, W) or colour (N, H, W, 3), and floats as float32."""
    if images.ndim == 3:
        images = images[:, np.newaxis]
    elif images.ndim == 4 and images.shape[3] in (1, 3) and images.shape[1] not in (1, 3):
        images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    return images.astype(np.float32, copy=False) if images.dtype.kind == "f" else images


def _check_packed(path: str | PathLike[str], arrays: Arrays) -> None:
    """Hold the arrays to each other, so that decoding can only meet a bad JPEG."""
    data, offsets, count = arrays["bytes"], arrays["offsets"], arrays["y"].size
    shapes = {name: arrays[name].shape for name in ("y", "test", "track") if name in arrays}
    whole = data.ndim == 1 and data.dtype == np.uint8 and offsets.dtype.kind in "iu"
    whole = whole and offsets.shape == (count + 1,) and set(shapes.values()) == {(count,)}
    if not whole or offsets[0] < 0 or offsets[-1] > len(data) or (offsets[1:] <= offsets[:-1]).any():
        raise fault(
            path,
            f"bytes {data.dtype} {data.shape}, offsets {offsets.dtype} {offsets.shape}, {shapes}",
            f"bytes (B,) uint8, rising offsets ({count + 1},) from 0 to at most B, the others ({count},)",
            FETCH_AGAIN,
        )


def _unpack(
    path: str | PathLike[str],
    arrays: Arrays,
    classes: tuple[str, ...],
    chosen: NDArray[np.int64],
    limit: int | None,
) -> Dataset:
    """Decode the chosen pictures, or `limit` of them."""
    if limit is not None and limit < len(chosen):
        chosen = chosen[np.linspace(0, len(chosen) - 1, limit).astype(np.int64)]
    blocks, pictures = [], []
    for picture in _pictures(path, arrays, chosen.tolist()):
        pictures.append(picture)
        if len(pictures) * picture.nbytes >= MB:
            blocks.append(np.stack(pictures))
            pictures.clear()
    blocks += [np.stack(pictures)] if pictures else []
    images = _joined(blocks) if blocks else np.zeros((0, 1, 1, 1), np.uint8)
    return Dataset(images, arrays["y"][chosen], classes, Path(path).stem, _groups(arrays, chosen))


def _pictures(path: str | PathLike[str], arrays: Arrays, chosen: list[int]) -> Iterator[NDArray[np.uint8]]:
    """The chosen pictures, all of one shape."""
    data, offsets, shape = arrays["bytes"], arrays["offsets"], None
    for i in chosen:
        file, who = data[offsets[i] : offsets[i + 1]].tobytes(), f"{os.fspath(path)}: picture {i}"
        most = max(MB, EXPANSION * len(file))
        picture = decode_picture(io.BytesIO(file), who, formats=("JPEG",), most=most)
        shape = shape or picture.shape
        if picture.shape != shape:
            raise ShapeError(who, f"shape {picture.shape}", f"{shape}", "scale them first")
        yield picture


def _joined(blocks: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The blocks as one array; each is given back when it is copied."""
    images = np.empty((sum(map(len, blocks)), *blocks[0].shape[1:]), np.uint8)
    end = len(images)
    while blocks:
        block = blocks.pop()
        images[end - len(block) : end] = block
        end -= len(block)
    return images


def _groups(arrays: Arrays, chosen: NDArray[np.int64]) -> NDArray[np.int64] | None:
    if "track" not in arrays or (track := arrays["track"][chosen].astype(np.int64)).min(initial=0) < 0:
        return None
    return arrays["y"][chosen].astype(np.int64) * (int(track.max(initial=0)) + 1) + track
