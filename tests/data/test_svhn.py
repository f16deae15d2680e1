"""SVHN's cropped digits, from files that SciPy writes as MATLAB does."""

import sys

import numpy as np
import pytest
from scipy.io import savemat

from chainrule.data import load
from chainrule.data.svhn import read_svhn
from chainrule.errors import FileError, MissingExtraError

FILES = ("train_32x32.mat", "test_32x32.mat")


def write(folder, **arrays):
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        savemat(folder / name, arrays, do_compression=True)


def test_the_digits_with_ten_as_naught(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 5)).astype(np.uint8)
    write(tmp_path / "svhn", X=images, y=np.array([[1], [10], [9], [10], [5]], np.uint8))
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    train, test = load("svhn")
    assert train.labels.tolist() == [1, 0, 9, 0, 5] and train.classes == tuple("0123456789")
    assert (train.name, train.shape, len(test)) == ("svhn", (3, 32, 32), 5)
    assert train.images[3, 2, 7, 11] == images[7, 11, 2, 3]


@pytest.mark.parametrize(
    "arrays",
    [
        {"X": np.zeros((32, 32, 3, 2)), "y": np.ones((2, 1), np.uint8)},
        {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.ones((3, 1), np.uint8)},
        {"X": np.zeros((32, 32, 3, 2), np.uint8)},
    ],
)
def test_other_arrays_say_so(tmp_path, arrays):
    write(tmp_path, **arrays)
    with pytest.raises(FileError, match="train_32x32.mat.*expected X .32, 32, 3, N. uint8"):
        read_svhn(tmp_path)


@pytest.mark.parametrize("content", [b"", b"nonsense" * 50, b"MATLAB 5.0 MAT-file" + b"\xff" * 300])
def test_files_that_are_no_matlab_files_say_so(tmp_path, content):
    for name in FILES:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match="train_32x32.mat"):
        read_svhn(tmp_path)


def test_without_scipy_the_message_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(MissingExtraError, match="pip install 'chainrule.svhn.'"):
        read_svhn(tmp_path)
