"""The page that a search leaves: where it looked, what it found, and every trial."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..pictures import Box, Samples, Section, figure, page, scatter, spreads, table
from ..train.report import duration
from ..words import many
from .search import RandomSearch
from .trials import Trial

LABELS = {"n_neighbors": "k"}
"""What a parameter is called on the page and on the command line, where that is another name."""

KEYS = 4
"""How many accuracies the legend of the scatter names."""


def search_page(search: RandomSearch, title: str, subtitle: str, again: str) -> str:
    """One page without a script, nothing from the network.

    search:  after fit, or gone through;  again: the command that trains with the best settings
    """
    best, trials = search.best_trial_, search.trials_
    facts = {
        "right, in the mean of the folds": f"{best.mean:.1%}",
        "spread from fold to fold": f"± {best.spread:.1%}",
        **{LABELS.get(name, name): brief(value) for name, value in best.params.items()},
        "trials": f"{len(trials)}",
        "of work": duration(sum(trial.seconds for trial in trials)),
    }
    sections = [looked_section(search), trials_section(trials), again_section(search, again)]
    return page(title, [s for s in sections if s is not None], subtitle=subtitle, facts=facts)


def looked_section(search: RandomSearch) -> Section | None:
    """Trials over the two ranges, or over the values of the one list of numbers."""
    ranges, choices = search.spaces_[0].ranges, search.spaces_[0].choices
    if len(ranges) == 2:
        return scatter_section(search, *ranges)
    numeric = [name for name, values in choices.items() if all(type(v) in (int, float) for v in values)]
    if not ranges and len(numeric) == 1 and len(choices[numeric[0]]) > 1:
        return spreads_section(search.trials_, search.best_trial_, numeric[0])
    return None


def scatter_section(search: RandomSearch, across: str, up: str) -> Section:
    """Each trial where its two numbers are, the fuller the more often right; dashed, what each round drew from."""
    trials, best = search.trials_, search.best_trial_
    means = np.array([trial.mean for trial in trials])
    drawn = scatter(
        [trial.params[across] for trial in trials],
        [trial.params[up] for trial in trials],
        shade(means),
        groups=[f"round {trial.round}" for trial in trials],
        names=[
            f"{word(trial)}: {across} {told(trial.params[across])}, {up} {told(trial.params[up])}"
            for trial in trials
        ],
        best=trials.index(best),
        best_name=f"{best.mean:.1%}",
        keys=keys(means),
        boxes=[Box(space.ranges[across], space.ranges[up]) for space in search.spaces_],
        x_label=across,
        y_label=up,
    )
    caption = "Each mark is a trial, the fuller the more often it was right."
    if len(search.spaces_) > 1:
        caption += " Each round draws from a smaller box around the best so far."
    if search.edges_:
        names = " and ".join(search.edges_)
        caption += (
            f" The best {names} lies at the edge of what was looked at: a wider range may hold better ones."
        )
    return Section("Where it looked", figure(drawn, wide=True), caption)


def spreads_section(trials: Sequence[Trial], best: Trial, name: str) -> Section:
    """Accuracy over the values of a parameter, a line for each combination of the others."""
    lines: dict[str, list[Trial]] = {}
    for trial in trials:
        lines.setdefault(others(trial.params, name), []).append(trial)
    drawn, place = [], (0, 0)
    for index, (label, group) in enumerate(lines.items()):
        ordered = sorted(group, key=lambda trial: float(trial.params[name]))
        if best in ordered:
            place = index, ordered.index(best)
        scores = [[100 * score for score in trial.scores] for trial in ordered]
        drawn.append(Samples(label or name, [trial.params[name] for trial in ordered], scores))
    folds = many(len(best.scores), "fold")
    caption = f"Faint: each of {folds}. Line: their mean; bars: one standard deviation up and down."
    close = [
        t for t in trials if t is not best and t.mean >= best.mean - best.spread / math.sqrt(len(best.scores))
    ]
    if close:
        caption += f" {many(len(close), 'other trial')} within one standard error of the best."
    picture = spreads(drawn, best=place, x_label=LABELS.get(name, name), y_label="% right")
    return Section(f"Right, by {LABELS.get(name, name)}", figure(picture, wide=True), caption)


def trials_section(trials: Sequence[Trial]) -> Section:
    """Every trial, the best first."""
    names, rounds = list(trials[0].params), trials[-1].round > 1
    ranked = sorted(trials, key=lambda trial: (math.isnan(trial.mean), -trial.mean, trial.number))
    rows = [
        [
            place,
            *([trial.round] if rounds else []),
            *(trial.params[name] for name in names),
            word(trial),
            lone(trial),
            duration(trial.seconds),
        ]
        for place, trial in enumerate(ranked, 1)
    ]
    heads = [*(["round"] if rounds else []), *(LABELS.get(name, name) for name in names)]
    body = table(["", *heads, "right", "fold by fold", "of work"], rows)
    caption = "The highest of many means is a little lucky: expect somewhat less on pictures that nobody has looked at."
    return Section("The trials", body, caption)


def again_section(search: RandomSearch, again: str) -> Section:
    """What was searched, and the command that trains with what was found."""
    asked = {name: bounds(values) for name, values in search.spaces_[0].as_dict().items()}
    rows = [[LABELS.get(name, name), value] for name, value in asked.items()]
    rows += [["folds", f"{len(search.best_trial_.scores)}"], ["seed", f"{search.random_state}"]]
    rows += [["rounds", f"{len(search.spaces_)}"]] if len(search.spaces_) > 1 else []
    command = f"<p><code>{escape(again)}</code> trains with the best settings.</p>"
    return Section("The search", table(["setting", "values"], rows) + command)


def shade(means: np.ndarray) -> np.ndarray:
    """(N,) how full a mark is, 0 for the worst and 1 for the best.

    In between by the best one's errors over its own: among good trials that tells more apart than accuracies do.

    >>> shade(np.array([0.9, 0.8, 0.5, np.nan])).round(3).tolist()
    [1.0, 0.375, 0.0, nan]
    """
    errors = np.maximum(1 - means, 1e-6)
    ratio = np.nanmin(errors) / errors
    low = np.nanmin(ratio)
    return (ratio - low) / (1 - low) if low < 1 else ratio


def keys(means: np.ndarray) -> list[tuple[str, float]]:
    """A few accuracies from the best to the worst, with their shades."""
    full = shade(means)
    known = [index for index in np.argsort(-means, kind="stable") if not np.isnan(means[index])]
    places = np.unique(np.linspace(0, len(known) - 1, KEYS).round().astype(int))
    return list({f"{means[known[place]]:.1%}": float(full[known[place]]) for place in places}.items())


def others(params: Mapping[str, Any], name: str) -> str:
    """The parameters besides one, in words."""
    return ", ".join(f"{value}" for key, value in params.items() if key != name)


def told(value: Any) -> str:
    """A parameter's value.

    >>> told(0.00031), told(5), told("l1")
    ('0.00031', '5', 'l1')
    """
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def brief(value: Any) -> str:
    """A parameter's value in two digits, for where it stands large."""
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def word(trial: Trial) -> str:
    """How often a trial was right."""
    return "failed" if math.isnan(trial.mean) else f"{trial.mean:.1%} ± {trial.spread:.1%}"


def lone(trial: Trial) -> str:
    """The folds one by one, or why there are none."""
    if trial.failed:
        return "diverged"
    return "  ".join(f"{100 * score:.1f}" for score in trial.scores)


def bounds(values: Any) -> str:
    """A range, or a list of values."""
    if isinstance(values, dict):
        return f"{told(values['from'])} to {told(values['to'])}, by factors"
    return ", ".join(map(told, values))
