"""The drawing of a network: whole, safe, and its boxes as large as the maps ask for."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.layer_table import LayerRow, layer_table
from hubel.architectures.volumes import make_stages, make_volumes
from hubel.backends.shapes_only import without_weights
from hubel.drawing.svg import render_svg
from hubel.reports.network import MOST_VOLUMES, draw_network

SVG = "{http://www.w3.org/2000/svg}"


def rows_of(name: str, side: int) -> list[LayerRow]:
    with without_weights():
        return layer_table(build_model(make_blueprint(name, (side, side), classes=10)))


def drawn(name: str, side: int) -> ET.Element:
    return ET.fromstring(render_svg(draw_network(name, "costs", image=(side, side, 3), rows=rows_of(name, side))))


def texts(svg: ET.Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text")]


def fronts(svg: ET.Element) -> list[tuple[float, float]]:
    """(thickness, height) of each volume, read from its front face."""
    faces = [points(each) for each in svg.iter(f"{SVG}polygon") if each.get("fill-opacity") == "1"]
    return [(right[0] - left[0], low[1] - right[1]) for left, right, low, _ in faces]


def points(shape: ET.Element) -> list[tuple[float, ...]]:
    return [tuple(map(float, each.split(","))) for each in (shape.get("points") or "").split()]


def test_a_convolution_with_its_normalisation_and_activation_is_one_volume():
    rows = rows_of("small-cnn", 32)
    volumes = make_volumes((32, 32, 3), rows)
    assert sum(len(volume.rows) for volume in volumes) == len(rows)
    first = volumes[1]
    assert [row.kind for row in first.rows] == ["Conv2D", "BatchNormalization", "ReLU"]
    assert sum(volume.total.parameters for volume in volumes) == sum(row.parameters for row in rows)


def test_the_volumes_get_smaller_and_deeper():
    boxes = fronts(drawn("lenet5", 32))
    assert len(boxes) == 8  # image, convolution and pooling twice, three dense layers
    maps = boxes[:5]
    assert [height for _, height in maps] == sorted((height for _, height in maps), reverse=True)
    assert [width for width, _ in maps] == sorted(width for width, _ in maps)
    assert maps[0][1] > 2 * maps[-1][1]


def test_every_volume_says_its_size_and_what_it_sees():
    found = texts(drawn("lenet5", 32))
    assert {"32×32×3", "28×28×6", "conv 5×5", "sees 5×5", "120", "dense"} <= set(found) or "32×32×6" in found
    assert "pooling" in found  # the legend


def test_a_deep_network_is_drawn_by_the_sizes_of_its_maps_and_says_so():
    rows = rows_of("mobilenet", 224)
    svg = drawn("mobilenet", 224)
    assert len(make_volumes((224, 224, 3), rows)) > MOST_VOLUMES >= len(fronts(svg))
    assert any("One volume for each size of map; 92 layers in all." in text for text in texts(svg))
    stages = make_stages(make_volumes((224, 224, 3), rows))
    assert sum(len(stage.rows) for stage in stages) == len(rows)
    assert [stage.output[0] for stage in stages][:6] == [224, 112, 56, 28, 14, 7]


def test_all_that_is_drawn_lies_on_the_white_page():
    for name, side in (("small-cnn", 96), ("dense", 32), ("lenet5", 28)):
        svg = drawn(name, side)
        assert next(svg.iter(f"{SVG}rect")).get("fill") == "#ffffff"
        width, height = (float(number) for number in (svg.get("viewBox") or "").split()[2:])
        corners = [each for kind in ("polygon", "polyline") for shape in svg.iter(SVG + kind) for each in points(shape)]
        assert len(corners) > 3 * 4
        assert all(0 <= x <= width and 70 <= y <= height for x, y in corners)
        assert all(0 <= float(text.get("x") or -1) <= width for text in svg.iter(f"{SVG}text"))


def test_a_title_from_outside_stays_text():
    source = render_svg(draw_network("<script>x</script>\n&", "", image=(8, 8, 3), rows=rows_of("lenet5", 8))).decode()
    assert "<script>" not in source
    assert ET.fromstring(source).find(f"{SVG}title") is not None
