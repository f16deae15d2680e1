"""The text of a function: each name once, what is read first at its top, each intrinsic declared once."""

import re

from chainrule.kernels.language.target import verified
from chainrule.kernels.language.text import Text


def doubling() -> Text:
    """A function that doubles its second argument in memory of its own, in two blocks."""
    text = Text()
    place = text.reserve("i64")
    twice = text.new("add i64 %piece, %piece")
    text.lines.append(f"store i64 {twice}, ptr {place}")
    block = text.label()
    text.lines.append(f"br label %{block}")
    text.enter(block)
    most = text.call("i64", "llvm.smax.i64", f"i64 {twice}", "i64 7")
    text.call("i64", "llvm.smax.i64", f"i64 {most}", "i64 8")
    text.call("void", "llvm.prefetch.p0", f"ptr {place}", "i32 0", "i32 3", "i32 1")
    return text


def test_a_body_is_a_function():
    text = doubling()
    function = f"define void @f(ptr %arguments, i64 %piece) {{\n{text.body()}\n}}"
    verified("\n".join([*text.declared.values(), function]))


def test_every_name_is_given_once():
    text = doubling()
    names = re.findall(r"^(%\w+) =", "\n".join([*text.entry, *text.lines]), re.MULTILINE)
    assert len(names) == len(set(names)) == 4


def test_what_is_reserved_stands_at_the_top():
    body = doubling().body()
    assert body.index("alloca") < body.index("start:") < body.index("add i64")


def test_an_intrinsic_is_declared_once_by_its_types():
    assert doubling().declared == {
        "llvm.smax.i64": "declare i64 @llvm.smax.i64(i64, i64)",
        "llvm.prefetch.p0": "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
    }


def test_a_text_knows_the_block_it_is_in():
    text = Text()
    assert text.block == "start"
    text.enter(text.label())
    assert text.block == "b1" and text.lines == ["b1:"]
