"""The workers' functions: each is written once, and only they know where workers run."""

from chainrule.kernels.language import workers
from chainrule.kernels.language.target import Target

LINUX = Target("x86_64-unknown-linux-gnu", "", "")


def test_cores_are_given_in_one_place():
    texts = [workers.wake(LINUX), workers.wait(LINUX), workers.work(LINUX)]
    assert "@sched_setaffinity(" in workers.pin()
    assert not any("@sched_setaffinity(" in text for text in texts)
    assert sum("call void @chainrule_pin(" in text for text in texts) == 2


def test_sleeping_and_waking_are_system_calls_of_the_processor():
    for text in (workers.wake(LINUX), workers.wait(LINUX), workers.work(LINUX)):
        assert "@syscall(i64 202" in text
