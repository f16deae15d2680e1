"""The reference: a page for each subject, with every public name on exactly one of them, made from docstrings."""

from __future__ import annotations

import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import chainrule
from chainrule import check, compiler, data, estimators, lens, nn, ops, optim, pictures, random, train, zoo
from chainrule.errors import ChainruleError
from chainrule.graph import Gate

from . import gates
from .docstrings import written


class Entry(NamedTuple):
    """A public name: as users write it (`nn.Conv2d`), and what it is."""

    name: str
    thing: Any


class Section(NamedTuple):
    """Some entries of a page under one heading, and the gates that no function of the page applies."""

    title: str
    told: str
    entries: tuple[Entry, ...]
    inner: tuple[type[Gate], ...] = ()


class Page(NamedTuple):
    """A page: its file, title and sections."""

    stem: str
    title: str
    sections: tuple[Section, ...]

    @property
    def entries(self) -> list[Entry]:
        return [entry for section in self.sections for entry in section.entries]


ROOMS: dict[str, tuple[ModuleType, str]] = {
    "optimizers": (optim, "Optimizers and schedules"),
    "checks": (check, "Checks"),
    "compiling": (compiler, "What compile gives"),
    "debugging": (lens, "Looking inside"),
    "training": (train, "Training"),
    "networks": (zoo, "The zoo of networks"),
    "estimators": (estimators, "Classifiers with scikit-learn's face"),
    "data": (data, "Data"),
    "pictures": (pictures, "Pictures"),
    "random": (random, "Random numbers"),
}
"""Rooms that have one page, with a section for each of their files."""

FRONT = (
    "Tensor",
    "grad",
    "value_and_grad",
    "no_grad",
    "checkpoint",
    "trace",
    "compile",
    "debug",
    "set_threads",
)
"""The names of the front door in the order in which they are needed; what gates of one's own are made of follows."""

SUBJECTS = {
    "Arithmetic": ("arithmetic",),
    "Functions of one number": ("elementary",),
    "Choices and comparisons": ("selection",),
    "Sums, means, extremes": ("reduction", "product", "scan"),
    "Shapes": ("shape", "arrange"),
    "Indices and order": ("indexing", "order"),
    "Products of matrices": ("linear", "contraction"),
    "Activations": ("activation", "rectifier", "softmax"),
    "Convolution": ("conv", "conv1d", "transposed", "separable", "local", "unfold"),
    "Pooling": ("pool", "pool1d", "adaptive", "lp_pool", "unpool"),
    "Larger and smaller pictures": ("upsample", "resample"),
    "Normalization": ("norm", "standardize"),
    "Dropout": ("dropout",),
    "Attention": ("attention",),
    "Embedding": ("embedding",),
    "Recurrent networks": ("recurrent",),
    "Losses": ("loss", "regression", "margin"),
    "Penalties": ("penalty",),
    "Modules": ("module", "containers", "summary"),
    "Initializers": ("init",),
}
"""Pages of gates and layers in their order: the files of ops and nn that stand on each; any other has its own page."""


def pages() -> list[Page]:
    """All pages: the front door, the subjects of gates and layers, the other rooms, the errors."""
    return [front_door(), *subjects(), *(room_page(stem, *room) for stem, room in ROOMS.items()), errors()]


def subjects() -> Iterator[Page]:
    """A page for each subject of ops and nn: its functions, then its layers."""
    known = {stem for stems in SUBJECTS.values() for stem in stems}
    others = sorted({*files(ops), *files(nn)} - known)
    for title, stems in [*SUBJECTS.items(), *((o.replace("_", " ").capitalize(), (o,)) for o in others)]:
        made = [*map(functions, stems), *map(layers, stems)]
        if sections := tuple(section for section in made if section is not None):
            yield Page(stems[0], title, sections)


def page_of(gate: type[Gate]) -> str:
    """The file of the page that a gate stands on.

    >>> page_of(ops.gates.GATES[0])
    'activation.md'
    """
    stem = home(gate).rpartition(".")[2]
    return f"{next((stems[0] for stems in SUBJECTS.values() if stem in stems), stem)}.md"


def files(room: ModuleType) -> list[str]:
    """The names of the files of a room."""
    return [module.name for module in pkgutil.iter_modules(room.__path__)]


def functions(stem: str) -> Section | None:
    """The functions of a file of ops that the front door shows."""
    module = f"{ops.__name__}.{stem}"
    found = [e for e in shown_by(ops, module, "") if getattr(chainrule, e.name, None) is e.thing]
    applied = {gate for entry in found for gate in gates.applied_by(entry.thing)}
    inner = tuple(gate for gate in gates.of_module(module) if gate not in applied)
    return (
        Section("Functions and their gates", about(module), tuple(found), inner) if found or inner else None
    )


