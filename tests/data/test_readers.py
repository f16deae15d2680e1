"""IDX, npz and packed JPEGs: good files, real files, and every way to break one."""

import gzip
import io
import struct

import numpy as np
import pytest
from PIL import Image

from chainrule.data import read_idx, read_npz, read_packed_jpeg
from chainrule.data.readers import is_packed_jpeg
from chainrule.errors import DTypeError, FileError, SettingError, ShapeError
from chainrule.random import Generator

CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}
FRAMES = 10


def idx_bytes(array):
    header = bytes([0, 0, CODES[array.dtype.name], array.ndim])
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return header + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(path, data):
    path.write_bytes(data)
    return path


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


def grey(count):
    return np.arange(count * 20, dtype=np.uint8).reshape(count, 5, 4)


def packed(count=20, **changes):
    """The arrays of a packed set: picture i is evenly 10·i bright, of class i % 2."""
    files = []
    for i in range(count):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 6), (10 * i,) * 3).save(buffer, "JPEG", quality=95)
        files.append(buffer.getvalue())
    arrays = {
        "bytes": np.frombuffer(b"".join(files), np.uint8),
        "offsets": np.cumsum([0, *map(len, files)]),
        "y": (np.arange(count) % 2).astype(np.uint8),
        "test": np.arange(count) >= count - 5,
        "classes": np.array(["dark", "light"]),
        "track": (np.arange(count) // 4).astype(np.int32),
    } | changes
    return {name: array for name, array in arrays.items() if array is not None}


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_idx_of_every_dtype(tmp_path, dtype, compress):
    array = (np.arange(24).reshape(2, 3, 4) * 5 - 3).astype(dtype)
    read = read_idx(write(tmp_path / "a", compress(idx_bytes(array))))
    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype and read.dtype.isnative and read.flags.writeable


def test_idx_without_elements_or_axes(tmp_path):
    assert read_idx(write(tmp_path / "a", idx_bytes(np.zeros((0, 3), np.uint8)))).shape == (0, 3)
    assert read_idx(write(tmp_path / "b", idx_bytes(np.array(7, np.int32)))).tolist() == 7


def test_every_truncation_of_an_idx_file_is_an_error(tmp_path):
    data = idx_bytes(np.arange(6, dtype=np.int16).reshape(2, 3))
    for whole in (data, gzip.compress(data)):
        for length in range(len(whole)):
            with pytest.raises(FileError):
                read_idx(write(tmp_path / "a", whole[:length]))


def test_a_truncated_idx_file_says_how_much_is_missing(tmp_path):
    path = write(tmp_path / "a", idx_bytes(np.zeros((2, 3), np.uint8))[:-1])
    with pytest.raises(FileError) as caught:
        read_idx(path)
    assert caught.value.who == str(path)
    assert (
        "17 bytes (truncated)" in caught.value.came and "18 bytes for shape (2, 3)" in caught.value.expected
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n",
        b"\0\0\x0a\1\0\0\0\1\0",
        b"\1\0\x08\1\0\0\0\1\0",
        idx_bytes(np.zeros(3, np.uint8)) + b"\0",
        b"\0\0\x08\3" + b"\xff" * 12,
        gzip.compress(idx_bytes(np.zeros(3, np.uint8)))[:-8] + b"12345678",
        gzip.compress(b"not idx"),
        gzip.compress(b"not deflated")[:10] + b"\xff" * 20,
    ],
    ids=["png", "dtype", "magic", "trailing", "huge", "checksum", "foreign gzip", "gzip body"],
)
def test_foreign_idx_files(tmp_path, data):
    with pytest.raises(FileError) as caught:
        read_idx(write(tmp_path / "a", data))
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


