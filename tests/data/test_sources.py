"""Data sets by name and path: the embedded pictures, built files, and the real ones where they are."""

import gzip
import io
import struct

import numpy as np
import pytest
from PIL import Image

from chainrule.data import downloads, load, names, sources
from chainrule.errors import DataError, FileError, UsageError
from chainrule.random import Generator


@pytest.fixture
def real(shared_data, monkeypatch):
    """`real("orl-faces", "orl_faces.npz")` loads a set by name from the real files, or skips."""

    def find(name, file):
        monkeypatch.setenv("CHAINRULE_DATA", str(shared_data(file).parent))
        return load(name)

    return find


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch, tmp_path):
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing-cached"))
    monkeypatch.setattr(sources, "_DEBIAN_FASHION", tmp_path / "not-installed")


def idx(array):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def write_idx_set(folder, compress=bytes, suffix="", count=12):
    folder.mkdir(parents=True, exist_ok=True)
    for part, size in (("train", count), ("t10k", 5)):
        images, labels = np.full((size, 4, 3), 9), np.arange(size) % 10
        (folder / f"{part}-images-idx3-ubyte{suffix}").write_bytes(compress(idx(images)))
        (folder / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(compress(idx(labels)))
    return folder


def write_pictures(folder, classes=("cat", "dog"), count=5, mode="RGB"):
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.new(mode, (4, 4), 50 * label).save(folder / name / f"{i}.png")
    return folder


def write_packed(path):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), (80, 80, 80)).save(buffer, "JPEG")
    offsets = np.arange(11) * len(buffer.getvalue())
    data = np.frombuffer(buffer.getvalue() * 10, np.uint8)
    np.savez(path, bytes=data, offsets=offsets, y=np.arange(10) % 2)
    return path


def test_the_embedded_pictures():
    train, test = load("fashion-6k")
    assert (train.name, train.shape, train.images.dtype) == ("fashion-6k", (1, 28, 28), np.uint8)
    assert (len(train), len(test)) == (5000, 1000)
    assert np.bincount(test.labels, minlength=10).min() > 50
    assert train.classes[0] == "T-shirt/top" and train.classes[9] == "Ankle boot"
    # Trousers are taller than wide: the middle columns hold nearly all of them.
    trousers = train.images[train.labels == train.classes.index("Trouser")].mean((0, 1))
    assert trousers[:, 8:20].sum() > 0.95 * trousers.sum()


def test_the_default_comes_first_and_every_name_is_documented():
    assert names()[0] == "fashion-6k"
    assert all(f"    {name} " in load.__doc__ for name in names())


@pytest.mark.parametrize("place", ["fashion-mnist", "."])
@pytest.mark.parametrize(("compress", "suffix"), [(bytes, ""), (gzip.compress, ".gz")])
def test_full_fashion_mnist_in_the_data_folder(tmp_path, monkeypatch, place, compress, suffix):
    write_idx_set(tmp_path / place, compress, suffix)
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    train, test = load("fashion-mnist")
    assert (len(train), len(test), train.shape, train.name) == (12, 5, (1, 4, 3), "fashion-mnist")
    assert train.classes[1] == "Trouser" and test.labels.tolist() == [0, 1, 2, 3, 4]


def test_full_fashion_mnist_from_the_debian_package(tmp_path):
    write_idx_set(tmp_path / "not-installed", gzip.compress, ".gz")
    assert len(load("fashion-mnist")[0]) == 12


