"""The trials of a search, and the folder that remembers them: what is finished is never run again.

search.json   what is searched, on which data; a folder of another search is refused
trials.jsonl  one line for each finished trial, in the order in which they ended
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import FileError, UsageError
from ..files import append_whole, told, write_whole
from ..notation import from_json
from ..reading import whole_file
from ..words import in_short
from .crossval import Fold, Scored, outcome

SEARCH, TRIALS = "search.json", "trials.jsonl"
MOST_FACTS, MOST_TRIALS = 1 << 20, 1 << 26
"""Bytes of these files: a trial has some two hundred."""


@dataclass(frozen=True)
class Trial(Scored):
    """One combination of parameters, tried on every fold.

    number:  from 0;  round: from 1;  seed: of the estimator, from the root seed and the number alone
    scores:  of the folds, 0 to 1, NaN where training failed;  failed: why, or "";  seconds: of all folds
    """

    number: int
    round: int
    params: dict[str, Any]
    seed: int
    scores: tuple[float, ...] = ()
    failed: str = ""
    seconds: float = 0.0

    def line(self) -> str:
        """One line of JSON, in which a score that is none is null."""
        row = {**vars(self), "scores": [None if math.isnan(s) else s for s in self.scores]}
        return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def of_line(cls, line: str) -> Trial:
        """The trial of a line.  Raises ValueError, KeyError or TypeError for anything else.

        >>> trial = Trial(3, 1, {"lr": 0.1}, 7, (0.5, float("nan")), "diverged", 0.25)
        >>> str(Trial.of_line(trial.line())) == str(trial)
        True
        """
        row = from_json(line.encode())
        scores = tuple(math.nan if s is None else float(s) for s in row["scores"])
        number, turn, seed = (int(row[name]) for name in ("number", "round", "seed"))
        return cls(number, turn, dict(row["params"]), seed, scores, str(row["failed"]), float(row["seconds"]))


def run_trial(trial: Trial, shared: tuple[Any, ...]) -> Trial:
    """Try a combination: the same scores wherever and whenever it runs.

    shared:  the estimator, X, y, and the indices of each fold
    """
    estimator, X, y, parts = shared
    seeded = {"random_state": trial.seed} if "random_state" in estimator.get_params() else {}
    found: list[Fold] = []
    for held in parts:
        found.append(outcome(estimator, {**seeded, **trial.params}, X, y, held))
        if found[-1].failed:  # the mean has no value any more, and the other folds would take their time
            break
    scores = tuple(fold.score for fold in found) + (math.nan,) * (len(parts) - len(found))
    seconds = round(sum(fold.seconds for fold in found), 3)
    return Trial(trial.number, trial.round, trial.params, trial.seed, scores, found[-1].failed, seconds)


class TrialLog:
    """The folder of a search.

    facts:  what is searched, as JSON
    Raises UsageError for the folder of another search, or one with other things in it; FileError for a damaged one.
    """

    def __init__(self, folder: str | Path, facts: Mapping[str, Any], way: str = "folder") -> None:
        self.path, self.way = Path(folder), way
        self.done: dict[int, Trial] = {}
        with told(self.path, way):
            self.path.mkdir(parents=True, exist_ok=True)
            if (self.path / SEARCH).exists():
                require_same(self.path, facts)
                self._read()
            elif (self.path / TRIALS).exists():
                came, hint = f"{SEARCH} is missing, beside {TRIALS}", "begin in a new folder"
                raise FileError(str(self.path), came, "both files of a search", hint)
            elif any(self.path.iterdir()):
                came, expected = (
                    f"{self.path} has other things in it",
                    "a new or empty folder, or that of a search",
                )
                raise UsageError(way, came, expected, f"{self.path}-2")
            else:
                text = json.dumps(dict(facts), indent=1, ensure_ascii=False) + "\n"
                write_whole(self.path / SEARCH, text.encode(), way)

    def add(self, trial: Trial) -> None:
        """Keep a finished trial: on the disk when this returns."""
        append_whole(self.path / TRIALS, trial.line().encode(), self.way)
        self.done[trial.number] = trial

    def _read(self) -> None:
        """The finished trials; half a line at the end, of a process that was killed in it, is cut off."""
        place = self.path / TRIALS
        if not os.path.lexists(place):
            return
        hint = "begin in a new folder"
        content = whole_file(
            place, MOST_TRIALS, lambda came: FileError(str(place), came, "finished trials", hint)
        )
        whole = content[: content.rfind(b"\n") + 1]
        try:
            trials = [Trial.of_line(line) for line in whole.decode().splitlines()]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            came = f"damaged: {in_short(error)}"
            raise FileError(str(place), came, "a finished trial in each line", hint) from None
        if len(whole) < len(content):
            write_whole(place, bytes(whole), self.way)
        self.done = {trial.number: trial for trial in trials}


def read_search(folder: str | Path) -> dict[str, Any]:
    """What the folder of a search says of it.

    Raises FileError if there is none, or it is damaged.
    """
    place = Path(folder) / SEARCH

    def refuse(came: str) -> FileError:
        hint = "the path that `chainrule search` printed"
        return FileError(str(place), came, "the folder of a search", hint)

    content = whole_file(place, MOST_FACTS, refuse)
    try:
        facts = from_json(content)
    except ValueError as error:
        raise FileError(str(place), f"damaged: {error}", "JSON", "begin in a new folder") from None
    if not isinstance(facts, dict):
        raise FileError(str(place), "damaged: no object", "JSON of a search", "begin in a new folder")
    return facts


def require_same(folder: Path, facts: Mapping[str, Any]) -> None:
    """The search of this folder is the one that is asked for, or a UsageError names the first difference."""
    theirs, ours = read_search(folder), json.loads(json.dumps(dict(facts)))
    for name in {**ours, **theirs}:
        if theirs.get(name) != ours.get(name):
            came = f"{folder} holds another search: {name} is {shown(theirs.get(name))}"
            raise UsageError("search", came, f"{name} {shown(ours.get(name))}", "another folder")


def shown(fact: Any) -> str:
    """A fact of a search, for a message."""
    text = fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
    return text if len(text) < 90 else f"{text[:86]} …"
