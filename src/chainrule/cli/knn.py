"""`chainrule train knn`: no training, but the same folder, the same last lines, and a report."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import data
from ..errors import UsageError
from ..estimators.knn_report import write_page
from ..estimators.knn_run import KNN, KnnConfig, KnnResult, Neighbours, asked
from ..train import RunFolder
from ..train.settings import read_toml
from .output import facts, show, show_json, stderr
from .runs import discard, fresh_place, placed

OWN = ("data", "k", "metric")
"""The settings of nearest neighbours, as options are called."""


def wants_knn(model: str | None, file: str | None) -> bool:
    """Whether nearest neighbours are asked for: by name, or by the file of settings alone."""
    return model == KNN or (model is None and file is not None and read_toml(file).get("model") == KNN)


def train_knn(
    file: str | None, out: str | None, as_json: bool, quiet: bool, given: Mapping[str, Any]
) -> None:
    """Keep the training pictures, ask about the test pictures, and leave a report to look at."""
    config = knn_configured(file, given)
    pictures, test = data.load(config.data)
    config.require_fewer(pictures)
    run = RunFolder.create(out or fresh_place(KNN))
    on = stderr()
    watched = on.is_terminal and not quiet
    try:
        with on.status(f"asking about {len(test):,} test pictures …") if watched else nullcontext():
            neighbours = Neighbours.of(run, config, pictures)
            tested, result = asked(neighbours, test)
            write_page(neighbours, test, tested, result)
    except BaseException:
        if not (run.path / "result.json").exists():
            discard(run)
        raise
    if as_json:
        show_json(asdict(result))
    else:
        show(facts(ending(result), strong="test accuracy"))


def knn_configured(file: str | None, given: Mapping[str, Any]) -> KnnConfig:
    """Option before file before default.

    Raises UsageError for settings that only networks have.
    """
    strange = [name for name, value in given.items() if value is not None and name not in OWN]
    if strange:
        option = f"--{strange[0].replace('_', '-')}"
        raise UsageError(
            option, "for knn, which learns nothing", "--k, --metric and --data", f"without {option}"
        )
    table = KnnConfig.read(file) if file else {}
    table |= {name: given[name] for name in OWN if given[name] is not None}
    if "data" in table:
        table["data"] = placed(table["data"])
    return KnnConfig.of({**table, "model": KNN})


def ending(result: KnnResult) -> dict[str, str]:
    """How the run ended, for people."""
    return {
        "test accuracy": f"{result.test_accuracy:.1%}",
        "neighbours": f"{result.k} of {result.pictures:,}, {result.metric}",
        "seconds": f"{result.seconds:.2f}",
        "run": result.run,
        "report": str(Path(result.run) / "report.html"),
    }
