"""Every public name stands on exactly one page, and every gate too."""

import inspect
from collections import Counter

import pytest
from extensions import gates, reference

import chainrule as cr
from chainrule import check, nn, ops, optim

PAGES = reference.pages()
TEXTS = {page.stem: reference.text(page, lambda name: None) for page in PAGES}
NAMES = Counter(entry.name for page in PAGES for entry in page.entries)


def public(room, prefix):
    """The functions and classes that a room shows."""
    return [
        prefix + name
        for name, thing in vars(room).items()
        if not name.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing))
    ]


FUNCTIONS = [name for name in public(ops, "") if getattr(cr, name, None) is getattr(ops, name)]


@pytest.mark.parametrize(
    "names",
    [FUNCTIONS, public(nn, "nn."), public(optim, "optim."), public(check, "check."), public(cr, "")],
    ids=["functions", "layers", "optimizers", "checks", "the front door"],
)
def test_every_public_name_stands_on_exactly_one_page(names):
    assert len(names) >= 5
    assert {name: NAMES[name] for name in names if NAMES[name] != 1} == {}


def test_every_page_has_its_own_file():
    assert max(Counter(page.stem for page in PAGES).values()) == 1
    assert "index" not in TEXTS


@pytest.mark.parametrize("gate", gates.every(), ids=lambda gate: gate.__name__)
def test_every_gate_is_told(gate):
    heading = f"{{admonition}} gate {gate.__name__}\n"
    told = [stem for stem, text in TEXTS.items() if heading in text]
    assert [f"{stem}.md" for stem in told] == [reference.page_of(gate)]


def test_functions_and_layers_of_a_subject_share_a_page():
    (page,) = (page for page in PAGES if page.stem == "conv")
    assert {"conv2d", "nn.Conv2d", "conv1d", "unfold"} <= {entry.name for entry in page.entries}
    assert TEXTS["conv"].count("## Functions and their gates") == TEXTS["conv"].count("## Layers") == 1


def test_every_file_of_a_subject_is_there():
    known = [stem for stems in reference.SUBJECTS.values() for stem in stems]
    assert len(known) == len({*known}) and {*known} <= {*reference.files(ops), *reference.files(nn)}


def test_a_layer_shows_no_inner_methods_and_a_module_shows_its_own():
    names = [line for line in TEXTS["attention"].splitlines() if "{py:method}" in line]
    assert not names and "{py:method} parameters" in TEXTS["module"]


def test_the_front_door_begins_with_what_is_needed_first():
    (page,) = (page for page in PAGES if page.stem == "tensors")
    assert [entry.name for entry in page.entries][:2] == ["Tensor", "grad"]


def test_an_entry_has_signature_docstring_and_gate():
    text = TEXTS["conv"]
    assert "{py:function} conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1)" in text
    assert "Slide each filter over the pictures and sum the products." in text
    assert "initialize=he_normal" in text


def test_names_are_linked_where_they_stand():
    link = reference.link_of({"nn.Conv2d", "errors.ShapeError", "optim.Optimizer", "nn.init"})
    assert link("Optimizer") == "{py:obj}`Optimizer <chainrule.optim.Optimizer>`"
    assert link("init") is None
    assert link("chainrule.nn.Conv2d") == "{py:obj}`nn.Conv2d <chainrule.nn.Conv2d>`"
    assert link("ShapeError") == "{py:obj}`ShapeError <chainrule.errors.ShapeError>`"
    assert link("nn.Conv9d") is None


def test_pages_are_written_once(tmp_path):
    reference.write(tmp_path)
    assert {file.stem for file in tmp_path.iterdir()} == {*TEXTS, "index"}
    page, gone = tmp_path / "conv.md", tmp_path / "gone.md"
    before = page.stat().st_mtime_ns
    gone.write_text("of a file that is no more")
    reference.write(tmp_path)
    assert page.stat().st_mtime_ns == before
    assert not gone.exists()


def test_the_index_names_everything():
    index = reference.index(PAGES)
    assert all(f"<chainrule.{name}>" in index for name in NAMES)


def test_the_index_sorts_gates_by_what_they_do_with_a_gradient():
    """Each gate once, in the line of its pattern."""
    told = reference.index(PAGES).partition("## Gates by what they do")[2]
    lines = {line.split(":")[0].strip("* "): line for line in told.replace("\n: ", ": ").splitlines() if line}
    for gate in gates.every():
        (pattern,) = (name for name, line in lines.items() if f"[{gate.__name__}](" in line)
        assert pattern == gate.pattern
