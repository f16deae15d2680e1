"""A Dask cluster as the place where joblib runs its calls: the one spot that knows of Dask."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import MissingExtraError, UsageError

WAIT = 10
"""Seconds for a scheduler to answer."""


@contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Inside, joblib's calls run on the workers of the scheduler at this address; None: as they would anyway.

    Raises MissingExtraError without distributed or joblib, UsageError where no scheduler answers.
    """
    if address is None:
        yield
        return
    try:
        distributed, joblib = importlib.import_module("distributed"), importlib.import_module("joblib")
    except ImportError as missing:
        came, hint = f"{missing.name} is not installed", "pip install distributed joblib"
        raise MissingExtraError("--cluster", came, "Dask's distributed, and joblib", hint) from None
    try:
        client = distributed.Client(address, timeout=WAIT)
    except (OSError, ValueError, TypeError) as error:
        came = (
            f"no scheduler at {address}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        )
        raise UsageError("--cluster", came, "its address", "dask scheduler, which prints it") from None
    with client, joblib.parallel_config("dask"):
        yield
