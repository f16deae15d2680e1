"""`chainrule search`: the settings with which a model is right most often, by cross-validation."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.text import Text

from .. import data
from ..data import Dataset
from ..errors import UsageError
from ..estimators import RandomSearch
from ..estimators.search_report import LABELS, search_page, told, word
from ..files import alone, write_whole
from ..files import told as written
from ..train.report import duration
from .classifiers import classifiers, complete_classifier
from .cluster import on_cluster
from .help import Argument, Option, Verb
from .looking import Looking
from .options import complete_data, data_sets, json_option, quiet_option, threads_option
from .output import facts, plain_table, show, show_json, stderr
from .plan import PENALTIES, PENALTIES_OF_NONE, RATES, Plan, discard, planned
from .runs import fresh_place

SHOWN = 10
"""How many of the best trials the table has."""


def usual(factors: tuple[int, int]) -> str:
    """How far a range reaches around what `chainrule train` takes."""
    return f"train's own ÷ {factors[0]} to × {factors[1]}"


@click.command(
    cls=Verb,
    examples=(
        ("chainrule search svm", "rate and λ of the linear SVM"),
        ("chainrule search knn --metric l1,l2", "how many neighbours, at which distance"),
        ("chainrule search convnet --trials 12 --rounds 2 --folds 3 --epochs 4", "a shorter search"),
        ("chainrule search two-layer --lr 1e-4:1e-2 --jobs 2", "a range of one's own, two trials at a time"),
        ("chainrule search --resume runs/search-svm-…", "go on with a search that was stopped"),
        ("chainrule train svm --config runs/search-svm-…/config.toml", "train with what was found"),
    ),
    more={"Models": classifiers(), "Data sets": data_sets()},
    environment=(("CHAINRULE_DATA", "the folder of the data sets that do not come with the package"),),
)
@click.argument(
    "model",
    cls=Argument,
    required=False,
    metavar="[MODEL]",
    shell_complete=complete_classifier,
    help="knn, svm, softmax, or a network of the zoo; not needed with --resume.",
)
@click.option(
    "--data",
    cls=Option,
    group="Pictures",
    metavar="NAME",
    standard="fashion-6k",
    shell_complete=complete_data,
    help="Data set, by name or path; its test pictures are not looked at.",
)
@click.option(
    "--lr",
    cls=Option,
    group="Range",
    metavar="LOW:HIGH",
    standard=usual(RATES),
    help="Learning rates.",
)
@click.option(
    "--l2",
    cls=Option,
    group="Range",
    metavar="LOW:HIGH",
    standard=f"{usual(PENALTIES)}; if that is 0, {PENALTIES_OF_NONE[0]:g}:{PENALTIES_OF_NONE[1]:g}",
    help="λ of λ·ΣW².",
)
@click.option(
    "--k", cls=Option, group="Range", metavar="K,K,…", standard="1 to 100", help="Neighbours, for knn."
)
@click.option(
    "--metric",
    cls=Option,
    group="Range",
    metavar="NAME,…",
    standard="l2",
    help="Distances for knn: l1, l2, cosine.",
)
@click.option(
    "--trials",
    cls=Option,
    group="Search",
    type=click.IntRange(1),
    metavar="N",
    standard="18",
    example="18",
    expected="1 or more",
    help="Trials in all; knn tries every k once.",
)
@click.option(
    "--rounds",
    cls=Option,
    group="Search",
    type=click.IntRange(1),
    metavar="R",
    standard="3",
    example="3",
    expected="1 or more",
    help="Rounds from coarse to fine: each draws from a smaller box around the best.",
)
@click.option(
    "--folds",
    cls=Option,
    group="Search",
    type=click.IntRange(2),
    metavar="K",
    standard="5",
    example="5",
    expected="2 or more",
    help="Parts of the training pictures that take turns at being held out.",
)
@click.option(
    "--seed", cls=Option, group="Search", type=int, metavar="N", standard="0", help="Of trials and folds."
)
@click.option(
    "--epochs", cls=Option, group="Search", type=int, metavar="N", standard="the model's", help="Of a trial."
)
@click.option(
    "--batch-size",
    cls=Option,
    group="Search",
    type=int,
    metavar="N",
    standard="64",
    help="Pictures in one step.",
)
@click.option(
    "--config", cls=Option, group="Search", metavar="FILE", help="The other settings, from a TOML file."
)
@click.option(
    "--jobs",
    cls=Option,
    group="Running",
    type=int,
    metavar="N",
    standard="1",
    help="Trials at the same time, each in its process; -1: one on each core.",
)
@click.option(
    "--cluster", cls=Option, group="Running", metavar="ADDRESS", help="Run on Dask: tcp://HOST:8786."
)
@click.option(
    "--resume", cls=Option, group="Running", metavar="FOLDER", help="Go on with the search in this folder."
)
@click.option(
    "--out",
    cls=Option,
    group="Output",
    metavar="FOLDER",
    standard="runs/search-MODEL-TIME",
    help="Where the search goes: a new or empty folder.",
)
@threads_option
@json_option
@quiet_option
def search(
    model: str | None,
    jobs: int | None,
    cluster: str | None,
    resume: str | None,
    out: str | None,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Find the settings with which a model is right most often.

    Of a network: learning rate and λ of the penalty, drawn at random by factors of ten, round after round closer to
    the best; of knn: the number of neighbours. Each trial is cross-validated: it learns from all folds of the training
    pictures but one, and is asked about that one, fold by fold. A trial whose loss runs away has failed, and the search
    goes on. Finished trials are kept: what was stopped goes on with --resume, and gives what it would have given.
    """
    if cluster is not None and jobs is not None:
        raise UsageError(
            "--cluster", "--jobs as well", "one of the two", "--cluster alone: its workers decide"
        )
    plan, place, pictures = begun(model, resume, out, jobs, given)
    found = plan.search(pictures, place, jobs)
    looking = Looking(stderr(), quiet, place, sum(found.planned()[1]), fresh=resume is None)
    with alone(place):
        with looking.following(), on_cluster(cluster), np.errstate(all="ignore"):
            looking.begin(plan, pictures)
            for trial in found.going(pictures.images, pictures.labels):
                looking.add(trial)
        left = leave(found, plan, pictures, place)
    if as_json:
        show_json({**left, "trials": [asdict(trial) for trial in found.trials_]})
    else:
        show(table(found), "", facts(ending(found, left), strong="right"))


