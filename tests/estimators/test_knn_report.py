"""The page of nearest neighbours: test pictures of many classes, right and wrong, with those that voted."""

import numpy as np
import pytest

from chainrule.estimators.knn_report import ROWS, SHOWN, examples, write_page
from chainrule.estimators.knn_run import KnnConfig, Neighbours, asked
from chainrule.train import Evaluation, RunFolder

from .test_knn_run import dataset


@pytest.mark.parametrize("k", [1, 3, 12])
def test_the_page(tmp_path, k):
    run, test = RunFolder.create(tmp_path / "run"), dataset(20, seed=1)
    neighbours = Neighbours.of(run, KnnConfig(k=k), dataset())
    write_page(neighbours, test, *asked(neighbours, test))
    html = (run.path / "report.html").read_text(encoding="utf-8")
    assert "Nearest neighbours on fashion-6k" in html and "<script" not in html
    assert html.count("<image ") == ROWS * (1 + min(k, SHOWN))
    assert ("12 of them vote, 8 are shown" in html) == (k == 12)


def answers(right, wrong):
    """An evaluation of so many pictures called right, then so many called wrong, of four classes."""
    labels = np.arange(right + wrong) % 4
    called = np.where(np.arange(right + wrong) < right, labels, (labels + 1) % 4)
    return Evaluation(np.eye(4)[called], labels, float("nan"))


def test_examples_are_half_right_and_of_all_classes():
    tested = answers(50, 50)
    chosen = examples(tested)
    right = tested.called[chosen] == tested.labels[chosen]
    assert right.tolist() == [True] * 6 + [False] * 6
    assert set(tested.labels[chosen[:4]]) == set(tested.labels[chosen[6:10]]) == {0, 1, 2, 3}


@pytest.mark.parametrize(("right", "wrong"), [(50, 0), (0, 50), (2, 50), (50, 2), (3, 2), (1, 0)])
def test_examples_where_there_are_few(right, wrong):
    chosen = examples(answers(right, wrong))
    assert len(chosen) == len(set(chosen)) == min(ROWS, right + wrong)
