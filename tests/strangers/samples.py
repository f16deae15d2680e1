"""Valid files of every kind that the project reads, a few kilobytes each, made here and now."""

from __future__ import annotations

import functools
import gzip
import io
import json
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save

import chainrule as cr
from chainrule import nn, optim
from chainrule.cli.plan import PLAN, Plan
from chainrule.data import Normalize
from chainrule.estimators.trials import Trial
from chainrule.random import Generator
from chainrule.sealed import Kind, seal
from chainrule.train import Checkpoint, Config, EpochEnd, Position, RunFolder, Sight, Start, StepEnd
from chainrule.train.checkpoint import Best

KIND = Kind("test thing", 1, "a thing", "a file that a test wrote", "write it again")
STATE = {
    "0.weight": np.arange(12, dtype="f4").reshape(3, 4),
    "0.bias": np.zeros(3, "f4"),
    "1.count": np.asarray(7),
    "flags": np.array([True, False]),
    "none": np.zeros((0, 2), "f8"),
    "bytes": np.arange(5, dtype="u1"),
}
IDX_CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def written(name: str, write: Callable[[Path], object]) -> bytes:
    """The bytes of a file that a function writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        write(path)
        return path.read_bytes()


def sealed(count: int = 1) -> bytes:
    """A sealed file, with facts as a checkpoint has them."""
    facts = {"epoch": 3, "order": [1, 2, 3], "rng": {"key": [1, 2], "word": 5}, "größe": "☃", "rate": 1e-3}
    arrays = {f"{k}/{name}": a for k in range(count) for name, a in STATE.items()}
    return written("thing", lambda path: seal(path, KIND, facts, arrays))


def checkpoint() -> bytes:
    """A sealed file of ten kilobytes."""
    arrays = {"w": np.random.default_rng(0).normal(size=(30, 60)).astype("f4"), **STATE}
    content = written("thing", lambda path: seal(path, KIND, {"epoch": 3, "note": "x" * 2000}, arrays))
    assert 9_000 < len(content) < 11_000
    return content


def weights() -> list[bytes]:
    """The weights of a run, and plain safetensors files, with and without texts beside the arrays."""
    own = written("weights.safetensors", lambda path: RunFolder(path.parent).save_weights(STATE))
    return [own, save(STATE), save(STATE, {"format": "pt", "maker": "größe"}), save({})]


def idx(array: np.ndarray) -> bytes:
    """An array as an IDX file."""
    head = bytes([0, 0, IDX_CODES[array.dtype.name], array.ndim]) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def idx_files() -> list[bytes]:
    plain = [idx((np.arange(24).reshape(2, 3, 4) * 5).astype(dtype)) for dtype in IDX_CODES]
    return [*plain, *map(gzip.compress, plain), gzip.compress(plain[0][:9]) + gzip.compress(plain[0][9:])]


def npz(packed: bool = False, **arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def pictures(count: int = 10) -> dict[str, np.ndarray]:
    """The arrays of a set of pictures."""
    x = np.arange(count * 20, dtype=np.uint8).reshape(count, 5, 4)
    return {"x": x, "y": np.arange(count, dtype=np.uint8) % 2}


def npz_files() -> list[bytes]:
    plain = pictures()
    two = {**plain, "xt": plain["x"], "yt": plain["y"], "classes": np.array(["cat", "größe"])}
    keras = {"x_train": np.asfortranarray(np.ones((15, 4, 5, 3))), "y_train": np.arange(15)[:, None] % 3}
    big = {**plain, "x": plain["x"].astype(">f4") / 255}
    return [npz(False, **plain), npz(True, **two), npz(False, **two), npz(True, **keras), npz(False, **big)]


@functools.cache
def jpeg(shade: int, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (8, 6), (shade,) * 3 if mode == "RGB" else shade).save(buffer, "JPEG", quality=40)
    return buffer.getvalue()


def picture(pixels: np.ndarray) -> bytes:
    """A JPEG of (H, W, 3) bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=40)
    return buffer.getvalue()


