"""Ctrl-C and SIGTERM: what they ask for, within a fit and outside of one."""

from __future__ import annotations

import os
import signal

import pytest

from hubel.cli.signals import Signals, stoppable
from hubel.events import Event, Message, StopHeard


def test_outside_of_a_fit_the_first_ctrl_c_is_an_ordinary_one():
    with pytest.raises(KeyboardInterrupt), stoppable(lambda _: None):
        os.kill(os.getpid(), signal.SIGINT)


def test_within_a_fit_the_first_asks_and_the_second_ends_everything():
    heard: list[Event] = []
    with pytest.raises(KeyboardInterrupt), stoppable(heard.append) as signals:
        signals.on_event(StopHeard(now=True))
        os.kill(os.getpid(), signal.SIGINT)
        assert (signals.stop.asked, signals.stop.leaves) == (True, False)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("it went on")
    assert heard == [StopHeard(now=True)]


def test_after_a_fit_nobody_hears_the_wish():
    signals = Signals(lambda _: None)
    signals.on_event(StopHeard(now=True))
    signals.on_event(StopHeard(now=False))
    with pytest.raises(KeyboardInterrupt):
        signals.receive(signal.SIGINT, None)


def test_sigterm_leaves():
    with stoppable(lambda _: None) as signals:
        signals.on_event(StopHeard(now=True))
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.stop.leaves


def test_every_event_is_passed_on():
    heard: list[Event] = []
    Signals(heard.append).on_event(Message("x"))
    assert heard == [Message("x")]


def test_handlers_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGINT)
    with stoppable(lambda _: None):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
