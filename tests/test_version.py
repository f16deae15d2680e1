"""One version: what the package says is what packages are built with."""

import tomllib
from pathlib import Path

import chainrule
from chainrule.version import __version__


def test_the_front_door_and_the_package_say_the_same():
    root = Path(__file__).parents[1]
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    said = (root / settings["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    assert chainrule.__version__ == __version__
    assert f'__version__ = "{__version__}"' in said
