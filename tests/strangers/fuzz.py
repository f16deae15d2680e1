"""Damaged and hostile files for as long as one likes: `python -m tests.strangers.fuzz --minutes 60 --seed 0`.

Every reader has to give a value or raise its own error, whose message steers no terminal, and to stay within its
memory.  A file for which it does not is kept and can be given again: `--reader npz --replay FILE`.  Exits with 1 if
there was one.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import random
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .readers import READERS, Reader

KEPT = Path(tempfile.gettempdir(), "strangers")
AT_ONCE = 50
"""Cases of one reader before the next one has its turn."""


@dataclass
class Found:
    """What happened to one reader.

    errors: how often each kind, "a value" among them;  largest: share of the memory that it may take, and the case
    slowest: seconds, and the case;  wrong: what should not have been, case by case
    """

    cases: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    largest: tuple[float, str] = (0.0, "")
    slowest: tuple[float, str] = (0.0, "")
    wrong: list[str] = field(default_factory=list)


@functools.cache
def samples(name: str) -> list[bytes]:
    """The valid files of a reader, made once."""
    return READERS[name].samples()


def case(name: str, seed: int, number: int) -> bytes:
    """A file: the same for the same numbers."""
    reader, rng = READERS[name], random.Random(f"{name} {seed} {number}")
    content = rng.choice(samples(name))
    made = rng.choice(reader.changes)(rng, content)
    if rng.random() < 0.15:
        made = rng.choice(reader.changes[:3])(rng, made)
    return made


def outcome(reader: Reader, path: Path) -> tuple[str, str, int]:
    """How reading went: "a value" or the kind of error, what is wrong with that, and the memory at its peak."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    kind, wrong = "a value", ""
    try:
        reader.read(path)
    except reader.raises as error:
        kind, text = type(error).__name__, str(error)
        parts = [error.who, error.came, error.expected, error.hint]  # type: ignore[attr-defined]
        if not text.isprintable() or not all(parts) or len(text) > 1000 + len(str(path)):
            wrong = f"a bad message: {text!r:.2000}"
    except Exception as error:
        kind = type(error).__name__
        wrong = f"{kind}: {error!s:.300}"
    return kind, wrong, tracemalloc.get_traced_memory()[1] - before


def tried(found: Found, name: str, label: str, content: bytes, folder: Path) -> None:
    """Read one file and note what happened."""
    reader, path = READERS[name], folder / READERS[name].file
    path.write_bytes(content)
    begin = time.perf_counter()
    kind, wrong, memory = outcome(reader, path)
    seconds, share = time.perf_counter() - begin, memory / reader.room(content)
    found.cases += 1
    found.errors[kind] += 1
    found.largest = max(found.largest, (share, label))
    found.slowest = max(found.slowest, (seconds, label))
    if share > 1 and not wrong:
        wrong = f"{memory:,} bytes of memory for a file of {len(content):,}"
    if wrong:
        KEPT.mkdir(exist_ok=True)
        kept = KEPT / f"{label.replace(' ', '-')}.bin"
        kept.write_bytes(content)
        found.wrong.append(f"{label}: {wrong}\n  --reader {name} --replay {kept}")


def cases(names: Sequence[str], seed: int, each: float, seconds: float) -> Iterator[tuple[str, int]]:
    """The readers in turns, until each has had so many cases or the time is used up."""
    end = time.monotonic() + seconds
    for first in itertools.count(0, AT_ONCE):
        for name in names:
            for number in range(first, first + AT_ONCE):
                if number >= each or time.monotonic() > end:
                    break
                yield name, number
        if first + AT_ONCE >= each or time.monotonic() > end:
            return


def run(
    names: Sequence[str], seed: int = 0, each: float = float("inf"), seconds: float = float("inf")
) -> dict[str, Found]:
    """What happened to each reader, warnings being errors."""
    found = {name: Found() for name in names}
    for name in names:  # what is loaded and kept at the first time is not the file's
        with tempfile.TemporaryDirectory() as folder:
            for content in samples(name):
                Path(folder, READERS[name].file).write_bytes(content)
                READERS[name].read(Path(folder, READERS[name].file))
    running = tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("error")
            for name, number in cases(names, seed, each, seconds):
                tried(found[name], name, f"{name} {seed} {number}", case(name, seed, number), Path(folder))
    finally:
        if not running:
            tracemalloc.stop()
    return found


def told(found: dict[str, Found]) -> str:
    """The table of what happened, and everything that should not have been."""
    lines = [f"{'reader':<9} {'cases':>8}  {'of its memory':>13}  {'slowest':>7}  what came"]
    for name, one in found.items():
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in one.errors.most_common())
        lines.append(f"{name:<9} {one.cases:>8,}  {one.largest[0]:>12.0%}  {one.slowest[0]:>6.2f} s  {kinds}")
    wrong = [text for one in found.values() for text in one.wrong]
    total = sum(one.cases for one in found.values())
    return "\n".join([*lines, *wrong[:50], f"{total:,} files, {len(wrong) or 'nothing'} wrong"])


def replay(reader: Reader, kept: Path) -> int:
    """Read a file once more, and let its error be seen."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, reader.file)
        path.write_bytes(kept.read_bytes())
        print(repr(reader.read(path)))
    return 0


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.strangers.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to go on")
    parser.add_argument("--reader", choices=READERS, help="one reader alone")
    parser.add_argument("--seed", type=int, default=0, help="another one makes other files")
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", help="a file that was kept, read again; its error is shown"
    )
    options = parser.parse_args(words)
    if options.replay:
        if not options.reader:
            parser.error("--replay needs --reader")
        return replay(READERS[options.reader], options.replay)
    found = run(
        [options.reader] if options.reader else list(READERS), options.seed, seconds=60 * options.minutes
    )
    print(told(found))
    return 1 if any(one.wrong for one in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
