"""The table of published files: sums that look like sums, names that are names."""

import re

from chainrule.data import names
from chainrule.data.published import SETS, bytes_of, home


def test_every_file_has_a_sum_a_size_and_an_address():
    for name, files in SETS.items():
        assert name in names()
        for file in files:
            assert re.fullmatch(r"[0-9a-f]{32}", file.md5) and file.size > 1000
            assert all(re.match(r"https?://.*/$", base) for base in file.bases)
            assert all("/" not in kept and not kept.startswith(".") for kept in file.kept)


def test_what_a_download_takes():
    assert bytes_of("fashion-mnist") == 30_878_645  # 30 MB, as the repository of the set says


def test_where_a_download_goes(monkeypatch, tmp_path):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    assert home("mnist") == tmp_path / "mnist"
    monkeypatch.delenv("CHAINRULE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert home("mnist") == tmp_path / "cache" / "chainrule" / "data" / "mnist"
