"""What is said while a search goes on, and when it is broken off."""

import io

import pytest
from rich.console import Console

from chainrule.cli.looking import Looking
from chainrule.errors import ResourceError, UsageError
from chainrule.estimators import Trial


def looking(place, terminal=False):
    return Looking(Console(file=io.StringIO(), force_terminal=terminal, width=100), False, place, 4)


def test_what_is_broken_off_says_how_to_go_on(tmp_path):
    (tmp_path / "trials").mkdir()
    (tmp_path / "trials" / "trials.jsonl").write_text("{}\n{}\n{half")
    with pytest.raises(KeyboardInterrupt) as caught, looking(tmp_path).following():
        raise KeyboardInterrupt
    assert caught.value.__notes__ == [
        f"2 of 4 trials are finished, in {tmp_path}",
        f"chainrule search --resume {tmp_path}    goes on",
    ]


def test_a_wrong_question_has_no_such_note(tmp_path):
    with pytest.raises(UsageError) as caught, looking(tmp_path).following():
        raise UsageError("--k", "0", "1 or more", "--k 5")
    assert not hasattr(caught.value, "__notes__")


def test_without_a_terminal_nothing_is_printed(tmp_path):
    told = looking(tmp_path)
    told.add(Trial(0, 1, {"lr": 0.1}, 7, (0.5, 0.75), "", 0.2))
    assert told.console.file.getvalue() == "" and len(told.done) == 1


def test_a_folder_without_a_trial_is_taken_away_unless_going_on_helps(tmp_path):
    place = tmp_path / "search"
    for stop, left in ((KeyboardInterrupt(), True), (ResourceError("disk", "full", "room", "some"), False)):
        (place / "trials").mkdir(parents=True, exist_ok=True)
        told = looking(place)
        told.fresh = True
        with pytest.raises(type(stop)) as caught, told.following():
            raise stop
        assert place.exists() == left and ("taken away" in caught.value.__notes__[0]) != left
