"""A cluster by its address: a scheduler of this machine, and clear words where there is none."""

import sys

import pytest

from chainrule.cli import cluster
from chainrule.errors import MissingExtraError, UsageError


def test_no_address_changes_nothing():
    with cluster.on_cluster(None):
        pass


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(cluster, "WAIT", 0.2)
    for address in ("tcp://127.0.0.1:9", "nonsense://x", "tcp://"):
        with (
            pytest.raises(UsageError, match="--cluster: no scheduler at .*dask scheduler"),
            cluster.on_cluster(address),
        ):
            pass


@pytest.mark.parametrize("name", ["distributed", "joblib"])
def test_without_the_libraries(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with (
        pytest.raises(MissingExtraError, match=f"{name} is not installed.*pip install"),
        cluster.on_cluster("tcp://x:1"),
    ):
        pass
