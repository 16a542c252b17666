"""The page of a robustness test: curves of accuracy and changed answers, and what the changes look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from hubel.drawing.plot import Axis, Curve, draw_plot
from hubel.evaluation.robustness import ChangeScore, CleanScore, GroupOfImages
from hubel.images.changes.catalogue import CHANGES, Change
from hubel.reports.html import asset, make_environment, policy


@dataclass(frozen=True)
class ShownLevel:
    """One image under one strength of a change.

    Args:
        caption: the strength.
        named: what the classifier names it.
        confidence: of that.
        right: it is its class.
        image: a small file.
    """

    caption: str
    named: str
    confidence: float
    right: bool
    image: bytes


@dataclass(frozen=True)
class ShownImage:
    """One image as it is and under every strength of a change: its path, its class, and a small file for each."""

    path: str
    true: str
    levels: Sequence[ShownLevel]


@dataclass(frozen=True)
class RobustnessPage:
    """What the page shows.

    Args:
        run: the run folder, as the user typed it.
        location: of the corpus.
        made_by: name and version of the program.
        split: ``"test"``, or ``"all"`` of another corpus.
        available: images there were to choose from.
        size: (height, width) that the classifier works at.
        clean: score of the images as they are.
        changes: scores, in the order of the catalogue.
        groups: the least accurate first.
        advice: what to do, as plain data.
        sentences: what was found, in plain words.
        shown: change → images under it.
    """

    run: str
    location: str
    made_by: str
    split: str
    available: int
    size: tuple[int, int]
    clean: CleanScore
    changes: Sequence[ChangeScore]
    groups: Sequence[GroupOfImages]
    advice: Sequence[Mapping[str, Any]]
    sentences: Sequence[str]
    shown: Mapping[str, Sequence[ShownImage]] = field(default_factory=dict)


@dataclass(frozen=True)
class ChangeSection:
    """One change on the page: its entry in the catalogue, its scores, its figure and its images."""

    name: str
    change: Change
    score: ChangeScore
    figure: Markup
    shown: Sequence[ShownImage]


def render_robustness_page(page: RobustnessPage) -> str:
    """The whole page as HTML without any reference to another file or server; it can be encoded as UTF-8.

    Names and messages are escaped, each on one line. The script of the page is the only one a browser may run.
    """
    script = asset("page.js")
    environment = make_environment()
    environment.filters |= {"figure": lambda value, digits=3: f"{value:.{digits}f}"}
    sections = [
        ChangeSection(each.name, CHANGES[each.name], each, draw_change(page.clean, each), page.shown.get(each.name, ()))
        for each in page.changes
    ]
    return environment.get_template("robustness.html").render(
        page=page,
        sections=sections,
        policy=policy(script),
        style=asset("base.css", "report.css", "robustness.css"),
        script=script,
    )


def draw_change(clean: CleanScore, score: ChangeScore) -> Markup:
    """Accuracy and changed answers against the strength; the first point is the image as it is.

    Args:
        clean: the images as they are.
        score: of the change.
    """
    change = CHANGES[score.name]
    names = ["none", *(change.told(each.level) or "yes" for each in score.levels)]
    places = range(len(score.levels) + 1)
    right = [clean.right, *(each.right for each in score.levels)]
    other = [(0.0, (0.0, 0.0)), *((each.changed.value, each.changed.interval) for each in score.levels)]
    return draw_plot(
        f"Accuracy and changed answers under {score.name}, by its strength",
        Axis(score.name, -0.1, len(score.levels) + 0.1, _Names(names), whole=True),
        y=Axis("share of the images", 0, 1, lambda share: f"{100 * share:.0f} %"),
        curves=[
            Curve("", [(place, clean.right.value) for place in places], "guide"),
            Curve("classified correctly", [(place, each.value) for place, each in enumerate(right)], "first", dots=True,
                  bars=[each.interval for each in right]),
            Curve("another answer than without the change", [(place, share) for place, (share, _) in enumerate(other)],
                  "second", dots=True, bars=[ends for _, ends in other]),
        ],
    )  # fmt: skip


class _Names:
    """Writes the name of a place along an axis."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def __call__(self, place: float) -> str:
        return self.names[round(place)]
