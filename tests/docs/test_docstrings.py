"""Our form of docstrings is understood, all of it, and becomes Markdown that says the same."""

import inspect

import pytest
from extensions.docstrings import Part, prose, read, written

import chainrule as cr
from chainrule import nn, optim


def kinds(thing):
    return [part.kind for part in read(inspect.getdoc(thing))]


def test_conv2d_has_every_part():
    parts = read(inspect.getdoc(cr.conv2d))
    assert [part.kind for part in parts] == [
        "prose",
        "formula",
        *["setting"] * 7,
        "returns",
        "raises",
        "cost",
        "source",
        "also",
        "example",
    ]
    assert [part.name for part in parts if part.kind == "setting"] == [
        "x",
        "w",
        "b",
        "stride",
        "padding",
        "dilation",
        "groups",
    ]
    assert next(part for part in parts if part.name == "padding").text == "zeros on each side, ≥ 0"


def test_an_update_rule_is_one_formula():
    (formula,) = (part for part in read(inspect.getdoc(optim.SGD)) if part.kind == "formula")
    assert formula.text.splitlines()[0] == "g ← ∂L/∂w + weight_decay · w"
    assert len(formula.text.splitlines()) == 3


def test_a_source_behind_two_spaces_is_a_source():
    assert read("max(x, 0).  Source: Nair and Hinton 2010.") == [
        Part("prose", "max(x, 0)."),
        Part("source", "Nair and Hinton 2010."),
    ]


def test_a_sentence_goes_on_in_the_next_line():
    parts = read(
        "Do it.\n\nRaises ShapeError if the channels differ, SettingError for\nimpossible settings.\nMore."
    )
    assert [part.text for part in parts] == [
        "Do it.",
        "ShapeError if the channels differ, SettingError for impossible settings.",
        "More.",
    ]


def test_a_line_that_looks_like_a_formula_in_the_middle_of_a_sentence_is_none():
    assert read("With a = 1 and\nb = 2 it is 3.\nc = 4") == [
        Part("prose", "With a = 1 and b = 2 it is 3."),
        Part("formula", "c = 4"),
    ]


def test_columns_stay_as_they_are():
    assert "block" in kinds(cr.Gate)
    assert "```{code-block} text\n:class: block" in written(inspect.getdoc(cr.Gate))


def test_two_columns_of_a_setting_are_told_apart():
    assert "`w`\n: (F, C/groups, KH, KW) float — filters" in written(inspect.getdoc(cr.conv2d))


def test_markdown_in_sentences_is_text():
    assert prose("x * y_1 [0] <b> `code_1`", lambda name: None) == r"x \* y\_1 \[0\] \<b\> `code_1`"


def test_public_names_become_links():
    def link(name):
        return f"LINK({name})" if name == "nn.Conv2d" else None

    assert written("Sum.  Also: nn.Conv2d, nn.Nothing.", link).endswith("LINK(nn.Conv2d), nn.Nothing.")
    assert written("Raises ShapeError if 0.", "<{}>".format) == "**Raises** <ShapeError> if 0."


@pytest.mark.parametrize(
    "thing", [cr.conv2d, nn.Conv2d, optim.SGD, cr.Gate, cr.Tensor], ids=lambda t: t.__name__
)
def test_no_word_is_lost(thing):
    docstring = inspect.getdoc(thing)
    said = "".join(part.name + part.text + part.kind for part in read(docstring)).lower()
    for word in docstring.lower().replace(":", " ").split():
        assert word.strip(";") in said, word
