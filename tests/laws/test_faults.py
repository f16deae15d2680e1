"""The command that plants faults works, shown on three gates; all gates take a minute."""

import pytest

from .faults import Fault, caught, faults, main, planted
from .laws import LAWS
from .table import TABLE


@pytest.mark.parametrize("name", ["Conv2d", "BatchNorm", "Greater"])
def test_every_fault_is_caught(name):
    row = TABLE[name]
    found = faults(row)
    assert len(found) >= 9
    assert [fault.name for fault in found if not caught(row, fault)] == []


def test_a_gate_is_whole_again_after_its_fault():
    row = TABLE["Greater"]
    before = dict(vars(row.gate))
    for fault in faults(row):
        caught(row, fault)
    assert dict(vars(row.gate)) == before


def test_what_is_no_fault_is_not_caught():
    harmless = Fault("nothing", "compute", lambda before: before, "forward_is_the_reference")
    row = TABLE["Tanh"]
    assert not caught(row, harmless)
    with planted(row.gate, harmless):
        assert row.gate.compute


def test_every_law_has_a_fault():
    assert {fault.law for row in TABLE.values() for fault in faults(row)} == set(LAWS)


def test_the_command_prints_a_table(capsys):
    assert main(["LogicalNot"]) == 0
    assert "LogicalNot" in capsys.readouterr().out
    assert main(["Nand"]) == 2
