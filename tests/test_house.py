"""The house stands as designed: imports go downward, modules have twins, rooms show what they have."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chainrule

PACKAGE = Path(chainrule.__file__).parent
TESTS = Path(__file__).parent

FLOORS: dict[str, float] = {
    "blas": 1,
    "digest": 1,
    "errors": 1,
    "files": 1,
    "finite": 1,
    "reading": 1,
    "notation": 1.5,
    "version": 1,
    "words": 1,
    "random": 1,
    "special": 1,
    "graph": 2,
    "kernels": 2,
    "data": 3,  # on kernels
    "pictures": 2,
    "ops": 3,
    "tensorfile": 3,
    "sealed": 3.5,
    "tensor": 4,
    "compiler": 4,
    "check": 5,
    "derivatives": 5,
    "nn": 5,
    "optim": 5,
    "train": 6,
    "zoo": 6,
    "exchange": 6,
    "estimators": 7,
    "lens": 7,
    "__init__": 7.5,  # the front door: above all it shows, and the command line may use it
    "cli": 8,
    "__main__": 9,
}
OPTIONAL = {
    "matplotlib": "pictures/door.py",
    "llvmlite": "kernels/language/target.py",
    "hashlib": "digest.py",
    "sklearn": "estimators/scikit.py",
    "http": "data/fetch.py",
    "urllib": "data/fetch.py",
    "scipy": "data/svhn.py",
}
"""Libraries that may be imported inside a function, and the one place of each: optional, or slow to load."""

NO_TWIN: dict[str, str] = {}
"""Modules without a test file of their own, and why."""


def modules() -> list[str]:
    return sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))


def room_of(module: str) -> str:
    """The room that a file lives in: its folder, or its own name outside of folders."""
    return Path(module).parts[0].removesuffix(".py")


def imports(module: str) -> Iterator[tuple[ast.stmt, list[str], bool]]:
    """Each import: the statement, what it names as dotted paths from the package, and whether it hides."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    hidden = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(outer)
    }
    home = ["chainrule", *Path(module).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield node, [alias.name for alias in node.names], id(node) in hidden
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = home[: len(home) - node.level + 1] + (node.module or "").split(".") * bool(node.module)
            yield node, [".".join([*base, alias.name]) for alias in node.names], id(node) in hidden
        elif isinstance(node, ast.ImportFrom):
            yield node, [f"{node.module}.{alias.name}" for alias in node.names], id(node) in hidden


def for_types_only(module: str, node: ast.stmt) -> bool:
    """Whether an import stands under `if TYPE_CHECKING:`, and so never runs."""
    lines = (PACKAGE / module).read_text(encoding="utf-8").splitlines()[: node.lineno]
    above = next((line for line in reversed(lines) if line and not line.startswith(" ")), "")
    return node.col_offset > 0 and above.startswith("if TYPE_CHECKING")


@pytest.mark.parametrize("module", modules())
def test_every_room_has_a_floor(module):
    assert room_of(module) in FLOORS


@pytest.mark.parametrize("module", modules())
def test_imports_go_downward(module):
    room = room_of(module)
    for node, names, _ in imports(module):
        for name in names:
            parts = name.split(".")
            if parts[0] != "chainrule" or len(parts) < 2:
                continue
            other = parts[1] if parts[1] in FLOORS else "__init__"
            if other in (room, "errors"):  # any room may raise, the other one on the lowest floor too
                continue
            place = f"{module}:{node.lineno} imports {name}"
            assert FLOORS[other] < FLOORS[room], f"{place}: floor {FLOORS[other]} from {FLOORS[room]}"


@pytest.mark.parametrize("module", modules())
def test_imports_inside_the_package_are_relative(module):
    for node, names, _ in imports(module):
        absolute = isinstance(node, ast.Import) or not node.level
        if absolute and module != "__main__.py":
            ours = [n for n in names if n.split(".")[0] == "chainrule"]
            assert not ours, f"{module}:{node.lineno} imports {ours[0]} by its full name"


@pytest.mark.parametrize("module", modules())
def test_imports_hide_only_at_the_named_places(module):
    for node, names, hides in imports(module):
        for library in {n.split(".")[0] for n in names} if hides else ():
            allowed = OPTIONAL.get(library, "nowhere")
            assert module.startswith(allowed), f"{module}:{node.lineno} hides {library}; allowed: {allowed}"


@pytest.mark.parametrize("module", modules())
def test_modules_of_a_room_do_not_import_in_a_circle(module):
    def near(name: str) -> set[str]:
        folder, found = Path(name).parent, set()
        for node, names, _ in imports(name):
            if for_types_only(name, node):
                continue
            for _, *parts in (dotted.split(".") for dotted in names):
                # `from .x import y` names x/y: y is a module, or something in the module x
                for path in (Path(*parts), Path(*parts[:-1])):
                    file = path.parent / f"{path.name}.py"
                    if path.name and file.parent == folder and (PACKAGE / file).exists():
                        found.add(str(file))
        return found

    seen: set[str] = set()
    waiting = list(near(module)) if Path(module).name != "__init__.py" else []
    while waiting:
        other = waiting.pop()
        assert other != module, f"{module} imports itself by way of others"
        if other not in seen:
            seen.add(other)
            waiting.extend(near(other))


@pytest.mark.parametrize("module", modules())
def test_every_module_has_its_twin(module):
    path = Path(module)
    if path.name in ("__init__.py", "__main__.py") or module in NO_TWIN:
        return
    twin = TESTS / path.parent / f"test_{path.name}"
    assert twin.exists(), f"src/chainrule/{module} needs tests/{path.parent}/test_{path.name}"


def test_exceptions_are_still_needed():
    assert set(NO_TWIN) <= set(modules())


ROOMS = [m for m in modules() if m.endswith("__init__.py")]


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_shows_is_what_it_says(room):
    """`from .x import y as y`, each once; nothing else is visible but the room's own modules."""
    tree = ast.parse((PACKAGE / room).read_text(encoding="utf-8"))
    late = [n for node in tree.body if isinstance(node, ast.If) for n in node.body]  # loaded when asked for
    said = []
    for node in (*tree.body, *late):
        if isinstance(node, ast.ImportFrom) and node.level:
            for alias in node.names:
                assert alias.asname == alias.name, f"{room}:{node.lineno} import {alias.name} as {alias.name}"
                said.append(alias.name)
        elif isinstance(node, ast.Assign):
            said += [t.id for t in node.targets if isinstance(t, ast.Name)]
    assert len(said) == len(set(said))
    dotted = ".".join(["chainrule", *Path(room).parts[:-1]])
    module = importlib.import_module(dotted)
    shown = {
        *vars(module),
        *(alias.name for node in late for alias in node.names if hasattr(module, alias.name)),
    }
    visible = {name for name in shown if not name.startswith("_")}
    submodules = {Path(m).name.removesuffix(".py") for m in modules() if Path(m).parent == Path(room).parent}
    submodules |= {p.name for p in (PACKAGE / room).parent.iterdir() if p.is_dir()}
    assert {n for n in said if not n.startswith("_")} <= visible
    assert visible <= set(said) | submodules


def test_the_front_door_shows_every_function_of_ops():
    ours = {name for name in vars(chainrule.ops) if callable(getattr(chainrule.ops, name))}
    missing = {name for name in ours if not hasattr(chainrule, name)}
    assert missing <= INTERNAL, f"chainrule does not show {missing - INTERNAL}"


INTERNAL = {"Operand", "finite", "gelu_form", "pool_window", "size", "known_dtype", "window_of"}
"""What ops shows to the rooms above, and not to users."""


def test_importing_chainrule_loads_no_compiler():
    """Most of the time it takes would be the compiler's; `cr.compile` and `cr.check` load it."""
    look = "import sys, chainrule as cr; print('chainrule.compiler' in sys.modules, cr.compile, cr.check)"
    made = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert made.stdout.startswith("False <function compile") and "module 'chainrule.check'" in made.stdout
    assert {"check", "compile"} <= set(dir(chainrule)) & set(chainrule.__all__)
    every = "from chainrule import *; print(compile.__module__, check.__name__, matmul.__name__)"
    made = subprocess.run([sys.executable, "-c", every], capture_output=True, text=True, check=True)
    assert made.stdout.split() == ["chainrule.compiler.compiled", "chainrule.check", "matmul"]
    with pytest.raises(AttributeError, match="no attribute 'compil'"):
        _ = chainrule.compil
