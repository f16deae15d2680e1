"""`chainrule train --resume RUN`: where a run can be gone on with, and what may be asked along with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.text import Text

from .. import nn
from ..data import Dataset
from ..errors import FileError, UsageError
from ..train import Checkpoint, Config, Result, RunFolder, last_whole
from ..train.presets import stands_for, title_of
from ..train.start import versions
from .classifiers import NAMES
from .output import stderr
from .plan import PLAN
from .runs import build, require_network


@dataclass(frozen=True)
class Resumable:
    """A run that may be gone on with, as it was begun.  plain: whether it runs gate by gate"""

    run: RunFolder
    config: Config
    plain: bool

    def ended(self) -> Result | None:
        """How it ended, if it has.  Raises FileError if its result is damaged."""
        if not self.run.finished:
            return None
        try:
            return Result(**self.run.result())
        except TypeError as error:
            path, hint = self.run.path / "result.json", "without that file, --resume writes it again"
            raise FileError(str(path), f"damaged: {error}", "how the run ended", hint) from None

    def last(self) -> Checkpoint:
        """The last checkpoint that is whole; what is wrong with later ones is said.

        Raises FileError if there is none.
        """
        found, damaged = last_whole(self.run.checkpoints, self.run.covers)
        if found is None:
            came = "a run that has no checkpoint yet"
            hint = f"begin it again: chainrule train --config {self.run.path / 'config.toml'}"
            raise FileError(str(self.run.path), came, "one in its folder checkpoints", hint)
        for error in damaged:
            note(f"{Path(error.who).name} is left out, {error.came}; going on {found.position.told}")
        note_other_versions(found)
        return found

    def network(self, pictures: Dataset) -> nn.Module:
        """A network of its shape, whose weights do not matter."""
        classes = len(pictures.classes)
        return build(self.config.model, pictures.shape, classes, pictures.name, self.config.seed)


def resumable(
    path: str, asked: Mapping[str, Any], *, out: str | None = None, plain: bool = False
) -> Resumable:
    """The run of a folder, with what may be asked anew.

    asked:  settings that were given along;  out, plain: the options
    Raises UsageError for a name of the zoo and for anything given along that would change the run, FileError for a
    folder that is no run.
    """
    run = opened(path)
    config, start = run.config(), run.start()
    if out is not None:
        hint = f"chainrule train --resume {path}; a new run there: chainrule train {path} --out {out}"
        raise UsageError("--out", f"{out} with --resume", "the run's own folder", hint)
    gate_by_gate = start is not None and start.plain
    if plain and not gate_by_gate:
        expected = f"compiled steps, as {path} was begun"
        raise UsageError("--plain", "gate by gate with --resume", expected, "leave --plain out")
    return Resumable(run, together(path, config, asked), gate_by_gate)


def opened(path: str) -> RunFolder:
    """The folder of a run, with weights or without."""
    run = RunFolder(path)
    if (run.path / PLAN).is_file():
        hint = f"chainrule search --resume {path}"
        raise UsageError("--resume", f"{path} is the folder of a search", "the folder of a run", hint)
    if (run.path / "config.toml").is_file():
        require_network(path)
        return run
    if path in NAMES:
        hint = f"chainrule train {path}, which prints the folder of its run"
        raise UsageError("--resume", f"{path!r} is the name of a model", "the folder of a run", hint)
    came = "a folder without config.toml" if run.path.is_dir() else "no such folder"
    raise FileError(path, came, "the folder of a run", "the path that `chainrule train` printed")


def together(path: str, config: Config, asked: Mapping[str, Any]) -> Config:
    """The configuration with what may change; anything else that is another value is refused."""
    wanted = Config.of({**vars(config), **asked})
    if not stands_for(wanted.model, config):
        expected = f"{title_of(config)}, as {path} was begun"
        hint = f"chainrule train --resume {path}"
        raise UsageError("MODEL", f"{wanted.model} with --resume", expected, hint)
    wanted = replace(wanted, model=config.model)
    for key, value in wanted.bits().items():
        own = getattr(config, key)
        if value != own:
            option = f"--{key.replace('_', '-')}"
            hint = f"leave it out; a new run from its weights: chainrule train {path} {option} {value}"
            raise UsageError(option, f"{value} with --resume", f"{own}, as {path} was begun", hint)
    return wanted


def note_other_versions(found: Checkpoint) -> None:
    """Say so where the checkpoint is from other versions."""
    here = versions()
    other = [f"{k} {was} then, {here.get(k)} now" for k, was in found.versions.items() if here.get(k) != was]
    if other:
        note(f"{'; '.join(other)}: the last digits of the numbers may become others")


def note(said: str) -> None:
    """A line on stderr that does not stop anything."""
    stderr().print(Text(f"chainrule: note: {said}", "yellow"))
