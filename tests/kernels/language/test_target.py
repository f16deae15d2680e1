import re
import sys
from pathlib import Path

import pytest

import chainrule
from chainrule.errors import CompileError
from chainrule.kernels.language import target as room
from chainrule.kernels.language import write
from chainrule.kernels.language.target import Target, binding, host, machine_of, to_object, verified
from chainrule.kernels.language.types import F32, I64

from .primitives import DTYPES, all_operations, memory

AVX512 = Target(
    "x86_64-unknown-linux-gnu", "skylake-avx512", "+avx512f,+avx512vl,+avx512bw,+avx512dq,+fma,+avx2"
)
AVX2 = Target("x86_64-unknown-linux-gnu", "haswell", "+fma,+avx2")
ARM = Target("aarch64-unknown-linux-gnu", "generic", "")
NEOVERSE = Target("aarch64-unknown-linux-gnu", "neoverse-n1", "")
TARGETS = {"avx512": AVX512, "avx2": AVX2, "aarch64": ARM, "neoverse": NEOVERSE}
ELF_MACHINE = {"x86_64": 62, "aarch64": 183}


def module(kernel):
    written = write(kernel)
    return "\n".join([*written.declared, written.text])


CASES = [(name, dtype) for name in ("avx512", "aarch64") for dtype in DTYPES]
CASES += [(name, dtype) for name in ("avx2", "neoverse") for dtype in (F32, I64)]


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=str)
def test_every_primitive_becomes_code_of_every_target(name, dtype):
    target = TARGETS[name]
    for kernel in (memory(dtype), all_operations(dtype)):
        code = to_object(module(kernel), target)
        assert code[:4] == b"\x7fELF"
        assert int.from_bytes(code[18:20], "little") == ELF_MACHINE[target.triple.split("-")[0]]
        assert not undefined(code)


def loops_in_loops(k):
    """Hundreds of loops, some inside others: more than LLVM's value numbering goes through."""
    x, count = k.pointer(0, F32), k.integer(1)
    for outer in k.range(count):
        for number in range(150):
            for i in k.range(outer + number):
                for _ in k.when(i < count):
                    k.prefetch(x, i * count + outer)
    k.store(x, 0, k.load(x, 0) + 1.0)


def test_very_many_loops_become_code():
    text = module(loops_in_loops)
    assert text.count("\n  b") > room.MOST_BLOCKS
    assert not undefined(to_object(text, host()))
    assert module(memory(F32)).count("\n  b") < room.MOST_BLOCKS


def undefined(code):
    """The names that an object wants from elsewhere: it must be whole, without a library."""

    def number(at, size):
        return int.from_bytes(code[at : at + size], "little")

    sections = [number(0x28, 8) + n * number(0x3A, 2) for n in range(number(0x3C, 2))]
    names = []
    for s in sections:
        if number(s + 4, 4) == 2:  # the table of symbols
            strings = number(sections[number(s + 0x28, 4)] + 0x18, 8)
            for symbol in range(number(s + 0x18, 8) + 24, number(s + 0x18, 8) + number(s + 0x20, 8), 24):
                if number(symbol + 6, 2) == 0:
                    name = strings + number(symbol, 4)
                    names.append(code[name : code.index(b"\0", name)].decode())
    return names


def test_undefined_names_are_found():
    assert undefined(
        to_object("declare void @far()\ndefine void @f() {\n call void @far()\n ret void\n}", ARM)
    ) == ["far"]


def test_wide_registers_are_used_where_there_are_any():
    text = {
        name: machine_of(t).emit_assembly(verified(module(all_operations(F32))))
        for name, t in TARGETS.items()
    }
    assert re.search("[yz]mm(1[6-9]|2[0-9]|3[01])", text["avx512"])
    assert "ymm" in text["avx2"] and "zmm" not in text["avx2"]
    assert re.search(r"v\d+\.4s", text["aarch64"])


def test_registers():
    assert AVX512.registers == (32, 64)
    assert AVX2.registers == (16, 32)
    assert ARM.registers == (32, 16)


def test_which_processor_makes_wide_multiply_adds_in_halves():
    assert Target(AVX512.triple, "znver4", AVX512.features).halves
    assert not AVX512.halves and not AVX2.halves


def test_features_are_whole_names():
    assert AVX2.has("fma") and not AVX2.has("fm")
    assert not Target("", "", "-fma,+fma4").has("fma")


def test_the_host_is_one_of_them():
    target = host()
    assert host() is target
    assert target.registers in ((32, 64), (16, 32), (32, 16))
    assert to_object("define void @f() {\n ret void\n}", target)


class Pretender:
    """LLVM on another processor."""

    def __init__(self, triple, features):
        self.triple, self.features = triple, features

    def get_process_triple(self):
        return self.triple

    def get_host_cpu_name(self):
        return "oldtimer"

    def get_host_cpu_features(self):
        return self

    def flatten(self):
        return self.features


@pytest.mark.parametrize("features", ["+avx2", "+fma", "-fma,-avx2", "+avx,+fma4", ""])
def test_a_processor_without_fma_is_refused(monkeypatch, features):
    monkeypatch.setattr(room, "binding", lambda: Pretender("x86_64-unknown-linux-gnu", features))
    with pytest.raises(CompileError, match='oldtimer without AVX2 and FMA.*try: fallback="plain"'):
        host.__wrapped__()


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "arm64-apple-darwin24"])
def test_arm_has_fma_always(monkeypatch, triple):
    monkeypatch.setattr(room, "binding", lambda: Pretender(triple, "+neon"))
    assert host.__wrapped__() == Target(triple, "oldtimer", "+neon")


def test_without_llvmlite_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    with pytest.raises(CompileError, match="llvmlite cannot be loaded.*try: pip install llvmlite"):
        binding.__wrapped__()


def test_a_broken_llvmlite_is_told_too(monkeypatch, tmp_path):
    (tmp_path / "llvmlite").mkdir()
    (tmp_path / "llvmlite" / "__init__.py").write_text("raise OSError('libllvmlite.so: cannot open')\n")
    for name in [n for n in sys.modules if n.split(".")[0] == "llvmlite"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CompileError, match=r"libllvmlite\.so: cannot open"):
        binding.__wrapped__()


def test_only_one_file_knows_llvmlite():
    package = Path(chainrule.__file__).parent
    knows = re.compile(r"^\s*(import|from) llvmlite", re.MULTILINE)
    files = [path for path in package.rglob("*.py") if knows.search(path.read_text(encoding="utf-8"))]
    assert [str(path.relative_to(package)) for path in files] == [str(Path("kernels/language/target.py"))]


def test_what_llvm_refuses_is_an_error_of_ours():
    for text in ("nonsense", "define void @f() {\n %x = add i32 1, 1.0\n ret void\n}"):
        with pytest.raises(CompileError, match="LLVM refuses a kernel"):
            verified(text)
