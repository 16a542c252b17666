"""Chunks cover everything once, and progress is told after the work, not before."""

from __future__ import annotations

from hubel.events import Event, Progress, in_chunks


def test_chunks_cover_everything_once_and_each_is_told_when_it_is_done():
    heard: list[Event] = []
    done: list[int] = []
    for chunk in in_chunks(7, 3, stage="counting", on_event=heard.append):
        assert len(heard) == len(done) // 3
        done += list(range(10))[chunk]
    assert done == [0, 1, 2, 3, 4, 5, 6]
    assert heard == [Progress("counting", 3, 7), Progress("counting", 6, 7), Progress("counting", 7, 7)]


def test_of_nothing_there_is_no_chunk_and_no_progress():
    heard: list[Event] = []
    assert list(in_chunks(0, 3, stage="counting", on_event=heard.append)) == []
    assert heard == []
