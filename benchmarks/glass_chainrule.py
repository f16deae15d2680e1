"""Worker: the first watched step of a ConvNet, in a process that has compiled nothing for it.

Arguments: network, "said" or "copied", paths.  Prints the seconds that it takes more than the next ones.
"""

from __future__ import annotations

import json
import sys
import time

from convnets_chainrule import first


def main() -> None:
    name, how, *paths = sys.argv[1:]
    step, *batch = first(name)
    step(*batch)
    taken = []
    with step.watch(*paths, statistics=how == "said"):
        for _ in range(4):
            began = time.perf_counter()
            step(*batch)
            taken.append(time.perf_counter() - began)
    print(json.dumps({"seconds": taken[0] - min(taken[1:])}))


if __name__ == "__main__":
    main()
