"""`chainrule predict`: what is on pictures, most probable first."""

from pathlib import Path


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
