"""The printed form of a program: names, arithmetic, places."""

import re
from collections import Counter

import numpy as np

import chainrule as cr
from chainrule import Tensor
from chainrule.graph import during, layer
from chainrule.graph.paths import unique
from chainrule.graph.program import align


def tiny():
    w = Tensor([1.0, 2.0], requires_grad=True, name="layer.w")
    rate = Tensor(0.5, dtype="float64", weak=True, name="lr")

    def step(x):
        w.grad = None
        token = layer.set("layer")
        product = x * w
        layer.reset(token)
        loss = product.sum()
        loss.backward()
        with cr.no_grad(), during("update"):
            w.assign(w - rate * w.grad)
        return loss

    return cr.trace(step, np.ones(2, "float32"))


PRINTED = """\
program step(x: f32[2])
  state layer.w: f32[2]
  state lr: f64~[]
  layer/multiply: f32[2] <- multiply(x, layer.w)                          # forward, HERE
  loss: f32[] <- sum(layer/multiply, axis=(0,), keepdims=False)           # forward, HERE
  reshape.back: f32[1] <- reshape(1., shape=(1,))                         # backward, HERE
  layer/multiply.grad: f32[2] <- broadcast_to(reshape.back, shape=(2,))   # backward, HERE
  layer.w.grad: f32[2] <- multiply(layer/multiply.grad, x)                # backward, HERE
  optimizer/astype: f32[] <- astype(lr, dtype=float32)                    # update, HERE
  optimizer/multiply: f32[2] <- multiply(optimizer/astype, layer.w.grad)  # update, HERE
  layer.w.new: f32[2] <- subtract(layer.w, optimizer/multiply)            # update, HERE
  layer.w := layer.w.new
  return loss"""


def test_the_printed_form():
    printed = re.sub(r"test_program\.py:\d+ in step", "HERE", str(tiny()))
    assert printed == PRINTED


def test_lines_tell_gate_phase_and_place():
    program = tiny()
    phases = [line.phase for line in program.lines]
    assert phases == ["forward"] * 2 + ["backward"] * 3 + ["update"] * 3
    first = program.lines[0]
    assert first.gate.label == "multiply" and first.place.layer == "layer"
    assert first.place.function == "step" and first.place.file == __file__


def test_every_value_has_a_spec_and_a_name_of_its_own():
    program = tiny()
    names = program.names()
    made = [n for line in program.lines for n in line.outputs]
    assert set(made) | set(program.inputs) | set(program.cells) <= set(names)
    assert len({names[n] for n in made}) == len(made)
    assert all(program.specs[n].shape is not None for n in names)


def test_equal_constants_are_one_value():
    program = cr.trace(lambda x: x * 2.0 + 2.0, np.ones(2, "float32"))
    assert len(program.constants) == 1
    table = np.arange(2, dtype="float32")
    program = cr.trace(lambda x: x * table + table, np.ones(2, "float32"))
    assert len(program.constants) == 1


def test_outputs_of_many_are_printed_by_name():
    x = np.ones((1, 1, 2, 2), "float32")
    printed = str(cr.trace(lambda x: (cr.max_pool2d(x, 2), {"k": x}, 3), x))
    assert "max_pool2d.out: f32[1,1,1,1], max_pool2d.winner: i32[1,1,1,1] <- max_pool2d(x, " in printed
    assert printed.endswith("return (max_pool2d.out, {k: x}, 3)")


def test_unique_and_align():
    taken = Counter(["a"])
    assert [unique("a", taken), unique("a", taken), unique("b", taken)] == ["a:2", "a:3", "b"]
    assert align([("x", "# 1"), ("long", "# 2")]) == ["x     # 1", "long  # 2"]
    assert align([]) == []
