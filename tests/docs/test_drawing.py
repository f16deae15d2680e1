"""Circuits are drawn with the numbers that they compute."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
from extensions.drawing import circuit

import chainrule as cr


def texts(picture):
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture)


def test_the_numbers_of_the_first_circuit():
    picture = circuit(lambda x, y, z: (x + y) * z, x=-2.0, y=5.0, z=-4.0)
    ElementTree.fromstring(picture)  # well-formed
    found = texts(picture)
    assert found[:5] == ["x", "y", "z", "+", "×"]
    assert found[5:] == [
        "−2.00",
        "−4.00",
        "5.00",
        "−4.00",
        "−4.00",
        "3.00",
        "3.00",
        "−4.00",
        "−12.00",
        "1.00",
    ]


def test_without_the_way_back():
    found = texts(circuit(lambda x, y: x * y, backward=False, x=3.0, y=2.0))
    assert found == ["x", "y", "×", "3.00", "2.00", "6.00"]


def test_numbers_of_the_program_stand_in_the_gate():
    found = texts(circuit(lambda x: 1 / (cr.exp(x * -1) + 1), x=1.0))
    assert found[1:5] == ["×−1", "exp", "+1", "1/x"]


def test_no_two_gates_in_one_place():
    picture = circuit(lambda x, y: (x + y) * (x - y), x=3.0, y=2.0)
    places = re.findall(r'<circle cx="([^"]*)" cy="([^"]*)"', picture)
    assert len(set(places)) == len(places) == 3


def test_arrays_by_their_shapes():
    found = texts(circuit(lambda w, x: (w @ x).sum(), w=np.ones((2, 3)), x=np.ones((3, 4))))
    assert {"2×3", "3×4", "2×4"} <= set(found)
