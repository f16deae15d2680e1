"""Calls spread by joblib: the same results from threads and processes, errors as they are, and without joblib."""

import gc
import sys
import time

import joblib
import pytest

from chainrule.errors import DataError, MissingExtraError, SettingError
from chainrule.estimators.parallel import each
from chainrule.kernels.threads import threads, usable_cores

from .standin import blobs


def double(task, shared):
    return task * shared


def refuse(task, shared):
    raise DataError("refuse", f"task {task}", "another", "none")


@pytest.mark.parametrize("jobs", [None, 1, 2, -1])
def test_every_task_comes_back(jobs):
    with joblib.parallel_config("threading"):
        assert sorted(each(double, list(range(20)), 3, jobs)) == list(range(0, 60, 3))


def test_the_context_decides_where_no_jobs_are_given():
    seen = []
    with joblib.parallel_config("threading", n_jobs=2):
        for result in each(double, [1, 2], 1, None):
            seen.append(result)
    assert sorted(seen) == [1, 2]


@pytest.mark.parametrize("jobs", [None, 2])
def test_an_error_arrives_as_it_was(jobs):
    with (
        joblib.parallel_config("threading"),
        pytest.raises(DataError, match="refuse: task 1; expected another"),
    ):
        list(each(refuse, [1], 0, jobs))


def slowly_refuse(task, shared):
    time.sleep(0.05 * task)
    refuse(task, shared)


@pytest.mark.filterwarnings("always")
def test_an_error_says_nothing_of_the_tasks_that_are_given_up(recwarn):
    with pytest.raises(DataError, match="task 0"):
        list(each(slowly_refuse, list(range(6)), 0, 2))
    gc.collect()
    assert not [str(told.message) for told in recwarn]


def threads_of(task, shared):
    return threads()


def test_processes_side_by_side_share_the_cores():
    before = threads()
    assert list(each(threads_of, [1, 2], 0, 2)) == [max(1, usable_cores() // 2)] * 2
    with joblib.parallel_config("threading"):
        assert list(each(threads_of, [1, 2], 0, 2)) == [before] * 2
    assert threads() == before


def test_without_joblib(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    assert list(each(double, [1, 2, 3], 2, None)) == list(each(double, [1, 2, 3], 2, 1)) == [2, 4, 6]
    with pytest.raises(MissingExtraError, match=r"2 jobs, and joblib .* pip install 'chainrule\[parallel\]'"):
        list(each(double, [1], 2, 2))


@pytest.mark.parametrize("jobs", [0, -2, 1.5, True, "2"])
def test_jobs_that_are_none(jobs):
    with pytest.raises(SettingError, match="jobs .*expected a whole number of at least 1, or -1"):
        list(each(double, [1], 2, jobs))


def test_data_stay_with_their_call():
    """What a cluster spreads by itself is lost with the worker that holds it: arguments must not look large."""
    given = []

    class Watched(joblib._parallel_backends.ThreadingBackend):
        def submit(self, func, callback=None):
            given.extend(arg for _, args, _ in func.items for arg in args)
            return super().submit(func, callback)

    joblib.register_parallel_backend("watched", Watched)
    with joblib.parallel_config("watched"):
        list(each(double, [1, 2], blobs()[0], 2))
    assert given and not any(hasattr(arg, "nbytes") for arg in given)
