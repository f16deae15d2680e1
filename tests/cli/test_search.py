"""`chainrule search`: what it prints and leaves, that it goes on where it was stopped, and what it refuses."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

from chainrule.cli.looking import Looking
from chainrule.cli.output import stderr
from chainrule.files import alone
from chainrule.train import Config, RunFolder

from ..estimators.dask_cluster import cluster

SHORT = ["--epochs", 1, "--batch-size", 8, "--folds", 3, "--trials", 4, "--rounds", 2]


def trials(place: Path) -> list[dict]:
    """The finished trials of a folder by number, without their seconds."""
    rows = map(json.loads, (place / "trials" / "trials.jsonl").read_text().splitlines())
    return sorted(({**row, "seconds": 0} for row in rows), key=lambda row: row["number"])


@pytest.fixture(scope="module")
def searched(pictures: Path, tmp_path_factory) -> Path:
    """The folder of a finished search."""
    place = tmp_path_factory.mktemp("searches") / "svm"
    words = [sys.executable, "-m", "chainrule", "search", "svm", "--data", pictures, *SHORT, "--out", place]
    subprocess.run([*map(str, words)], check=True, capture_output=True)
    return place


def test_the_folder(searched: Path):
    names = {"plan.json", "trials", "config.toml", "result.json", "report.html"}
    assert {file.name for file in searched.iterdir()} == names
    found = json.loads((searched / "result.json").read_text())
    best = max(trials(searched), key=lambda row: (sum(row["scores"]), -row["number"]))
    assert found["best"]["params"] == best["params"] and found["best"]["trial"] == best["number"]
    config = Config.of(Config.read(searched / "config.toml"))
    assert (config.lr, config.l2, config.loss) == (best["params"]["lr"], best["params"]["l2"], "hinge")
    assert "A search for svm on pictures" in (searched / "report.html").read_text()


def test_train_takes_what_was_found(say, searched: Path, tmp_path: Path):
    said = say("train", "svm", "--config", searched / "config.toml", "--out", tmp_path / "run")
    assert said.code == 0
    assert RunFolder(tmp_path / "run").config() == Config.of(Config.read(searched / "config.toml"))


def test_the_lines_for_people(say, pictures: Path, tmp_path: Path):
    said = say("search", "knn", "--data", pictures, "--folds", 3, "--k", "1,3,9", "--out", tmp_path / "knn")
    assert said.code == 0 and said.err == ""
    table, _, below = said.out.partition("\n\n")
    assert len(table.splitlines()) == 1 + 3 and table.split()[:3] == ["right", "k", "metric"]
    words = ["right", "k", "metric", "trials", "settings", "report"]
    assert [re.split(r"\s{2,}", line)[0] for line in below.splitlines()] == words


def test_the_lines_for_programs(say, pictures: Path, tmp_path: Path):
    words = ["--data", pictures, *SHORT, "--out", tmp_path / "linear", "--json", "--lr", "1e-3:1e3"]
    said = say("search", "linear", *words)
    assert said.code == 0 and len(said.json["trials"]) == 4
    assert said.json["best"]["accuracy"] == max(
        sum(t["scores"]) / 3 for t in said.json["trials"] if not t["failed"]
    )


@pytest.fixture
def own_workers() -> Iterator[None]:
    """The processes of a test end with it: those of another room's tests must find other modules."""
    yield
    get_reusable_executor().shutdown()


@pytest.mark.usefixtures("own_workers")
def test_jobs_and_resumption_change_nothing(say, searched: Path, pictures: Path, tmp_path: Path):
    """Half of the trials are taken away, and half a line is left: two processes make the rest again."""
    place = tmp_path / "svm"
    words = ["search", "svm", "--data", pictures, *SHORT, "--out", place, "--jobs", 2]
    assert say(*words).code == 0 and trials(place) == trials(searched)
    log = place / "trials" / "trials.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[1:3]) + lines[3][:20])
    (place / "report.html").unlink()
    assert say("search", "--resume", place).code == 0
    assert trials(place) == trials(searched) and (place / "report.html").exists()
    assert log.read_text().startswith("".join(lines[1:3]))
    assert (place / "config.toml").read_text() == (searched / "config.toml").read_text()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_and_gone_on(say, searched: Path, pictures: Path, tmp_path: Path, number, code):
    place = tmp_path / "svm"
    words = [sys.executable, "-m", "chainrule", "search", "svm", "--data", pictures, *SHORT, "--out", place]
    wide = {**os.environ, "COLUMNS": "300"}
    running = subprocess.Popen([*map(str, words)], stderr=subprocess.PIPE, text=True, env=wide)
    log = place / "trials" / "trials.jsonl"
    while not (log.exists() and log.read_bytes().count(b"\n")) and running.poll() is None:
        time.sleep(0.005)
    os.kill(running.pid, number)
    said = running.communicate()[1]
    assert running.returncode == code, said
    assert re.search(rf"\d of 4 trials are finished, in {place}\n", said)
    assert f"chainrule search --resume {place}    goes on" in said
    assert say("search", "--resume", place).code == 0 and trials(place) == trials(searched)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
