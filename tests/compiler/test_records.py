"""Records: each kernel is written once, and its words name the places of the room."""

import numpy as np

import chainrule as cr
from chainrule.compiler import records as module
from chainrule.compiler.plan import Plan
from chainrule.compiler.records import addresses_of
from chainrule.compiler.tasks import Address
from chainrule.kernels.formula import NEXT, Formula, Operand
from chainrule.kernels.language import write
from chainrule.kernels.loops import Loops

from .steps import Learner, X, arranged


def test_rows_say_group_and_record():
    plan = cr.compile(Learner().step, fallback="error").plan(X)
    assert [row.record for row in plan.rows] == sorted(row.record for row in plan.rows)
    assert {row.group for row in plan.rows} <= set(plan.made.order)


def test_equal_kernels_are_written_once(monkeypatch):
    def kernel():
        operand = Operand(np.dtype("f4"), NEXT)
        return Loops(Formula((operand,), (), ((0, operand),)), 0)

    texts = []
    monkeypatch.setattr(module, "_addresses", {})
    monkeypatch.setattr(module, "write", lambda kernel: texts.append(kernel) or write(kernel))
    first = addresses_of([kernel(), kernel()])[kernel()]
    assert addresses_of([kernel()])[kernel()] == first and texts == [kernel()]
    monkeypatch.setattr(module, "MOST_KNOWN", 0)
    assert addresses_of([kernel()])[kernel()] == first and texts == [kernel()] * 2


def test_words_are_numbers_and_addresses():
    plan = Plan(arranged(Learner().step, X))
    records, room = plan.records, plan.room
    plan.begin([X])
    for row in plan.rows:
        begin = (records.table[row.record, 1] - records.arguments.ctypes.data) // 8
        for word, argument in zip(records.arguments[begin:], row.task.arguments, strict=False):
            if not isinstance(argument, Address):
                assert word == argument
            elif argument.base == plan.program.inputs[0]:
                assert word == X.ctypes.data + argument.bytes
            elif (base := room.base(argument.base)) is not None:
                assert word == base + argument.bytes


def test_a_record_of_a_check_names_its_status_byte():
    records = Plan(arranged(Learner().step, X)).records
    assert list(records.checks.values()) == [0]
    assert all(records.table[number, 0] == 0 for number in records.checks)
