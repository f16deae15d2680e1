"""Kill trainings, go on with them, and show that nothing is lost and no bit is another.

    python -m tests.train.kill [--kills 100] [--seed 0]

First a save is killed before each of its system calls, once for every call (Linux: ptrace): the save of a step, and
that of an epoch with its metrics and weights.  Then real runs of `chainrule train`, compiled and augmented, are killed
at random moments and gone on with until they end.  Prints how many kills fell inside a save; exit code 1 if a file
cannot be read, or a run that was gone on with is not the uninterrupted one, bit by bit.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chainrule import nn
from chainrule.cli.threads import SETTING, VARIABLES
from chainrule.random import Generator
from chainrule.train import Config, EpochEnd, RunFolder, StepEnd, last_whole, resume_run, train_run
from chainrule.train import whole as whole_runs

from .runs import small_data
from .traced import follow, mark

CONFIG = Config(
    epochs=3,
    batch_size=40,
    lr=0.01,
    optimizer="sgd",
    crop=2,
    flip=True,
    checkpoint_seconds=0,
    keep=2,
    workers=0,
)
"""Eight steps an epoch: what is killed call by call; a thread that makes batches would mix its own calls in."""


def model() -> nn.Module:
    """Two layers with dropout between them."""
    rng = Generator(0)
    first, last = nn.Linear(784, 16, rng=rng), nn.Linear(16, 10, rng=rng)
    return nn.Sequential(nn.Flatten(), first, nn.ReLU(), nn.Dropout(0.3, rng=rng), last)


class Ends(NamedTuple):
    """What a run came to: recorded steps and epochs but for their seconds, and the bits of the weights."""

    rows: list[dict[str, Any]]
    weights: dict[str, bytes]

    @classmethod
    def of(cls, path: Path) -> Ends:
        run = RunFolder(path)
        rows = [*run.metrics("step"), *run.metrics("epoch")]
        rows = [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
        return cls(rows, {name: array.tobytes() for name, array in run.weights().items()})


def unreadable(path: Path) -> list[str]:
    """The files of a folder that was killed that cannot be read."""
    run, found = RunFolder(path), []
    looks: list[Callable[[], Any]] = [run.config, run.sight, lambda: last_whole(run.checkpoints)[1]]
    looks += [run.weights] if (path / "weights.safetensors").exists() else []
    for look in looks:
        try:
            if look() == [] or look is not looks[2]:
                continue
            found.append("a damaged checkpoint")
        except Exception as error:
            found.append(str(error))
    return found


def halves(path: Path) -> list[str]:
    """Files that were being written."""
    return [file.name for file in path.rglob(".*.part")]


class Calls(NamedTuple):
    """What came of killing one kind of save.  calls: of an undisturbed one;  went_on: from which checkpoint"""

    what: str
    calls: int
    kills: int
    halves: int
    went_on: Counter[str]
    faults: list[str]


def save_killed(moment: type, at: tuple[int, int], folder: Path, every: int = 1) -> Calls:
    """Kill the save of a moment before each of its system calls, and go on from what is left.

    moment:  StepEnd or EpochEnd;  at: its epoch and step;  every: only every so many calls
    """
    train, test = small_data()
    whole, place, kept = folder / "whole", folder / "run", folder / "kept"
    train_run(model(), CONFIG, train, test, RunFolder.create(whole), plain=True)
    expected, found = Ends.of(whole), Calls(moment.__name__, 0, 0, 0, Counter(), [])

    def go_on() -> None:
        whole_runs.write_report = lambda *_: None  # in a fork: drawing would take longest
        checkpoint, _ = last_whole(RunFolder(place).checkpoints)
        assert checkpoint is not None
        resume_run(model(), checkpoint, CONFIG, train, test, RunFolder(place), plain=True)

    def judge(number: int) -> None:
        faults = unreadable(place)
        found.went_on[
            checkpoint.name if (checkpoint := last_whole(RunFolder(place).checkpoints)[0]) else ""
        ] += 1
        if forked(go_on) != 0:
            faults.append("could not be gone on with")
        elif Ends.of(place) != expected:
            faults.append("is not the uninterrupted run")
        faults += [f"left {name}" for name in halves(place)]
        found.faults.extend(f"killed before call {number}: {fault}" for fault in faults)

    def listen(trainer: Any) -> None:
        listeners = trainer.events.listeners[moment]
        rest = list(listeners)

        def kill_all(event: Any) -> None:
            nonlocal found
            if (event.epoch, getattr(event, "step", 0)) != at:
                return
            shutil.copytree(place, kept)

            def save() -> None:
                mark()
                for listener in rest:
                    listener(event)
                mark()

            ended = follow(save)
            assert not ended.killed and ended.code == 0, ended
            found = found._replace(calls=ended.calls)
            number = survived = 0
            while survived < 3:  # how often the threads wait for each other is never quite the same
                shutil.rmtree(place)
                shutil.copytree(kept, place)
                ended = follow(save, last=number)
                survived = 0 if ended.killed else survived + 1
                if ended.killed:
                    left = found.halves + bool(halves(place))
                    found = found._replace(kills=found.kills + 1, halves=left)
                    judge(number)
                number += every
            raise KeyboardInterrupt

        listeners.insert(0, kill_all)

    try:
        train_run(model(), CONFIG, train, test, RunFolder.create(place), listen, plain=True)
    except KeyboardInterrupt:
        return found
    raise SystemExit(f"no {moment.__name__} at {at}")


def forked(act: Callable[[], None]) -> int:
    """Run something in a fork of this process; its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            act()
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Random(NamedTuple):
    """What came of killing real runs at random.  where: what the kills fell into"""

    kills: int
    runs: int
    where: Counter[str]
    faults: list[str]