def test_full_fashion_mnist_that_is_nowhere_says_how_to_get_it(tmp_path, monkeypatch):
    write_idx_set(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    with pytest.raises(FileError, match="chainrule download fashion-mnist .31 MB.*CHAINRULE_DATA") as caught:
        load("fashion-mnist")
    assert str(tmp_path) in caught.value.came


def test_a_folder_of_idx_files(tmp_path):
    train, test = load(str(write_idx_set(tmp_path / "digits")))
    assert (train.name, len(train), len(test), len(train.classes)) == ("digits", 12, 5, 10)


def test_a_folder_of_pictures_holds_out_a_fifth_of_each_class(tmp_path):
    train, test = load(str(write_pictures(tmp_path / "pets")))
    assert (train.name, train.classes, train.shape) == ("pets", ("cat", "dog"), (3, 4, 4))
    assert np.bincount(train.labels).tolist() == [4, 4] and np.bincount(test.labels).tolist() == [1, 1]


def test_a_folder_with_train_and_test(tmp_path):
    write_pictures(tmp_path / "pets" / "train")
    write_pictures(tmp_path / "pets" / "test", count=2)
    train, test = load(str(tmp_path / "pets"))
    assert (train.name, len(train), len(test)) == ("pets", 10, 4)


@pytest.mark.parametrize("differs", [{"classes": ("cat", "cow")}, {"mode": "L"}])
def test_train_and_test_folders_must_fit(tmp_path, differs):
    write_pictures(tmp_path / "train")
    write_pictures(tmp_path / "test", **differs)
    with pytest.raises(FileError):
        load(str(tmp_path))


def test_npz_files_of_either_kind(tmp_path):
    np.savez(tmp_path / "plain.npz", x=np.zeros((10, 4, 4), np.uint8), y=np.arange(10) % 2)
    assert load(str(tmp_path / "plain.npz"))[0].shape == (1, 4, 4)
    assert load(str(write_packed(tmp_path / "packed.npz")))[0].shape == (3, 6, 8)


@pytest.mark.parametrize(
    ("name", "near"),
    [("fashon-6k", "fashion-6k"), ("MNIST", "mnist"), ("cifar-10", "cifar10"), ("zzz", "fashion-6k")],
)
def test_unknown_names_get_the_nearest(name, near):
    with pytest.raises(UsageError) as caught:
        load(name)
    assert near in caught.value.hint and "orl-faces" in caught.value.expected


PUBLISHED = [*downloads(), "cifar100-coarse"]


@pytest.mark.parametrize("name", [name for name in names() if name not in ("fashion-6k", *PUBLISHED)])
def test_missing_data_names_the_variable(name, tmp_path, monkeypatch):
    for came in ("CHAINRULE_DATA is not set", f"it is not in {tmp_path}"):
        with pytest.raises(FileError, match="export CHAINRULE_DATA=") as caught:
            load(name)
        monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
        assert caught.value.came == came
        assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (UsageError, lambda folder: load("no-such-set")),
        (UsageError, lambda folder: load("")),
        (FileError, lambda folder: load("missing.npz")),
        (FileError, lambda folder: load(str(folder / "missing"))),
        (FileError, lambda folder: load(__file__)),
        (FileError, lambda folder: load("fashion-mnist")),
        (DataError, lambda folder: load(str(folder))),
    ],
)
def test_errors_have_their_four_parts(tmp_path, error, call):
    with pytest.raises(error) as caught:
        call(tmp_path)
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


@pytest.mark.parametrize("name", PUBLISHED)
def test_missing_data_that_are_published_name_the_command(name, tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    own = name.removesuffix("-coarse")
    with pytest.raises(FileError, match=f"try: chainrule download {own} .* MB.*CHAINRULE_DATA=") as caught:
        load(name)
    assert str(tmp_path / own) in caught.value.came


def test_a_set_that_is_half_there_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    (tmp_path / "cifar10").mkdir()
    for name in ("data_batch_1.bin", "batches.meta.txt"):
        (tmp_path / "cifar10" / name).write_bytes(b"")
    with pytest.raises(FileError, match="cifar10 lacks data_batch_2.bin, .*test_batch.bin"):
        load("cifar10")


@pytest.mark.parametrize(
    ("there", "lacks"),
    [
        (
            ["train-images-idx3-ubyte.gz"],
            "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte",
        ),
        (["data_batch_1.bin", "batches.meta.txt"], "data_batch_2.bin, .*test_batch.bin"),
        (["train.bin", "fine_label_names.txt", "coarse_label_names.txt"], "test.bin"),
    ],
)
def test_a_path_to_a_set_that_is_half_there_says_what_is_missing(tmp_path, there, lacks):
    for name in there:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(FileError, match=f"it lacks {lacks}; expected all files of the set"):
        load(str(tmp_path))
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="cats"):
        load(str(tmp_path))


