"""The page of a search: what was found, where it looked, every trial, and nothing that breaks on odd searches."""

import re

import numpy as np
import pytest

from chainrule.estimators import RandomSearch
from chainrule.estimators.search_report import keys, search_page, shade

from .standin import Blurred, blobs

X, Y = blobs()


def page(space, estimator=None, **other):
    search = RandomSearch(estimator or Blurred(), space, **{"trials": 8, "rounds": 2, "folds": 3, **other})
    for _ in search.going(X, Y):
        pass
    return search, search_page(search, "A <search>", "of blobs", "chainrule train svm --config a&b.toml")


def test_two_ranges_are_a_scatter():
    search, html = page({"rate": (0.01, 100.0), "seconds": (1e-9, 1e-6)})
    failed = sum(bool(trial.failed) for trial in search.trials_)
    assert failed and html.count("<title>failed: rate") == failed
    assert len(re.findall(r"<title>\d+\.\d% ± \d+\.\d%: rate", html)) == 8 - failed
    assert html.count('class="cr-box"') == 2 and html.count('class="cr-ring"') == 1
    assert "A &lt;search&gt;" in html and "a&amp;b.toml" in html
    assert html.count("<tr>") == 1 + 8 + 1 + 5  # trials, then settings


def test_values_of_one_parameter_are_lines():
    search, html = page({"power": [1, 2, 3], "seen": ["", "/tmp"]}, Blurred(0.9))
    assert "Right, by power" in html and html.count('class="cr-faint"') == 6 * 3
    assert f"{100 * search.best_score_:.1f} ± {100 * search.best_trial_.spread:.1f}" in html
    assert "<th>round</th>" not in html


@pytest.mark.parametrize(
    "space", [{"rate": (0.1, 1.0)}, {"power": [2]}, {"rate": (0.1, 1.0), "power": [1, 2]}]
)
def test_other_spaces_have_a_table_alone(space):
    _, html = page(space)
    assert "The trials" in html and "<svg" not in html


def test_the_edge_is_told():
    search, html = page({"rate": (0.9, 0.90001), "seconds": (1e-9, 1e-6)})
    assert "rate" in search.edges_ and "at the edge of what was looked at" in html


def test_shades_and_their_keys():
    means = np.array([0.5, np.nan, 0.9, 0.89, 0.2])
    full = shade(means)
    assert np.isnan(full[1]) and full[2] == 1 and full[4] == 0 and 0 < full[0] < full[3] < 1
    assert shade(np.array([0.5, 0.5])).tolist() == [1, 1] and shade(np.array([1.0, 1.0, 0.5])).tolist() == [
        1,
        1,
        0,
    ]
    assert [name for name, _ in keys(means)] == ["90.0%", "89.0%", "50.0%", "20.0%"]