def layers(stem: str) -> Section | None:
    """The layers of a file of nn; a file that is shown as a whole, as nn.init, by its functions."""
    module = f"{nn.__name__}.{stem}"
    whole = vars(nn).get(stem)
    if isinstance(whole, ModuleType) and whole is sys.modules.get(module) and stem in said(nn):
        found = shown_by(whole, module, f"nn.{stem}.")
    else:
        found = shown_by(nn, module, "nn.")
    return Section("Layers", about(module), tuple(found)) if found else None


def said(room: ModuleType) -> set[str]:
    """The names that `__init__` re-exports, `X as X`, among them whole files."""
    text = Path(inspect.getfile(room)).read_text(encoding="utf-8")
    return {line.split(" as ")[1].strip() for line in text.splitlines() if line.startswith("from . import")}


def room_page(stem: str, room: ModuleType, title: str) -> Page:
    """One page for a room, a section for each of its files that shows something."""
    prefix = room.__name__.removeprefix("chainrule.") + "."
    found = []
    for name in sorted(files(room)):
        entries = shown_by(room, f"{room.__name__}.{name}", prefix)
        entries = [e for e in entries if getattr(chainrule, e.name.removeprefix(prefix), None) is not e.thing]
        if entries:
            found.append(Section(name.capitalize(), about(f"{room.__name__}.{name}"), tuple(entries)))
    return Page(stem, title, tuple(found))


def front_door() -> Page:
    """What the package itself shows besides array functions: tensors, gradients, programs, gates of one's own."""
    others = {name for name in chainrule.__all__ if not isinstance(getattr(chainrule, name), ModuleType)}
    names = [*FRONT, *sorted(others - {*FRONT})]
    found = [Entry(name, getattr(chainrule, name)) for name in names]
    rest = tuple(e for e in found if callable(e.thing) and not home(e.thing).startswith(f"{ops.__name__}."))
    return Page("tensors", "Tensors, gradients, steps", (Section("The front door", "", rest),))


def errors() -> Page:
    """The errors, whose docstrings are cause and cure."""
    kinds = [e for e in shown_by(chainrule.errors, "chainrule.errors", "errors.") if is_error(e.thing)]
    return Page(
        "errors", "Errors", (Section("Every deliberate error", about("chainrule.errors"), tuple(kinds)),)
    )


def is_error(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, ChainruleError)


def shown_by(room: ModuleType, module: str, prefix: str) -> list[Entry]:
    """The public functions and classes of a file that a room shows, in the order of the file."""
    found = [
        Entry(prefix + name, thing)
        for name, thing in vars(room).items()
        if not name.startswith("_") and isinstance(thing, FunctionType | type) and home(thing) == module
    ]
    return sorted(found, key=lambda entry: (inspect.getsourcelines(entry.thing)[1], entry.name))


def home(thing: Any) -> str:
    """The module that something was written in."""
    return str(getattr(thing, "__module__", ""))


def about(module: str) -> str:
    """The opening sentences of a file."""
    return inspect.getdoc(sys.modules.get(module)) or ""


def link_of(known: set[str]) -> Callable[[str], str | None]:
    """The reference to a public name, where a page has it."""

    def link(name: str) -> str | None:
        short = name.removeprefix("chainrule.").removeprefix("cr.")
        capital = ("", "errors.", "nn.", "optim.", "check.", "train.", "data.", "estimators.")
        rooms = capital if short[:1].isupper() else ("",)
        full = next((room + short for room in rooms if room + short in known), None)
        return f"{{py:obj}}`{short} <chainrule.{full}>`" if full else None

    return link


def text(page: Page, link: Callable[[str], str | None]) -> str:
    """A page as Markdown."""
    body = [f"# {page.title}"]
    titles = [section.title for section in page.sections]
    for number, section in enumerate(page.sections):
        headed = len(set(titles)) > 1 and section.title not in titles[:number]
        body.append(f"## {section.title}" if headed else "---" if number else "")
        body.append(written(section.told, link))
        body += [entry_text(entry, link) for entry in section.entries]
        if section.inner:
            body += ["**Further gates**", *(gates.told(gate, link) for gate in section.inner)]
    return "\n\n".join(part for part in body if part) + "\n"


