"""A Dask cluster on this machine, for tests: a scheduler, and workers as processes that can be killed."""

import subprocess
import sys
from contextlib import ExitStack, contextmanager

import pytest


@contextmanager
def cluster(count, folder):
    """A Dask cluster on this machine: an address, and its workers as processes that can be killed."""
    distributed = pytest.importorskip("distributed")
    with ExitStack() as open_things:
        scheduler = open_things.enter_context(
            distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=None, processes=True)
        )
        client = open_things.enter_context(distributed.Client(scheduler))
        command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler.scheduler_address]
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
        workers = [
            subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(count)
        ]
        try:
            client.wait_for_workers(count, timeout=60)
            yield client, workers
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
