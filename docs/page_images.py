"""Every view of a page: wide; on a phone and on a projector, dark → docs/images/page-<view>.png and its like.

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
SCREENS = {"": (1400, 900, 840, False), "-phone": (360, 780, 252, True), "-projector": (1920, 1080, 840, True)}
"""End of the file's name → width, height, width of the picture, dark."""
MOST_BYTES = 60_000
READY = "!document.body.classList.contains('loading') && document.getElementById('page-foot') !== null"
PROJECT = "document.dispatchEvent(new Event('fullscreenchange')); document.documentElement.classList.add('projected')"


def screens(browser: Browser, page: Path, place: str) -> Iterator[tuple[str, Image.Image]]:
    """The view on each screen, small."""
    for name, (width, height, shown, dark) in SCREENS.items():
        browser.open(page, width=width, dark=dark, offline=True)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        browser.until(READY, seconds=60)
        browser.run(f"location.hash = '#{place}'")
        if name == "-projector":
            browser.run(PROJECT)
        time.sleep(3)  # what moves comes to rest
        data = base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])
        shot = Image.open(io.BytesIO(data)).convert("RGB")
        yield name, shot.resize((shown, round(height * shown / width)), Image.Resampling.LANCZOS)


def write(made: Image.Image, path: Path) -> None:
    """With as many colours as the file's size allows."""
    for colours in (96, 64, 48, 32, 24, 16):
        made.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        started = Browser(Path(folder))
        try:
            for view in sys.argv[2:] or PLACES:
                for name, shot in screens(started, Path(sys.argv[1]).resolve(), PLACES[view]):
                    write(shot, OUT / f"page-{view}{name}.png")
        finally:
            started.close()
