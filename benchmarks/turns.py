"""Workers that take turns: each framework in its own process, a few steps at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
THREADS = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "CHAINRULE_THREADS"), "2"
)


class Worker:
    """A process that runs steps when told, and answers in lines of JSON."""

    def __init__(self, script: str, *arguments: str, **environment: str) -> None:
        command = [sys.executable, str(HERE / script), *arguments]
        environment = {**os.environ, **THREADS, **environment}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.seconds: list[float] = []
        self.losses: list[float] = []
        self.facts = self.answer()

    def answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise SystemExit(f"{self.process.args} ended with code {self.process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def run(self, steps: int, count: bool = True) -> None:
        """Run steps and remember what each took; the losses are always remembered."""
        self.process.stdin.write(f"{steps}\n")  # type: ignore[union-attr]
        self.process.stdin.flush()  # type: ignore[union-attr]
        answer = self.answer()
        self.losses += answer["losses"]
        self.seconds += answer["seconds"] if count else []

    def end(self) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()


def run_json(script: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """What a script of this folder prints, as JSON."""
    command = [sys.executable, str(HERE / script), *arguments]
    environment = {**os.environ, **THREADS, **environment}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def alternate(workers: list[Worker], rounds: int, steps: int) -> None:
    """Warm up, then let the workers take turns."""
    for number in range(rounds + 1):
        turn(workers, steps, count=number > 0)
    for worker in workers:
        worker.end()


def turn(workers: list[Worker], steps: int, count: bool = True) -> None:
    """One worker after the other."""
    for worker in workers:
        worker.run(steps, count)
        time.sleep(0.05)  # let the other's threads stop spinning


def agree(workers: dict[str, Worker], after: int) -> None:
    """Stop unless the losses after so many steps are the same to 1 %."""
    first, *others = workers
    for other in others:
        mine, its = workers[first].losses[after - 1], workers[other].losses[after - 1]
        if not abs(mine - its) <= 0.01 * abs(its) + 1e-3:
            raise SystemExit(f"after {after} steps: {mine} ({first}) and {its} ({other})")


def serve(step: Any, **facts: Any) -> None:
    """The worker's side: step() -> loss, as often as told."""
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        seconds, losses = [], []
        for _ in range(int(line)):
            began = time.perf_counter()
            loss = step()
            seconds.append(time.perf_counter() - began)
            losses.append(loss)
        print(json.dumps({"seconds": seconds, "losses": losses}), flush=True)
