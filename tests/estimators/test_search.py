"""Search: the same trials however they are run and however often it is broken off, closer to the best each round."""

import math
import os
import signal

import joblib
import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier as Theirs

from chainrule import data
from chainrule.errors import DivergedError, NotFittedError, SettingError, UsageError
from chainrule.estimators import RandomSearch, Trial
from chainrule.estimators.search import best_of

from .dask_cluster import cluster
from .standin import Blurred, Noted, blobs

X, Y = blobs()
SPACE = {"rate": (0.01, 100.0), "power": [1, 2]}


def made(estimator=None, **other):
    return RandomSearch(estimator or Blurred(), SPACE, **{"trials": 10, "rounds": 2, "folds": 3, **other})


def told(trials):
    """Trials as they are compared: all but the seconds."""
    return [(t.number, t.round, t.params, t.seed, repr(t.scores), t.failed) for t in trials]


SERIAL = told(made().fit(X, Y).trials_)


def test_trials_and_rounds():
    search = made(trials=11, rounds=3).fit(X, Y)
    assert [t.number for t in search.trials_] == list(range(11))
    assert [t.round for t in search.trials_] == [1] * 4 + [2] * 4 + [3] * 3
    assert len({t.seed for t in search.trials_}) == 11
    assert search.best_score_ == max(t.mean for t in search.trials_ if not t.failed)


def test_it_closes_in():
    """Rates near 1 are best: the last trials lie nearer to it than the first."""
    search = made(trials=60, rounds=3).fit(X, Y)
    far = [abs(math.log10(t.params["rate"])) for t in search.trials_]
    assert np.mean(far[40:]) < np.mean(far[:20]) / 2
    assert search.edges_ == []
    narrow = made().set_params(space={"rate": (0.9, 0.90001)}).fit(X, Y)  # all rates are rounded to 0.9
    assert narrow.edges_ == ["rate"]


def test_the_best_is_taught_on_everything_and_answers():
    search = made().fit(X, Y)
    best = search.best_trial_
    again = Blurred(**best.params, random_state=best.seed).fit(X, Y)
    assert np.array_equal(search.best_estimator_.means_, again.means_)
    assert search.predict(X).tolist() == again.predict(X).tolist() and search.score(X, Y) == again.score(X, Y)
    with pytest.raises(NotFittedError):
        made().predict(X)


def test_trials_that_diverge_are_ranked_last():
    search = made(Blurred(limit=0.5)).fit(X, Y)
    assert any(t.failed for t in search.trials_) and search.best_params_["rate"] <= 0.5
    with pytest.raises(
        DivergedError, match="all 10 trials failed, the first: .*; try: a range of lower rates"
    ):
        made(Blurred(limit=0.0)).fit(X, Y)
    nan = Trial(0, 1, {}, 0, (math.nan, 1.0), "diverged")
    assert best_of([nan, Trial(1, 1, {}, 0, (0.1, 0.1)), Trial(2, 1, {}, 0, (0.1, 0.1))]).number == 1


def test_lists_alone_are_gone_through_whole():
    search = RandomSearch(Theirs(), {"n_neighbors": [1, 3, 5], "p": [1, 2]}, trials=2, folds=3).fit(X, Y)
    assert [tuple(t.params.values()) for t in search.trials_] == [(k, p) for k in (1, 3, 5) for p in (1, 2)]
    assert {t.round for t in search.trials_} == {1}


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_threads_and_processes_give_the_same_trials(backend):
    with joblib.parallel_config(backend, n_jobs=2):
        assert told(made().fit(X, Y).trials_) == SERIAL


@pytest.mark.parametrize("after", [1, 5, 7])
def test_a_search_that_was_broken_off_goes_on(tmp_path, after):
    seen = tmp_path / "seen"
    seen.mkdir()
    search = made(Blurred(seen=str(seen)), folder=tmp_path / "search")
    going = search.going(X, Y)
    for _ in range(after):
        next(going)
    going.close()
    before = set(seen.iterdir())
    search.fit(X, Y)
    assert told(search.trials_) == SERIAL
    again = [int(p.name.split("-")[0]) for p in set(seen.iterdir()) - before]
    finished = {t.seed for t in search.trials_[:after]}
    assert not finished & set(again) - {search.best_trial_.seed}, "finished trials were run again"
    seen_all = len(list(seen.iterdir()))
    search.fit(X, Y)
    assert len(list(seen.iterdir())) == seen_all + 1, "more than the best was learned once more"


