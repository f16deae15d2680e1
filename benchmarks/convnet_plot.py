"""Draw the measured ConvNets as docs/convnets.svg: how many times as fast as PyTorch's best mode each one is."""

from __future__ import annotations

import json
from pathlib import Path

from pictures import CONVNETS

from chainrule.pictures import bars

HERE = Path(__file__).parent
VERBS = {"train": "step", "look": "inference"}


def ratios() -> dict[str, float]:
    """The least "times chainrule's" among PyTorch's modes with default malloc, for each network and verb."""
    rows = json.loads((HERE / "results.json").read_text(encoding="utf-8"))["convnets"]["figures"]
    found: dict[str, float] = {}
    for row in rows:
        verb, _, who = row[""].partition(", ")
        if who.startswith("PyTorch") and "malloc" not in who:
            name = f"{short(row['network'])}, {VERBS[verb]}"
            found[name] = min(found.get(name, float("inf")), row["times chainrule's"])
    return found


def short(title: str) -> str:
    """The network's name alone."""
    return title.split(",")[0].split(" 3×")[0].removesuffix(" without LRN")


def main() -> None:
    titles = [short(network.title) for network in CONVNETS.values()]
    found = dict(sorted(ratios().items(), key=lambda pair: titles.index(pair[0].split(",")[0])))
    title = "Times as fast as PyTorch 2.13.0 in its best mode"
    drawn = bars(list(found), list(found.values()), title=title, percent=False, width=560)
    (HERE.parent / "docs" / "convnets.svg").write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
