"""The report: one page by itself, for each kind of network."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from chainrule.train import Config

from .runs import coloured_data, run_of

VOID = {"meta", "img", "br", "hr", "link", "input"}
MODELS = {
    "linear": ("linear", None),
    "two-layer": ("two-layer", None),
    "lenet5": ("lenet5", None),
    "three channels": ("lenet5", coloured_data()),
    "linear of three channels": ("linear", coloured_data()),
    "fourteen classes": ("linear", coloured_data(14)),
}


class Nesting(HTMLParser):
    """Reads a page strictly: every tag that is opened is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module", params=MODELS, ids=list(MODELS))
def report(request, tmp_path_factory):
    name, sets = MODELS[request.param]
    config = Config(model=name, epochs=1, batch_size=32)
    run, result = run_of(tmp_path_factory.mktemp("report") / "run", config, sets)
    text = (run.path / "report.html").read_text(encoding="utf-8")
    page = Nesting()
    page.feed(text)
    return text, page, result, name


def test_it_is_whole(report):
    text, page, _, name = report
    assert page.open == []
    assert text.startswith("<!DOCTYPE html>")
    titles = re.findall(r"<h2>(.*?)</h2>", text)
    assert titles == [
        "What it says",
        "How it learned",
        "Who is taken for whom",
        "The worst mistakes",
        "What the first layer looks for",
        "The network",
        "The settings",
    ]
    assert f"<h1>{name} on fashion-6k</h1>" in text


def test_it_needs_nothing_else(report):
    text, page, _, _ = report
    assert set(re.findall(r"https?://[^\s\"'<>)]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<script|javascript:|@import|url\(|\son\w+=", text, re.IGNORECASE)
    pictures = [attributes["src"] for tag, attributes in page.seen if tag == "img"]
    assert len(pictures) > 5
    assert all(source.startswith("data:image/png;base64,") for source in pictures)
    assert not [tag for tag, _ in page.seen if tag in ("link", "iframe", "object")]


def test_it_says_how_good_the_network_is(report):
    text, page, result, _ = report
    words = " ".join(page.text)
    assert f"{result.test_accuracy:.1%}" in words
    assert f"{result.parameters:,}" in words
    assert "nan" not in words.lower().split()
    assert "10% of the training pictures" in words


def test_pictures_are_described_for_those_who_do_not_see_them(report):
    _, page, _, _ = report
    assert all(attributes["alt"] for tag, attributes in page.seen if tag == "img")


def test_names_of_classes_are_made_safe(tmp_path):
    config = Config(model="linear", epochs=1, validation=0.0)
    run, _ = run_of(tmp_path / "run", config, coloured_data())
    text = (run.path / "report.html").read_text(encoding="utf-8")
    assert "class <" not in text
    assert "class &lt;0&gt;" in text
    assert "Validation" not in text


def test_the_page_of_a_short_run_is_small(report):
    assert len(report[0]) < 600_000


def test_the_same_run_makes_the_same_page(tmp_path):
    config = Config(model="linear", epochs=1)
    pages = []
    for name in ("a", "b"):
        run, _ = run_of(tmp_path / name, config, coloured_data())
        pages.append(re.sub(r"[\d.]+ s</dd>", "", (run.path / "report.html").read_text(encoding="utf-8")))
    assert pages[0] == pages[1]
    assert np.char.count(pages[0], "<svg") == 4
