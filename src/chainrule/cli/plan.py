"""What a search is asked to do, as it stands in its folder: enough to go on with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .. import data
from ..data import Dataset
from ..errors import FileError, UsageError
from ..estimators import ConfiguredClassifier, RandomSearch
from ..estimators.space import Space
from ..files import write_whole
from ..random import Generator
from ..train import Config
from ..train.presets import PRESETS
from .classifiers import KNN, require_classifier

PLAN, KEPT = "plan.json", "trials"
"""The file of a plan, and the folder of its finished trials beside it."""

TRIALS, ROUNDS, FOLDS = 18, 3, 5
"""Unless told otherwise."""

DECADES = 1.5
"""How far the range of the rate reaches to both sides of the usual one, in factors of ten."""

PENALTIES = (1e-6, 1e-1)
"""The range of λ."""


@dataclass(frozen=True)
class Plan:
    """A search.

    model:  as it was asked for: "svm";  settings: of a configuration, apart from what is searched
    space:  name of a parameter → (low, high), or a list of values
    """

    model: str
    settings: dict[str, Any]
    space: dict[str, Any]
    trials: int
    rounds: int
    folds: int
    seed: int

    @property
    def data(self) -> str:
        return str(self.settings["data"])

    def search(self, pictures: Dataset, folder: Path, jobs: int | None) -> RandomSearch:
        """The search of these pictures, whose finished trials are in the folder.

        Raises SettingError for more folds than the smallest class has pictures.
        """
        rng = Generator(self.seed).split("folds")
        parts = data.folds(pictures.labels, self.folds, rng, pictures.groups, classes=pictures.classes)
        return RandomSearch(
            self.estimator(),
            self.space,
            trials=self.trials,
            rounds=self.rounds,
            folds=parts,
            jobs=jobs,
            random_state=self.seed,
            folder=folder / KEPT,
        )

    def estimator(self) -> Any:
        """What is searched for the best settings of."""
        return ConfiguredClassifier(Config.of(self.settings))

    def best(self, params: Mapping[str, Any]) -> str:
        """A configuration with the parameters that were found, as TOML."""
        return Config.of({**self.settings, **params}).as_toml()

    def write(self, folder: Path) -> None:
        """Leave the plan in its folder."""
        told = {**asdict(self), "space": Space(self.space).as_dict()}
        text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        write_whole(folder / PLAN, text.encode(), "--out")

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """The plan of a folder.

        Raises FileError if there is none, or it is damaged.
        """
        place = folder / PLAN
        try:
            told = json.loads(place.read_bytes())
            space = {name: ranged(values) for name, values in told.pop("space").items()}
            return cls(space=space, **told)
        except OSError as error:
            expected, hint = "the folder of a search", "the path that `chainrule search` printed"
            raise FileError(str(place), error.strerror or "not readable", expected, hint) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            came, hint = f"damaged: {type(error).__name__}: {error}", "begin in another folder"
            raise FileError(str(place), came, "the plan of a search", hint) from None


def planned(model: str, given: Mapping[str, Any]) -> Plan:
    """The plan of these options; None where one was not given.

    Raises UsageError for an unknown model, for options of another one, and for ranges that are none.
    """
    require_classifier(model)
    unused = [name for name in ("k", "metric") if given[name] is not None]
    if unused:
        came, hint = f"for {model}, which has none", f"chainrule search {KNN} --{unused[0]} …"
        raise UsageError(f"--{unused[0]}", came, "it with knn alone", hint)
    settings = {**(PRESETS[model].settings if model in PRESETS else {"model": model})}
    settings |= Config.read(given["config"]) if given["config"] else {}
    settings |= {
        name: given[name] for name in ("data", "epochs", "batch_size", "seed") if given[name] is not None
    }
    config = Config.of(settings)
    space = {"lr": pair("--lr", given["lr"], rates(config.lr)), "l2": pair("--l2", given["l2"], PENALTIES)}
    trials, rounds = given["trials"] or TRIALS, given["rounds"] or ROUNDS
    rounds = min(rounds, trials) if given["rounds"] is None else rounds
    table = asdict(replace(config, data=lasting(config.data)))
    return Plan(model, table, space, trials, rounds, given["folds"] or FOLDS, config.seed)


def pair(option: str, text: str | None, usual: tuple[float, float]) -> tuple[float, float]:
    """LOW:HIGH as two numbers.

    >>> pair("--lr", "1e-4:0.1", (1.0, 2.0))
    (0.0001, 0.1)
    """
    if text is None:
        return usual
    try:
        low, high = map(float, text.split(":"))
    except ValueError:
        low, high = 1.0, 0.0
    if not 0 < low < high < float("inf"):
        hint = f"{option} {usual[0]:g}:{usual[1]:g}"
        raise UsageError(option, repr(text), "LOW:HIGH, two numbers with 0 < LOW < HIGH", hint)
    return low, high


def lasting(name: str) -> str:
    """Data by a path that holds from another working folder too."""
    here = name not in data.names() and Path(name).exists()
    return str(Path(name).resolve()) if here else name


def ranged(values: Any) -> Any:
    """A range as a pair again; a list of values as it is."""
    return (values["from"], values["to"]) if isinstance(values, dict) else values


def rates(usual: float) -> tuple[float, float]:
    """The range of the rate around the usual one.

    >>> rates(2e-3)
    (6e-05, 0.06)
    """
    low, high = usual / 10**DECADES, usual * 10**DECADES
    return float(f"{low:.0e}"), float(f"{high:.0e}")
