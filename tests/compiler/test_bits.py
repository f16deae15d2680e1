"""The same bits: for any number of threads, in any process, under any seed of Python's hashes.

`python -m tests.compiler.test_bits 10` runs ten processes for each hash seed, in the place of one.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim, zoo

ROOT = Path(__file__).resolve().parents[2]
STEPS = 100
SHAPES = {"two-layer": (1, 12, 12), "lstm": (1, 6, 16)}


def digest(name: str, threads: int | None) -> str:
    """SHA-256 over parameters, slots and losses of many compiled steps."""
    cr.set_threads(threads)
    try:
        shape = SHAPES[name]
        make = {"two-layer": zoo.two_layer, "lstm": zoo.lstm}[name]
        model = make(shape, 10, rng=cr.random.Generator(3))
        optimizer = optim.Adam(model.parameters(), lr=0.003)
        loss_of = nn.CrossEntropyLoss()

        @cr.compile(fallback="error")
        def step(images, labels):
            optimizer.zero_grad()
            scores = model(images)
            loss = loss_of(scores, labels)
            loss.backward()
            optimizer.step()
            return loss, scores

        rng = np.random.default_rng(0)
        images = rng.normal(size=(4 * 37, *shape)).astype("float32")
        labels = rng.integers(0, 10, len(images))
        found = hashlib.sha256()
        for k in range(STEPS):
            rows = slice(37 * (k % 4), 37 * (k % 4) + 37 - k % 3)  # batches of three sizes
            for value in step(images[rows], labels[rows]):
                found.update(value.numpy().tobytes())
        for cell in [*model.parameters(), *optimizer._state.values()]:
            found.update(cell.numpy().tobytes())
        return found.hexdigest()
    finally:
        cr.set_threads(None)


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    """On one thread, in this process."""
    return {name: digest(name, 1) for name in SHAPES}


@pytest.mark.parametrize("threads", [2, 3, 4])
@pytest.mark.parametrize("name", SHAPES)
def test_any_number_of_threads(name, threads, digests):
    assert digest(name, threads) == digests[name]


def test_work_is_shared_among_threads():
    """The test above says something: there are records of several pieces."""
    x = np.ones((37, 144), "float32")
    model = zoo.two_layer(SHAPES["two-layer"], 10, rng=cr.random.Generator(3))
    rows = cr.compile(lambda x: model(x), fallback="error").plan(x.reshape(37, 1, 12, 12)).rows
    assert max(row.task.pieces for row in rows) > 1


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_the_plan_says_how_many_threads_took_part(threads):
    cr.set_threads(threads)
    try:
        model = zoo.two_layer((1, 28, 28), 10, hidden=256, rng=cr.random.Generator(3))
        x = np.ones((256, 1, 28, 28), "float32")
        step = cr.compile(lambda x: model(x), fallback="error")
        used = step.plan(x).threads_used([x], steps=60)
        assert 1 <= used <= threads
        if threads == 2 and len(os.sched_getaffinity(0)) > 1:
            assert used == 2
    finally:
        cr.set_threads(None)


def started(seed: int) -> subprocess.Popen[str]:
    """Another process with another seed of hashes, and so with other orders of sets."""
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "CHAINRULE_THREADS": str(1 + seed)}
    command = [sys.executable, "-m", "tests.compiler.test_bits"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> dict[str, str]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return dict(line.split() for line in out.splitlines())


def test_other_processes_and_hash_seeds(digests):
    for process in [started(seed) for seed in range(3)]:
        assert said(process) == digests


def main(words: list[str]) -> int:
    """Print the digests; with a number, those of so many processes for each of three hash seeds."""
    here = {name: digest(name, None) for name in SHAPES}
    for name, found in here.items():
        print(name, found)
    wrong = 0
    for n in range(int(words[0]) if words else 0):
        for seed in range(3):
            same = said(started(seed)) == here
            wrong += not same
            print(f"process {n}, hash seed {seed}: {'the same' if same else 'OTHER BITS'}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
