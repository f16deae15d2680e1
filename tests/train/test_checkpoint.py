"""The file of a checkpoint: what is written is read, to the bit; what is damaged is said."""

import math

import numpy as np
import pytest

from chainrule.errors import FileError
from chainrule.sealed import seal, unseal
from chainrule.train import Checkpoint, EpochEnd, Position, last_whole
from chainrule.train.checkpoint import KIND, Best, checkpoints_in, goodness, place_of

WEIGHTS = np.arange(6, dtype="f4").reshape(2, 3)


def made(epoch=2, step=3):
    place = Position(
        epoch, step, number=epoch - 1, seconds=1.5, steps=8, rng={"seed": 2**64 - 1, "position": 5}
    )
    place.losses.add(1 / 3, 3)
    place.accuracies.add(math.nan, 3)
    state = {"model/w": WEIGHTS, "model/turned": np.asfortranarray(WEIGHTS), "optimizer/w/v": WEIGHTS * 2}
    also = {"average/one": {"w": WEIGHTS * 3}}
    return Checkpoint(state, {"model/2": 7}, place, Best("x", 0.5, "loss"), also, {"größe": [1, None]})


def test_what_is_written_is_read_to_the_bit(tmp_path):
    checkpoint = made()
    path = checkpoint.write(tmp_path)
    assert path.name == checkpoint.name == "epoch-00001-step-0000003.safetensors"
    found = Checkpoint.read(path)
    for name, array in checkpoint.state.items():
        assert (found.state[name].tobytes(), found.state[name].strides) == (array.tobytes(), array.strides)
    assert found.position.losses.total == checkpoint.position.losses.total
    assert math.isnan(found.position.accuracies.value) and math.isnan(found.position.lr)
    for name in ("epoch", "step", "number", "seconds", "steps", "rng", "data"):
        assert getattr(found.position, name) == getattr(checkpoint.position, name)
    assert (found.seeds, found.best, found.noted) == (checkpoint.seeds, checkpoint.best, checkpoint.noted)
    assert found.also["average/one"]["w"].tolist() == (WEIGHTS * 3).tolist()
    assert found.versions == checkpoint.versions and "numpy" in found.versions
    assert set(found.weights) == {"w", "turned"}


def test_names_sort_as_the_training_went(tmp_path):
    places = [(1, 0), (1, 2), (1, 10), (2, 0), (12, 3), (100_001, 0), (100_001, 10_000_000)]
    names = [Checkpoint({}, {}, Position(*place)).name for place in places]
    assert [place_of(name) for name in names] == [(epoch - 1, step) for epoch, step in places]
    for name in (*reversed(names), "notes.txt", ".epoch-00001-step-0000003.safetensors.part"):
        (tmp_path / name).touch()
    assert [path.name for path in checkpoints_in(tmp_path)] == names
    assert checkpoints_in(tmp_path / "nothing") == []


def test_every_other_byte_is_found(tmp_path):
    path = made().write(tmp_path)
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(FileError):
            Checkpoint.read(path)


def test_a_damaged_last_one_is_passed_over(tmp_path):
    paths = [made(epoch, step).write(tmp_path) for epoch, step in ((1, 1), (1, 2), (2, 0))]
    paths[2].write_bytes(paths[2].read_bytes()[:-1])
    found, damaged = last_whole(tmp_path)
    assert (found.position.epoch, found.position.step) == (1, 2)
    assert [error.who for error in damaged] == [str(paths[2])]
    for path in paths:
        path.write_bytes(b"")
    with pytest.raises(FileError, match="epoch-00001-step-0000000"):
        last_whole(tmp_path)
    assert last_whole(tmp_path / "nothing") == (None, [])


def written(folder):
    """Facts and arrays of a good checkpoint."""
    sealed = unseal(made().write(folder), KIND)
    return dict(sealed.facts), dict(sealed.arrays)


SPOILED = {
    "position": [None, [], {}, {"epoch": 0}, 5],
    "axes": [None, {"model/w": [0, 0]}, {"model/w": "01"}, {"model/w": [5]}],
    "seeds": [None, [1], {"model/2": "x"}],
    "best": [
        5,
        {"name": "x"},
        {"name": "x", "value": "1", "by": ""},
        {"name": "x", "value": 1, "by": "", "more": 1},
    ],
    "also": [None, 5],
    "noted": [5],
    "versions": [None, 5],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in SPOILED.items() for value in values]
)
def test_facts_of_a_stranger_are_refused(key, value, tmp_path):
    facts, arrays = written(tmp_path)
    path = tmp_path / "strange"
    for given in ({**facts, key: value}, {k: v for k, v in facts.items() if k != key}):
        seal(path, KIND, given, arrays)
        with pytest.raises(FileError, match="damaged"):
            Checkpoint.read(path)


@pytest.mark.parametrize("key", ["epoch", "step", "number", "steps", "seconds", "data", "rng"])
def test_places_of_a_stranger_are_refused(key, tmp_path):
    facts, arrays = written(tmp_path)
    seal(tmp_path / "strange", KIND, {**facts, "position": {**facts["position"], key: [-1]}}, arrays)
    with pytest.raises(FileError, match="damaged"):
        Checkpoint.read(tmp_path / "strange")


def test_arrays_that_are_not_there(tmp_path):
    facts, arrays = written(tmp_path)
    del arrays["position/losses"]
    seal(tmp_path / "strange", KIND, facts, arrays)
    with pytest.raises(FileError, match="damaged"):
        Checkpoint.read(tmp_path / "strange")


def test_how_good_an_epoch_was():
    def ended(loss=None, accuracy=None):
        return EpochEnd(1, 0.7, 0.8, loss, accuracy, 0.1, 1.0)

    assert goodness(ended(0.3, 0.9)) == (0.9, "validation accuracy")
    assert goodness(ended(0.3, math.nan)) == (-0.3, "validation loss")
    assert goodness(ended()) == (-0.7, "loss")
