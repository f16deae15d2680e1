"""Published sets, fetched from a server on this machine: files in their places, archives unpacked, nothing twice."""

import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest

from chainrule import data
from chainrule.data.published import SETS, Published
from chainrule.errors import FileError, UsageError

from .server import serving
from .test_sources import idx


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def published(base, files: dict[str, bytes], **members) -> tuple[Published, ...]:
    return tuple(
        Published(name, len(content), hashlib.md5(content).hexdigest(), (base,), members.get("members", ()))
        for name, content in files.items()
    )


@pytest.fixture
def offered(monkeypatch, tmp_path):
    """`offered("mnist", files, members)` serves files as those of a set."""
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    with serving({}) as (base, site):

        def offer(name, files, **members):
            site.files = files
            monkeypatch.setitem(SETS, name, published(base, files, **members))
            return site

        yield offer


def test_the_four_files_of_mnist(offered, tmp_path):
    arrays = {"images-idx3": np.zeros((3, 4, 4)), "labels-idx1": np.arange(3)}
    files = {
        f"{part}-{kind}-ubyte.gz": gzip.compress(idx(array))
        for part in ("train", "t10k")
        for kind, array in arrays.items()
    }
    site = offered("mnist", files)
    told = []
    assert data.download("mnist", listen=lambda *facts: told.append(facts)) == tmp_path / "mnist"
    assert len(data.load("mnist")[0]) == 3
    assert sorted(p.name for p in (tmp_path / "mnist").iterdir()) == sorted(files)
    assert {name for name, _, _ in told} == set(files)
    asked = len(site.asked)
    data.download("mnist")
    assert len(site.asked) == asked  # what is there is not fetched again
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"half")
    data.download("mnist")
    assert len(site.asked) == asked + 1 and len(data.load("mnist")[1]) == 3


RECORD = bytes([1, 2]) + bytes(3072)
CIFAR = {
    "cifar-100-binary/train.bin": RECORD * 2,
    "cifar-100-binary/test.bin": RECORD,
    "cifar-100-binary/coarse_label_names.txt": b"a\nb",
    "cifar-100-binary/fine_label_names.txt": b"c\nd\ne",
}
WANTED = tuple(name.rpartition("/")[2] for name in CIFAR)


def test_an_archive_gives_its_own_files_and_no_others(offered, tmp_path):
    strangers = {"../../escape.bin": b"x", "/etc/x.bin": b"y", "cifar-100-binary/more.bin": b"z"}
    offered("cifar100", {"c.tar.gz": packed({**strangers, **CIFAR})}, members=WANTED)
    data.download("cifar100")
    assert sorted(p.name for p in (tmp_path / "cifar100").iterdir()) == sorted(WANTED)
    assert not (tmp_path.parent / "escape.bin").exists()
    assert len(data.load("cifar100")[0]) == 2


def test_a_name_in_an_archive_is_no_place(offered, tmp_path):
    moved = {f"../../{name}": content for name, content in CIFAR.items()}
    offered("cifar100", {"c.tar.gz": packed(moved)}, members=WANTED)
    data.download("cifar100")
    assert sorted(p.name for p in (tmp_path / "cifar100").iterdir()) == sorted(WANTED)


def test_an_archive_that_lacks_a_file_says_so(offered):
    offered("cifar100", {"c.tar.gz": packed(dict(list(CIFAR.items())[:2]))}, members=WANTED)
    with pytest.raises(FileError, match="an archive without coarse_label_names.txt, fine_label_names.txt"):
        data.download("cifar100")


@pytest.mark.parametrize("content", [b"no archive", packed(CIFAR)[:-90]])
def test_what_is_no_archive_says_so(offered, content):
    offered("cifar100", {"c.tar.gz": content}, members=WANTED)
    with pytest.raises(FileError, match="no archive|an archive without"):
        data.download("cifar100")


def test_another_folder_may_be_given(offered, tmp_path):
    offered("cifar100", {"c.tar.gz": packed(CIFAR)}, members=WANTED)
    assert data.download("cifar100", tmp_path / "here") == tmp_path / "here"
    assert (tmp_path / "here" / "train.bin").read_bytes() == RECORD * 2


def test_without_a_data_folder_the_users_cache_is_taken(offered, tmp_path, monkeypatch):
    offered("cifar100", {"c.tar.gz": packed(CIFAR)}, members=WANTED)
    monkeypatch.delenv("CHAINRULE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert data.download("cifar100") == tmp_path / "cache" / "chainrule" / "data" / "cifar100"
    assert len(data.load("cifar100-coarse")[1]) == 1


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(UsageError, match="one of cifar10, cifar100, mnist, fashion-mnist, svhn; try: mnist"):
        data.download("mnist-5k")
    assert data.downloads()["cifar10"] == 170_052_171


def test_a_folder_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match="a place that can be written"):
        data.download("mnist", tmp_path / "file" / "mnist")