@pytest.mark.parametrize(
    "names",
    ["x y xt yt", "train_images train_labels test_images test_labels", "x_train y_train x_test y_test"],
)
def test_npz_layouts(tmp_path, names):
    labels, test_labels = np.array([0, 1, 2], np.uint8), np.array([[1], [3]], np.uint8)
    arrays = dict(zip(names.split(), (grey(3), labels, grey(2), test_labels), strict=True))
    train, test = read_npz(save(tmp_path / "toys.npz", **arrays))
    assert (train.shape, train.name, train.classes) == ((1, 5, 4), "toys", ("0", "1", "2", "3"))
    assert train.labels.tolist() == [0, 1, 2] and test.labels.tolist() == [1, 3]
    np.testing.assert_array_equal(test.images[:, 0], grey(2))


def test_npz_without_a_test_part_holds_out_a_fifth_of_each_class(tmp_path):
    path = save(tmp_path / "a.npz", x=np.zeros((20, 4, 4)), y=np.arange(20) % 2, classes=np.array(["a", "b"]))
    train, test = read_npz(path)
    assert np.bincount(test.labels).tolist() == [2, 2] and len(train) == 16
    assert train.images.dtype == np.float32 and train.classes == ("a", "b")


@pytest.mark.parametrize(
    ("shape", "channels_first"),
    [
        ((10, 5, 4, 3), (3, 5, 4)),
        ((10, 5, 4, 1), (1, 5, 4)),
        ((10, 3, 5, 4), (3, 5, 4)),
        ((10, 5, 4, 2), (5, 4, 2)),
        ((10, 3, 5, 3), (3, 5, 3)),
    ],
)
def test_npz_images_become_channels_first(tmp_path, shape, channels_first):
    x = np.arange(np.prod(shape)).reshape(shape).astype(np.uint8)
    train, _ = read_npz(save(tmp_path / "a.npz", x=x, y=np.zeros(10, int)))
    assert train.shape == channels_first
    if shape[-1] == 3 and shape[1] != 3:
        assert (train.images[0, 2] == x[0, :, :, 2]).all() or len(train) < 10


def test_half_a_test_part_is_refused(tmp_path):
    with pytest.raises(FileError, match=r"\['x', 'xt', 'y'\]"):
        read_npz(save(tmp_path / "a.npz", x=grey(10), y=np.zeros(10, int), xt=grey(2)))


def test_unknown_arrays_are_listed(tmp_path):
    with pytest.raises(FileError, match=r"\['pixels', 'target'\]"):
        read_npz(save(tmp_path / "a.npz", pixels=grey(2), target=np.zeros(2)))


@pytest.mark.parametrize("spoil", ["truncate", "text", "empty", "npy", "pickle", "flip"])
def test_damaged_npz_files(tmp_path, spoil):
    path = save(tmp_path / "a.npz", x=grey(10), y=np.zeros(10, int))
    data = path.read_bytes()
    if spoil == "npy":
        with path.open("wb") as file:
            np.save(file, grey(2))
    elif spoil == "pickle":
        save(path, x=np.array([{}], object), y=np.zeros(1, int))
    else:
        middle = data.index(b"NUMPY") + 200
        flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        write(path, {"truncate": data[:-40], "text": b"x,y\n1,2\n", "empty": b"", "flip": flipped}[spoil])
    with pytest.raises(FileError) as caught:
        read_npz(path)
    assert caught.value.who == str(path)
    assert all((caught.value.came, caught.value.expected, caught.value.hint))


def test_what_is_no_npz_file_is_told_from_what_is_not_there(tmp_path):
    with pytest.raises(FileError, match="begins with the bytes 78 2c; expected an npz file"):
        read_npz(write(tmp_path / "a.npz", b"x,y\n1,2\n"))
    with pytest.raises(FileError, match="no such file"):
        read_npz(tmp_path / "missing.npz")


