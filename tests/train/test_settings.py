"""Settings: a table from TOML and back, for any of its kinds; `test_config` has the rest."""

from dataclasses import dataclass

import pytest

from chainrule.errors import UsageError
from chainrule.train.settings import Settings, nearest


@dataclass(frozen=True)
class Few(Settings):
    k: int = 5
    metric: str = "l2"
    share: float = 0.5


def test_a_table_comes_back(tmp_path):
    few = Few(7, 'l"1', 2.0)
    (tmp_path / "few.toml").write_text(few.as_toml(), encoding="utf-8")
    table = Few.read(tmp_path / "few.toml")
    assert type(table) is dict and Few.of(table) == few


@pytest.mark.parametrize(
    ("table", "came"),
    [
        ({"kk": 1}, "mine: key 'kk'; expected one of k, metric, share; try: k"),
        ({"k": 1.5}, "mine: k = 1.5; expected a whole number; try: k = 5"),
        ({"metric": 3}, 'mine: metric = 3; expected a text in quotes; try: metric = "l2"'),
        ({"share": True}, "mine: share = True; expected a number; try: share = 0.5"),
    ],
)
def test_what_is_refused(table, came):
    with pytest.raises(UsageError) as caught:
        Few.of(table, "mine")
    assert str(caught.value) == came


def test_the_nearest_name():
    assert nearest("metrics", ("k", "metric")) == "metric" and nearest("zzz", ("k", "metric")) == "k"
