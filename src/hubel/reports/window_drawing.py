"""A scene of a sliding window as a drawing: one that plays by itself, and one that a page moves."""

from __future__ import annotations

from hubel.drawing.shapes import INK, MUTED, ORANGE, WHITE, Box, Drawing, Shape, ShapeGroup, Words
from hubel.drawing.svg import FONT
from hubel.reports.window_scene import CAPTION, EMPTY, LIGHT, LINE, Cell, WindowScene

_TITLE_SIZE = 17
_SAID = "A window slides over a matrix, step by step"


def draw_animation(scene: WindowScene) -> Drawing:
    """It plays by itself, with the arithmetic of each step below."""
    captions = [_caption(scene, text) for text in scene.captions]
    shapes = [
        *_matrices(scene),
        ShapeGroup(_window(scene), "window", moves=scene.moves),
        ShapeGroup(_targets(scene), "aim", moves=scene.target_moves),
        *(ShapeGroup([words], "caption", (step, step + 1)) for step, words in enumerate(captions)),
    ]
    style, last = "".join(_rules(scene)), len(scene.moves)
    return Drawing(scene.width, scene.height, shapes, _SAID, style=style, steps=last, step_s=scene.frame_s)


def draw_still(scene: WindowScene, *, scope: str) -> Drawing:
    """Everything in its place and nothing that moves, without the arithmetic: a page shows that beside it.

    Args:
        scene: what to show.
        scope: the class of the element around it, so that its styles are its own.
    """
    height = scene.height - CAPTION + 10
    ground = Box(0, 0, scene.width, height, WHITE, look="paper")
    shapes = [ground, *_matrices(scene), ShapeGroup(_window(scene), "window"), ShapeGroup(_targets(scene), "aim")]
    style = "".join(f".{scope} {rule}" for rule in _rules(scene))
    return Drawing(scene.width, height, shapes, _SAID, style=style, steps=len(scene.moves))


def _rules(scene: WindowScene) -> tuple[str, ...]:
    ink, muted, mark, line = (f"rgb{colour}" for colour in (INK, MUTED, ORANGE, LINE))
    return (
        f"text{{font-family:{FONT};fill:{ink};text-anchor:middle;font-variant-numeric:tabular-nums}}",
        f".title{{font-size:{_TITLE_SIZE}px;fill:{muted}}}",
        f".number{{font-size:{scene.font:g}px;dominant-baseline:central}}",
        f".light{{fill:rgb{LIGHT}}}",
        f".weight{{font-size:{scene.side * 0.22:g}px;fill:{mark};font-weight:700;text-anchor:end}}",
        ".weight{paint-order:stroke;stroke:#fff;stroke-width:3px}",
        f".cell,.empty{{stroke:{line};stroke-width:1}}",
        f".tap{{fill:{mark};fill-opacity:.1;stroke:{mark};stroke-width:2.5}}",
        f".target{{fill:none;stroke:{mark};stroke-width:3;pointer-events:none}}",
    )


def _matrices(scene: WindowScene) -> list[Shape]:
    titles = [Words(x, y, text, _TITLE_SIZE, MUTED, "middle", look="title") for x, y, text in scene.titles]
    return [*titles, *(shape for cell in scene.cells for shape in _cell(scene, cell))]


def _cell(scene: WindowScene, cell: Cell) -> list[Shape]:
    side = scene.side
    shapes: list[Shape] = [Box(cell.x, cell.y, side, side, cell.fill, LINE, look="cell")]
    if cell.text:
        look = "number" if cell.ink == INK else "number light"
        middle = cell.x + side / 2, cell.y + side / 2
        shapes.append(Words(*middle, cell.text, scene.font, cell.ink, "centre", look=look))
    if cell.step is None:
        return shapes
    empty = Box(cell.x, cell.y, side, side, EMPTY, LINE, look="empty")
    return [empty, ShapeGroup(shapes, "filled", (cell.step, len(scene.moves)))]


def _window(scene: WindowScene) -> list[Shape]:
    side = scene.side
    return [
        *(Box(x, y, side, side, None, ORANGE, 3, "tap") for x, y in scene.taps),
        *(
            Words(x + side * 0.95, y + side * 0.92, text, side * 0.22, ORANGE, "end", look="weight")
            for (x, y), text in zip(scene.taps, scene.weights, strict=False)
        ),
    ]


def _targets(scene: WindowScene) -> list[Shape]:
    return [Box(x, y, scene.side, scene.side, None, ORANGE, 3, "target") for x, y in scene.targets]


def _caption(scene: WindowScene, text: str) -> Words:
    """So large that it fits into the width."""
    size = min(20.0, (scene.width - 40) / (len(text) * 0.54))
    return Words(scene.width / 2, scene.height - 34, text, round(size, 1), INK, "middle")
