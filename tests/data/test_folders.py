"""Picture files through Pillow: sizes, colours, odd modes, and files that are no pictures."""

import io

import numpy as np
import pytest
from PIL import Image

from chainrule.data import read_folder, read_picture
from chainrule.data.folders import decode_picture
from chainrule.errors import DataError, FileError, ShapeError

RED, GREEN = (255, 0, 0), (0, 255, 0)


def save(path, mode="RGB", size=(6, 4), colour=RED, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **more)
    return path


@pytest.fixture
def flowers(tmp_path):
    """Two classes, three pictures 4 × 6 (height × width), and things to be passed over."""
    root = tmp_path / "flowers"
    save(root / "rose" / "b.png")
    save(root / "rose" / "a.PNG", colour=GREEN)
    save(root / "daisy" / "c.bmp", colour=(0, 0, 255))
    (root / "rose" / "notes.txt").write_text("roses")
    (root / "rose" / "._b.png").write_bytes(b"\0\5")
    (root / ".thumbnails").mkdir()
    (root / "readme.png").write_text("beside the classes")
    return root


def test_a_folder_is_read_in_the_order_of_its_names(flowers):
    dataset = read_folder(flowers)
    assert (dataset.name, dataset.classes, dataset.shape) == ("flowers", ("daisy", "rose"), (3, 4, 6))
    assert dataset.labels.tolist() == [0, 1, 1] and dataset.images.dtype == np.uint8
    assert dataset.images[:, :, 0, 0].tolist() == [[0, 0, 255], [0, 255, 0], [255, 0, 0]]


def test_a_folder_of_grey_pictures_has_one_channel_and_a_mixed_one_three(tmp_path):
    save(tmp_path / "a" / "1.png", "L", colour=7)
    save(tmp_path / "b" / "1.png", "L", colour=9)
    assert read_folder(tmp_path).images[:, :, 0, 0].tolist() == [[7], [9]]
    save(tmp_path / "b" / "2.png")
    assert read_folder(tmp_path).images[:, :, 0, 0].tolist() == [[7, 7, 7], [9, 9, 9], [255, 0, 0]]


def test_sizes_that_differ_name_the_first_and_the_way_out(flowers):
    odd = save(flowers / "rose" / "aa.png", size=(8, 4))
    save(flowers / "rose" / "z.png", size=(9, 9))
    with pytest.raises(ShapeError) as caught:
        read_folder(flowers)
    assert caught.value.who == str(odd)
    assert caught.value.expected == "4 × 6 as in c.bmp"
    assert "4 × 8" in caught.value.came and "size=(4, 6)" in caught.value.hint
    assert read_folder(flowers, size=(5, 3)).shape == (3, 5, 3)


def test_read_picture_scales_and_converts(tmp_path):
    path = save(tmp_path / "p.png")
    assert read_picture(path, (3, 4, 6))[:, 0, 0].tolist() == list(RED)
    small = read_picture(path, (1, 2, 2))
    assert small.shape == (1, 2, 2) and small.dtype == np.uint8
    # Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R 601-2).
    assert np.unique(small).tolist() == [round(0.299 * 255)]


def test_scaling_keeps_proportions_and_takes_the_middle(tmp_path):
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    assert (read_picture(tmp_path / "wide.png", (3, 10, 10)) == 200).all()


def test_a_picture_of_the_right_size_keeps_its_pixels(tmp_path):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "p.png", (1, 8, 8))[0], pixels)


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path):
    Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16)).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png", (1, 1, 3)).tolist() == [[[0, 100, 255]]]


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, [255]),
        ("L", 9, [9]),
        ("LA", (0, 0), [255]),
        ("LA", (8, 255), [8]),
        ("RGBA", (0, 0, 0, 0), [255, 255, 255]),
        ("RGBA", (1, 2, 3, 255), [1, 2, 3]),
        ("CMYK", (0, 255, 255, 0), [255, 0, 0]),
        ("P", 0, [0, 0, 0]),
    ],
)
def test_modes(tmp_path, mode, colour, expected):
    path = save(tmp_path / ("p.tif" if mode == "CMYK" else "p.png"), mode, colour=colour)
    assert decode_picture(path, "p")[:, 0, 0].tolist() == expected


def test_photos_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    path = save(tmp_path / "p.jpg", size=(6, 4), exif=exif)
    assert decode_picture(path, "p").shape == (3, 6, 4)


@pytest.mark.parametrize(
    "spoil", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"GIF89a??"]
)
def test_unreadable_pictures_are_named(flowers, spoil):
    path = flowers / "rose" / "b.png"
    noise = np.arange(3 * 64 * 64, dtype=np.uint8).reshape(64, 64, 3)
    Image.fromarray(noise).save(path)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(FileError) as caught:
        read_folder(flowers)
    assert caught.value.who == str(path)


def test_any_damaged_byte_is_a_file_error_or_a_picture():
    buffer = io.BytesIO()
    Image.fromarray((np.arange(3 * 256) % 251).astype(np.uint8).reshape(16, 16, 3)).save(buffer, "PNG")
    whole = buffer.getvalue()
    for at in range(len(whole)):
        spoilt = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
        try:
            picture = decode_picture(io.BytesIO(spoilt), "picture")
        except FileError:
            continue
        assert picture.dtype == np.uint8 and picture.ndim == 3


def empty_class(folder):
    (folder / "empty").mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (FileError, lambda folder: read_folder(folder / "missing")),
        (FileError, lambda folder: read_folder(save(folder / "file.png"))),
        (DataError, lambda folder: read_folder(folder)),
        (DataError, lambda folder: read_folder(empty_class(folder))),
        (FileError, lambda folder: read_picture(folder / "missing.png", (3, 4, 4))),
        (FileError, lambda folder: read_picture(folder, (3, 4, 4))),
        (ShapeError, lambda folder: read_picture(save(folder / "p.png"), (2, 4, 4))),
        (ShapeError, lambda folder: read_picture(save(folder / "p.png"), (3, 0, 4))),
    ],
)
def test_errors_have_their_four_parts(tmp_path, error, call):
    with pytest.raises(error) as caught:
        call(tmp_path)
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


def test_real_pictures(shared_data):
    picture = read_picture(shared_data("BCCD") / "BloodImage_00000.jpg", (3, 48, 64))
    assert picture.shape == (3, 48, 64) and picture.std() > 10


@pytest.mark.parametrize("kind", ["PCX", "EPS", "TGA"])
def test_kinds_that_nobody_asked_for_are_refused_whatever_the_name(tmp_path, kind):
    """Some of Pillow's readers start another program."""
    Image.new("RGB", (6, 4)).save(tmp_path / "a.png", kind)
    with pytest.raises(FileError, match="it cannot be read"):
        read_picture(tmp_path / "a.png", (3, 4, 6))
