"""Progress on a terminal, and silence without one."""

import io

from rich.console import Console

from chainrule.train.progress import TerminalProgress

from .runs import toy


def follow(**options):
    stream = io.StringIO()
    trainer, batches = toy()
    progress = TerminalProgress(Console(file=stream, width=120, color_system=None, **options))
    progress.follow(trainer)
    trainer.fit(batches, batches, epochs=2)
    return stream.getvalue(), trainer, progress


def test_without_a_terminal_nothing_is_printed_and_nobody_listens():
    text, trainer, _ = follow(force_terminal=False)
    assert text == ""
    assert trainer.events.listeners == {}


def test_one_lasting_line_for_each_epoch():
    text, _, progress = follow(force_terminal=True)
    lines = [line for line in text.replace("\r", "\n").splitlines() if "epoch  " in line and " s" in line]
    assert [line[line.index("epoch") :][:9] for line in lines] == ["epoch  1/", "epoch  2/"]
    assert all("loss" in line and "accuracy" in line and "validation" in line for line in lines)
    assert progress.bar.finished
    assert not progress.bar.live.is_started


def test_the_moving_line_counts_steps_and_can_be_taken_away_twice():
    _, _, progress = follow(force_terminal=True)
    task = progress.bar.tasks[0]
    assert (task.completed, task.total, task.fields["epoch"]) == (4, 4, 2)
    progress.stop()