def command(words: list[str], place: Path, *, again: bool) -> list[str]:
    """The command of a run from its beginning, or that goes on with it."""
    begin = [*words, "--out", str(place)]
    rest = ["--resume", str(place)] if again else begin
    return [sys.executable, "-m", "chainrule", "train", *rest, "--quiet", "--json"]


def killed_at_random(
    words: list[str], kills: int, seed: int, folder: Path, say: Any = lambda line: None
) -> Random:
    """Kill `chainrule train` with these words at random moments, and go on until it ends; again with new runs."""
    rng, whole = random.Random(seed), folder / "whole"
    environment = {**os.environ, **dict.fromkeys((*VARIABLES, SETTING), "1")}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "env": environment}
    subprocess.run(command(words, whole, again=False), check=True, **silent)
    expected, found, place = Ends.of(whole), Random(0, 0, Counter(), []), folder / "run"
    while found.kills < kills or place.exists():
        again = bool(place.exists() and last_whole(place / "checkpoints")[0])
        if not again:
            shutil.rmtree(place, ignore_errors=True)
        with subprocess.Popen(command(words, place, again=again), **silent) as process:
            if found.kills < kills:  # the last run is let to its end
                wait(process, place, rng)
                process.kill()
            told = process.communicate()[1]
        if process.returncode == -signal.SIGKILL:
            where = fell_into(place)
            found.where[where] += 1
            found = found._replace(kills=found.kills + 1)
            found.faults.extend(f"kill {found.kills}: {fault}" for fault in readable(place))
            say(f"{found.kills:4}  {where}")
            continue
        if process.returncode != 0:
            found.faults.append(f"after kill {found.kills}: exit code {process.returncode}: {told.decode()}")
        elif Ends.of(place) != expected:
            found.faults.append(f"after kill {found.kills}: not the uninterrupted run")
        found.faults.extend(f"after kill {found.kills}: left {name}" for name in halves(place))
        found = found._replace(runs=found.runs + 1)
        shutil.rmtree(place)
    return found


def wait(process: subprocess.Popen[bytes], place: Path, rng: random.Random) -> None:
    """Until a random moment: of the training, from its first save on, and now and then of the whole process."""
    if rng.random() < 0.1:
        until(process, lambda: False, rng.uniform(0, START))
        return
    before = saved(place)
    until(process, lambda: saved(place) != before, 600.0)
    until(process, lambda: False, rng.uniform(0, SPAN))


def until(process: subprocess.Popen[bytes], holds: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds, the process has ended, or so long."""
    end = time.monotonic() + seconds
    while process.poll() is None and not holds() and time.monotonic() < end:
        time.sleep(0.002)


def saved(place: Path) -> float:
    """When the last checkpoint came."""
    folder = place / "checkpoints"
    return folder.stat().st_mtime if folder.exists() else 0.0


START, SPAN = 3.0, 1.5
"""Seconds of a whole process, and of a training, in which a kill falls."""


def readable(place: Path) -> list[str]:
    """What cannot be read in a run that has begun to save."""
    return unreadable(place) if (place / "checkpoints").exists() else []


def fell_into(place: Path) -> str:
    """What a run was doing when it was killed, by what it left."""
    if not (place / "checkpoints").exists():
        return "before the first save"
    if halves(place):
        return "inside a save: a file half written"
    checkpoint, _ = last_whole(place / "checkpoints")
    length = (place / "metrics.jsonl").stat().st_size
    if checkpoint is None or checkpoint.noted["metrics"] != length:
        return "inside a save: metrics written, no checkpoint yet"
    config = RunFolder(place).config()
    if len(list((place / "checkpoints").iterdir())) > config.keep + 1:
        return "inside a save: older ones not taken away yet"
    return "after the training" if checkpoint.position.epoch > config.epochs else "between two saves"


WORDS = shlex.split("three-layer --epochs 4 --batch-size 128 --crop 2 --flip --checkpoint-seconds 0")
"""A real run that saves most of the time."""


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=100, help="random kills")
    parser.add_argument("--seed", type=int, default=0, help="of their moments")
    asked = parser.parse_args(words)
    faults: list[str] = []
    np.seterr(all="ignore")
    memory = (
        "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    )  # a kill is no power cut: no disk is needed
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        for moment, at in ((StepEnd, (2, 3)), (EpochEnd, (2, 0))):
            (place := Path(folder) / moment.__name__).mkdir()
            calls = save_killed(moment, at, place)
            faults += calls.faults
            print(
                f"{calls.what}: a save of {calls.calls} system calls, killed before each of them: "
                f"{calls.kills} kills, {calls.halves} left a half-written file; gone on from "
                f"{', '.join(f'{name} {count} times' for name, count in calls.went_on.items())}",
                flush=True,
            )
    with tempfile.TemporaryDirectory() as folder:
        found = killed_at_random(
            WORDS, asked.kills, asked.seed, Path(folder), lambda line: print(line, flush=True)
        )
        faults += found.faults
        inside = sum(count for where, count in found.where.items() if where.startswith("inside"))
        print(f"chainrule train {' '.join(WORDS)}: {found.kills} kills at random, {inside} inside a save")
        print(json.dumps(found.where, indent=1))
        print(f"{found.runs} runs came to their end, all of them after kills")
    print("\n".join(faults) or "nothing unreadable, every resume exact")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
