"""What the page of a run shows of right answers: their evidence, and what that is worth."""

from __future__ import annotations

from tests.pages import Parsed
from tests.unit.reports.run_pages import page_of, png

from hubel.reports.run_page import RightAnswer, RunPage, render_run_page


def parsed(page: RunPage) -> Parsed:
    return Parsed(render_run_page(page))


def test_right_answers_are_shown_with_what_their_maps_are_worth():
    good = RightAnswer("cat/x.jpg", "cat", 0.97, png(), png(3), (0.8, 0.5, 0.6), (0.2, 0.5, 0.4))
    poor = RightAnswer(
        "dog/y.jpg", "dog", 0.9, png(4), png(5), (0.5, 0.5, 0.4), (0.2, 0.5, 0.4), ("a random map in insertion",)
    )
    shown = parsed(page_of(right_answers=[good, poor], method="rise"))
    said = shown.text("evidence")
    assert "By rise: what is orange speaks for the class." in said
    assert (
        "cat (0.97) insertion 0.80 (random 0.50, middle 0.60) deletion 0.20 (random 0.50, middle 0.40) cat/x.jpg"
        in said
    )
    assert "Do not rely on it: it does not beat a random map in insertion. dog/y.jpg" in said
    assert said.count("Do not rely") == 1
    assert "What spoke for cat in cat/x.jpg" in [image["alt"] for image in shown.all("img")]
    assert "evidence" not in {section.get("id") for section in parsed(page_of()).all("section")}
