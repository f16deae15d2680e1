"""Groups of ops that run together, and where every value lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from ..graph import Reduction, Spec
from .flow import Flow, Op
from .pixels import ConvAbreast, InputAbreast, Pixels, lanes_of
from .sums import PRODUCTS
from .tiles import WinogradPixels
from .views import View, contiguous, moved

ON_PICTURES = (ConvAbreast, InputAbreast)
"""Gates of pictures abreast with an epilogue; their filters are read where they lie."""

LOOP, PRODUCT, SINGLE = "loop", "product", "single"


@dataclass
class Group:
    """Ops that run together.

    kind:   LOOP: elementwise ops and reductions over one space; PRODUCT: a matrix product and what follows
            element by element; SINGLE: an op with a kernel of its own, or none
    space:  the shape that is looped over;  axes: those that its reductions reduce
    aside:  whether nothing needs it but those who want to see what it makes
    stages: loops that are done one after the other for each row, if it is made of several
    """

    kind: str
    space: tuple[int, ...]
    ops: list[Op]
    axes: tuple[int, ...] | None = None
    aside: bool = False
    stages: list[Group] = field(default_factory=list)

    def rows(self) -> tuple[int, ...]:
        """The space of a product as (B, M, N): a stack of matrices, or all pixels of all pictures as one; by Winograd's
        algorithm as (N, H', W', F); of pictures abreast as (F, H', places, lanes).
        """
        if isinstance(self.ops[0].gate, WinogradPixels):
            return self.space
        if isinstance(self.ops[0].gate, ON_PICTURES):
            f, high, wide, many = self.space
            return f, high, *lanes_of(getattr(self.ops[0].gate, "stride", (1, 1)), wide, many)
        stack = self.space[:-2] if isinstance(self.ops[0].gate, PRODUCTS) else ()
        return size(stack), size(self.space[len(stack) : -1]), self.space[-1]

    def makes(self) -> Iterator[int]:
        """The values of all its ops."""
        return (n for op in self.ops for n in op.outputs)

    def elementwise(self) -> set[int]:
        """Its values that have the shape of the space."""
        if self.stages:
            return {n for stage in self.stages if stage.space == self.space for n in stage.elementwise()}
        return {op.outputs[0] for op in self.ops if not isinstance(op.gate, Reduction | Pixels)}


@dataclass
class Groups:
    """All groups in an order in which they can run, and where every value lies.

    homes:  where values lie that are written straight into a stretch of a joined one
    maker:  the group that makes a value;  depends: for each group a bit for every group it waits for
    reading:  the groups that read the memory of a value
    awaited:  a bit for every group that some group may wait for
    summed:   values that are only summed up: a product would have to store them for that
    twins:    values that are the same as another one, made once more to lie elsewhere
    past:     values that are handed out, so large that nobody finds them in a cache, and read by nobody here
    solids:   for a value, whether it is a right factor, and the shape of the stack: what a product reads in its place
    """

    flow: Flow
    groups: list[Group] = field(default_factory=list)
    views: dict[int, View] = field(default_factory=dict)
    maker: dict[int, int] = field(default_factory=dict)
    depends: list[int] = field(default_factory=list)
    reading: dict[int, set[int]] = field(default_factory=dict)
    awaited: int = 0
    homes: dict[int, View] = field(default_factory=dict)
    summed: set[int] = field(default_factory=set)
    twins: dict[int, int] = field(default_factory=dict)
    past: set[int] = field(default_factory=set)
    solids: dict[tuple[int, bool, tuple[int, ...]], int] = field(default_factory=dict)
    _uses: Counter[View] | None = None
    _panels: dict[tuple[View, tuple[int, int, int], int], int] = field(default_factory=dict)

    def view(self, number: int) -> View:
        """Where a value lies; one that no op makes lies in memory of its own."""
        seen = self.views.get(number)
        if seen is None:
            real = self.flow.real(number)
            shape = self.flow.specs[real].shape
            seen = self.views[number] = self.views.get(real) or View(real, shape, contiguous(shape))
        return seen

    def home(self, number: int) -> View:
        """Where a group writes a value that it makes."""
        shape = self.flow.specs[number].shape
        return self.homes.get(number) or View(number, shape, contiguous(shape))

    def place(self, view: View) -> View:
        """Where the elements of a view are in the end, if its base has a home elsewhere."""
        home = self.homes.get(view.base)
        return view if home is None else moved(view, home.shape, home) or view

    def memory(self, number: int) -> int:
        """The value in whose memory the numbers of a value are in the end."""
        return self.home(self.view(number).base).base

    def panels(self, view: View, stack: tuple[int, int, int], columns: int) -> int:
        """The number of the panels into which a stack (many, K, N) of matrices is packed; the same ones share them."""
        key = (view, stack, columns)
        if key not in self._panels:
            many, depth, n = stack
            shape = (many, -(-n // columns), depth, columns)
            self._panels[key] = self.flow.new(Spec(shape, self.flow.specs[view.base].dtype))
        return self._panels[key]

    def product_uses(self, view: View) -> int:
        """How many products read a stack of matrices as their right factor."""
        if self._uses is None:
            ops = (group.ops[0] for group in self.groups if group.kind == PRODUCT and not group.aside)
            self._uses = Counter(self.place(self.view(n)) for op in ops for n in op.inputs[1::2])
        return self._uses[view]

    def makers(self, op: Op) -> list[int]:
        """The groups whose memory an op reads."""
        bases = (self.view(n).base for n in op.inputs)
        return sorted({self.maker[b] for b in bases if b in self.maker})

    def waits(self, later: int, earlier: int) -> bool:
        """Whether a group waits for another."""
        return bool(self.depends[later] >> earlier & 1)

    def behind(self, some: Set[int]) -> set[int]:
        """Some groups, and all that wait for one of them."""
        mask = sum(1 << k for k in some)
        return {k for k, known in enumerate(self.depends) if k in some or known & mask}

    def order(self, later: int, earlier: int) -> None:
        """Let a group, and all that wait for it, wait for another."""
        more = self.depends[earlier] | 1 << earlier
        self.awaited |= more
        if not self.awaited >> later & 1:
            self.depends[later] |= more
            return
        for number, known in enumerate(self.depends):
            if number == later or known >> later & 1:
                self.depends[number] = known | more

    def add(self, group: Group) -> int:
        """A new group at the end."""
        self.groups.append(group)
        self.depends.append(0)
        self.enter(len(self.groups) - 1, group.ops[0])
        return len(self.groups) - 1

    def enter(self, number: int, op: Op) -> None:
        """Note what a group makes, and for whom it waits."""
        for earlier in self.makers(op):
            if earlier != number and not self.waits(number, earlier):
                self.order(number, earlier)
        for n in op.inputs:
            self.reading.setdefault(self.view(n).base, set()).add(number)
        for n in op.outputs:
            self.maker[n] = number


def ones(mask: int) -> Iterator[int]:
    """The places of the bits of a number, the lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def aligned(groups: Groups, view: View, space: tuple[int, ...]) -> bool:
    """Whether each element of the space reads the element of the same row-major number."""
    own = groups.flow.specs[view.base]
    return view.whole and view.offset == 0 and view.size == own.size == size(space)


def arrays(groups: Groups, group: Group, op: Op | None = None) -> set[int]:
    """The values from outside that a group reads, with one more op."""
    ops = [*group.ops, op] if op is not None else group.ops
    made = {n for o in ops for n in o.outputs}
    return {b for o in ops for n in o.inputs if (b := groups.view(n).base) not in made}


def size(shape: tuple[int, ...]) -> int:
    total = 1
    for n in shape:
        total *= n
    return total
