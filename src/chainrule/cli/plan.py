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
from ..estimators import ConfiguredClassifier, KNeighborsClassifier, RandomSearch
from ..estimators.knn_run import KNN, KnnConfig
from ..estimators.search_report import LABELS
from ..estimators.space import Space
from ..estimators.trials import SEARCH as SEARCH_FILE
from ..estimators.trials import TRIALS as TRIALS_FILE
from ..files import take_away, write_whole
from ..notation import from_json
from ..random import Generator
from ..reading import whole_file
from ..train import Config
from ..train.presets import settings_of
from ..words import in_short, many
from .classifiers import require_classifier, require_own_loss
from .runs import build, placed

PLAN, KEPT = "plan.json", "trials"
"""The file of a plan, and the folder of its finished trials beside it."""

MOST_BYTES = 1 << 20
"""Of that file."""

TRIALS, ROUNDS, FOLDS = 18, 3, 5
"""Unless told otherwise."""

RATES, PENALTIES = (30, 30), (1000, 30)
"""How far the ranges of rate and λ reach below and above the usual ones: factors."""

PENALTIES_OF_NONE = (1e-6, 1e-1)
"""The range of λ where there is usually none."""

KS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 70, 100)
"""Numbers of neighbours, about evenly by factors."""


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

    @property
    def lesson(self) -> list[str]:
        """How each trial learns, in a few words; neighbours do not."""
        if self.model == KNN:
            return []
        config = Config.of(self.settings)
        epochs = f"{many(config.epochs, 'epoch')} of batches of {config.batch_size}"
        return [epochs, config.optimizer, config.schedule]

    def search(self, pictures: Dataset, folder: Path, jobs: int | None) -> RandomSearch:
        """The search of these pictures, whose finished trials are in the folder.

        Raises SettingError for more folds than the smallest class has pictures.
        """
        parts = self.parts(pictures)
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

    def parts(self, pictures: Dataset) -> list[Any]:
        """The folds, with whole groups where the pictures have any."""
        rng = Generator(self.seed).split("folds")
        return data.folds(pictures.labels, self.folds, rng, pictures.groups, classes=pictures.classes)

    def estimator(self) -> Any:
        """What is searched for the best settings of."""
        return KNeighborsClassifier() if self.model == KNN else ConfiguredClassifier(Config.of(self.settings))

    def best(self, params: Mapping[str, Any]) -> str:
        """A configuration with the parameters that were found, as TOML."""
        if self.model == KNN:
            return KnnConfig.of(
                {**self.settings, **{LABELS.get(name, name): v for name, v in params.items()}}
            ).as_toml()
        return Config.of({**self.settings, **params}).as_toml()

    def require_fit(self, pictures: Dataset) -> None:
        """The network takes such pictures, or a UsageError has the arithmetic."""
        if self.model != KNN:
            build(self.settings["model"], pictures.shape, len(pictures.classes), pictures.name)

    def fitting(self, pictures: Dataset, asked: bool) -> Plan:
        """The plan for these pictures: no more neighbours than a trial learns from.

        asked:  whether somebody named the numbers of neighbours; those that are too large are left out only if not
        Raises UsageError for a number that was asked for and is too large.
        """
        if self.model != KNN:
            return self
        room = len(pictures) - -(-len(pictures) // self.folds)
        large = [k for k in self.space["n_neighbors"] if k > room]
        if large and asked:
            came = f"{large[0]} neighbours, and a trial keeps {room:,} of {len(pictures):,} pictures"
            raise UsageError("--k", came, f"at most {room:,}", "smaller numbers, or more --folds")
        left = [k for k in self.space["n_neighbors"] if k <= room]
        return replace(self, space={**self.space, "n_neighbors": left or [1]})

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
        if not place.exists() and not (folder / KEPT).exists() and (folder / "config.toml").is_file():
            came, hint = f"{folder} is the folder of a run", f"chainrule train --resume {folder}"
            raise UsageError("--resume", came, "the folder of a search", hint)

        def refuse(came: str) -> FileError:
            hint = "the path that `chainrule search` printed"
            return FileError(str(place), came, "the folder of a search", hint)

        content = whole_file(place, MOST_BYTES, refuse)
        try:
            told = from_json(content)
            space = {name: ranged(values) for name, values in told.pop("space").items()}
            counts = [told[name] for name in ("trials", "rounds", "folds", "seed")]
            if any(type(n) is not int or n < 0 for n in counts) or type(told["settings"]) is not dict:
                raise ValueError("an entry of another kind")
            return cls(space=space, **told)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            came, hint = f"damaged: {in_short(error)}", "begin in another folder"
            raise FileError(str(place), came, "the plan of a search", hint) from None


def discard(folder: Path) -> None:
    """Take a folder away in which no trial was finished, and nothing else that lies in it."""
    kept = folder / KEPT
    take_away((kept / TRIALS_FILE, kept / SEARCH_FILE, folder / PLAN), (kept, folder))


def planned(model: str, given: Mapping[str, Any]) -> Plan:
    """The plan of these options; None where one was not given.

    Raises UsageError for an unknown model, for options of another one, and for ranges that are none.
    """
    require_classifier(model)
    shared = {"folds": given["folds"] or FOLDS, "seed": given["seed"] or 0}
    return planned_knn(given, **shared) if model == KNN else planned_network(model, given, **shared)


def planned_network(model: str, given: Mapping[str, Any], folds: int, seed: int) -> Plan:
    """Rate and λ of a network, at random."""
    refuse(given, ("k", "metric"), f"for {model}, which has none", f"chainrule search {KNN}")
    preset = settings_of(model)
    told = ("data", "epochs", "batch_size", "seed")
    own = {name: given[name] for name in told if given[name] is not None}
    table = {**preset, **(Config.read(given["config"]) if given["config"] else {}), **own}
    config = Config.of({**table, "model": preset["model"]})
    require_own_loss(model, config)
    lr, l2 = around(config.lr, *RATES), around(config.l2, *PENALTIES) if config.l2 else PENALTIES_OF_NONE
    space = {"lr": pair("--lr", given["lr"], lr), "l2": pair("--l2", given["l2"], l2)}
    trials = given["trials"] or TRIALS
    rounds = given["rounds"] or min(ROUNDS, trials)
    settings = asdict(replace(config, data=placed(config.data)))
    return Plan(model, settings, space, trials, rounds, folds, config.seed)


def planned_knn(given: Mapping[str, Any], folds: int, seed: int) -> Plan:
    """The number of neighbours, and their distance if several are named: every combination once."""
    refuse(
        given,
        ("lr", "l2", "epochs", "batch_size", "trials", "rounds"),
        f"for {KNN}, which has none",
        "--k 1,3,5",
    )
    table = {**(KnnConfig.read(given["config"]) if given["config"] else {}), "model": KNN}
    config = KnnConfig.of({**table, **({"data": given["data"]} if given["data"] else {})})
    metrics = [config.metric] if given["metric"] is None else list(dict.fromkeys(given["metric"].split(",")))
    for metric in metrics:
        replace(config, metric=metric)  # raises for a name that is none
    ks = counts(given["k"])
    settings = asdict(replace(config, data=placed(config.data)))
    space = {"n_neighbors": ks, "metric": metrics}
    return Plan(KNN, settings, space, len(ks) * len(metrics), 1, folds, seed)


def refuse(given: Mapping[str, Any], names: tuple[str, ...], came: str, hint: str) -> None:
    """None of these options is given, or a UsageError."""
    for name in names:
        if given[name] is not None:
            raise UsageError(f"--{name.replace('_', '-')}", came, "an option of this model", hint)


def counts(text: str | None) -> list[int]:
    """K,K,… as rising numbers, each once.

    >>> counts("5,1,3,1")
    [1, 3, 5]
    """
    if text is None:
        return list(KS)
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and 1 <= int(part) < 10**9 for part in parts):
        raise UsageError("--k", repr(text), "K,K,…, whole numbers of at least 1", "--k 1,3,5,10")
    return sorted({int(part) for part in parts})


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


def ranged(values: Any) -> Any:
    """A range as a pair again; a list of values as it is."""
    return (values["from"], values["to"]) if isinstance(values, dict) else values


def around(usual: float, below: float, above: float) -> tuple[float, float]:
    """A range around a usual value, in round numbers.

    >>> around(2e-3, 30, 30)
    (7e-05, 0.06)
    """
    return float(f"{usual / below:.0e}"), float(f"{usual * above:.0e}")
