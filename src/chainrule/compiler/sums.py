"""Sums of products: matrix products that are only added up become one product of several pairs of factors.

So do a recurrent step, input and hidden value each times its weights, and the gradients of weights that are read at
several steps in time, a few steps at once: the sum stays in registers, and goes to memory once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..graph import Gate, Program, Spec, gate
from ..ops.arithmetic import Add
from ..ops.linear import Matmul
from .flow import Flow, Op

MOST_PAIRS = 4
"""Pairs of factors of one product: their kernel is written out for each, and they should stay in the cache."""
LARGE = 1 << 20
"""Bytes of a right factor beyond which a product is made in a way of its own."""


@gate
class Products(Gate):
    """out = a₁ · b₁ + a₂ · b₂ + …, of matrices a₁, b₁, a₂, b₂, …: one chain of sums for each element"""

    def spec(self, *factors: Spec) -> Spec:
        return Matmul().spec(*factors[:2])

    def multiply_adds(self, *factors: Spec) -> int:
        return sum(Matmul().multiply_adds(a, b) for a, b in zip(factors[::2], factors[1::2], strict=True))

    def forward(self, *factors: np.ndarray) -> Any:
        return sum(a @ b for a, b in zip(factors[::2], factors[1::2], strict=True))


PRODUCTS = (Matmul, Products)
"""Gates whose kernel is the product of matrices."""


class Chain(NamedTuple):
    """Values that are added up one after the other: totals[k] = leaves[0] + … + leaves[k], made by op adds[k].

    The first total is the first leaf, and has no op.
    """

    leaves: list[int]
    totals: list[int]
    adds: list[int]


def regroup(flow: Flow, fixed: Iterable[int]) -> None:
    """Write the sums of products of a flow anew.  fixed: values that are needed as they are.

    What is not made any more is left in `flow.aside`: for each such value the ops that make it, for those who want
    to see it.
    """
    Regrouping(flow, fixed).run()


def ways_back(program: Program) -> list[int]:
    """For each line, how often the step had gone back and turned forward again."""
    counts, before = list[int](), ""
    for line in program.lines:
        turned = before == "backward" and line.phase == "forward"
        counts.append((counts[-1] if counts else 0) + turned)
        before = line.phase
    return counts


class Regrouping:
    """The rewriting of one flow.

    makers:  the place of the op that makes a value;  uses: how often a value is read
    instead: for the place of an op those that take its place
    ways:    for each line, how often the step went back before
    """

    def __init__(self, flow: Flow, fixed: Iterable[int]) -> None:
        self.flow = flow
        self.makers = {n: place for place, op in enumerate(flow.ops) for n in op.outputs}
        self.uses = Counter(n for op in flow.ops for n in op.inputs)
        self.uses.update(2 * [flow.real(n) for n in fixed])
        self.instead: dict[int, list[Op]] = {}
        self.ways = ways_back(flow.program)

    def run(self) -> None:
        seen: set[int] = set()
        for place in reversed(range(len(self.flow.ops))):
            if place not in seen and self.adds(place):
                chain = self.chain(place)
                seen.update(chain.adds)
                self.cut(chain)
        places = range(len(self.flow.ops))
        ops = [op for place in places for op in self.instead.get(place, [self.flow.ops[place]])]
        self.flow.ops = [replace(op, rank=rank) for rank, op in enumerate(ops)]

    def adds(self, place: int | None) -> bool:
        """Whether an op adds matrices of floats."""
        if place is None or not isinstance(self.flow.ops[place].gate, Add):
            return False
        spec = self.flow.specs[self.flow.ops[place].outputs[0]]
        return spec.ndim == 2 and spec.floating and not self.flow.updates(self.flow.ops[place])

    def once(self, number: int, like: int) -> int | None:
        """The place of the op that makes a value which is read once and has the shape of another."""
        specs, place = self.flow.specs, self.makers.get(number)
        return place if self.uses[number] == 1 and specs[number] == specs[like] else None

    def chain(self, place: int) -> Chain:
        """The longest chain of sums that ends with an op."""
        leaves, totals, adds = list[int](), list[int](), list[int]()
        total = self.flow.ops[place].outputs[0]
        while True:
            adds.append(place)
            totals.append(total)
            first, second = self.flow.ops[place].inputs
            before = {n: self.once(n, total) for n in (second, first)}
            earlier = [n for n, maker in before.items() if self.adds(maker)]
            total = earlier[-1] if earlier else first
            leaves.append(second if total == first else first)
            if not earlier:
                return Chain([total, *reversed(leaves)], [total, *reversed(totals)], adds[::-1])
            place = self.makers[total]

    def product(self, number: int, like: int) -> Op | None:
        """The product of two matrices that makes a leaf, if nobody else reads it."""
        place = self.once(number, like)
        op = None if place is None else self.flow.ops[place]
        if op is None or not isinstance(op.gate, Matmul):
            return None
        right = self.flow.specs[op.inputs[1]]
        return op if right.size * right.dtype.itemsize <= LARGE else None

    def cut(self, chain: Chain) -> None:
        """Cut a chain into stretches of a few products each, and write those anew that have several.  Where a step goes
        back several times, a stretch ends with each, unless what would wait for the next is smaller than the sum.
        """
        start, pairs, there = 0, 0, -1
        for k, leaf in enumerate(chain.leaves):
            product = self.product(leaf, chain.totals[-1])
            if product is not None:
                other = pairs > 0 and self.ways[product.line] != there and self.waits(product)
                if other or pairs == MOST_PAIRS:
                    self.write(chain, start, k - 1)
                    start, pairs = k, 0
                pairs, there = pairs + 1, self.ways[product.line]
        self.write(chain, start, len(chain.leaves) - 1)

    def waits(self, product: Op) -> bool:
        """Whether the factors of a product are larger than what it makes."""
        specs = self.flow.specs
        return sum(specs[n].size for n in product.inputs) > specs[product.outputs[0]].size

    def write(self, chain: Chain, start: int, stop: int) -> None:
        """Let the leaves from start to stop be added up in one go; the total before them is one more term."""
        like = chain.totals[-1]
        products = {k: op for k in range(start, stop + 1) if (op := self.product(chain.leaves[k], like))}
        if len(products) < 2:
            return
        for k in range(start, stop + 1):
            terms = [products.get(j, chain.leaves[j]) for j in range(start, k + 1)]
            terms += [chain.totals[start - 1]] * (start > 0)
            last = self.flow.ops[chain.adds[k - 1]] if k else None
            if k in products:
                self.instead[self.makers[chain.leaves[k]]] = []
                self.flow.aside[chain.leaves[k]] = [products[k]]
            if last is not None:
                made = self.written(terms, chain.totals[k], last.line)
                self.instead[chain.adds[k - 1]] = made if k == stop else []
                self.flow.sums.add(last.line)
                if k < stop:
                    self.flow.aside[chain.totals[k]] = made

    def written(self, terms: list[Op | int], total: int, line: int) -> list[Op]:
        """The ops that add terms up to a total: the products at once, then the others."""
        factors = [n for term in terms if isinstance(term, Op) for n in term.inputs]
        others = [term for term in terms if isinstance(term, int)]
        spec, made = self.flow.specs[total], list[Op]()
        if factors:
            made.append(Op(Products(), tuple(factors), (self.flow.new(spec),), line))
        running = made[-1].outputs[0] if made else others.pop(0)
        for other in others:
            made.append(Op(Add(), (running, other), (self.flow.new(spec),), line))
            running = made[-1].outputs[0]
        made[-1] = replace(made[-1], outputs=(total,))
        return made
