import ctypes
import gc
import sys
import threading

import numpy as np
import pytest

from chainrule.errors import CompileError
from chainrule.kernels.language import Engine, write
from chainrule.kernels.language.cache import Cache
from chainrule.kernels.language.llvm import Written
from chainrule.kernels.language.target import Target, host
from chainrule.kernels.language.types import F32

room = sys.modules[Engine.__module__]  # the package shows a function of the same name


def storing(number):
    def kernel(k):
        k.put(k.pointer(0, F32), k.piece, k.constant(number, F32))

    return kernel


def call(address, array, piece=0):
    table = np.array([array.ctypes.data])
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(address)(table.ctypes.data, piece)


def test_kernels_are_loaded_by_name():
    engine = Engine(cache=Cache(None))
    kernels = [write(storing(n)) for n in (1, 2, 3)]
    addresses = engine.load(kernels)
    assert {k.name for k in kernels} == set(addresses)
    for number, kernel in enumerate(kernels, 1):
        x = np.zeros(2, F32)
        call(addresses[kernel.name], x, 1)
        assert x.tolist() == [0, number]


def test_equal_kernels_are_compiled_once():
    engine = Engine(cache=Cache(None))
    one, same = write(storing(1)), write(storing(1))
    engine.load([one, same])
    engine.load([same])
    assert engine.compiled == 1
    assert one.name == same.name


def test_a_second_engine_reads_from_the_disk(tmp_path):
    kernels = [write(storing(n)) for n in (1, 2)]
    first, second = (Engine(cache=Cache(tmp_path)) for _ in range(2))
    first.load(kernels)
    addresses = second.load(kernels)
    assert (first.compiled, second.compiled) == (2, 0)
    x = np.zeros(1, F32)
    call(addresses[kernels[1].name], x)
    assert x[0] == 2


def test_engines_come_and_go():
    engines = [Engine(cache=Cache(None)) for _ in range(3)]
    for engine in engines:
        engine.load([write(storing(1))])
    del engine, engines
    gc.collect()
    assert Engine(cache=Cache(None)).load([write(storing(1))])


def test_threads_load_the_same_kernels():
    engine = Engine(cache=Cache(None))
    found = []
    kernels = [write(storing(n)) for n in range(4)]
    threads = [threading.Thread(target=lambda: found.append(dict(engine.load(kernels)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine.compiled == 4
    assert all(f == found[0] for f in found) and len(found) == 4


def test_threads_that_ask_at_once_get_the_same_engine(monkeypatch):
    """A second one would be freed with the code that the first thread holds addresses of."""
    made, begin = [], threading.Barrier(4)

    class Slow(Engine):
        def __init__(self):
            made.append(self)
            begun.wait(0.2)

    begun = threading.Event()
    monkeypatch.setattr(room, "_engine", None)
    monkeypatch.setattr(room, "Engine", Slow)

    def ask(found):
        begin.wait()
        found.append(room.engine())

    found: list = []
    threads = [threading.Thread(target=ask, args=(found,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and all(one is made[0] for one in found) and len(found) == 4


def test_text_that_is_no_kernel_is_loaded_too(tmp_path):
    text = "define i64 @one() {\n ret i64 1\n}\ndefine i64 @two() {\n ret i64 2\n}\n"
    for compiled in (1, 0):
        engine = Engine(cache=Cache(tmp_path))
        addresses = engine.load_text(text, ["one", "two"])
        assert [ctypes.CFUNCTYPE(ctypes.c_int64)(a)() for a in addresses] == [1, 2]
        assert engine.load_text(text, ["one", "two"]) == addresses
        assert engine.compiled == compiled


def test_the_key_holds_all_that_the_code_depends_on(monkeypatch):
    engine, kernel = Engine(cache=Cache(None)), write(storing(1))
    keys = {engine.key(kernel), engine.key(write(storing(2)))}
    for change in ({"cpu": "haswell"}, {"features": "+avx2"}, {"triple": "aarch64-unknown-linux-gnu"}):
        monkeypatch.setattr(engine, "target", Target(**{**host().__dict__, **change}))
        keys.add(engine.key(kernel))
    monkeypatch.setattr(room, "VERSION", 10**6)
    keys.add(engine.key(kernel))
    assert len(keys) == 6


def test_text_that_llvm_refuses():
    broken = Written("kbroken", "define void @kbroken(ptr %a, i64 %p) { ret i64 }", ())
    with pytest.raises(CompileError, match="LLVM refuses a kernel"):
        Engine(cache=Cache(None)).load([broken])


def test_one_engine_a_process(monkeypatch):
    monkeypatch.setattr(room, "_engine", None)
    monkeypatch.setenv("CHAINRULE_CACHE", "")
    assert room.engine() is room.engine()
    assert room.engine().cache.folder is None
