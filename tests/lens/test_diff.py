"""Two runs: what their folders say, and what becomes of them again."""

from dataclasses import replace

import numpy as np
import pytest

from chainrule import zoo
from chainrule.lens import Rerun, diff
from chainrule.random import Generator
from chainrule.train import Config, prepared

from ..train.runs import run_of, small_data

CONFIG = Config(model="linear", epochs=2, batch_size=100)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    configs = {"first": CONFIG, "slow": replace(CONFIG, lr=1e-3), "short": replace(CONFIG, epochs=1)}
    return {name: run_of(place / name, config)[0] for name, config in configs.items()}


def again(run):
    train, _ = small_data()
    config = run.config()
    model = zoo.build(config.model, train.shape, 10, Generator(config.seed).split("weights"))
    return Rerun.of(run, prepared(model, config, train))


def test_a_run_and_itself(folders):
    found = diff(again(folders["first"]), again(folders["first"]))
    assert found.same and (found.steps, found.replayed, found.facts) == (6, 6, {})
    assert found.first.stray is found.second.stray is None


def test_records_alone(folders):
    one, other = Rerun.of(folders["first"]), Rerun.of(folders["slow"])
    found = diff(one, other)
    assert not found.same and found.replayed is found.parting is None
    assert found.facts == {"lr": (2e-3, 1e-3)}
    row = found.recorded
    assert (row.number, row.epoch, row.step, row.what, found.steps) == (1, 1, 1, "lr", 0)
    assert (row.first, row.second) == (one.rows[0].lr, other.rows[0].lr)


def test_training_again_stops_where_they_part(folders):
    heard = []
    found = diff(again(folders["first"]), again(folders["slow"]), listen=lambda *many: heard.append(many))
    assert heard == [(1, 1)] and found.replayed == 0 and found.seen_again
    assert found.parting.state.path == "linear1.weight"


def test_only_so_many_steps(folders):
    heard = []
    found = diff(again(folders["first"]), again(folders["first"]), steps=2, listen=lambda *n: heard.append(n))
    assert found.same and (found.steps, found.replayed, heard) == (2, 2, [(1, 2), (2, 2)])


def test_a_run_that_ends_earlier(folders, tmp_path):
    """Broken off after its first epoch: what is there is the same."""
    one, other = again(folders["first"]), again(folders["first"])
    other.rows = other.rows[:3]
    found = diff(one, other)
    assert not found.same and (found.steps, found.replayed, found.parting) == (3, 3, None)
    row = found.recorded
    assert (row.number, row.epoch, row.step, row.what, row.second) == (4, 2, 1, "end", None)
    assert row.first == one.rows[3].loss and not found.seen_again
    assert diff(Rerun.of(other.run), Rerun.of(other.run), steps=3).same


def test_a_record_that_is_not_its_run(folders):
    one, other = again(folders["first"]), again(folders["first"])
    other.rows[1] = replace(other.rows[1], loss=other.rows[1].loss + 1e-7)
    found = diff(one, other)
    assert (found.recorded.number, found.recorded.what, found.replayed, found.parting) == (2, "loss", 2, None)
    assert one.stray is None and other.stray.step == 2 and not found.seen_again and not found.same


def test_weights_that_were_changed_later(folders):
    one, other = Rerun.of(folders["first"]), Rerun.of(folders["first"])
    weights = {name: np.array(array) for name, array in other.run.weights().items()}
    weights["linear1.bias"][3] = np.nextafter(weights["linear1.bias"][3], np.float32(9))
    other.run = type("Folder", (), {"weights": lambda self: weights})()
    found = diff(one, other)
    assert not found.same and found.recorded is None
    assert (found.weights.path, found.weights.at, found.weights.differ) == ("linear1.bias", (3,), 1)
    assert diff(one, other, steps=6).same, "after so many steps there are no weights to look at"
