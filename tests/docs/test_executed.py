"""Pages run, and what they give stands under their blocks."""

import textwrap
from pathlib import Path

import pytest
from extensions.executed import RUNNING, PageError, executed, folded, run

import chainrule as cr
from chainrule.kernels.threads import wanted_threads

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([*(DOCS / "walk").glob("*.md"), *(DOCS / f"{name}.md" for name in RUNNING)])


def made(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(textwrap.dedent(text), encoding="utf-8")
    return executed(page)


def test_what_is_printed_and_the_last_value_stand_under_the_block(tmp_path):
    page = made(tmp_path, "Before.\n\n```python\nprint(1)\n2 + 3\n```\n\nAfter.\n")
    assert page.startswith("Before.\n\n```python\nprint(1)\n2 + 3\n```\n")
    assert page.endswith("After.\n")
    assert page.index("\n1\n```") < page.index("\n5\n```") < page.index("After")


def test_blocks_share_one_namespace_and_sentences_read_it(tmp_path):
    page = made(tmp_path, "```python\nx = -4.0\n```\n\nIt is {now}`x`, or {now}`f'{x / 3:.2f}'`.\n")
    assert "It is −4.0, or −1.33." in page


def test_a_hidden_block_shows_only_what_it_gives(tmp_path):
    page = made(tmp_path, "```python\n# hidden\nsecret = 3\nsecret * 7\n```\n")
    assert "secret" not in page
    assert "21" in page


def test_pictures_are_pictures(tmp_path):
    block = "from chainrule import pictures\npictures.grey([[0.0, 1.0]])"
    assert 'src="data:image/png;base64,' in made(tmp_path, f"```python\n{block}\n```\n")
    block = 'from chainrule import pictures\npictures.curves({"loss": [2.0, 1.0]})'
    assert '<div class="given"><svg' in made(tmp_path, f"```python\n{block}\n```\n")


def test_other_blocks_stay(tmp_path):
    text = "```shell\nrm -rf /\n```\n\n```text\nprint(1)\n```\n"
    assert made(tmp_path, text) == text


def test_a_block_that_fails_is_named_by_its_line(tmp_path):
    with pytest.raises(PageError, match=r"page\.md:3: ZeroDivisionError"):
        made(tmp_path, "One.\n\n```python\n1 / 0\n```\n")


def test_code_knows_its_line_on_the_page(tmp_path):
    namespace = {}
    run("def f():\n    pass\n", tmp_path / "page.md", 6, namespace)
    assert namespace["f"].__code__.co_firstlineno == 7
    assert namespace["f"].__code__.co_filename.endswith("page.md")


def test_long_sentences_are_folded_and_tables_are_not():
    sentence = "word " * 40
    assert max(map(len, folded(sentence).splitlines())) <= 108
    table = "a     " * 30
    assert folded(table) == table
    hanging = folded(f"  first.weight   {sentence}").splitlines()
    assert hanging[1] == " " * 17 + hanging[1].strip() and max(map(len, hanging)) <= 108


CLAIMS = {
    "circuit": ("3.0 -12.0", "-4.0 -4.0 3.0", "the gradient of x is −4", "routes 2.00 to z", "16.0 -24.0"),
    "neuron": ("so −0.53 leaves", "f = 1.5456, df/dx = 2.0596, df/dy = 1.5922", "Tensor(12.) Tensor(12.)"),
    "vectors": ("[0.44, 0.52]", "[[0.088 0.176]", "[-0.112  0.636]", "True True", "[64. 64. 64.]"),
    "classifier": (
        "hinge [2.9]",
        "cross-entropy [2.04] nats",
        "1.0 0.25",
        "ln 10 = 2.30",
        "1 gradient agrees with",
    ),
    "layers": ("of the points right", "0 of 64 units are dead", "79,510 parameters"),
    "convolution": ("10·(5·5·3+1) = 760", "61,706 parameters", "60,965,224", "138,357,544"),
    "index": ("softmax_cross_entropy[0]: class", "lines agree with the gates", ">−12.00<"),
    "checks": (
        "cube: 1 of 1 gradient wrong",
        "a kink: relu",
        "gate at fault: cube",
        "66 gradients agree",
        "nothing found: 7 checks",
        "regularization: the penalty",
        "unoptimized: 3.weight",
        "dead units: 1/relu: 100%",
        "lines agree with the gates",
        "set-up: nothing found",
    ),
    "recipes": (
        "checkpoint True",
        "4 × 32",
        "and back again",
        "into a unit 1.000",
        "rate 0.010",
        "the same: True",
        "lenet5', epochs=5, random_state=0): 8",
    ),
    "training": ("test pictures right", "the gradient of 7.weight", "taken for"),
    "compiling": ("times as fast", "lines agree with the gates", "True"),
}
"""What stands on each page after it ran."""


@pytest.fixture
def same_threads():
    """A page may set the number of threads."""
    yield
    cr.set_threads(wanted_threads())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs(page, same_threads):
    """Each page by itself, as the build runs it; its claims are checked here."""
    text = executed(page)
    assert "Traceback" not in text
    for claim in CLAIMS[page.stem]:
        assert claim in text, f"{page.stem} does not say {claim!r}"
