"""A scene of a sliding window as SVG: one that plays by itself, and one that a page moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape

from hubel.reports.window_scene import CAPTION, INK, Cell, Scene

HOLD = 4
"""Steps that the finished result stands before an animation begins again."""
TITLE_SIZE = 17
INK_HEX, LINE, MARK, MUTED, EMPTY = "#1d2530", "#c3cad4", "#d9480f", "#5b6676", "#f5f7fa"
FONT = "Inter, 'Segoe UI', Helvetica, Arial, sans-serif"


def render_svg(scene: Scene) -> str:
    """An SVG that plays by itself; where nothing plays it shows the finished result."""
    ticks = len(scene.moves) + HOLD
    duration = f'dur="{ticks * scene.frame_s:g}s" repeatCount="indefinite" calcMode="discrete"'
    times = ";".join(f"{step / ticks:.6g}" for step in range(len(scene.moves)))

    def shown_from(step: int | None) -> str:
        if not step:  # what the first step fills in stands from the start
            return ""
        return f'<animate attributeName="opacity" values="0;1" keyTimes="0;{step / ticks:.6g}" {duration}/>'

    def shown_at(step: int) -> str:
        start, end = f"{step / ticks:.6g}", f"{(step + 1) / ticks:.6g}"
        if step == len(scene.moves) - 1:
            return f'<animate attributeName="opacity" values="0;1" keyTimes="0;{start}" {duration}/>' if step else ""
        values = f'values="0;1;0" keyTimes="0;{start};{end}"' if step else f'values="1;0" keyTimes="0;{end}"'
        return f'<animate attributeName="opacity" {values} {duration}/>'

    last = len(scene.moves) - 1
    captions = "".join(
        f'<g opacity="{int(step == last)}">{_caption(scene, caption)}{shown_at(step)}</g>'
        for step, caption in enumerate(scene.captions)
    )

    def moving(squares: str, moves: Sequence[tuple[float, float]]) -> str:
        values = ";".join(f"{x:g} {y:g}" for x, y in moves)
        way = f'attributeName="transform" type="translate" values="{values}" keyTimes="{times}"'
        return f"{squares}<animateTransform {way} {duration}/>"

    window, target = moving(_window(scene), scene.moves), moving(_target(scene), scene.target_moves)
    return _svg(scene, shown_from, (window, target), captions)


def _rules(scene: Scene) -> tuple[str, ...]:
    return (
        f"text{{font-family:{FONT};fill:{INK_HEX};text-anchor:middle;font-variant-numeric:tabular-nums}}",
        f".title{{font-size:{TITLE_SIZE}px;fill:{MUTED}}}",
        f".number{{font-size:{scene.font:g}px;dominant-baseline:central}}",
        f".weight{{font-size:{scene.side * 0.22:g}px;fill:{MARK};font-weight:700;text-anchor:end}}",
        ".weight{paint-order:stroke;stroke:#fff;stroke-width:3px}",
        f".cell{{stroke:{LINE};stroke-width:1}}",
        f".empty{{fill:{EMPTY};stroke:{LINE};stroke-width:1}}",
        f".tap{{fill:{MARK};fill-opacity:.1;stroke:{MARK};stroke-width:2.5}}",
        f".target{{fill:none;stroke:{MARK};stroke-width:3;pointer-events:none}}",
    )


def _svg(
    scene: Scene, shown_from: Callable[[int | None], str], marks: tuple[str, str], captions: str, *, scope: str = ""
) -> str:
    cells = "".join(_cell(scene, cell, shown_from(cell.step)) for cell in scene.cells)
    titles = "".join(
        f'<text x="{x:g}" y="{y:g}" class="title">{escape(text)}</text>' for x, y, text in scene.titles
    )  # fmt: skip
    style = "".join(f"{scope}{rule}" for rule in _rules(scene))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {scene.width} {scene.height}" role="img" '
        f'aria-label="A window slides over a matrix, step by step"><style>{style}</style>'
        f'<rect class="paper" width="100%" height="100%" fill="#ffffff"/>{titles}{cells}'
        f'<g class="window">{marks[0]}</g><g class="aim">{marks[1]}</g><g class="captions">{captions}</g></svg>'
    )


def _cell(scene: Scene, cell: Cell, animation: str) -> str:
    side, half = scene.side, scene.side / 2
    square = f'x="{cell.x:g}" y="{cell.y:g}" width="{side:g}" height="{side:g}"'
    ink = "" if cell.ink == INK else f' style="fill:rgb{cell.ink}"'
    number = (
        f'<text x="{cell.x + half:g}" y="{cell.y + half:g}" class="number"{ink}>{cell.text}</text>' if cell.text else ""
    )
    filled = f'<rect {square} class="cell" fill="rgb{cell.fill}"/>{number}'
    if cell.step is None:
        return filled
    return f'<rect {square} class="empty"/><g class="filled" data-step="{cell.step}">{filled}{animation}</g>'


def _window(scene: Scene) -> str:
    side = scene.side
    squares = "".join(
        f'<rect x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" class="tap"/>' for x, y in scene.taps
    )
    weights = "".join(
        f'<text x="{x + side * 0.95:g}" y="{y + side * 0.92:g}" class="weight">{text}</text>'
        for (x, y), text in zip(scene.taps, scene.weights, strict=False)
    )
    return squares + weights


def _target(scene: Scene) -> str:
    size = f'width="{scene.side:g}" height="{scene.side:g}" class="target"'
    return "".join(f'<rect x="{x:g}" y="{y:g}" {size}/>' for x, y in scene.targets)


def render_still(scene: Scene, *, scope: str) -> str:
    """An SVG with everything in its place and nothing that moves, without the arithmetic: a page shows that beside it.

    Args:
        scene: what to show.
        scope: the class of the element around it, so that its styles are its own.
    """
    scene = replace(scene, height=scene.height - CAPTION + 10)
    return _svg(scene, lambda _: "", (_window(scene), _target(scene)), "", scope=f".{scope} ")


def _caption(scene: Scene, text: str) -> str:
    size = caption_size(scene, text)
    return f'<text x="{scene.width / 2:g}" y="{scene.height - 34}" style="font-size:{size:.3g}px">{escape(text)}</text>'


def caption_size(scene: Scene, text: str) -> float:
    """So large that the text fits into the width."""
    return min(20.0, (scene.width - 40) / (len(text) * 0.54))
