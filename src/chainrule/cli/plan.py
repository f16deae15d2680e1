"""What a search is asked to do, as it stands in its folder: enough to go on with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import data
from ..data import Dataset
from ..errors import FileError
from ..estimators import ConfiguredClassifier, RandomSearch
from ..files import write_whole
from ..random import Generator
from ..train import Config

PLAN, KEPT = "plan.json", "trials"
"""The file of a plan, and the folder of its finished trials beside it."""

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
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"
        write_whole(folder / PLAN, text.encode(), "--out")

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """The plan of a folder.

        Raises FileError if there is none, or it is damaged.
        """
        place = folder / PLAN
        try:
            told = json.loads(place.read_bytes())
            space = {name: tuple(v) if isinstance(v, dict) else v for name, v in told.pop("space").items()}
            return cls(space={n: v if isinstance(v, list) else tuple(v) for n, v in space.items()}, **told)
        except OSError as error:
            expected, hint = "the folder of a search", "the path that `chainrule search` printed"
            raise FileError(str(place), error.strerror or "not readable", expected, hint) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            came, hint = f"damaged: {type(error).__name__}: {error}", "begin in another folder"
            raise FileError(str(place), came, "the plan of a search", hint) from None


def rates(usual: float) -> tuple[float, float]:
    """The range of the rate around the usual one.

    >>> rates(2e-3)
    (6e-05, 0.06)
    """
    low, high = usual / 10**DECADES, usual * 10**DECADES
    return float(f"{low:.0e}"), float(f"{high:.0e}")
