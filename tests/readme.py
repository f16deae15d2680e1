"""The README's blocks: shell blocks as a command (`python -m tests.readme`), Python blocks for the tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
RUN_BY_THE_BUILD = ("index", "checks", "recipes")  # and held to their claims in tests/docs
DOCS = sorted(page for page in (README.parent / "docs").glob("*.md") if page.stem not in RUN_BY_THE_BUILD)


def blocks(language: str, page: Path = README) -> list[str]:
    """The fenced blocks of a language, in order."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def main() -> None:
    """Run the shell blocks one after the other, in one shell each, and stop at the first that fails."""
    for block in blocks("shell"):
        print("".join(f"$ {line}\n" for line in block.splitlines()), flush=True)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=README.parent)
        if done.returncode:
            sys.exit(f"README block failed with code {done.returncode}:\n{block}")


if __name__ == "__main__":
    main()
