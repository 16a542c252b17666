"""A sliding window as a moving picture, for a slide or a lesson: SVG, page with buttons or GIF; and the map as PNG."""

from __future__ import annotations

import io
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

import numpy as np
from PIL import GifImagePlugin, ImageChops, ImageColor, ImageDraw, ImageFont
from PIL import Image as PillowImage
from PIL.Image import Dither

from hubel.arithmetic.windows import Calculation
from hubel.errors import WrongRequest
from hubel.files import said_plainly, write_bytes
from hubel.reports.window_scene import Cell, Scene, make_scene

_HOLD = 4
"""Steps that the finished result stands before an animation begins again."""

_GIF_WIDTH, _GIF_COLOURS = 1200, 96
_CLEAR = 255
"""Entry of the palette that leaves the pixel of the frame before."""

_TITLE_SIZE = 17

_INK, _LINE, _MARK, _MUTED, _EMPTY = "#1d2530", "#c3cad4", "#d9480f", "#5b6676", "#f5f7fa"
_FONT = "Inter, 'Segoe UI', Helvetica, Arial, sans-serif"


def write_steps(path: Path, calculation: Calculation) -> str:
    """Write a picture of a calculation; the ending of its name says which.

    Args:
        path: ``.svg``, ``.html`` or ``.gif`` for an animation, ``.png`` for the result as an image.
        calculation: what to show.

    Returns:
        What was written, in a few words, for the user.

    Raises:
        WrongRequest: another ending, or too much to show.
        OutputNotWritable: the file cannot be written.
    """
    render = _FORMATS[check_ending(path)]
    data, what = render(calculation)
    with said_plainly(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, data)
    return what


def check_ending(path: Path) -> str:
    """The ending of a file name, in small letters, if it is one that can be written.

    Raises:
        WrongRequest: naming those that can.
    """
    if path.suffix.lower() not in _FORMATS:
        raise WrongRequest(
            f"-o takes a file that ends in {', '.join(_FORMATS)}. Received: {path.name!r}. "
            "Use .svg, .html or .gif for the steps as an animation, .png for the result as an image."
        )
    return path.suffix.lower()


def render_svg(scene: Scene) -> str:
    """An SVG that plays by itself; where nothing plays it shows the finished result."""
    ticks = len(scene.moves) + _HOLD
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


def _svg(scene: Scene, shown_from: Callable[[int | None], str], marks: tuple[str, str], captions: str) -> str:
    cells = "".join(_cell(scene, cell, shown_from(cell.step)) for cell in scene.cells)
    titles = "".join(
        f'<text x="{x:g}" y="{y:g}" class="title">{escape(text)}</text>' for x, y, text in scene.titles
    )  # fmt: skip
    style = (
        f"text{{font-family:{_FONT};fill:{_INK};text-anchor:middle;font-variant-numeric:tabular-nums}}"
        f".title{{font-size:{_TITLE_SIZE}px;fill:{_MUTED}}}.number{{font-size:{scene.font:g}px;dominant-baseline:central}}"
        f".weight{{font-size:{scene.side * 0.22:g}px;fill:{_MARK};font-weight:700;text-anchor:end}}"
        f".cell{{stroke:{_LINE};stroke-width:1}}.empty{{fill:{_EMPTY};stroke:{_LINE};stroke-width:1}}"
        f".tap{{fill:{_MARK};fill-opacity:.1;stroke:{_MARK};stroke-width:2.5}}"
        f".target{{fill:none;stroke:{_MARK};stroke-width:3;pointer-events:none}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {scene.width} {scene.height}" role="img" '
        f'aria-label="A window slides over a matrix, step by step"><style>{style}</style>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{titles}{cells}<g id="window">{marks[0]}</g>'
        f'<g id="target">{marks[1]}</g><g id="captions">{captions}</g></svg>'
    )


def _cell(scene: Scene, cell: Cell, animation: str) -> str:
    side, half = scene.side, scene.side / 2
    square = f'x="{cell.x:g}" y="{cell.y:g}" width="{side:g}" height="{side:g}"'
    number = f'<text x="{cell.x + half:g}" y="{cell.y + half:g}" class="number">{cell.text}</text>' if cell.text else ""
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


def _caption(scene: Scene, text: str) -> str:
    size = _caption_size(scene, text)
    return f'<text x="{scene.width / 2:g}" y="{scene.height - 34}" style="font-size:{size:.3g}px">{escape(text)}</text>'


def _caption_size(scene: Scene, text: str) -> float:
    return min(20.0, (scene.width - 40) / (len(text) * 0.54))


