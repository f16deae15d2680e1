"""A small run that the verbs can be tried on, and the command as a function."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chainrule.cli import main


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """say("train", "linear") runs `chainrule train linear` in this process."""
    for name in ("COLUMNS", "CHAINRULE_THREADS", "CHAINRULE_DEBUG", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def command(*words: object) -> Said:
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return command


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures 8×8 in two classes that can be told apart: bright on the left, bright on the right."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for label, name in enumerate(("left", "right")):
        (folder / name).mkdir()
        for number in range(30):
            picture = rng.integers(0, 60, (8, 8), dtype=np.uint8)
            picture[:, 4 * label : 4 * label + 4] += 150
            Image.fromarray(picture).save(folder / name / f"{number:02}.png")
    return folder


@pytest.fixture(scope="session")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of the linear network on these pictures."""
    place = tmp_path_factory.mktemp("runs") / "linear"
    words = [
        "train",
        "linear",
        "--data",
        pictures,
        "--epochs",
        "5",
        "--batch-size",
        "8",
        "--out",
        place,
        "--quiet",
    ]
    assert main([*map(str, words)]) == 0
    return place
