"""CIFAR's binary version: records of labels and three planes of pixels."""

import numpy as np
import pytest

from chainrule.data.cifar import read_cifar, read_cifar10
from chainrule.errors import FileError, LabelError, SettingError


@pytest.mark.parametrize("labels", [1, 2])
@pytest.mark.parametrize("count", [1, 64, 131])
def test_records_become_pictures_and_labels(tmp_path, labels, count):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 3, 32, 32)).astype(np.uint8)
    marks = rng.integers(0, 100, (count, labels)).astype(np.uint8)
    path = tmp_path / "batch.bin"
    path.write_bytes(np.concatenate([marks, images.reshape(count, -1)], axis=1).tobytes())
    found, told = read_cifar(path, labels)
    assert np.array_equal(found, images) and np.array_equal(told, marks)
    assert found.flags.c_contiguous and found.flags.writeable


@pytest.mark.parametrize("size", [0, 1, 3072, 3074, 2 * 3073 - 1])
def test_a_file_of_another_size_says_so(tmp_path, size):
    path = tmp_path / "batch.bin"
    path.write_bytes(bytes(size))
    with pytest.raises(
        FileError, match=f"batch.bin: {size:,} bytes; expected records of 3,073 bytes"
    ) as caught:
        read_cifar(path)
    assert "fetch it again" in caught.value.hint


def test_a_missing_file_and_other_labels_say_so(tmp_path):
    with pytest.raises(FileError, match="no such file"):
        read_cifar(tmp_path / "none.bin")
    with pytest.raises(SettingError, match="labels: 3"):
        read_cifar(tmp_path / "none.bin", 3)


def write_folder(folder, names: bytes):
    for name in (*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"):
        (folder / name).write_bytes(bytes([1]) + bytes(3072))
    (folder / "batches.meta.txt").write_bytes(names)


def test_a_label_without_a_name_says_so(tmp_path):
    write_folder(tmp_path, b"plane\n")
    with pytest.raises(LabelError, match="labels from 1 to 1"):
        read_cifar10(tmp_path)


def test_names_that_are_no_text_say_so(tmp_path):
    write_folder(tmp_path, b"\xff\xfe\xff")
    with pytest.raises(
        FileError, match="batches.meta.txt: .*; expected a text file with a class name in each line"
    ):
        read_cifar10(tmp_path)
