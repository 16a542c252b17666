"""SVG says what the shapes say: in a file, inside a page, and over time."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from hubel.drawing.shapes import Area, Box, Dot, Drawing, Line, Pixels, ShapeGroup, Words
from hubel.drawing.svg import HOLD, inline_svg, render_svg

SVG = "{http://www.w3.org/2000/svg}"


def written(*shapes, **fields) -> ET.Element:
    return ET.fromstring(render_svg(Drawing(100, 50, shapes, "what it shows", **fields)))


def attributes(root: ET.Element, kind: str) -> dict[str, str]:
    return dict(next(each for each in reversed(list(root.iter(SVG + kind)))).attrib)


def test_each_kind_of_shape_is_an_element_with_its_own_colours():
    root = written(
        Box(1, 2, 3, 4, (255, 0, 0)), Line(((0, 0), (5, 6.5)), (0, 0, 255), 2), Dot(7, 8, 9, (0, 255, 0)),
        Area(((0, 0), (1, 0), (1, 1)), (1, 2, 3), 0.5), Words(10, 20, "a", 15, (4, 5, 6), "end", bold=True),
    )  # fmt: skip
    assert attributes(root, "rect") == {"x": "1", "y": "2", "width": "3", "height": "4", "fill": "#ff0000"}
    line = attributes(root, "polyline")
    assert (line["points"], line["stroke"], line["stroke-width"], line["fill"]) == ("0,0 5,6.5", "#0000ff", "2", "none")
    assert attributes(root, "circle") == {"cx": "7", "cy": "8", "r": "9", "fill": "#00ff00"}
    assert attributes(root, "polygon")["fill-opacity"] == "0.5"
    words = attributes(root, "text")
    assert (words["fill"], words["text-anchor"], words["font-weight"]) == ("#040506", "end", "600")


def test_a_shape_with_a_look_leaves_all_but_its_place_and_the_fill_of_a_box_to_the_style_sheet():
    root = written(
        Box(0, 0, 1, 1, (255, 0, 0), (0, 0, 0), look="cell"), Line(((0, 0), (1, 1)), look="grid"),
        Words(1, 2, "a", look="tick"), style=".cell{stroke:red}",
    )  # fmt: skip
    assert attributes(root, "rect") == {
        "x": "0",
        "y": "0",
        "width": "1",
        "height": "1",
        "class": "cell",
        "fill": "#ff0000",
    }
    assert set(attributes(root, "polyline")) == {"points", "class"}
    assert attributes(root, "text") == {"x": "1", "y": "2", "class": "tick"}
    assert root.findtext(f"{SVG}style") == ".cell{stroke:red}"


def test_text_from_outside_stays_text():
    drawing = Drawing(9, 9, [Words(0, 0, "<script>&\n")], '"<b>', "<i>")
    for text in (render_svg(drawing).decode(), inline_svg(drawing)):
        assert not any(tag in text for tag in ("<script", "<b>", "<i>"))
        assert ET.fromstring(text) is not None


def test_a_file_has_a_size_and_a_ground_and_a_part_of_a_page_has_neither():
    drawing = Drawing(100, 50, [Box(0, 0, 1, 1)], "t", "at length")
    root = ET.fromstring(render_svg(drawing))
    assert (root.get("width"), root.get("height"), root.findtext(f"{SVG}desc")) == ("100", "50", "at length")
    assert next(root.iter(f"{SVG}rect")).get("fill") == "#ffffff"
    part = ET.fromstring(inline_svg(drawing))
    assert (part.get("width"), part.get("aria-label"), len(part.findall("rect"))) == (None, "t", 1)


def test_an_image_is_inside_the_file():
    root = written(Pixels(0, 0, 10, 10, np.zeros((2, 2, 3), np.uint8)))
    assert attributes(root, "image")["href"].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("shown", "values", "times"),
    [
        ((0, 4), None, None),
        ((1, 4), "0;1", [0, 1]),
        ((0, 1), "1;0", [0, 1]),
        ((2, 3), "0;1;0", [0, 2, 3]),
    ],
)
def test_a_group_is_seen_in_its_steps(shown: tuple[int, int], values: str | None, times: list[int] | None):
    root = written(ShapeGroup([Box(0, 0, 1, 1)], shown=shown), steps=4, step_s=0.5)
    animation = next(root.iter(f"{SVG}animate"), None)
    if values is None or times is None:
        assert animation is None
        return
    assert animation is not None
    assert animation.get("values") == values
    found = [float(each) for each in (animation.get("keyTimes") or "").split(";")]
    assert found == pytest.approx([step / (4 + HOLD) for step in times])
    assert animation.get("dur") == f"{0.5 * (4 + HOLD):g}s"


def test_where_nothing_plays_the_last_step_is_shown():
    root = written(
        ShapeGroup([Box(0, 0, 1, 1)], "gone", (0, 1)), ShapeGroup([Box(0, 0, 1, 1)], "stays", (3, 4)), steps=4, step_s=1
    )
    hidden = {group.get("class"): group.get("opacity") for group in root.iter(f"{SVG}g")}
    assert hidden == {"gone": "0", "stays": None}


def test_a_page_that_shows_the_steps_itself_gets_no_animation_but_their_numbers():
    part = ET.fromstring(inline_svg(Drawing(9, 9, [ShapeGroup([Box(0, 0, 1, 1)], shown=(2, 4))], "t", steps=4)))
    (group,) = part.findall("g")
    assert group.get("data-step") == "2"
    assert not list(part.iter("animate"))
