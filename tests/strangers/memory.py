"""How much memory reading a large file takes, of every kind: `python -m tests.strangers.memory [NAME …]`.

Each file is read in a process of its own, whose largest resident size the system tells (VmHWM): that counts what
Python's own bookkeeping cannot see.  Linux only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import samples
from .readers import MB, READERS, STEP_PROGRAM

ROOT = Path(__file__).parents[2]


class Large(NamedTuple):
    """A large file.  content: bytes that it holds, unpacked;  more: bytes beyond 2 × that and 1 MB, and why"""

    reader: str
    write: Callable[[Path], int]
    more: int = 0


def noise(*shape: int, dtype: str = "u1") -> np.ndarray:
    return np.random.default_rng(0).integers(0, 250, shape).astype(dtype)


def sealed(path: Path) -> int:
    samples.seal(path, samples.KIND, {"epoch": 1}, {f"w{k}": noise(1000, 1000, dtype="f4") for k in range(4)})
    return path.stat().st_size


def many(path: Path) -> int:
    arrays = {f"layers.{k}.weight": noise(1200) for k in range(9000)}
    samples.seal(path, samples.KIND, {"order": list(range(5000))}, arrays)
    return path.stat().st_size


def weights(path: Path) -> int:
    path.write_bytes(samples.save({"w": noise(4000, 1000, dtype="f4")}))
    return path.stat().st_size


def crooked(path: Path) -> int:
    """Numbers that begin where no processor wants them."""
    w = noise(4000, 1000, dtype="f4").tobytes()
    header = samples.as_json(
        {
            "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
            "w": {"dtype": "F32", "shape": [4_000_000], "data_offsets": [1, 1 + len(w)]},
        }
    )
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"a" + w)
    return path.stat().st_size


def idx(path: Path) -> int:
    path.write_bytes(samples.idx(noise(2_000_000, dtype="f8")))
    return path.stat().st_size


def idx_gz(path: Path) -> int:
    content = samples.idx(noise(20_000, 28, 28))
    path.write_bytes(samples.gzip.compress(content, 1))
    return len(content)


def cifar(path: Path) -> int:
    path.write_bytes(noise(5000, 3073).tobytes())
    return path.stat().st_size


def checkpoint(path: Path) -> int:
    state = {f"model/{k}": noise(1000, 1000, dtype="f4") for k in range(3)}
    samples.Checkpoint(state, {}, samples.Position(rng={"seed": 1, "position": 2})).write(path.parent)
    path.parent.joinpath("epoch-00000-step-0000000.safetensors").replace(path)
    return path.stat().st_size


def npz(packed: bool, **arrays: np.ndarray) -> Callable[[Path], int]:
    def write(path: Path) -> int:
        path.write_bytes(samples.npz(packed, **arrays))
        return sum(array.nbytes for array in arrays.values())

    return write


def two_parts(path: Path) -> int:
    x, y = noise(12_000, 32, 32, 3), noise(12_000) % 10
    return npz(True, x_train=x, y_train=y, x_test=x[:4000], y_test=y[:4000])(path)


def jpegs(path: Path) -> int:
    files = [samples.picture(noise(64, 64, 3) + k % 5) for k in range(800)]
    arrays = {
        "bytes": np.frombuffer(b"".join(files), np.uint8),
        "offsets": np.cumsum([0, *map(len, files)]),
        "y": np.arange(800) % 10,
    }
    return npz(False, **arrays)(path) + 800 * 64 * 64 * 3


def metrics(path: Path) -> int:
    path.write_bytes(samples.run_files()["metrics.jsonl"] * 3000)
    return path.stat().st_size


def step(path: Path) -> int:
    w = samples.cr.Tensor(noise(4_000_000, dtype="f4"), name="w")
    samples.cr.compile(lambda x: (w * x).sum()).save(np.asarray(2.0, "f4"), path)
    return path.stat().st_size


def long_step(path: Path) -> int:
    def chain(x):
        for _ in range(3000):
            x = x * 1.5 + 1
        return x

    samples.cr.compile(chain).save(np.ones(3, "f4"), path)
    return path.stat().st_size


LARGE = {
    "sealed": Large("sealed", sealed),
    "sealed, 9,000 arrays": Large("sealed", many),
    "checkpoint": Large("checkpoint", checkpoint),
    "CIFAR": Large("cifar", cifar),
    "weights": Large("weights", weights),
    "weights, crooked": Large("weights", crooked),
    "IDX": Large("idx", idx),
    "IDX, gzip": Large("idx", idx_gz),
    "npz": Large("npz", npz(False, x=noise(20_000, 28, 28), y=noise(20_000) % 10), 128 * 20_000),
    "npz, packed": Large("npz", npz(True, x=noise(20_000, 28, 28), y=noise(20_000) % 10), 128 * 20_000),
    "npz, float64": Large(
        "npz", npz(False, x=noise(2000, 28, 28, dtype="f8"), y=noise(2000) % 10), 128 * 2000
    ),
    "npz, two parts": Large("npz", two_parts, 128 * 16_000),
    "packed JPEG": Large("packed", jpegs, 128 * 800),
    "metrics": Large("metrics", metrics, 24 * 3_000_000),
    "step": Large("step", step),
    "step, 6,000 lines": Large("step", long_step, STEP_PROGRAM * 1_000_000),
}


def resident(field: str) -> int:
    """Bytes, as the system tells them."""
    line = next(s for s in Path("/proc/self/status").read_text().splitlines() if s.startswith(field))
    return int(line.split()[1]) << 10


def read(reader: str, path: Path) -> int:
    """The memory that reading takes at most, in this process; a small file is read before."""
    small = path.with_name("small") / READERS[reader].file
    small.parent.mkdir(exist_ok=True)
    small.write_bytes(READERS[reader].samples()[0])
    READERS[reader].read(small)
    Path("/proc/self/clear_refs").write_text("5")  # begin to count anew
    before = resident("VmRSS")
    kept = READERS[reader].read(path)
    del kept
    return resident("VmHWM") - before


def measured(name: str) -> tuple[int, int, int]:
    """Of one large file: bytes that it holds, bytes of memory, bytes that are allowed."""
    reader, write, more = LARGE[name]
    env = {key: value for key, value in os.environ.items() if not key.startswith("MALLOC_")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, READERS[reader].file)
        content = write(path)
        words = [sys.executable, "-m", "tests.strangers.memory", "--child", reader, str(path)]
        made = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT, env=env)
    return content, json.loads(made.stdout), 2 * content + MB + more


def main(words: Sequence[str]) -> None:
    if words[:1] == ["--child"]:
        print(read(words[1], Path(words[2])))
        return
    for name in words or LARGE:
        content, memory, room = measured(name)
        share = f"{memory / content:5.2f} times, {memory / room:4.0%} of its room"
        print(f"{name:<22} {content / MB:6.1f} MB  {memory / MB:6.1f} MB  {share}")


if __name__ == "__main__":
    main(sys.argv[1:])