def test_any_damaged_byte_of_an_npz_file_is_a_file_error_or_a_set(tmp_path):
    whole = save(tmp_path / "a.npz", x=grey(5), y=np.arange(5) % 2, xt=grey(2), yt=np.arange(2)).read_bytes()
    pictures = {picture.tobytes() for picture in grey(5)}
    for at in range(len(whole)):
        path = write(tmp_path / "b.npz", whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            train, _ = read_npz(path)
        except FileError:
            continue
        # Damage in the table of contents can hide an array, and nothing notices; pixels are under a checksum.
        assert {picture.tobytes() for picture in train.images} <= pictures


def test_packed_jpegs(tmp_path):
    path = save(tmp_path / "toys.npz", **packed())
    train, test = read_packed_jpeg(path)
    assert is_packed_jpeg(path)
    assert (len(train), len(test), train.shape, train.classes) == (15, 5, (3, 6, 8), ("dark", "light"))
    assert np.abs(train.images.mean((1, 2, 3)) - 10 * np.arange(15)).max() < 1
    assert test.labels.tolist() == [1, 0, 1, 0, 1]


def test_packed_tracks_keep_together_when_split(tmp_path):
    train, _ = read_packed_jpeg(save(tmp_path / "a.npz", **packed(40)))
    first, second = train.split(0.6, Generator(0))
    assert set(zip(first.labels.tolist(), first.groups.tolist(), strict=True)).isdisjoint(
        zip(second.labels.tolist(), second.groups.tolist(), strict=True)
    )
    assert len(np.unique(train.groups)) == 18
    negative = packed(track=np.full(20, -1))
    assert read_packed_jpeg(save(tmp_path / "a.npz", **negative))[0].groups is None


def test_packed_without_test_classes_and_tracks(tmp_path):
    train, test = read_packed_jpeg(save(tmp_path / "a.npz", **packed(test=None, classes=None, track=None)))
    assert (len(train), np.bincount(test.labels).tolist(), train.classes) == (16, [2, 2], ("0", "1"))


def test_limit_takes_pictures_from_the_whole_length(tmp_path):
    train, test = read_packed_jpeg(save(tmp_path / "a.npz", **packed()), limit=3)
    assert (train.images.mean((1, 2, 3)) / 10).round().tolist() == [0, 7, 14]
    assert len(test) == 3


def broken_jpeg():
    arrays = packed()
    arrays["bytes"] = arrays["bytes"].copy()
    arrays["bytes"][arrays["offsets"][3] :][:20] = 0
    return arrays


@pytest.mark.parametrize(
    "arrays",
    [
        packed(y=None),
        packed(y=np.zeros(19, int)),
        packed(test=np.zeros(19, bool)),
        packed(track=np.zeros(21, int)),
        packed(offsets=np.arange(21) * 10**6),
        packed(offsets=np.arange(21)[::-1]),
        packed(offsets=np.arange(21) - 1),
        packed(offsets=np.arange(21) / 2),
        packed(offsets=np.zeros(21, int)),
        packed(bytes=packed()["bytes"].view(np.int8)),
        packed(offsets=packed()["offsets"][:-1]),
    ],
)
def test_damaged_packed_files(tmp_path, arrays):
    path = save(tmp_path / "a.npz", **arrays)
    with pytest.raises(FileError) as caught:
        read_packed_jpeg(path)
    # Found at the door: the fault is the file's, not that of its first picture.
    assert caught.value.who == str(path)
    assert all((caught.value.came, caught.value.expected, caught.value.hint))


def test_a_broken_jpeg_is_named_by_its_number(tmp_path):
    with pytest.raises(FileError, match="picture 3:"):
        read_packed_jpeg(save(tmp_path / "a.npz", **broken_jpeg()))


def two_sizes():
    small, large = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(small, "JPEG")
    Image.new("RGB", (8, 9)).save(large, "JPEG")
    data = small.getvalue() + large.getvalue()
    offsets = np.array([0, len(small.getvalue()), len(data)])
    return {"bytes": np.frombuffer(data, np.uint8), "offsets": offsets, "y": np.zeros(2, int)}


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (FileError, lambda folder: read_idx(folder / "missing")),
        (FileError, lambda folder: read_idx(folder)),
        (FileError, lambda folder: read_npz(folder / "missing.npz")),
        (FileError, lambda folder: read_npz(folder)),
        (FileError, lambda folder: read_npz(save(folder / "a.npz", **packed()))),
        (FileError, lambda folder: read_packed_jpeg(save(folder / "a.npz", x=grey(2), y=np.zeros(2)))),
        (SettingError, lambda folder: read_packed_jpeg(save(folder / "a.npz", **packed()), limit=1)),
        (ShapeError, lambda folder: read_npz(save(folder / "a.npz", x=grey(2), y=np.zeros((2, 14), int)))),
        (ShapeError, lambda folder: read_packed_jpeg(save(folder / "a.npz", **two_sizes()))),
        (
            DTypeError,
            lambda folder: read_npz(save(folder / "a.npz", x=grey(9).astype(int), y=np.zeros(9, int))),
        ),
        (DTypeError, lambda folder: read_npz(save(folder / "a.npz", x=grey(9), y=np.zeros(9)))),
    ],
)
def test_errors_have_their_four_parts(tmp_path, error, call):
    with pytest.raises(error) as caught:
        call(tmp_path)
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


