"""The machine that kernels are compiled for, and how LLVM is asked to do it: our own short list of passes."""

from __future__ import annotations

import platform
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...errors import CompileError

INSTALL = "pip install llvmlite"


@dataclass(frozen=True)
class Target:
    """A processor: LLVM's triple, its name, its features."""

    triple: str
    cpu: str
    features: str

    def has(self, feature: str) -> bool:
        """Whether the processor has a feature, by LLVM's name of it."""
        return f"+{feature}" in self.features.split(",")

    @property
    def masks(self) -> bool:
        """Whether a load under a mask takes about as long as one without."""
        return self.has("avx2")

    @property
    def registers(self) -> tuple[int, int]:
        """How many vector registers, and their bytes."""
        if self.has("avx512f") and self.has("avx512vl"):
            return 32, 64
        if self.triple.startswith(("aarch64", "arm64")):
            return 32, 16
        return 16, 32

    @property
    def halves(self) -> bool:
        """Whether a multiply-add as wide as a register is made in two halves, one after the other."""
        return self.cpu == "znver4"


_loading = threading.Lock()


@cache
def binding() -> Any:
    """LLVM, loaded at the first compile so that importing chainrule stays cheap."""
    try:
        import llvmlite.binding as llvm  # type: ignore[import-untyped]  # noqa: PLC0415
    except Exception as error:  # a broken installation raises OSError and others
        came = f"llvmlite cannot be loaded ({error})"
        raise CompileError("compile", came, "llvmlite 0.45 or newer", INSTALL) from None
    with _loading:  # LLVM's list of targets is not made for two at once
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    return llvm


@cache
def host() -> Target:
    """The processor that runs this; CompileError where it cannot multiply and add in one step."""
    llvm = binding()
    target = Target(
        llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    )
    arm = target.triple.startswith(("aarch64", "arm64"))
    if not arm and not (target.has("fma") and target.has("avx2")):
        came = f"a processor {target.cpu} without AVX2 and FMA"
        raise CompileError("compile", came, "AVX2 and FMA, or aarch64", 'fallback="plain"')
    return target


def processor() -> str:
    """The name of this processor, as LLVM has it; of its kind where there is no LLVM for it."""
    try:
        return host().cpu
    except CompileError:
        return platform.machine() or "unknown"


def new_machine(target: Target) -> Any:
    """A code generator of LLVM's for a target; an engine owns the one it is given."""
    llvm = binding()
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=1, reloc="pic", codemodel="small", jit=True
    )


@cache
def machine_of(target: Target) -> Any:
    """The code generator that writes objects, kept."""
    return new_machine(target)


MOST_BLOCKS = 300
"""Labels from which on a module goes without global value numbering: LLVM's ends the process when it has to look at
one value a hundred times, as with 485 blocks it did.
"""


def to_object(text: str, target: Target) -> bytes:
    """Machine code of a module's text, as an object file."""
    code: bytes = machine_of(target).emit_object(optimized(text, target))
    return code


def to_assembly(text: str, target: Target) -> str:
    """The same machine code for people."""
    return str(machine_of(target).emit_assembly(optimized(text, target)))


def optimized(text: str, target: Target) -> Any:
    """A module after our passes."""
    module, machine = verified(text), machine_of(target)
    llvm = binding()
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    builder = llvm.create_pass_builder(machine, options)
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    if text.count("\n  b") < MOST_BLOCKS:
        passes.add_new_gvn_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, builder)
    return module


def verified(text: str) -> Any:
    """A module of LLVM's from its text, checked."""
    try:
        module = binding().parse_assembly(text)
        module.verify()
    except RuntimeError as error:
        raise CompileError(
            "compile", f"LLVM refuses a kernel: {error}", "valid code", "report this"
        ) from None
    return module