def test_a_cluster_gives_the_same(say, searched: Path, pictures: Path, tmp_path: Path):
    place = tmp_path / "svm"
    with cluster(2, tmp_path) as (client, _):
        words = [*SHORT, "--out", place, "--cluster", client.scheduler.address]
        said = say("search", "svm", "--data", pictures, *words)
    assert said.code == 0 and trials(place) == trials(searched)


def test_on_a_terminal(monkeypatch, tmp_path: Path):
    looking = Looking(stderr(), False, tmp_path, 4)
    assert not looking.watched and looking.progress is not None


@pytest.mark.parametrize(
    ("words", "code", "came"),
    [
        ((), 2, "search: no MODEL"),
        (("smv",), 2, "no model named 'smv'"),
        (("svm", "--data", "nowhere"), 2, "data set 'nowhere'"),
        (("svm", "--folds", "1"), 2, "--folds"),
        (("svm", "--folds", "501"), 2, "501 folds, and class 'T-shirt/top' has 500 members"),
        (("svm", "--trials", "2", "--rounds", "3"), 2, "3 rounds of 2 trials"),
        (("svm", "--jobs", "0"), 2, "jobs 0"),
        (("svm", "--lr", "1e-300:1e300", "--epochs", "1"), 2, "lr: inf"),
        (("svm", "--jobs", "2", "--cluster", "tcp://x:1"), 2, "--cluster: --jobs as well"),
        (("alexnet",), 2, "do not fit into alexnet"),
        (("knn", "--k", "4001"), 2, "4001 neighbours, and a trial keeps 4,000 of 5,000 pictures"),
        (("--resume", "/nowhere"), 4, "/nowhere/plan.json: No such file"),
        (("svm", "--resume", "/nowhere"), 4, "/nowhere/plan.json: No such file"),
        (("--resume", "/nowhere", "--epochs", "3"), 2, "--resume: --epochs as well"),
    ],
)
def test_what_is_refused(say, tmp_path: Path, words, code, came):
    place = tmp_path / "new"
    said = say("search", *words, *([] if "--resume" in words else ["--out", place]))
    assert said.code == code and came in said.err, said.err
    assert not place.exists(), "a folder is left of a search that cannot be"


def test_a_folder_that_is_there(say, searched: Path):
    said = say("search", "svm", "--out", searched)
    assert said.code == 2 and f"--resume {searched} to go on" in said.err


def test_the_model_may_be_said_again(say, searched: Path):
    assert say("search", "svm", "--resume", searched).code == 0
    said = say("search", "softmax", "--resume", searched)
    assert said.code == 2 and f"MODEL: softmax with --resume\n  expected  svm, as {searched}" in said.err


def test_data_that_became_others(say, pictures: Path, tmp_path: Path):
    place = tmp_path / "knn"
    assert say("search", "knn", "--data", pictures, "--folds", 3, "--k", "1,3", "--out", place).code == 0
    plan = json.loads((place / "plan.json").read_text())
    plan["settings"]["data"] = "fashion-6k"
    (place / "plan.json").write_text(json.dumps(plan))
    said = say("search", "--resume", place)
    assert said.code == 2 and "holds another search: data is" in said.err


def test_a_search_that_another_process_is_at(say, searched: Path):
    with alone(searched):
        said = say("search", "--resume", searched)
    assert said.code == 2 and f"{searched}: another process is at work in it" in said.err


def test_a_full_disk_leaves_no_folder(say, pictures: Path, tmp_path: Path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    said = say("search", "knn", "--data", pictures, "--folds", 3, "--k", "1,3", "--out", tmp_path / "knn")
    assert said.code == 5 and not (tmp_path / "knn").exists()