_NOT_FLIPPED = """ The kernel is laid on
as it stands, not flipped: what deep-learning libraries call convolution is cross-correlation."""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Step by step</title><style>
body{margin:0;background:#f4f6f8;color:#1d2530;font:16px/1.5 FONT}
main{max-width:1160px;margin:24px auto;padding:0 16px}
figure{margin:0;background:#fff;border:1px solid #dde2e8;border-radius:10px;overflow:hidden}
svg{display:block;width:100%}
.filled{cursor:pointer}nav{display:flex;gap:10px;align-items:center;margin:16px 0;flex-wrap:wrap}
button{font:inherit;padding:6px 16px;border:1px solid #aab3be;border-radius:8px;background:#fff;cursor:pointer}
button.main{background:#d9480f;border-color:#d9480f;color:#fff;min-width:92px}input{flex:1;min-width:160px}
output{min-width:130px;text-align:right;font-variant-numeric:tabular-nums}small{color:#5b6676}
</style></head><body><main><figure>SVG</figure>
<nav><button id="first" title="first step">|&lt;</button><button id="back">Back</button>
<button id="play" class="main">Play</button><button id="next">Next</button>
<input id="place" type="range" min="0" max="LAST" value="0" aria-label="step"><output id="where"></output></nav>
<small>Arrow keys step, the space bar plays; a click on a number of the result goes to its window.NOTE</small>
</main><script>
"use strict";
const moves=MOVES,targets=TARGETS,captions=CAPTIONS,pause=PAUSE,last=moves.length-1;
const get=id=>document.getElementById(id),filled=[...document.querySelectorAll(".filled")];
const caption=document.querySelector("#captions text"),room=document.querySelector("svg").viewBox.baseVal.width-40;
let step=0,timer=null;
function show(to){
  step=Math.max(0,Math.min(last,to));
  get("window").setAttribute("transform",`translate(${moves[step]})`);
  get("target").setAttribute("transform",`translate(${targets[step]})`);
  for(const cell of filled)cell.style.opacity=+cell.dataset.step<=step?1:0;
  caption.textContent=captions[step];
  caption.style.fontSize=Math.min(20,room/(captions[step].length*.54))+"px";
  get("place").value=step;get("where").textContent=`window ${step+1} of ${last+1}`;
}
function stop(){clearInterval(timer);timer=null;get("play").textContent="Play";}
function play(){
  if(timer){stop();return;}
  if(step===last)show(0);
  get("play").textContent="Pause";
  timer=setInterval(()=>{show(step+1);if(step===last)stop();},pause);
}
function go(to){stop();show(to);}
get("first").onclick=()=>go(0);get("back").onclick=()=>go(step-1);get("next").onclick=()=>go(step+1);
get("play").onclick=play;get("place").oninput=event=>go(+event.target.value);
for(const cell of filled)cell.onclick=()=>go(+cell.dataset.step);
document.addEventListener("keydown",event=>{
  const act={ArrowRight:()=>go(step+1),ArrowLeft:()=>go(step-1),Home:()=>go(0),End:()=>go(last)," ":play}[event.key];
  if(act&&event.target.tagName!=="INPUT"&&!(event.key===" "&&event.target.tagName==="BUTTON")){
    event.preventDefault();act();
  }
});
show(0);
</script></body></html>
"""


def render_page(scene: Scene) -> str:
    """One HTML file with buttons to play and step; nothing outside of it is loaded."""
    svg = _svg(scene, lambda _: "", (_window(scene), _target(scene)), _caption(scene, scene.captions[0]))
    parts = {
        "LAST": str(len(scene.moves) - 1),
        "MOVES": json.dumps([[round(x, 3), round(y, 3)] for x, y in scene.moves]),
        "TARGETS": json.dumps([[round(x, 3), round(y, 3)] for x, y in scene.target_moves]),
        "CAPTIONS": json.dumps(list(scene.captions)),
        "PAUSE": str(round(scene.frame_s * 1000)),
        "FONT": _FONT,
        "NOTE": _NOT_FLIPPED if scene.weights else "",
        "SVG": svg,
    }
    page = _PAGE
    for name, text in parts.items():
        page = page.replace(name, text)
    return page


def render_gif(scene: Scene) -> bytes:
    """A GIF that plays for ever, for programs that show no SVG."""
    scene = _scaled(scene, min(1.0, _GIF_WIDTH / scene.width))
    palette = _palette(scene)
    durations = [round(scene.frame_s * 1000)] * len(scene.moves)
    durations[-1] *= _HOLD
    chunks: list[bytes] = []
    before = None
    # Pillow's own writer keeps every frame until the last one is there: gigabytes for a long animation.
    for picture, duration in zip(_pictures(scene), durations, strict=True):
        changed = None if before is None else ImageChops.difference(picture, before)
        box = None if changed is None else changed.getbbox()
        box = (0, 0, *picture.size) if box is None else box
        part = picture.crop(box).quantize(palette=palette, dither=Dither.NONE)
        if changed is None:
            chunks += GifImagePlugin.getheader(part, info={"loop": 0, "duration": duration})[0]
        else:
            same = changed.crop(box).convert("L").point(lambda difference: 0 if difference else 255)
            part.paste(_CLEAR, mask=same)
        chunks += GifImagePlugin.getdata(part, box[:2], duration=duration, transparency=_CLEAR)
        before = picture
    return b"".join([*chunks, b";"])


def _palette(scene: Scene) -> PillowImage.Image:
    """One palette for all frames, from the last, which has every colour: so no colour flickers."""
    last = deque(_pictures(scene), maxlen=1)[0]
    kept = [part for colour in (_INK, _LINE, _MARK, _MUTED, _EMPTY, "white") for part in ImageColor.getrgb(colour)]
    others = (last.quantize(_GIF_COLOURS).getpalette() or [])[: 3 * _GIF_COLOURS]
    palette = PillowImage.new("P", (1, 1))
    palette.putpalette([*kept, *others, *[0] * (768 - len(kept) - len(others))])
    return palette


def _scaled(scene: Scene, factor: float) -> Scene:
    """The same scene, smaller."""

    def all_of(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x * factor, y * factor) for x, y in points]

    return replace(
        scene,
        width=round(scene.width * factor),
        height=round(scene.height * factor),
        side=scene.side * factor,
        font=scene.font * factor,
        cells=[replace(cell, x=cell.x * factor, y=cell.y * factor) for cell in scene.cells],
        titles=[(x * factor, y * factor, text) for x, y, text in scene.titles],
        taps=all_of(scene.taps),
        moves=all_of(scene.moves),
        targets=all_of(scene.targets),
        target_moves=all_of(scene.target_moves),
    )


def _pictures(scene: Scene) -> Iterator[PillowImage.Image]:
    """The frames, one at a time: hundreds of them in full colour would fill the memory."""
    picture = PillowImage.new("RGB", (scene.width, scene.height), "white")
    draw = ImageDraw.Draw(picture)
    number, title = (ImageFont.load_default(size) for size in (scene.font, _TITLE_SIZE))
    for x, y, text in scene.titles:
        draw.text((x, y), _plain(text), font=title, fill=_MUTED, anchor="ms")
    by_step = defaultdict(list)
    for cell in scene.cells:
        _draw_cell(draw, scene, cell, number if cell.step is None else None)
        by_step[cell.step].append(cell)
    for step in range(len(scene.moves)):
        for cell in by_step[step]:
            _draw_cell(draw, scene, cell, number)
        yield _frame(picture, scene, step)


def _frame(picture: PillowImage.Image, scene: Scene, step: int) -> PillowImage.Image:
    frame = picture.copy()
    draw = ImageDraw.Draw(frame)
    move = scene.moves[step]
    weight = ImageFont.load_default(max(8.0, scene.side * 0.22))
    for index, (x, y) in enumerate(scene.taps):
        corner = x + move[0], y + move[1]
        draw.rectangle((*corner, corner[0] + scene.side, corner[1] + scene.side), outline=_MARK, width=3)
        if scene.weights:
            at = corner[0] + scene.side * 0.94, corner[1] + scene.side * 0.94
            draw.text(at, _plain(scene.weights[index]), font=weight, fill=_MARK, anchor="rd")
    move = scene.target_moves[step]
    for x, y in scene.targets:
        corner = x + move[0], y + move[1]
        draw.rectangle((*corner, corner[0] + scene.side, corner[1] + scene.side), outline=_MARK, width=3)
    caption = _plain(scene.captions[step])
    font = ImageFont.load_default(_caption_size(scene, caption))
    draw.text((scene.width / 2, scene.height - min(34, scene.side)), caption, font=font, fill=_INK, anchor="ms")
    return frame


def _draw_cell(
    draw: ImageDraw.ImageDraw, scene: Scene, cell: Cell, font: ImageFont.FreeTypeFont | ImageFont.ImageFont | None
) -> None:
    """A cell; an empty one where no font is given."""
    corners = (cell.x, cell.y, cell.x + scene.side, cell.y + scene.side)
    draw.rectangle(corners, fill=_EMPTY if font is None else cell.fill, outline=_LINE)
    if font is not None and cell.text:
        draw.text((cell.x + scene.side / 2, cell.y + scene.side / 2), cell.text, font=font, fill=_INK, anchor="mm")


def _plain(text: str) -> str:
    """Letters that the font inside Pillow has."""
    return text.translate(str.maketrans({"×": "x", "≈": "~", "→": ">"}))


def _png(calculation: Calculation) -> tuple[bytes, str]:
    result = calculation.result
    low, high = float(result.min()), float(result.max())
    scaled = np.zeros_like(result) if low == high else (result - low) / (high - low)
    pixels = np.round(scaled * 255).astype(np.uint8)  # [height, width, 1 or 3]
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]).save(buffer, "PNG")
    return buffer.getvalue(), f"{result.shape[0]} x {result.shape[1]} pixels; black is {low:.4g}, white is {high:.4g}"


def _animation(text: str) -> tuple[bytes, str]:
    return text.encode(), "an animation that opens in every browser"


_FORMATS: dict[str, Callable[[Calculation], tuple[bytes, str]]] = {
    ".svg": lambda calculation: _animation(render_svg(make_scene(calculation))),
    ".html": lambda calculation: (render_page(make_scene(calculation)).encode(), "a page with buttons: open it"),
    ".gif": lambda calculation: (render_gif(make_scene(calculation)), "an animation"),
    ".png": _png,
}
