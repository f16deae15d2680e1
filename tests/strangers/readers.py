"""Every reader of files from strangers: valid files, how one is read, what it may raise, what memory it may take."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from chainrule.cli.plan import Plan
from chainrule.compiler import SavedStep
from chainrule.compiler.archive import STEP
from chainrule.data import read_idx, read_npz, read_packed_jpeg
from chainrule.data.cifar import read_cifar
from chainrule.errors import (
    DataError,
    DTypeError,
    FileError,
    LabelError,
    NonFiniteError,
    SettingError,
    ShapeError,
    UsageError,
)
from chainrule.estimators.trials import TrialLog
from chainrule.sealed import unseal
from chainrule.train import Checkpoint, Config, RunFolder
from chainrule.train.checkpoint import KIND as CHECKPOINT
from chainrule.train.run import KIND as WEIGHTS

from . import mutate, samples
from .mutate import Change

MB = 1 << 20
STEP_PROGRAM = 64
"""Bytes of memory that a byte of a saved step's program may take beside."""
OF_SETS = (FileError, DataError, ShapeError, DTypeError, LabelError, NonFiniteError, SettingError)


class Reader(NamedTuple):
    """One way to read a file.

    file:     the name that it has to have
    samples:  valid files
    read:     reads one
    changes:  what is done to them
    raises:   the errors that it may raise
    more:     bytes of memory beyond 2 × the content + 1 MB, of the content of a file
    """

    file: str
    samples: Callable[[], list[bytes]]
    read: Callable[[Path], Any]
    changes: tuple[Change, ...]
    raises: tuple[type[Exception], ...] = (FileError,)
    more: Callable[[bytes], int] = lambda content: 0

    def room(self, content: bytes) -> int:
        """Bytes of memory that reading it may take."""
        return 2 * unpacked(content) + MB + self.more(content)


def unpacked(content: bytes) -> int:
    """How much a file holds: what can be unpacked of it is counted, up to a hundred times of it."""
    most = max(MB, 100 * len(content))
    if content[:2] == b"\x1f\x8b":
        return max(len(content), inflated(content, 31, most))
    found = [m.start() for m in re.finditer(rb"PK\x03\x04", content)] if content[:2] == b"PK" else []
    total = len(content)
    for at in found:
        sizes = content[at + 26 : at + 30]
        begin = at + 30 + int.from_bytes(sizes[:2], "little") + int.from_bytes(sizes[2:], "little")
        if content[at + 8 : at + 10] == b"\x08\0":
            total += inflated(content[begin:], -15, most)
    return min(total, len(content) + most)


def inflated(content: bytes, bits: int, most: int) -> int:
    """How many bytes come out until something is wrong, at most so many."""
    total = 0
    while content and total < most:
        machine = zlib.decompressobj(bits)
        try:
            while (piece := machine.decompress(content, 4096)) and total < most:
                total += len(piece)
                content = machine.unconsumed_tail
        except zlib.error:
            break
        if bits < 0 or not machine.eof:
            break
        content = machine.unused_data
    return total


def pixels(content: bytes) -> int:
    """The pixels that the JPEGs in a file speak of, several times: decoded, stacked, split."""
    plain = content
    if content[:2] == b"PK":
        for at in [m.start() for m in re.finditer(rb"PK\x03\x04", content)]:
            begin = at + 30 + sum(content[at + 26 : at + 30 : 2])
            try:
                plain += zlib.decompressobj(-15).decompress(content[begin:], MB)
            except zlib.error:
                continue
    total = 0
    for found in re.finditer(rb"\xff[\xc0-\xc2]\0[\x0b\x11]\x08(..)(..)", plain, re.DOTALL):
        height, width = (int.from_bytes(part, "big") for part in found.groups())
        total += min(3 * height * width, max(MB, 100 * len(plain)))
    return 4 * total


def counted(dataset: Any) -> Any:
    """Sets are looked at, as their users do."""
    for part in dataset:
        repr(part)
        assert all(name.isprintable() for name in part.classes)
    return dataset


def stepped(path: Path) -> Any:
    step = SavedStep.open(path)
    for text in (repr(step), str(step), str(step.program)):
        assert all(line.isprintable() for line in text.splitlines())
    return step


def logged(path: Path) -> Any:
    """The finished trials of a search; the folder has to say that it is one."""
    (path.parent / "search.json").write_text("{}")
    return TrialLog(path.parent, {}).done


