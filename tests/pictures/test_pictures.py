"""The room's face shows what it says, and its floor holds."""

import ast
import sys
import types
from pathlib import Path

import chainrule.pictures as pictures


def test_the_face_is_what_is_visible():
    visible = {name for name, thing in vars(pictures).items() if not name.startswith("_")}
    modules = {name for name in visible if isinstance(getattr(pictures, name), types.ModuleType)}
    assert sorted(visible - modules) == sorted(pictures.__all__)


def test_only_errors_numpy_pillow_and_the_standard_library_are_imported():
    for path in Path(pictures.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert {name.name.split(".")[0] for name in node.names} <= {
                    "numpy"
                } | sys.stdlib_module_names, path
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                assert node.module == "errors", path
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert node.module.split(".")[0] in {"numpy", "PIL"} | sys.stdlib_module_names, path


def test_every_module_has_its_twin():
    here = Path(__file__).parent
    for path in Path(pictures.__file__).parent.glob("[!_]*.py"):
        assert (here / f"test_{path.name}").exists(), path.name
