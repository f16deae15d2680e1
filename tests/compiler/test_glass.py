"""A plan that can be asked, and runs as ever."""

import numpy as np

from ..check.learning import Learning, batch


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