def packed(count: int = 6) -> dict[str, np.ndarray]:
    """The arrays of a set of JPEGs."""
    files = [jpeg(10 * i) for i in range(count)]
    return {
        "bytes": np.frombuffer(b"".join(files), np.uint8),
        "offsets": np.cumsum([0, *map(len, files)]),
        "y": (np.arange(count) % 2).astype(np.uint8),
        "test": np.arange(count) >= count - 2,
        "classes": np.array(["dark", "light"]),
        "track": (np.arange(count) // 2).astype(np.int32),
    }


def packed_files() -> list[bytes]:
    whole = packed()
    short = {name: whole[name] for name in ("bytes", "offsets", "y")}
    return [npz(False, **whole), npz(True, **whole), npz(False, **short), npz(False, **noted())]


def noted() -> dict[str, np.ndarray]:
    """JPEGs of two pictures in one, and such as say which side is up: Pillow has readers of their own for both."""
    double, turned = io.BytesIO(), io.BytesIO()
    pictures = [Image.new("RGB", (8, 8), (k, k, k)) for k in (10, 200)]
    pictures[0].save(double, "MPO", save_all=True, append_images=pictures[1:])
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    pictures[1].save(turned, "JPEG", exif=exif)
    files = [double.getvalue(), turned.getvalue()] * 2
    return {
        "bytes": np.frombuffer(b"".join(files), np.uint8),
        "offsets": np.cumsum([0, *map(len, files)]),
        "y": np.array([0, 0, 1, 1]),
        "test": np.array([False, True, False, True]),
    }


def configs() -> list[bytes]:
    text = Config(epochs=3, data="größe/☃").as_toml()
    return [
        text.encode(),
        b"# mine\nepochs = 0x10\nlr = 1\n",
        b"",
        b"flip = true\nseed = 1_000\n",
    ]


@functools.cache
def run_files() -> dict[str, bytes]:
    """What a run writes."""
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder.create(Path(folder, "run"))
        sight = Sight((1, 4, 4), ("T-shirt", "größe ☃"), Normalize((0.25,), (0.5,)))
        run.begin(Config(), sight, Start("0123abcd", "", False, {"numpy": "2.0", "chainrule": "1"}))
        step, epoch = StepEnd(1, 1, 0.5, 0.75, 0.1), EpochEnd(1, 0.5, float("nan"), None, None, 0.1, 2.0)
        run.append([step, epoch] * 3)
        return {path.name: path.read_bytes() for path in run.path.iterdir()}


@functools.cache
def steps() -> list[bytes]:
    """Saved steps: a few gates, and a small network that learns."""
    w = cr.Tensor(np.ones((3, 2), "f4"), name="w")
    small = cr.compile(lambda x: (cr.exp(x[:, 1:] @ w) / (2, 1)[0]).sum())
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=Generator(0)), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2)
    )
    optimizer, loss_function = optim.SGD(model.parameters(), lr=0.1, momentum=0.9), nn.CrossEntropyLoss()

    @cr.compile
    def step(images, labels):
        optimizer.zero_grad()
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        return {"loss": loss}

    images, labels = np.ones((2, 1, 4, 4), "f4"), np.array([0, 1])
    return [
        written("s", lambda path: small.save(np.ones((2, 4), "f4"), path, watch="exp")),
        written("s", lambda path: step.save((images, labels), path, watch=["loss"])),
    ]


def checkpoints() -> list[bytes]:
    """Checkpoints of a training."""
    place = Position(2, 3, number=1, seconds=1.5, steps=8, rng={"seed": 2**64 - 1, "position": 5})
    place.losses.add(1 / 3, 3)
    state = {"model/w": np.ones((2, 3), "f4"), "model/turned": np.asfortranarray(np.ones((2, 3)))}
    whole = Checkpoint(
        state,
        {"model/2": 7},
        place,
        Best("x", 0.5, "loss"),
        {"average/one": {"w": np.ones(3)}},
        {"größe": [1]},
    )
    bare = Checkpoint({}, {}, Position())
    return [written(one.name, lambda path, one=one: one.write(path.parent)) for one in (whole, bare)]


def cifar() -> list[bytes]:
    """Three pictures of CIFAR-10."""
    return [bytes(k % 251 for k in range(3 * 3073)), bytes(3073)]


def plans() -> list[bytes]:
    settings, space = {"data": "fashion-6k", "epochs": 2}, {"lr": (1e-4, 0.1), "k": [1, 3, 5]}
    plan = Plan("svm", settings, space, 18, 3, 5, 0)
    return [written(PLAN, lambda path: plan.write(path.parent))]


def trials() -> list[bytes]:
    rows = [
        Trial(k, 1, {"lr": 0.1 * k, "größe": "☃"}, k, (0.5, float("nan")), "diverged", 0.25) for k in range(4)
    ]
    return ["".join(map(Trial.line, rows)).encode()]


def as_json(tree: object) -> bytes:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
