"""`chainrule predict`: what is on pictures, most probable first."""

from pathlib import Path

from PIL import Image

from chainrule.cli import runs


def test_each_picture_is_named(say, run: Path, pictures: Path):
    files = [pictures / "left" / "00.png", pictures / "right" / "00.png"]
    rows = say("predict", run, *files, "--json").json["pictures"]
    assert [row["predictions"][0]["class"] for row in rows] == ["left", "right"]
    for row in rows:
        shares = [guess["probability"] for guess in row["predictions"]]
        assert shares == sorted(shares, reverse=True) and abs(sum(shares) - 1) < 1e-5


def test_top(say, run: Path, pictures: Path):
    rows = say("predict", run, pictures / "left" / "01.png", "--top", 1, "--json").json["pictures"]
    assert len(rows[0]["predictions"]) == 1


def test_nothing_is_printed_before_all_are_read(say, run: Path, pictures: Path, tmp_path: Path):
    said = say("predict", run, pictures / "left" / "00.png", tmp_path / "none.png")
    assert said.code == 4 and said.out == "" and "none.png" in said.err


def test_many_go_through_in_parts(say, run: Path, pictures: Path, monkeypatch):
    files = sorted((pictures / "left").iterdir())[:5]
    whole = say("predict", run, *files, "--json").json
    monkeypatch.setattr(runs, "TOGETHER", 2)
    parts = say("predict", run, *files, "--json").json
    for one, other in zip(whole["pictures"], parts["pictures"], strict=True):
        for a, b in zip(one["predictions"], other["predictions"], strict=True):
            assert a["class"] == b["class"] and abs(a["probability"] - b["probability"]) < 1e-5


def test_the_table_names_each_picture_once(say, run: Path, pictures: Path):
    files = [pictures / "left" / "00.png", pictures / "right" / "00.png"]
    said = say("predict", run, *files)
    assert said.code == 0 and said.err == ""
    assert all(said.out.count(str(file)) == 1 for file in files) and len(said.out.splitlines()) == 1 + 2 * 2


def test_other_sizes_and_colours_are_brought_to_the_input(say, run: Path, tmp_path: Path):
    Image.new("RGB", (100, 40), "red").save(tmp_path / "red.jpg")
    assert say("predict", run, tmp_path / "red.jpg").code == 0


def test_neighbours_give_votes(say, run: Path, pictures: Path, tmp_path: Path):
    picture = pictures / "left" / "00.png"
    assert say("train", "knn", "--data", pictures, "--k", 2, "--out", tmp_path / "knn").code == 0
    assert say("predict", tmp_path / "knn", picture).out.split()[:3] == ["picture", "class", "votes"]
    assert say("predict", run, picture).out.split()[:3] == ["picture", "class", "probability"]
