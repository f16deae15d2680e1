"""A page is one file, safe, and whole."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from chainrule.errors import SettingError, ShapeError
from chainrule.pictures import Section, bars, curves, figure, gallery, grey, matrix, page, table, tiles

NASTY = "<script>alert(1)</script>\"'&\x00"
VOID = {"meta", "img"}


class Checked(HTMLParser):
    """Collects tags and text, and fails where tags are not closed in order."""

    def __init__(self, markup):
        super().__init__()
        self.open, self.seen, self.attributes, self.text = [], [], [], ""
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.attributes.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data + "\n"


@pytest.fixture
def whole():
    body = (
        figure(curves({NASTY: [1, 2, 3]}, title=NASTY), NASTY)
        + figure(matrix([[1, 2], [3, 4]], [NASTY, "b"], [NASTY, "b"]), NASTY)
        + figure(bars([NASTY], [0.5]))
        + figure(tiles(np.zeros((4, 5, 5))), NASTY, scale=8)
        + gallery([(grey([[0, 1]]), NASTY, NASTY)])
        + table([NASTY], [[NASTY]])
    )
    return page(NASTY, [Section(NASTY, body, NASTY)], subtitle=NASTY, facts={NASTY: NASTY})


def test_a_page_asks_for_nothing_and_runs_nothing(whole):
    without_namespace = whole.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(
        r"https?://|<script|<link|<iframe|<object|@import|url\(", without_namespace, re.IGNORECASE
    )
    for _, attributes in Checked(whole).attributes:
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")


def test_all_text_is_there_and_all_tags_are_closed(whole):
    read = Checked(whole)
    assert read.text.count("<script>alert(1)</script>\"'&\ufffd") >= 12
    assert {"header", "main", "section", "figure", "table", "svg"} <= set(read.seen)
    assert whole.startswith("<!DOCTYPE html>")
    assert "\x00" not in whole
    whole.encode("utf-8")


def test_the_head_is_made_for_phones_and_for_the_dark(whole):
    heads = [attributes for tag, attributes in Checked(whole).attributes if tag == "meta"]
    assert {"charset": "utf-8"} in heads
    assert {one.get("name") for one in heads} >= {"viewport", "color-scheme"}


def test_header_and_facts():
    read = page("A run", [], subtitle="of 12 epochs", facts={"accuracy": "88.1 %", "parameters": 870634})
    assert "<h1>A run</h1>" in read
    assert "<dt>accuracy</dt><dd>88.1 %</dd>" in read
    assert "<dd>870,634</dd>" in read
    assert "<dl" not in page("A run", [])
    assert 'class="subtitle"' not in page("A run", [])


def test_sections_in_order():
    read = page("t", [Section("One", "<p>1</p>"), Section("Two", "<p>2</p>", "words")])
    assert re.findall(r"<h2>(\w+)</h2>", read) == ["One", "Two"]
    assert "<h2>Two</h2><p>words</p>" in read


def test_figure_of_an_image_is_scaled_by_the_browser():
    markup = figure(grey(np.zeros((4, 6))), "six by four", scale=10)
    ((_, attributes),) = [one for one in Checked(markup).attributes if one[0] == "img"]
    assert (attributes["width"], attributes["height"], attributes["alt"]) == ("60", "40", "six by four")
    assert "image-rendering:pixelated" in page("t", [])


def test_wide_figures():
    assert 'class="card wide"' in figure("<svg></svg>", wide=True)


@pytest.mark.parametrize("picture", ["<b>no svg</b>", np.zeros((2, 2)), None])
def test_figure_of_something_else(picture):
    with pytest.raises(SettingError, match="figure: .*try"):
        figure(picture)


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_scales_that_cannot_work(scale):
    with pytest.raises(SettingError, match="figure: scale"):
        figure(grey([[0, 1]]), scale=scale)


def test_gallery():
    markup = gallery(
        [(grey([[0, 1]]), "is Shirt", "called Coat, 98 %"), (grey([[0, 1]]), "is Bag", "")], size=90
    )
    assert markup.count("<img") == 2
    assert "<span>is Shirt</span><strong>called Coat, 98 %</strong>" in markup
    assert markup.count("<strong>") == 1
    assert "minmax(90px,1fr)" in markup
    Checked(markup)


def test_an_empty_gallery_says_so():
    assert "No mistakes &amp; no regrets" in gallery([], nothing="No mistakes & no regrets")


def test_a_gallery_too_small():
    with pytest.raises(SettingError, match="size"):
        gallery([], size=3)


def test_table_writes_numbers_to_the_right():
    markup = table(["layer", "share", "count"], [["conv", 0.123456, 61706], ["linear", 1.0, 10]])
    assert '<td>conv</td><td class="number">0.1235</td><td class="number">61,706</td>' in markup
    assert '<th>layer</th><th class="number">share</th>' in markup
    assert "<td>1</td><td>x</td>" in table(["a", "b"], [[1, "x"], ["y", 2]])  # mixed: left


def test_table_of_no_rows_and_of_a_torn_row():
    Checked(table(["a"], []))
    with pytest.raises(ShapeError, match="row 1 has 1 cells"):
        table(["a", "b"], [[1, 2], [3]])
