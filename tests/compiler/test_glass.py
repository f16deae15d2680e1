"""A plan that can be asked, and runs as ever."""

import numpy as np
import pytest

from chainrule.check.lines import kernel_of
from chainrule.errors import LabelError, ShapeError

from ..check.learning import Learning, batch
from ..zoo.trial import Trial


def test_asking_changes_nothing():
    learning, twin, data = Learning("three-layer"), Learning("three-layer"), batch()
    plan = learning.step.plan(*data)
    before = learning.state()
    for answer in (plan.values(), plan.table(), plan.source("loss"), plan.why("loss"), plan.memory()):
        assert str(answer)
    assert learning.state() == before
    assert learning.step(*data).numpy().tobytes() == twin.step(*data).numpy().tobytes()
    assert learning.state() == twin.state()


def test_a_table_without_a_batch_is_timed_on_zeros():
    learning, data = Learning(), batch()
    plan = learning.step.plan(*data)
    for found in (plan.table(), plan.table(*data)):
        assert [entry.kernel for entry in found.entries] == [row.task.name for row in plan.rows]
        assert found.ms > sum(entry.ms for entry in found.entries) * 0.9 > 0
    assert np.isfinite(learning.step(*data).item())


def test_a_table_of_wrong_arguments_is_refused():
    """Kernels would read beyond them."""
    learning, (images, labels) = Learning(), batch()
    plan = learning.step.plan(images, labels)
    for wrong in ((images[:3], labels), (images.astype("float64"), labels), (images,), ([1.0], labels)):
        with pytest.raises(ShapeError, match="program learn"):
            plan.table(*wrong)
    assert plan.table(images[:, :, :, ::-1], labels).ms > 0
    before = learning.state()
    with pytest.raises(LabelError):
        plan.table(images, labels + 100)
    assert learning.state() == before


def test_why_source_and_checks_agree_about_kernels():
    trial = Trial("resnet20")
    plan = trial.step.plan(*trial.batch())
    for path in (
        "conv1/conv2d",
        "stages.0.bn1/relu",
        "softmax_cross_entropy",
        "linear.bias.grad",
        "bn1/batch_norm.out",
    ):
        line = next(k for k, line in enumerate(plan.program.lines) if plan.numbers[path] in line.outputs)
        kernels = list(dict.fromkeys(source.kernel for source in plan.source(path).kernels))
        said = dict(plan.why(path).said)["kernel"].split(", in ")[0]
        assert " + ".join(kernels) == said == kernel_of(plan, line), path
    assert "fill" in plan.source("conv1/conv2d").path or len(plan.source("conv1/conv2d").kernels) > 1
