"""Many calls of one function, as joblib spreads them over threads, processes or a cluster; one by one without it."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from ..errors import MissingExtraError, SettingError
from ..kernels.threads import set_threads, threads, usable_cores

T = TypeVar("T")
R = TypeVar("R")


def each(function: Callable[..., R], tasks: Sequence[T], shared: Any, jobs: int | None) -> Iterator[R]:
    """The results of function(task, shared), in the order in which they come.

    function:  of a module, so that other processes find it
    shared:    what all calls need: arrays
    jobs:      calls at the same time, -1 for one on each core; None leaves it to `joblib.parallel_config`, and is
               one at a time outside of that. No backend is named here: `with joblib.parallel_config("dask"):` decides
    Raises MissingExtraError for several jobs without joblib, SettingError for a number of jobs that is none, and what
    the function raises.

    >>> sorted(each(pow, [1, 2, 3], 2, None))
    [1, 4, 9]
    """
    require_jobs(jobs)
    joblib = _joblib()
    if joblib is None:
        if jobs not in (None, 1):
            came, hint = f"{jobs} jobs, and joblib is not installed", "pip install 'chainrule[parallel]'"
            raise MissingExtraError("parallel", came, "the extra 'parallel'", hint)
        yield from (function(task, shared) for task in tasks)
        return
    # One call at a time to each worker, as calls are long; and a tuple stays with its call: data that a cluster
    # spreads by itself are gone with the worker that held them.
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    here = os.getpid()
    calls = (joblib.delayed(_attempt)(function, task, (shared,), jobs, here) for task in tasks)
    results = parallel(calls)
    try:
        for result, error in results:
            if error is not None:
                raise error
            yield result
    finally:
        with warnings.catch_warnings():  # that the others are cancelled, which is what an error means
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def require_jobs(jobs: int | None) -> None:
    """A number of jobs, or a SettingError."""
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < -1 or jobs == 0):
        raise SettingError("parallel", f"jobs {jobs!r}", "a whole number of at least 1, or -1", "jobs=2")


def _attempt(
    function: Callable[..., R], task: Any, shared: tuple[Any], jobs: int | None, parent: int
) -> tuple[R | None, Exception | None]:
    """Result or error as values: some backends of joblib wait for ever for a call that raised."""
    if (
        jobs is not None and os.getpid() != parent
    ):  # processes side by side share the cores; no number depends on it
        share = 1 if jobs == -1 else max(1, usable_cores() // jobs)
        if threads() != share:
            set_threads(share)
    try:
        return function(task, *shared), None
    except Exception as error:
        return None, error


def _joblib() -> Any:
    try:
        # by name, so that type checkers need not have what is optional
        return importlib.import_module("joblib")
    except ImportError:
        return None
