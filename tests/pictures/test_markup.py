"""Markup is well-formed and safe whatever text goes in."""

import pytest

from chainrule.pictures.markup import element, label, svg, text, tooltip

NASTY = "<script>alert('x')</script> & \"quoted\" \x00\x0b\ud800 é 形 🧥"


def test_text_is_escaped():
    assert text("<a> & 'b' \"c\"") == "&lt;a&gt; &amp; &#x27;b&#x27; &quot;c&quot;"


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\ud800", "\ufffe"])
def test_characters_that_xml_forbids_are_replaced(character):
    assert text(f"a{character}b") == "a\ufffdb"


def test_an_element_reads_back_what_was_put_in(reader):
    read = reader.parse(element("g", text(NASTY), class_="x", aria_label=NASTY, left_out=None))
    clean = NASTY.replace("\x00", "\ufffd").replace("\x0b", "\ufffd").replace("\ud800", "\ufffd")
    assert read.text == clean
    assert read.attrib == {"class": "x", "aria-label": clean}


@pytest.mark.parametrize(
    ("value", "written"), [(1.0, "1"), (1.005, "1"), (-0.001, "0"), (10.0, "10"), (2.126, "2.13")]
)
def test_pixels_are_written_short(value, written):
    assert element("g", x=value) == f'<g x="{written}"></g>'


def test_label_and_tooltip():
    assert (
        label(1, 2, "<", "tick", font_size=9) == '<text x="1" y="2" class="cr-tick" font-size="9">&lt;</text>'
    )
    assert tooltip("a & b") == "<title>a &amp; b</title>"


def test_svg_stands_alone(reader):
    whole = svg(40, 30, element("rect"), name=NASTY)
    root = reader.parse(whole)
    assert root.tag == reader.SPACE + "svg"
    assert root.get("viewBox") == "0 0 40 30"
    assert (root.get("width"), root.get("height")) == ("40", "30")
    assert root.get("role") == "img"
    assert [child.tag for child in root] == [reader.SPACE + "style", reader.SPACE + "rect"]
    assert "prefers-color-scheme:dark" in root[0].text
    assert "<script" not in whole