def entry_text(entry: Entry, link: Callable[[str], str | None]) -> str:
    """One name: signature, docstring, gates or parts, and the methods of a class."""
    is_class = isinstance(entry.thing, type)
    kind = ("exception" if is_error(entry.thing) else "class") if is_class else "function"
    body = [written(inspect.getdoc(entry.thing), link)]
    if home(entry.thing).startswith(f"{ops.__name__}."):
        body += of_gates(entry.thing, link)
    body += [method_text(name, thing, link) for name, thing in methods(entry.thing)] if is_class else []
    inside = "\n\n".join(part for part in body if part)
    return directive(":" * 7, kind, entry.name + signature(entry.thing), inside, ":module: chainrule\n")


def of_gates(function: Any, link: Callable[[str], str | None]) -> list[str]:
    """The gates of its file that a function applies; of one without, what it is made of."""
    own = gates.applied_by(function)
    if own:
        return [gates.told(gate, link) for gate in own]
    used = gates.used_by(function)
    made = [f"the gate [{gate.__name__}]({page_of(gate)})" for gate in used.gates]
    made += [link(name) or f"`{name}`" for name in used.functions]
    return [f"**Made of** {', '.join(made)}."] if made else []


def methods(cls: type) -> list[tuple[str, Any]]:
    """The documented public methods and properties that a class itself defines; what a layer does is to be called."""
    containers = (nn.Module, nn.ModuleList, nn.Sequential)
    if issubclass(cls, ChainruleError | Gate) or (issubclass(cls, nn.Module) and cls not in containers):
        return []
    own = ((name, thing) for name, thing in vars(cls).items() if not name.startswith("_"))
    return [
        (name, thing)
        for name, thing in own
        if isinstance(thing, FunctionType | property | classmethod | staticmethod) and thing.__doc__
    ]


def method_text(name: str, thing: Any, link: Callable[[str], str | None]) -> str:
    """One method, or property."""
    function = getattr(thing, "__func__", thing)
    kind, called = ("attribute", "") if isinstance(thing, property) else ("method", signature(function))
    return directive(":" * 6, kind, name + called, written(inspect.getdoc(function), link))


def directive(fence: str, kind: str, head: str, body: str, options: str = "") -> str:
    return f"{fence}{{py:{kind}}} {head}\n{options}\n{body}\n{fence}"


def signature(thing: Any) -> str:
    """How it is called, without types: those stand in the docstring.

    >>> signature(nn.Linear)
    '(in_features, out_features, bias=True, *, initialize=he_normal, rng=None)'
    """
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    bare = [p.replace(annotation=p.empty, default=Named.of(p.default)) for p in found.parameters.values()]
    if bare and bare[0].name in ("self", "cls"):
        bare = bare[1:]
    return str(found.replace(parameters=bare, return_annotation=inspect.Signature.empty))


class Named:
    """A default that is a function, printed by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    @classmethod
    def of(cls, default: Any) -> Any:
        named = isinstance(default, FunctionType | type) and default is not inspect.Parameter.empty
        return cls(default.__name__) if named else default


def index(made: list[Page]) -> str:
    """The page that leads to the others: what stands on each, and the gates by what they do with a gradient."""
    rows = [f"[{page.title}]({page.stem}.md)\n: {listed(page)}" for page in made]
    tree = "\n".join(page.stem for page in made)
    intro = "Every public name, from its docstring. Gates and layers of one subject stand on one page."
    body = [f"# Reference\n\n{intro}", f"```{{toctree}}\n:hidden:\n\n{tree}\n```", *rows]
    body += ["## Gates by what they do with a gradient", *by_pattern()]
    return "\n\n".join(body) + "\n"


def by_pattern() -> Iterator[str]:
    """Each pattern as a sentence, with the gates that have it."""
    for pattern, sentence in gates.PATTERNS.items():
        having = [gate for gate in gates.every() if gate.pattern == pattern]
        links = ", ".join(f"[{gate.__name__}]({page_of(gate)})" for gate in having)
        if having:
            yield f"**{pattern}**\n: {sentence.removeprefix(pattern + ': ')}: {links}."


def listed(page: Page) -> str:
    """The names on a page."""
    names = ", ".join(f"{{py:obj}}`{e.name} <chainrule.{e.name}>`" for e in page.entries)
    return names or "further gates"


def write(folder: Path) -> None:
    """Write all pages into a folder; those that stay the same are not touched, so that they are not built again."""
    made = pages()
    link = link_of({entry.name for page in made for entry in page.entries})
    texts = {"index": index(made)} | {page.stem: text(page, link) for page in made}
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.md"):
        if old.stem not in texts:
            old.unlink()
    for stem, words in texts.items():
        file = folder / f"{stem}.md"
        if not file.exists() or file.read_text(encoding="utf-8") != words:
            file.write_text(words, encoding="utf-8")
