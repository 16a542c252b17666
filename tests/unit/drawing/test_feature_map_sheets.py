"""Sheets of maps, filters and patches: what is said on them, and that every tile has a border."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.drawing.feature_maps import EDGE, TILE, Seen, Tile, draw_excitement, draw_filters, draw_maps
from hubel.drawing.shapes import Box, Drawing, Pixels, Words


def words(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Words)]


def images(drawing: Drawing) -> list[Pixels]:
    return [shape for shape in drawing.shapes if isinstance(shape, Pixels)]


def make_seen(maps: np.ndarray, shown: list[int]) -> Seen:
    return Seen("conv", maps, shown, np.full((8, 8, 3), 200, np.uint8), "cat.png")


def test_a_sheet_of_maps_shows_the_image_the_strongest_over_it_a_scale_and_how_many_of_how_many():
    maps = np.zeros((4, 4, 3), np.float32)
    maps[1, 2, 1] = 2.5
    drawing = draw_maps(make_seen(maps, [1, 0]))
    assert {"conv: 3 feature maps of 4 × 4", "cat.png, 8 × 8 pixels", "map 1 over it, orange where strong"} <= set(
        words(drawing)
    )
    assert any(text.startswith("the 2 strongest of 3 shown") for text in words(drawing))
    assert {"0", "2.5", "1: 2.5", "0: 0"} <= set(words(drawing))
    image, overlay, scale, first, _ = images(drawing)
    assert (image.image == 200).all()
    coloured = overlay.image[..., 0].astype(int) - overlay.image[..., 2] > 50
    assert np.argwhere(coloured).tolist() == [[2, 4], [2, 5], [3, 4], [3, 5]]
    assert scale.image[0, 0].tolist() == [0, 0, 0]
    assert scale.image[0, -1].tolist() == [255, 255, 255]
    assert first.image[1, 2].tolist() == [255, 255, 255]


def test_maps_with_negative_values_have_a_scale_of_both_signs():
    maps = np.array([[[-1.0], [2.0]]], np.float32)
    scale = words(draw_maps(make_seen(maps, [0])))
    assert {"-2", "0", "2"} <= set(scale)


@pytest.mark.parametrize("shape", [(3, 3, 3, 20), (3, 3, 1, 20), (3, 3, 16, 20)])
def test_every_tile_has_a_border_and_none_lies_outside(shape):
    drawing, said = draw_filters("conv", np.random.default_rng(0).normal(size=shape), most=12)
    borders = {(box.x, box.y, box.width, box.height) for box in drawing.shapes if isinstance(box, Box)}
    assert all((tile.x, tile.y, tile.width, tile.height) in borders for tile in images(drawing))
    assert {box.stroke for box in drawing.shapes if isinstance(box, Box)} == {EDGE}
    assert max(tile.x + tile.width for tile in images(drawing)) < drawing.width
    assert max(tile.y + tile.height for tile in images(drawing)) < drawing.height
    shown = 8 if shape[2] == 16 else 12
    assert said == f"{shown} of 20 filters shown" + (", 8 of 16 input channels" if shape[2] == 16 else "")
    assert any(said in text for text in words(drawing))


def test_patches_keep_their_shape_and_the_filters_left_out_are_counted():
    patch = Tile("0.5", np.full((4, 8, 3), 255, np.uint8))
    drawing = draw_excitement(
        "conv", [[Tile("filter 3", np.zeros((8, 8, 3), np.uint8)), patch]], filters=32, corpus="x"
    )
    assert any(text.startswith("1 of 32 filters shown") and "most in x" in text for text in words(drawing))
    assert (images(drawing)[1].width, images(drawing)[1].height) == (TILE, TILE / 2)
