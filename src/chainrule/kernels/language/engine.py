"""From the text of kernels to their addresses: compiled once, kept on disk, loaded for the life of the process."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from .cache import Cache
from .llvm import Written
from .target import Target, binding, host, new_machine, to_object

VERSION = 2
"""Counted up when the passes change: part of what a cached object is found by."""


class Engine:
    """Holds every compiled kernel of the process; the code stays where it is until the process ends."""

    def __init__(self, target: Target | None = None, cache: Cache | None = None) -> None:
        self.target = target or host()
        self.cache = cache if cache is not None else Cache.usual()
        self.addresses: dict[str, int] = {}
        self.compiled = 0
        self.lock = threading.Lock()
        llvm = binding()
        self._jit: Any = llvm.create_mcjit_compiler(llvm.parse_assembly(""), new_machine(self.target))

    def load(self, kernels: Iterable[Written]) -> dict[str, int]:
        """The addresses of kernels, by name; what is not known yet is compiled in one module."""
        with self.lock:
            new = {kernel.name: kernel for kernel in kernels if kernel.name not in self.addresses}
            missing = [kernel for kernel in new.values() if not self.from_disk(kernel)]
            if missing:
                self.compile(missing)
            return self.addresses

    def load_text(self, text: str, names: list[str]) -> list[int]:
        """The addresses of functions of a module that is not a kernel: the driver."""
        with self.lock:
            if names[0] not in self.addresses:
                written = Written(names[0], text, ())
                code = self.cache.read(self.key(written))
                if code is None:
                    code = to_object(text, self.target)
                    self.compiled += 1
                    self.cache.write(self.key(written), code)
                self.add(code, names)
            return [self.addresses[name] for name in names]

    def from_disk(self, kernel: Written) -> bool:
        """Take a kernel from the cache, if it is there and whole."""
        code = self.cache.read(self.key(kernel))
        if code is not None:
            self.add(code, [kernel.name])
        return code is not None

    def compile(self, kernels: list[Written]) -> None:
        """Compile each kernel to an object of its own, so that each can be found again."""
        for kernel in kernels:
            code = to_object("\n".join([*kernel.declared, kernel.text]), self.target)
            self.compiled += 1
            self.cache.write(self.key(kernel), code)
            self.add(code, [kernel.name])

    def add(self, code: bytes, names: list[str]) -> None:
        """Load an object that we made: of any other bytes LLVM may die, so the cache has a checksum."""
        self._jit.add_object_file(binding().ObjectFileRef.from_data(code))
        self._jit.finalize_object()
        for name in names:
            self.addresses[name] = self._jit.get_function_address(name)

    def key(self, kernel: Written) -> str:
        """Everything that the machine code depends on."""
        llvm = ".".join(map(str, binding().llvm_version_info))
        return "\n".join(
            [str(VERSION), llvm, self.target.triple, self.target.cpu, self.target.features, kernel.text]
        )


_engine: Engine | None = None
_making = threading.Lock()


def engine() -> Engine:
    """The engine of this process: of two made at once, one would be freed, and its code with it."""
    global _engine
    with _making:
        if _engine is None:
            _engine = Engine()
        return _engine
