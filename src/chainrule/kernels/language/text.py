"""The text of one function in LLVM's language, while it is written."""

from __future__ import annotations

from collections.abc import Sequence

from .instructions import type_of


class Text:
    """Instructions in their blocks, those at the function's top, and what they call."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.entry: list[str] = []
        self.declared: dict[str, str] = {}
        self.block = "start"
        self.count = 0

    def body(self) -> str:
        """What stands between the braces."""
        return "\n  ".join(["entry:", *self.entry, "br label %start", "start:", *self.lines, "ret void"])

    def name(self) -> str:
        """A name for a value, that nothing else has."""
        self.count += 1
        return f"%v{self.count}"

    def new(self, instruction: str) -> str:
        """Write an instruction; returns the name of its result."""
        name = self.name()
        self.lines.append(f"{name} = {instruction}")
        return name

    def reserve(self, what: str) -> str:
        """Memory on the stack, given at the top; returns its address."""
        self.count += 1
        place = f"%s{self.count}"
        self.entry.append(f"{place} = alloca {what}")
        return place

    def label(self) -> str:
        """A name for a block, that no other has."""
        self.count += 1
        return f"b{self.count}"

    def enter(self, block: str) -> None:
        """What follows stands in this block."""
        self.lines.append(f"{block}:")
        self.block = block

    def call(self, result: str, name: str, *arguments: str) -> str:
        """Call an intrinsic; arguments are "type value".  Of masked ones the form that LLVM 20 to 22 all know."""
        self.declare(result, name, arguments)
        instruction = f"call {result} @{name}({', '.join(arguments)})"
        if result == "void":
            self.lines.append(instruction)
            return ""
        return self.new(instruction)

    def declare(self, result: str, name: str, arguments: Sequence[str]) -> None:
        """Name an intrinsic that is called, once."""
        self.declared[name] = f"declare {result} @{name}({', '.join(map(type_of, arguments))})"
