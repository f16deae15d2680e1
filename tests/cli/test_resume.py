"""`chainrule train --resume`: to the same bits, and one clear error for what cannot be gone on with."""

import json
import shutil
from pathlib import Path

import pytest

from chainrule.cli import main
from chainrule.errors import UsageError
from chainrule.files import alone
from chainrule.train import RunFolder, Trainer
from chainrule.train.checkpoint import checkpoints_in

WORDS = [
    "linear",
    "--epochs",
    "3",
    "--batch-size",
    "8",
    "--crop",
    "1",
    "--checkpoint-seconds",
    "0",
    "--quiet",
]


@pytest.fixture(scope="module")
def whole(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody broke off."""
    place = tmp_path_factory.mktemp("runs") / "whole"
    assert main(["train", *WORDS, "--data", str(pictures), "--out", str(place)]) == 0
    return place


@pytest.fixture(scope="module")
def template(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, broken off behind the third step of its second epoch."""
    place, take = tmp_path_factory.mktemp("runs") / "broken", Trainer.take

    def last(self: Trainer, epoch: int, number: int, *batch: object) -> object:
        if (epoch, number) == (2, 4):
            raise KeyboardInterrupt
        return take(self, epoch, number, *batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "take", last)
        assert main(["train", *WORDS, "--data", str(pictures), "--out", str(place)]) == 130
    return place


@pytest.fixture
def broken(template: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(template, tmp_path / "run"))


def rows(place: Path) -> list[dict[str, object]]:
    lines = map(json.loads, (place / "metrics.jsonl").read_text().splitlines())
    return [{key: value for key, value in row.items() if key != "seconds"} for row in lines]


def test_it_goes_on_to_the_same_bits(say, whole: Path, broken: Path):
    assert len(rows(broken)) < len(rows(whole))
    said = say("train", "--resume", broken, "--json")
    assert (said.code, said.err) == (0, "")
    ended = json.loads((whole / "result.json").read_text())
    assert said.json["test_loss"] == ended["test_loss"] and said.json["run"] == str(broken)
    assert rows(broken) == rows(whole)
    for name in ("weights.safetensors", "config.toml", "model.json", "start.json"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    assert (broken / "report.html").exists()
    assert say("diff", whole, broken).code == 0


def test_a_finished_run_says_so_and_how_it_ended(say, whole: Path):
    said = say("train", "--resume", whole)
    assert said.code == 0 and "is finished" in said.err and "test accuracy" in said.out
    said = say("train", "--resume", whole, "--json")
    assert said.json == json.loads((whole / "result.json").read_text())


def test_a_damaged_last_checkpoint_is_told_and_passed_over(say, whole: Path, broken: Path):
    last = checkpoints_in(broken / "checkpoints")[-1]
    last.write_bytes(last.read_bytes()[:-1])
    said = say("train", "--resume", broken, "--quiet")
    assert (
        said.code == 0
        and f"{last.name} is left out" in said.err
        and "going on after step 2 of epoch 2" in said.err
    )
    assert rows(broken) == rows(whole)


def test_metrics_that_were_cut_lead_back_to_an_earlier_checkpoint(say, whole: Path, broken: Path):
    last = checkpoints_in(broken / "checkpoints")[-1]
    metrics = broken / "metrics.jsonl"
    metrics.write_bytes(metrics.read_bytes()[:-20])
    said = say("train", "--resume", broken, "--quiet")
    assert said.code == 0 and f"{last.name} is left out, metrics.jsonl has " in said.err
    assert rows(broken) == rows(whole)
    metrics.write_bytes(b"")
    (broken / "result.json").unlink()
    said = say("train", "--resume", broken, "--quiet")
    assert said.code == 4 and "metrics.jsonl has 0 of the" in said.err


def test_what_the_model_sees_is_written_down_again(say, whole: Path, broken: Path):
    (broken / "model.json").unlink()
    assert say("train", "--resume", broken, "--quiet").code == 0
    assert (broken / "model.json").read_bytes() == (whole / "model.json").read_bytes()


def test_a_search_is_not_a_run_and_a_run_is_no_search(say, broken: Path, tmp_path: Path):
    (tmp_path / "plan.json").write_text("{}")
    (tmp_path / "config.toml").write_text("epochs = 3\n")  # as a finished search leaves it
    said = say("train", "--resume", tmp_path)
    assert said.code == 2 and f"{tmp_path} is the folder of a search" in said.err
    assert f"chainrule search --resume {tmp_path}" in said.err
    said = say("search", "--resume", broken)
    assert said.code == 2 and f"{broken} is the folder of a run" in said.err
    assert f"chainrule train --resume {broken}" in said.err and "goes on" not in said.err


def test_how_often_and_how_much_is_saved_may_change(say, whole: Path, broken: Path):
    words = ["--checkpoint-seconds", 1000, "--keep", 1, "--epochs", 3, "linear"]
    assert say("train", "--resume", broken, *words, "--quiet").code == 0
    assert rows(broken) == rows(whole) and len(checkpoints_in(broken / "checkpoints")) <= 2


def test_a_run_that_was_broken_off_can_be_looked_at(say, broken: Path, pictures: Path):
    (broken / "weights.safetensors").unlink()
    picture = next((pictures / "left").iterdir())
    assert (
        say("evaluate", broken).code
        == say("predict", broken, picture).code
        == say("summary", broken).code
        == 0
    )
    assert say("diff", broken, broken).code == 0


REFUSED = {
    "more epochs": (["--epochs", 5], 2, ("--epochs: 5 with --resume", "3, as ", "chainrule train ")),
    "another rate": (["--lr", 0.5], 2, ("--lr: 0.5 with --resume", "leave it out")),
    "another model": (["lenet5"], 2, ("MODEL: lenet5 with --resume", "linear, as ")),
    "another classifier": (
        ["svm"],
        2,
        ("MODEL: svm with --resume", "linear, as ", "chainrule train --resume "),
    ),
    "other data": (["--data", "fashion-6k"], 2, ("--data: fashion-6k with --resume",)),
    "another folder": (["--out", "elsewhere"], 2, ("--out: elsewhere with --resume", "the run's own folder")),
    "gate by gate": (["--plain"], 2, ("--plain: gate by gate", "compiled steps, as ")),
    "a value that cannot be": (["--keep", 0], 2, ("keep: 0", "1 or more checkpoints")),
}


@pytest.mark.parametrize(("words", "code", "parts"), REFUSED.values(), ids=REFUSED)
def test_what_would_change_the_run_is_refused(say, broken: Path, words, code, parts):
    before = sorted((path, path.stat().st_mtime_ns) for path in broken.rglob("*"))
    said = say("train", "--resume", broken, *words)
    assert said.code == code and all(part in said.err for part in parts), said.err
    assert sorted((path, path.stat().st_mtime_ns) for path in broken.rglob("*")) == before


def test_a_run_that_another_process_is_at(say, broken: Path):
    with alone(broken):
        said = say("train", "--resume", broken)
    assert said.code == 2 and f"{broken}: another process is at work in it" in said.err
    assert say("train", "softmax", "--resume", broken, "--quiet").code == 0


def test_a_run_that_is_still_trained_is_closed(say, pictures: Path, tmp_path: Path, monkeypatch):
    place, take, codes = tmp_path / "run", Trainer.take, []

    def last(self: Trainer, epoch: int, number: int, *batch: object) -> object:
        if not codes:
            with pytest.raises(UsageError, match="another process is at work"), alone(place):
                pass
            codes.append(number)
        return take(self, epoch, number, *batch)

    monkeypatch.setattr(Trainer, "take", last)
    assert say("train", *WORDS, "--data", pictures, "--out", place).code == 0 and codes == [1]


def test_other_pictures_than_it_began_with(say, broken: Path, pictures: Path, tmp_path: Path):
    other = Path(shutil.copytree(pictures, tmp_path / "pictures"))
    file = broken / "config.toml"
    file.write_text(file.read_text().replace(str(pictures), str(other)))
    said = say("train", "--resume", broken)
    assert said.code == 2 and "in config.toml, and" in said.err
    moved = Path(shutil.copytree(pictures, tmp_path / "kept"))
    try:
        shutil.copyfile(next((pictures / "left").iterdir()), next((pictures / "right").iterdir()))
        file.write_text(file.read_text().replace(str(other), str(pictures)))
        said = say("train", "--resume", broken)
        assert said.code == 4 and "pictures in" in said.err and "fingerprint" in said.err
    finally:
        shutil.rmtree(pictures)
        shutil.copytree(moved, pictures)


def test_a_folder_of_another_model(say, broken: Path):
    file = broken / "config.toml"
    file.write_text(file.read_text().replace('"linear"', '"two-layer"'))
    said = say("train", "--resume", broken)
    assert said.code == 2 and "model 'two-layer' in config.toml, and 'linear' in its checkpoint" in said.err


def test_folders_that_are_no_run(say, broken: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path, code, part in (
        ("nothing", 4, "no such folder"),
        (str(tmp_path), 4, "a folder without config.toml"),
        ("linear", 2, "the name of a model"),
    ):
        said = say("train", "--resume", path)
        assert said.code == code and part in said.err
    shutil.rmtree(broken / "checkpoints")
    said = say("train", "--resume", broken)
    assert said.code == 4 and "no checkpoint yet" in said.err and "chainrule train --config" in said.err


def test_checkpoints_that_are_all_damaged(say, broken: Path):
    for path in checkpoints_in(broken / "checkpoints"):
        path.write_bytes(b"damaged")
    count = len(checkpoints_in(broken / "checkpoints"))
    said = say("train", "--resume", broken)
    assert said.code == 4 and "a checkpoint of a training" in said.err
    assert f"train again: none of {count} checkpoints can be gone on from" in said.err


def test_a_damaged_result(say, broken: Path):
    (broken / "result.json").write_text('{"seconds": 1}')
    said = say("train", "--resume", broken)
    assert said.code == 4 and "damaged" in said.err
    assert not RunFolder(broken).path.joinpath("report.html").exists()


def test_other_versions_are_noted(say, broken: Path, monkeypatch):
    monkeypatch.setattr("chainrule.cli.resume.versions", lambda: {"numpy": "0.1"})
    said = say("train", "--resume", broken, "--quiet")
    assert said.code == 0 and "then, 0.1 now" in said.err and "last digits" in said.err