READERS: dict[str, Reader] = {
    "sealed": Reader(
        "thing",
        lambda: [samples.sealed(), samples.sealed(20), samples.checkpoint()],
        lambda path: unseal(path, samples.KIND),
        (
            *mutate.BYTES,
            mutate.header,
            *[mutate.sealed_header(samples.KIND.name), mutate.sealed_facts(samples.KIND.name)] * 3,
        ),
    ),
    "weights": Reader(
        "weights.safetensors",
        samples.weights,
        lambda path: RunFolder(path.parent).weights(),
        (
            *mutate.BYTES,
            *[mutate.header] * 4,
            mutate.sealed_header(WEIGHTS.name),
            *[mutate.sealed_facts(WEIGHTS.name)] * 2,
        ),
    ),
    "checkpoint": Reader(
        "epoch-00001-step-0000003.safetensors",
        samples.checkpoints,
        Checkpoint.read,
        (
            *mutate.BYTES,
            mutate.sealed_header(CHECKPOINT.name),
            *[mutate.sealed_facts(CHECKPOINT.name)] * 3,
        ),
    ),
    "cifar": Reader(
        "batch.bin", samples.cifar, read_cifar, (*mutate.BYTES, mutate.cuts, mutate.whole_records)
    ),
    "idx": Reader(
        "a-idx", samples.idx_files, read_idx, (*mutate.BYTES, *[mutate.idx_header, mutate.gzip_inside] * 2)
    ),
    "npz": Reader(
        "a.npz",
        samples.npz_files,
        lambda path: counted(read_npz(path)),
        (*mutate.BYTES, *[mutate.zip_table, mutate.zip_inside, mutate.npz_arrays] * 3),
        OF_SETS,
        lambda content: 128 * min(unpacked(content), 4 * len(content)),
    ),
    "packed": Reader(
        "a.npz",
        samples.packed_files,
        lambda path: counted(read_packed_jpeg(path)),
        (
            *mutate.BYTES,
            mutate.zip_table,
            mutate.zip_inside,
            mutate.npz_arrays,
            mutate.npz_arrays,
            mutate.jpegs,
            mutate.jpegs,
        ),
        OF_SETS,
        lambda content: pixels(content) + 128 * len(content),
    ),
    "config": Reader(
        "config.toml",
        samples.configs,
        lambda path: Config.of(Config.read(path), str(path)),
        (*mutate.WORDS, mutate.toml, mutate.toml, mutate.toml),
        (FileError, UsageError),
    ),
    "model": Reader(
        "model.json",
        lambda: [samples.run_files()["model.json"]],
        lambda path: RunFolder(path.parent).sight(),
        (*mutate.WORDS, *[mutate.json_tree] * 4),
    ),
    "start": Reader(
        "start.json",
        lambda: [samples.run_files()["start.json"]],
        lambda path: RunFolder(path.parent).start(),
        (*mutate.WORDS, *[mutate.json_tree] * 4),
    ),
    "result": Reader(
        "result.json",
        lambda: [samples.as_json({"accuracy": 0.5, "confusion": [[1, 2], [3, 4]], "seconds": 1.5})],
        lambda path: RunFolder(path.parent).result(),
        (*mutate.WORDS, *[mutate.json_tree] * 4),
    ),
    "plan": Reader(
        "plan.json",
        samples.plans,
        lambda path: Plan.read(path.parent),
        (*mutate.WORDS, *[mutate.json_tree] * 4),
    ),
    "trials": Reader(
        "trials.jsonl",
        samples.trials,
        logged,
        (*mutate.WORDS, *[mutate.json_tree] * 4),
        more=lambda content: 24 * len(content),
    ),
    "metrics": Reader(
        "metrics.jsonl",
        lambda: [samples.run_files()["metrics.jsonl"]],
        lambda path: (RunFolder(path.parent).steps(), RunFolder(path.parent).metrics("epoch")),
        (*mutate.WORDS, *[mutate.json_tree] * 4),
        more=lambda content: 24 * len(content),
    ),
    "step": Reader(
        "step.safetensors",
        samples.steps,
        stepped,
        (
            *mutate.BYTES,
            mutate.sealed_header(STEP.name),
            mutate.sealed_facts(STEP.name),
            *[mutate.program(STEP.name)] * 6,
        ),
        more=lambda content: STEP_PROGRAM * len(content),
    ),
}