def begun(
    model: str | None, resume: str | None, out: str | None, jobs: int | None, given: Mapping[str, Any]
) -> tuple[Plan, Path, Dataset]:
    """The plan, its folder and its pictures: of a search that goes on, or of a new one."""
    if resume is not None:
        require_alone(resume, {**given, "out": out})
        plan = Plan.read(Path(resume))
        if model not in (None, plan.model):
            hint = f"chainrule search --resume {resume}"
            raise UsageError("MODEL", f"{model} with --resume", f"{plan.model}, as {resume} was begun", hint)
        return plan, Path(resume), data.load(plan.data)[0]
    if model is None:
        raise UsageError("search", "no MODEL", "what to search the settings of", "chainrule search svm")
    plan = planned(model, given)
    pictures, _ = data.load(plan.data)
    plan = plan.fitting(pictures, asked=given["k"] is not None)
    plan.require_fit(pictures)
    place = Path(out) if out else fresh_place(f"search-{model}")
    plan.search(pictures, place, jobs).planned()  # what cannot be is told before there is a folder
    with written(place, "--out"):
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            hint = f"--resume {place} to go on with a search, or --out {place}-2"
            raise UsageError("--out", f"{place} exists already", "a new or empty folder", hint)
        place.mkdir(parents=True, exist_ok=True)
    try:
        plan.write(place)
    except BaseException:
        discard(place)
        raise
    return plan, place, pictures


def require_alone(resume: str, given: Mapping[str, Any]) -> None:
    """Nothing that makes another search stands beside --resume, or a UsageError."""
    named = [f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None]
    if named:
        came = f"{named[0]} as well, and the search in {resume} has its own"
        raise UsageError("--resume", came, "no settings beside it", f"chainrule search --resume {resume}")


def leave(found: RandomSearch, plan: Plan, pictures: Dataset, place: Path) -> dict[str, Any]:
    """Write the best settings, the report and the result; return the result."""
    best, config, page = found.best_trial_, place / "config.toml", place / "report.html"
    again = f"chainrule train {plan.model} --config {config}"
    seen = f"{len(pictures):,} training pictures of {pictures.name}", f"{len(best.scores)} folds"
    subtitle = ", ".join([*seen, *plan.lesson])
    title = f"A search for {plan.model} on {pictures.name}"
    left = {
        "best": {"params": best.params, "accuracy": best.mean, "spread": best.spread, "trial": best.number},
        "edges": found.edges_,
        "search": str(place),
        "config": str(config),
        "report": str(page),
    }
    for file, content in (
        (config, plan.best(best.params)),
        (page, search_page(found, title, subtitle, again)),
        (place / "result.json", json.dumps(left, indent=1, ensure_ascii=False) + "\n"),
    ):
        write_whole(file, content.encode(), "--out")
    return left


def table(found: RandomSearch) -> Any:
    """The best trials under each other."""
    names = list(found.best_params_)
    heads = [LABELS.get(name, name) for name in names]
    turns = ["round"] if len(found.spaces_) > 1 else []
    made = plain_table("", "right", *turns, *heads, right=(*range(2 + len(turns) + len(names)),))
    ranked = sorted(found.trials_, key=lambda t: (math.isnan(t.mean), -t.mean, t.number))
    for place, trial in enumerate(ranked[:SHOWN], 1):
        values = [told(trial.params[name]) for name in names]
        made.add_row(
            f"{place}",
            Text(word(trial), "bold green" if place == 1 else ""),
            *([f"{trial.round}"] if turns else []),
            *values,
        )
    return made


def ending(found: RandomSearch, left: dict[str, Any]) -> dict[str, str]:
    """What was found, for people."""
    failed = sum(1 for trial in found.trials_ if trial.failed)
    trials = f"{len(found.trials_)}" + (f", {failed} of them failed" if failed else "")
    best = {LABELS.get(name, name): told(value) for name, value in found.best_params_.items()}
    edges = {"note": f"the best {' and '.join(found.edges_)} is at the edge of its range: try a wider one"}
    work = duration(sum(trial.seconds for trial in found.trials_))
    return {
        "right": word(found.best_trial_),
        **best,
        **(edges if found.edges_ else {}),
        "trials": f"{trials}, {work} of work",
        "settings": left["config"],
        "report": left["report"],
    }