def test_mnist_beside_fashion_mnist(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    write_idx_set(tmp_path / "mnist")
    write_idx_set(tmp_path / "fashion-mnist", count=13)
    assert len(load("mnist")[0]) == 12 and load("mnist")[0].classes == tuple("0123456789")
    assert len(load("fashion-mnist")[0]) == 13


def write_cifar(folder, labels, count, names):
    """A folder in CIFAR's binary version; picture i of a file is filled with i, and has the labels i, i, …"""
    folder.mkdir(parents=True)
    record = [bytes([i] * labels) + bytes([10 * i] * 3072) for i in range(count)]
    for name, content in names.items():
        (folder / name).write_bytes(b"".join(record) if content is None else content)


def test_cifar10_from_its_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    files = dict.fromkeys([*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"])
    write_cifar(
        tmp_path / "cifar-10-batches-bin", 1, 3, {**files, "batches.meta.txt": b"plane\ncar\nbird\n\n"}
    )
    train, test = load("cifar10")
    assert (train.name, train.shape, len(train), len(test)) == ("cifar10", (3, 32, 32), 15, 3)
    assert train.labels.tolist() == [0, 1, 2] * 5 and test.classes == ("plane", "car", "bird")
    assert train.images[1].min() == train.images[1].max() == 10
    assert load(str(tmp_path / "cifar-10-batches-bin"))[0].name == "cifar-10-batches-bin"


def test_cifar100_has_two_kinds_of_labels(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    files = {"coarse_label_names.txt": b"a\nb", "fine_label_names.txt": b"c\nd\ne"}
    record = bytes([1, 2]) + bytes(3072)
    write_cifar(tmp_path / "cifar100", 2, 0, {**files, "train.bin": record * 2, "test.bin": record})
    fine, coarse = load("cifar100")[0], load("cifar100-coarse")[0]
    assert (fine.labels.tolist(), fine.classes, fine.name) == ([2, 2], ("c", "d", "e"), "cifar100")
    assert (coarse.labels.tolist(), coarse.classes, coarse.name) == ([1, 1], ("a", "b"), "cifar100-coarse")


def test_mnist_5k(real):
    train, test = real("mnist-5k", "mnist_5k.npz")
    assert (
        np.bincount(train.labels).tolist() == [400] * 10 and np.bincount(test.labels).tolist() == [100] * 10
    )


def test_galaxies_without_those_that_nobody_could_tell(real):
    train, test = real("galaxyzoo1-64-jpeg", "galaxyzoo1_64_jpeg.npz")
    assert "dont know" not in train.classes and train.classes[4] == "merger"
    assert train.shape == (3, 64, 64) and set(train.labels.tolist()) == set(test.labels.tolist()) == set(
        range(5)
    )
    with np.load(sources._in_data_folder("galaxyzoo1_64_jpeg.npz")) as arrays:
        counts = np.bincount(arrays["y"])
    assert (np.bincount(train.labels) + np.bincount(test.labels)).tolist() == counts[[0, 1, 2, 3, 5]].tolist()


def test_street_signs_split_by_film(real):
    train, test = real("gtsrb32-jpeg", "gtsrb32_jpeg.npz")
    assert (len(train), len(test), len(train.classes)) == (13_070, 12_630, 43)
    assert len(np.unique(train.groups)) == 1307 and test.groups is None
    first, second = train.split(0.8, Generator(0))
    assert set(first.groups.tolist()).isdisjoint(second.groups.tolist())
    assert abs(len(first) - 0.8 * len(train)) < 0.02 * len(train)


def test_pneumonia(real):
    train, test = real("pneumoniamnist", "pneumoniamnist.npz")
    assert (len(train), len(test), train.shape, train.classes) == (
        3882,
        624,
        (1, 28, 28),
        ("normal", "pneumonia"),
    )


def test_faces(real):
    train, test = real("orl-faces", "orl_faces.npz")
    assert train.shape == (1, 112, 92)
    assert np.bincount(train.labels).tolist() == [8] * 40 and np.bincount(test.labels).tolist() == [2] * 40


def test_cifar(real):
    train, test = real("cifar10-jpeg", "cifar10_jpeg.npz")
    assert (len(train), len(test), train.shape, train.name) == (50_000, 10_000, (3, 32, 32), "cifar10-jpeg")
