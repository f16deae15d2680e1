"""Events: who listens hears, in order, and only what was asked for."""

from dataclasses import FrozenInstanceError

import pytest

from chainrule.train import EpochEnd, Events, FitBegin, FitEnd, StepEnd


def test_listeners_hear_their_class_in_the_order_of_subscription():
    events, heard = Events(), []
    events.on(FitEnd, lambda event: heard.append(("first", event.epochs)))
    events.on(FitEnd, lambda event: heard.append(("second", event.seconds)))
    events.on(FitBegin, lambda event: heard.append("never"))
    events.tell(FitEnd(3, 1.5))
    assert heard == [("first", 3), ("second", 1.5)]


def test_an_event_that_nobody_listens_to():
    Events().tell(StepEnd(1, 1, 0.5, 0.5, 0.1))


def test_what_a_listener_raises_comes_through():
    events = Events()
    events.on(FitBegin, lambda event: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        events.tell(FitBegin(1, 1))


def test_events_do_not_change():
    event = EpochEnd(1, 0.5, 0.9, None, None, 0.1, 2.0)
    with pytest.raises(FrozenInstanceError):
        event.loss = 0.0
