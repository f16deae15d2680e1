"""Random steps over the whole table of gates: compiled they are what they are plain."""

from collections import Counter

import numpy as np
import pytest

from chainrule.compiler import chains
from tests.laws.rows import KERNELS
from tests.laws.table import TABLE

from .fuzz import main
from .random_graphs import alive, calm, compared, difference, drawn, minimal

GRAPHS = 200
BLOCKS = 8
COVERAGE: Counter[str] = Counter()


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_steps_compiled_are_plain(block, monkeypatch):
    """Half of them with chains of loops over a few short rows too."""
    if block % 2:
        monkeypatch.setattr(chains, "LEAST_ROWS", 2)
        monkeypatch.setattr(chains, "LEAST_WIDTH", 2)
    for seed in range(block, GRAPHS, BLOCKS):
        wrong = compared(drawn(seed), COVERAGE)
        assert not wrong, f"python -m tests.compiler.fuzz --seed {seed} --graphs 1: {wrong}"
        COVERAGE["graphs"] += 1


def test_they_meet_every_kernel_and_every_native_gate():
    if COVERAGE["graphs"] < GRAPHS:
        pytest.skip("the graphs did not all run")
    few = {"winograd"}  # takes more channels than these graphs have: tests/compiler/test_winograd.py
    families = (KERNELS - {"view", "parts"} - few) | {"pack", "fill", "check", "rows"}
    rare = {name: COVERAGE[f"kernel {name}"] for name in families if COVERAGE[f"kernel {name}"] < 5}
    assert not rare, f"too rare: {rare}"
    native = {row.name for row in TABLE.values() if row.kernels}
    missed = {name for name in native if not COVERAGE[f"native {name}"]}
    assert not missed, f"never met: {missed}"
    assert COVERAGE["sums of products"] >= 5
    assert COVERAGE["numpy Argsort"] and not COVERAGE["numpy Index"]
    assert COVERAGE["beside a kink"] <= GRAPHS // 20
    print(dict(sorted(COVERAGE.items())))


def test_recipes_are_drawn_from_their_seed():
    for seed in (3, 5):
        one, other = drawn(seed), drawn(seed)
        assert str(one) == str(other)
        assert all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
        assert calm(one) and str(alive(one)) == str(one)


def test_a_difference_is_seen():
    right = {"output 0": np.ones(3), "count": np.asarray(2)}
    assert difference(right, right, right, tight=True) == ""
    assert "output 0" in difference({**right, "output 0": np.ones(3) + 1e-8}, right, right, tight=True)
    assert "count" in difference({**right, "count": np.asarray(3)}, right, right, tight=False)
    assert "output 0" in difference({**right, "output 0": np.ones((3, 1))}, right, right, tight=False)
    assert "output 0" in difference({**right, "output 0": np.full(3, np.nan)}, right, right, tight=False)


def test_a_recipe_that_fails_becomes_small():
    recipe = drawn(next(s for s in range(99) if any("softmax" in n.label for n in drawn(s).nodes)))
    fails = lambda other: any("softmax" in node.label for node in other.nodes)  # noqa: E731
    small = minimal(recipe, fails)
    assert fails(small) and len(small.nodes) <= 3


def test_the_command_runs_for_a_while(capsys):
    assert main(["--graphs", "2", "--seed", "1"]) == 0
    out = capsys.readouterr().out
    assert "2 graphs, no difference" in out and "kernel loop" in out
