"""Picture files, decoded by Pillow to (C, H, W) uint8: one picture, or a folder with a sub-folder a class."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

# Pillow loads these when it meets their kind of picture; nothing is to be loaded while a file is read.
from PIL import (  # noqa: F401  isort: skip
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from ..errors import DataError, FileError, ShapeError
from .dataset import Dataset

Picture = NDArray[np.uint8]

_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_MODES = {1: "L", 3: "RGB"}


def read_picture(path: str | PathLike[str], shape: tuple[int, int, int]) -> Picture:
    """Read a picture and scale it to a network's input.

    It is scaled, keeping its proportions, until it covers H × W, and the middle is cut out. Transparency is
    laid on white, 16-bit grey is brought to 8, and a photo is turned upright as its camera noted.

    shape:  (C, H, W); C = 1 gives grey, 3 red, green and blue
    Returns (C, H, W) uint8.
    Raises FileError if it cannot be read, ShapeError for another C or a size < 1.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("L", (40, 30)).save(Path(folder, "cat.png"))
    ...     read_picture(Path(folder, "cat.png"), (3, 32, 32)).shape
    (3, 32, 32)
    """
    channels, height, width = shape
    if channels not in _MODES or min(height, width) < 1:
        raise ShapeError(
            "read_picture",
            f"shape {shape}",
            "(1, H, W) or (3, H, W) with H, W ≥ 1",
            "the model's input shape",
        )
    return decode_picture(path, str(path), channels, (height, width))


def read_folder(path: str | PathLike[str], size: tuple[int, int] | None = None) -> Dataset:
    """Read a folder with one sub-folder of pictures for each class.

    Classes and files are taken in the order of their names; files of other kinds and hidden ones are passed
    over. The set is grey if all its pictures are, else every picture is red, green and blue.

    size:  (H, W) pixels to scale every picture to, as `read_picture` does; None takes them as they are
    Returns a Dataset of (N, C, H, W) uint8, named after the folder.
    Raises FileError for a missing folder or unreadable picture, DataError for a class without pictures,
    ShapeError if sizes differ.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("rose", "tulip"):
    ...         Path(folder, name).mkdir()
    ...         Image.new("RGB", (40, 30)).save(Path(folder, name, "1.jpg"))
    ...     read_folder(folder, size=(16, 16)).classes
    ('rose', 'tulip')
    """
    root = Path(path)
    classes = _class_folders(root)
    files = [_picture_files(folder) for folder in classes]
    labels = np.repeat(np.arange(len(classes)), [len(names) for names in files])
    paths = [file for names in files for file in names]
    pictures = [decode_picture(file, str(file), None, size) for file in paths]
    _check_sizes(paths, pictures)
    images = np.stack(_same_channels(pictures))
    return Dataset(images, labels, tuple(folder.name for folder in classes), root.resolve().name)


def decode_picture(
    source: str | PathLike[str] | BinaryIO,
    who: str,
    channels: int | None = None,
    size: tuple[int, int] | None = None,
    *,
    formats: tuple[str, ...] = _FORMATS,
    most: int | None = None,
) -> Picture:
    """Decode one picture file.

    channels:  1 or 3; None keeps grey grey and makes all else red, green and blue
    size:      (H, W) pixels; None keeps its own
    formats:   that it may have, by Pillow's names; no others, because some would run another program
    most:      bytes that its pixels may take
    Returns (C, H, W) uint8.
    Raises FileError naming `who`.
    """
    try:
        with Image.open(source, formats=formats) as file:
            if most is not None and 3 * file.width * file.height > most:
                raise ValueError(f"{file.width} × {file.height} pixels, far more than its bytes can tell")
            picture = _to_mode(ImageOps.exif_transpose(file), channels)
    # Broken pictures make Pillow raise nearly anything: OSError, SyntaxError, struct.error, ValueError …
    except Exception as error:
        raise FileError(
            who,
            "no such file" if isinstance(error, FileNotFoundError) else f"it cannot be read ({error})",
            "a picture that Pillow reads, such as PNG or JPEG",
            "look at it in a viewer, save it again or take it out",
        ) from error
    if size is not None and picture.size != (size[1], size[0]):
        picture = ImageOps.fit(picture, (size[1], size[0]), Image.Resampling.BILINEAR)
    pixels: Picture = np.asarray(picture)
    return pixels[np.newaxis] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _to_mode(picture: Image.Image, channels: int | None) -> Image.Image:
    """Return the picture as 8-bit grey ("L") or "RGB"."""
    if picture.mode.startswith("I"):
        # Pillow's own conversion cuts 16-bit grey off at 255 instead of scaling it.
        grey = np.clip(np.asarray(picture, np.int64) // 257, 0, 255).astype(np.uint8)
        picture = Image.fromarray(grey)
    if "A" in picture.getbands() or "transparency" in picture.info:
        is_grey = picture.mode in ("L", "LA")
        colours = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), colours)
        picture = picture.convert("L" if is_grey else "RGB")
    if channels is None:
        channels = 1 if picture.mode in ("1", "L") else 3
    return picture.convert(_MODES[channels])


def _class_folders(root: Path) -> list[Path]:
    if not root.is_dir():
        raise FileError(str(root), "no such folder", "a folder with one sub-folder a class", "check the path")
    folders = sorted(folder for folder in root.iterdir() if folder.is_dir() and folder.name[0] != ".")
    if not folders:
        raise DataError(
            str(root),
            "no sub-folders",
            "one sub-folder a class",
            "sort the pictures into folders cat/, dog/ …",
        )
    return folders


def _picture_files(folder: Path) -> list[Path]:
    files = sorted(
        file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES and file.name[0] != "."
    )
    if not files:
        raise DataError(
            str(folder),
            "no pictures",
            f"files ending in {' '.join(_SUFFIXES)}",
            "add some, or remove it",
        )
    return files


def _check_sizes(paths: list[Path], pictures: list[Picture]) -> None:
    height, width = pictures[0].shape[1:]
    for path, picture in zip(paths, pictures, strict=True):
        if picture.shape[1:] != (height, width):
            raise ShapeError(
                str(path),
                f"{picture.shape[1]} × {picture.shape[2]} pixels (height × width)",
                f"{height} × {width} as in {paths[0].name}",
                f"size=({height}, {width}) to scale them all",
            )


def _same_channels(pictures: list[Picture]) -> list[NDArray[Any]]:
    """Repeat the channel of the grey pictures if any other has colours."""
    channels = max(len(picture) for picture in pictures)
    return [np.broadcast_to(picture, (channels, *picture.shape[1:])) for picture in pictures]
