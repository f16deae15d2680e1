"""What an element hands back, as a clause with numbers: a function for each pattern of a gate."""

from __future__ import annotations

from collections.abc import Callable

from .digits import TIMES, number, place
from .element import Element, Read
from .made import listed, probabilities


def handed(element: Element) -> str:
    """The clause of one element with an upstream gradient.

    >>> import chainrule as cr
    >>> def step(x, y):
    ...     out = cr.maximum(x, y)
    ...     (out * 2).backward()
    >>> x, y = (cr.Tensor(n, requires_grad=True) for n in (3.0, 5.0))
    >>> handed(cr.debug(step, x, y).element("maximum"))
    'routes 2.00 to y, nothing to x'
    """
    if not list(element.receivers()):
        return "nothing goes back: all inputs are constants"
    return HANDED.get(element.gate.pattern, sent)(element)


def times(upstream: float, slope: float) -> str:
    """
    >>> times(2.0, -3.0)
    '2.00 × −3.00 = −6.00'
    """
    return f"{number(upstream)} {TIMES} {number(slope)} = {number(upstream * slope)}"


def sent(element: Element) -> str:
    """To each input upstream × slope; of several elements the one that gets most."""
    return listed([to(read, element.upstream or 0.0) for read in element.receivers()])


def to(read: Read, upstream: float) -> str:
    """What goes to one input."""
    if not read.reached:
        return f"nothing to {read.name}"
    most = read.reached[0]
    words = f"{times(upstream, read.steepness(most))} to {place(read.name, most)}"
    return words if len(read.reached) == 1 else f"{words} (largest of {len(read.reached):,})"


def passed(element: Element) -> str:
    """Handed on as it came, at most with another sign."""
    upstream = element.upstream or 0.0
    words = [
        f"{number(upstream * read.steepness(at))} to {place(read.name, at)}"
        for read in element.receivers()
        for at in read.reached
    ]
    return f"hands {listed(words)}" if words else "hands nothing on"


def routed(element: Element) -> str:
    """All to the one that won."""
    won = [place(read.name, read.reached[0]) for read in element.receivers() if read.reached]
    lost = [f"nothing to {read.name}" for read in element.receivers() if not read.reached]
    return f"routes {', '.join([*(f'{number(element.upstream)} to {at}' for at in won), *lost])}"


def moved(element: Element) -> str:
    """Back to where the number came from."""
    for read in element.receivers():
        if read.reached:
            return f"moves {number(element.upstream)} back to {place(read.name, read.reached[0])}"
    return "moves nothing back"


def spread(element: Element) -> str:
    """The same to all that were summed."""
    upstream = element.upstream or 0.0
    words = []
    for read in element.receivers():
        if read.reached:
            slope = read.steepness(read.reached[0])
            share = number(upstream) if slope == 1 else times(upstream, slope)
            each = f"each of {len(read.reached):,} elements of {read.name}"
            words.append(f"{share} to {each if len(read.reached) > 1 else place(read.name, read.reached[0])}")
    return f"spreads {listed(words)}" if words else "spreads nothing: it is made of no element"


def judged(element: Element) -> str:
    """(p − 1) / N to the right class, p / N to the others."""
    upstream, read = element.upstream or 0.0, element.reads[0]
    if element.gate.label != "softmax_cross_entropy":
        return to(read, upstream)
    shares, right = probabilities(element)
    first, *rest = element.index
    own = place(read.name, (first, right, *rest))
    words = f"({number(float(shares[right]))} − 1) {TIMES} {number(upstream)}"
    words += f" = {number((float(shares[right]) - 1) * upstream)} to {own}"
    if len(shares) == 1:
        return words
    wrong = max((k for k in range(len(shares)) if k != right), key=lambda k: float(shares[k]))
    return f"{words}, of the others the most to class {wrong}, {times(float(shares[wrong]), upstream)}"


HANDED: dict[str, Callable[[Element], str]] = {
    "hands": passed,
    "routes": routed,
    "moves": moved,
    "spreads": spread,
    "judges": judged,
}
