"""Every view of a page, wide, dark, on a phone and on a projector → docs/images/page-<view>.png, for its how-to.

hubel export runs/digits --format page -o classifier.html && python -m docs.page_images classifier.html
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from tests.browser import Browser

OUT = Path(__file__).parent / "images"
PLACES = {
    "volumes": "volumes/group_1_2_convolution/5/3/3",
    "maps": "maps/group_1_2_convolution/5/3/3",
    "window": "window/group_1_2_convolution/5/3/3",
    "filters": "filters/group_1_2_convolution/5/3/3",
    "edit": "edit/group_1_1_convolution/5/3/3",
    "paint": "paint",
    "parameters": "parameters",
    "course": "course/5",
}
SCREENS = (
    ("wide", 1400, 900, False),
    ("dark", 1400, 900, True),
    ("phone", 360, 900, False),
    ("projector", 1920, 1080, False),
)
SCALE = 0.36
MOST_BYTES = 60_000
GAP = 8
READY = "!document.body.classList.contains('loading') && document.getElementById('page-foot') !== null"
PROJECT = "document.dispatchEvent(new Event('fullscreenchange')); document.documentElement.classList.add('projected')"


def screens(browser: Browser, page: Path, place: str) -> Iterator[Image.Image]:
    """The view on each screen, small."""
    for name, width, height, dark in SCREENS:
        browser.open(page, width=width, dark=dark, offline=True)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": name == "phone"}
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        browser.until(READY, seconds=60)
        browser.run(f"location.hash = '#{place}'")
        if name == "projector":
            browser.run(PROJECT)
        time.sleep(3)  # what moves comes to rest
        data = base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])
        shot = Image.open(io.BytesIO(data)).convert("RGB")
        yield shot.resize((round(width * SCALE * 900 / height), round(900 * SCALE)), Image.Resampling.LANCZOS)


def sheet(shots: list[Image.Image]) -> Image.Image:
    """Two beside two would leave holes: all stand in one row."""
    made = Image.new("RGB", (sum(shot.width + GAP for shot in shots) - GAP, shots[0].height), "#ffffff")
    left = 0
    for shot in shots:
        made.paste(shot, (left, 0))
        left += shot.width + GAP
    return made


def write(made: Image.Image, path: Path) -> None:
    """With as many colours as the file's size allows."""
    for colours in (128, 64, 32, 16):
        made.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        started = Browser(Path(folder))
        try:
            for view in sys.argv[2:] or PLACES:
                write(
                    sheet(list(screens(started, Path(sys.argv[1]).resolve(), PLACES[view]))), OUT / f"page-{view}.png"
                )
        finally:
            started.close()