def test_going_on_draws_from_the_same_boxes(tmp_path):
    """Whatever later rounds have found already: a round's box is that of the rounds before it."""
    for seed in range(2):
        whole = made(random_state=seed, trials=9, rounds=3)
        for after in range(1, 9):
            broken = made(random_state=seed, trials=9, rounds=3, folder=tmp_path / f"{seed}-{after}")
            going = broken.going(X, Y)
            for _ in range(after):
                next(going)
            going.close()
            assert told([*broken.going(X, Y)]) == told([*whole.going(X, Y)])[after:]
        assert [s.ranges for s in broken.spaces_] == [s.ranges for s in whole.spaces_]
        assert not [*broken.going(X, Y)] and [s.ranges for s in broken.spaces_] == [
            s.ranges for s in whole.spaces_
        ]


def test_another_search_is_refused(tmp_path):
    made(folder=tmp_path).fit(X, Y)
    for other, name in (
        (made(folder=tmp_path, random_state=1), "seed is 0; expected seed 1"),
        (made(folder=tmp_path, trials=12), "trials is 10; expected trials 12"),
        (made(folder=tmp_path, folds=4), "folds is 3; expected folds 4"),
        (made(Blurred(power=1), folder=tmp_path), "settings is .*expected settings"),
        (
            made(Theirs(), folder=tmp_path).set_params(space={"p": [1, 2]}),
            "estimator is chainrule|estimator is tests",
        ),
    ):
        with pytest.raises(UsageError, match=f"another search: {name}"):
            other.fit(X, Y)
    with pytest.raises(UsageError, match="another search: data is"):
        made(folder=tmp_path).fit(X + 1, Y)


@pytest.mark.parametrize(
    ("given", "kind", "came"),
    [
        ({"trials": 0}, SettingError, "trials is 0"),
        ({"rounds": 0}, SettingError, "rounds is 0"),
        ({"rounds": 1.5}, SettingError, "rounds is 1.5"),
        ({"trials": 2, "rounds": 3}, SettingError, "3 rounds of 2 trials"),
        ({"space": {"lr": (0.1, 1.0)}}, UsageError, "'lr', which is no parameter of Blurred"),
        ({"folds": 99}, SettingError, "99 folds, and class 0 has 20 members"),
        ({"jobs": 0}, SettingError, "jobs 0"),
        ({"estimator": "net"}, SettingError, "'net', without get_params"),
    ],
)
def test_what_is_refused(given, kind, came):
    with pytest.raises(kind, match=came):
        made().set_params(**given).fit(X, Y)


def softmax(seen):
    """A search for a real classifier of real pictures."""
    train, _ = data.load("fashion-6k")
    search = RandomSearch(
        Noted(seen=seen, epochs=2), {"lr": (1e-3, 10.0), "l2": (1e-6, 1e-1)}, trials=8, rounds=2, folds=3
    )
    return search, train.images[:600], train.labels[:600]


def standin(seen):
    """A search for an estimator that answers at once."""
    return made(Blurred(seconds=0.05 if seen else 0.0, seen=seen)), X, Y


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("start", [softmax, standin])
def test_a_cluster_of_which_a_worker_is_killed_gives_the_same_trials(tmp_path, start):
    search, *samples = start("")
    serial = told(search.fit(*samples).trials_)
    (tmp_path / "seen").mkdir()
    search, *samples = start(str(tmp_path / "seen"))
    search.set_params(folder=tmp_path / "search")
    with cluster(2, tmp_path) as (_, workers), joblib.parallel_config("dask"):
        going = search.going(*samples)
        finished = [next(going)]
        *_, latest = sorted(tmp_path.glob("seen/*"), key=lambda path: path.name.split("-")[-1])
        busy = int(latest.name.split("-")[1])
        assert busy in {worker.pid for worker in workers}
        os.kill(busy, signal.SIGKILL)
        finished += going
    assert told(search.trials_) == serial
    assert sorted(t.number for t in finished) == list(range(search.trials))
