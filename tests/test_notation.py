"""JSON and TOML from strangers: only data, and only what there is room for."""

import json
import tracemalloc
from contextlib import suppress

import pytest

from chainrule.notation import MOST_NESTING, Reader, cost, from_json, from_toml

MB = 1 << 20


@pytest.mark.parametrize(
    "tree", [{}, [], {"a": [1, 2.5, None, True, "größe ☃"], "b": {"c": {}}}, 7, "x", None]
)
def test_json_is_read(tree):
    assert (
        from_json(json.dumps(tree).encode())
        == from_json(json.dumps(tree, ensure_ascii=False).encode())
        == tree
    )


REFUSED = {
    b"": "Expecting value",
    b"{": "Expecting",
    b"[1,]": "Expecting value",
    b"1 2": "Extra data",
    b'{"a": 1, "a": 1}': "the key 'a' twice",
    b'{"b": {"\\u001b": 1, "\\u001b": 2}}': r"the key '\\x1b' twice",
    b"NaN": "NaN, which is no number of JSON",
    b"[-Infinity]": "-Infinity, which is no number",
    b"1e999": "the number 1e999, which is too large",
    b"-1" + b"0" * 400 + b".5": "which is too large",
    b"9" * 5000: "limit",
    b"[" * 100_000: "memory",
    b"[" * 3000: "too deep",
    b'{"a":' * 1200: "too deep",
    b"\xff": "utf-8",
    b'"\x1b"': "control character",
    b"{}".decode().encode("utf-16"): "utf-8",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_json_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=REFUSED[text]) as caught:
        from_json(text)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 200


def test_numbers_that_python_writes_are_read_where_they_are_expected():
    assert str(from_json(b"[NaN, Infinity, 1e999]", numbers=True)) == "[nan, inf, inf]"


SHAPES = (
    *(
        b"[" + b",".join([part] * 3000) + b"]"
        for part in (b"[]", b"{}", b"1.5", b"1234567", b'"ab"', b"[[]]")
    ),
    b"[" + b",".join(b'{"%d":1}' % k for k in range(3000)) + b"]",
    b"{" + b",".join(b'"%d":1' % k for k in range(3000)) + b"}",
    b"{" + b",".join(b'"%d":{"%d":[]}' % (k, k) for k in range(3000)) + b"}",
    b'["' + b"x" * 9000 + b'\xf0\x9f\x98\x80"]',
    b'{"' + b"x" * 9000 + b'\xf0\x9f\x98\x80":1}',
)


@pytest.mark.parametrize("text", SHAPES, ids=range(len(SHAPES)))
def test_data_takes_no_more_memory_than_it_costs(text):
    tracemalloc.start()
    from_json(text, MB * 8)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= cost(text) + 3000
    with pytest.raises(ValueError, match="too much memory"):
        from_json(text, cost(text) - 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a = 1\na = 2", "overwrite"),
        (b"a =", "Invalid value"),
        (b"a = " + b"[" * 400, "too deep|Invalid|Unclosed|value"),
        (b"a = " + b"9" * 101, "more than 100 digits"),
        (b"a = 0." + b"9" * 101, "more than 100 digits"),
        (b"a" + b".a" * 600 + b" = 1", f"more than {MOST_NESTING} dots and brackets"),
        (b"a = 0x" + b"f" * 200, "more than 100 digits"),
        (b"a = " + b"9" * 5000, "more than 100 digits"),
        (b"\xff", "utf-8"),
    ],
)
def test_toml_that_is_none_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        from_toml(text)


def test_a_number_of_100_digits_and_a_ruler_are_read():
    assert from_toml(b"# " + b"_" * 200 + b"\na = " + b"9" * 100) == {"a": 10**100 - 1}


@pytest.mark.parametrize("end", [b" = 1", b"", b"]"])
def test_toml_of_many_dots_takes_little_memory(end):
    text = (b"[" if end == b"]" else b"") + b"a" + b".a" * (MOST_NESTING - 1) + end
    tracemalloc.start()
    with suppress(ValueError):
        from_toml(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MB


def test_toml_is_read():
    assert from_toml("a = 1\n[b]\nc = '☃' # and more".encode()) == {"a": 1, "b": {"c": "☃"}}


def entries(text):
    reader = Reader(text)
    found = {name: reader.small() for name in reader.entries()}
    reader.end()
    return found


def test_a_long_object_is_read_entry_by_entry():
    assert entries(' { "a" : {"b": [1]} ,\n"c": {} } \t') == {"a": {"b": [1]}, "c": {}}
    assert entries("{}") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the end at character 0, where { belongs"),
        ("[]", r"'\[' at character 0"),
        ('{"a"', "the end at character 4, where : belongs"),
        ("{a:{}}", "'a' at character 1, where \" belongs"),
        ('{"a":{}', "where , or } belongs"),
        ('{"a":{},}', 'where " belongs'),
        ('{"a":{}}x', "something after the object, at character 8"),
        ('{"a":{"b":1,"b":2}}', "the key 'b' twice"),
        ('{"a":{"b":' + "1" * 2000 + "}}", "no end nearby"),
        ('{"a":{"b":"}"}}', "Unterminated"),
        ('{"a":1}', "no end|Extra|Expecting|belongs"),
        ('{"a', "Unterminated"),
        ('{"\x1b":{}}', "control character"),
    ],
)
def test_a_long_object_that_is_none(text, said):
    with pytest.raises(ValueError, match=said) as caught:
        entries(text)
    assert str(caught.value).isprintable()
