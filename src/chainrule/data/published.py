"""Data sets as their authors publish them: which files, how large, with which checksum, and where they lie.

The checksums are those that the authors or their mirrors publish; MD5 is what there is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "CHAINRULE_DATA"
"""The environment variable that names the folder of data sets."""


@dataclass(frozen=True)
class Published:
    """One file.

    name:  in the folder;  size: bytes;  md5: its checksum in hex digits
    bases:  where it lies: addresses that its name is put behind, tried in turn
    members:  of an archive, the files that are taken out of it: all else is left alone
    """

    name: str
    size: int
    md5: str
    bases: tuple[str, ...]
    members: tuple[str, ...] = ()

    @property
    def kept(self) -> tuple[str, ...]:
        """The files that are in the folder in the end."""
        return self.members or (self.name,)


CIFAR10_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
CIFAR10_TEST, CIFAR10_CLASSES = "test_batch.bin", "batches.meta.txt"
CIFAR100_TRAIN, CIFAR100_TEST = "train.bin", "test.bin"
CIFAR100_CLASSES = {"coarse": "coarse_label_names.txt", "fine": "fine_label_names.txt"}
SVHN_TRAIN, SVHN_TEST = "train_32x32.mat", "test_32x32.mat"
IDX_NAMES = (
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
)  # fmt: skip

_TORONTO = ("https://www.cs.toronto.edu/~kriz/",)
_MNIST = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_FASHION = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
_STANFORD = ("http://ufldl.stanford.edu/housenumbers/",)


def _idx(bases: tuple[str, ...], *facts: tuple[int, str]) -> tuple[Published, ...]:
    """The four files of a set in MNIST's form, with sizes and checksums in the order of IDX_NAMES."""
    return tuple(
        Published(f"{name}.gz", size, md5, bases) for name, (size, md5) in zip(IDX_NAMES, facts, strict=True)
    )


_CIFAR100 = Published(
    "cifar-100-binary.tar.gz",
    168_513_733,
    "03b5dce01913d631647c71ecec9e9cb8",
    _TORONTO,
    (CIFAR100_TRAIN, CIFAR100_TEST, *CIFAR100_CLASSES.values()),
)

SETS: dict[str, tuple[Published, ...]] = {
    "cifar10": (
        Published(
            "cifar-10-binary.tar.gz",
            170_052_171,
            "c32a1d4ab5d03f1284b67883e8d87530",
            _TORONTO,
            (*CIFAR10_TRAIN, CIFAR10_TEST, CIFAR10_CLASSES),
        ),
    ),
    "cifar100": (_CIFAR100,),
    "mnist": _idx(
        _MNIST,
        (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        (28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
        (1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
        (4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    "fashion-mnist": _idx(
        _FASHION,
        (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        (29_515, "25c81989df183df01b3e8a0aad5dffbe"),
        (4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
        (5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
    "svhn": (
        Published(SVHN_TRAIN, 182_040_794, "e26dedcc434d2e4c54c9b2d4a06d8373", _STANFORD),
        Published(SVHN_TEST, 64_275_384, "eb5a983be6a315427106f1b164d9cef3", _STANFORD),
    ),
}
"""The files of each set that can be downloaded, by its name.

Sources: Krizhevsky 2009, cs.toronto.edu/~kriz/cifar.html; LeCun, Cortes, Burges, "The MNIST database" (mirrors);
Xiao, Rasul, Vollgraf 2017, github.com/zalandoresearch/fashion-mnist; Netzer et al. 2011,
ufldl.stanford.edu/housenumbers.
"""


def home(name: str) -> Path:
    """The folder that a downloaded set goes to: below the data folder, or else below the user's cache."""
    folder = os.environ.get(VARIABLE)
    if folder:
        return Path(folder) / name
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "chainrule" / "data" / name


def bytes_of(name: str) -> int:
    """How many bytes a download of the set takes."""
    return sum(file.size for file in SETS[name])
