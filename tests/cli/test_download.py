"""`chainrule download`: sets of a server on this machine, in their folders, as a table or as JSON."""

import json

import pytest

from chainrule.cli import main
from chainrule.data.published import SETS
from tests.data.server import serving
from tests.data.test_download import CIFAR, WANTED, packed, published


@pytest.fixture
def offered(monkeypatch, tmp_path):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    content = packed(CIFAR)
    with serving({"c.tar.gz": content}) as (base, site):
        for name in ("cifar100", "cifar10"):
            monkeypatch.setitem(SETS, name, published(base, {"c.tar.gz": content}, members=WANTED))
        yield site


def test_two_sets_come_into_their_folders(offered, tmp_path, capsys):
    assert main(["download", "cifar100", "cifar10"]) == 0
    said = capsys.readouterr().out
    for name in ("cifar100", "cifar10"):
        assert str(tmp_path / name) in said and (tmp_path / name / "train.bin").is_file()


def test_as_json_into_a_folder(offered, tmp_path, capsys):
    assert main(["download", "cifar100", "--to", str(tmp_path / "here"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"folders": {"cifar100": str(tmp_path / "here")}}


def test_bad_names_and_folders_are_said_before_anything_is_fetched(offered, capsys):
    assert main(["download", "cifar100", "cifar-10"]) == 2
    assert "data set 'cifar-10': not one to download" in capsys.readouterr().err
    assert main(["download", "cifar100", "cifar10", "--to", "x"]) == 2
    assert "--to: one folder for 2 data sets" in capsys.readouterr().err
    assert offered.asked == []


def test_a_server_that_has_nothing_is_a_bad_file(offered, capsys):
    offered.files = {}
    assert main(["download", "cifar100"]) == 4
    said = capsys.readouterr().err
    assert "404 Not Found" in said and "the same command again" in said