def test_real_npz(shared_data):
    train, test = read_npz(shared_data("mnist_5k.npz"))
    assert (
        np.bincount(train.labels).tolist() == [400] * 10 and np.bincount(test.labels).tolist() == [100] * 10
    )


def test_real_packed_jpegs(shared_data):
    train, test = read_packed_jpeg(shared_data("cifar10_jpeg.npz"), limit=200)
    assert (len(train), len(test), train.shape, train.classes[3]) == (200, 200, (3, 32, 32), "cat")
    assert np.bincount(train.labels).tolist() == [20] * 10


def test_names_of_classes_steer_no_terminal(tmp_path):
    path = save(tmp_path / "a.npz", x=grey(10), y=np.arange(10) % 2, classes=np.array(["a\x1b[2J", "b\n"]))
    assert read_npz(path)[0].classes == ("a?[2J", "b?")


def test_far_more_names_than_pictures_are_refused(tmp_path):
    many = np.array([f"{k}" for k in range(1100)])
    with pytest.raises(FileError, match="1,100 classes for 10 pictures"):
        read_npz(save(tmp_path / "a.npz", x=grey(10), y=np.arange(10) % 2, classes=many))


def test_only_what_is_needed_is_read(tmp_path):
    path = save(tmp_path / "a.npz", x=grey(10), y=np.arange(10) % 2, notes=np.array([{}], object))
    assert len(read_npz(path)[0]) == 8


def test_labels_of_another_kind(tmp_path):
    for labels in (np.arange(10.0), np.array(["a", "b"] * 5), np.arange(10) % 2 == 0):
        with pytest.raises(DTypeError, match="integers"):
            read_npz(save(tmp_path / "a.npz", x=grey(10), y=labels))


def of_one_kind(kind, size=(8, 6)):
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, kind)
    content = np.frombuffer(buffer.getvalue(), np.uint8)
    return {"bytes": np.tile(content, 4), "offsets": len(content) * np.arange(5), "y": np.arange(4) % 2}


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PCX", "EPS"])
def test_packed_pictures_of_another_kind_are_refused(tmp_path, kind):
    with pytest.raises(FileError, match="picture 0: it cannot be read"):
        read_packed_jpeg(save(tmp_path / "a.npz", **of_one_kind(kind)))


def test_a_packed_picture_that_says_a_huge_size(tmp_path):
    arrays = of_one_kind("JPEG")
    data = arrays["bytes"].copy()
    place = data.tobytes().index(b"\xff\xc0") + 5
    data[place : place + 4] = [16, 0, 16, 0]
    with pytest.raises(FileError, match="4096 × 4096 pixels, far more than its bytes can tell"):
        read_packed_jpeg(save(tmp_path / "a.npz", **{**arrays, "bytes": data}))


def test_a_bomb_of_idx(tmp_path):
    bomb = idx_bytes(np.zeros(1 << 22, np.uint8))
    with pytest.raises(FileError, match="more than 100 times its size; .*try: unpack it yourself"):
        read_idx(write(tmp_path / "a", gzip.compress(bomb)))
    assert len(read_idx(write(tmp_path / "a", bomb))) == 1 << 22
