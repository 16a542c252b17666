"""A part of a report: headline, and matrix with one cell opened → docs/images/report.png, for the README.

hubel train digits -o runs/digits && python -m docs.report_image runs/digits/report.html
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from tests.browser import Browser

OUT = Path(__file__).parent / "images/report.png"
WIDTH, HEIGHT = 900, 1195
LEFT_OUT = "header, nav, #advice, #scores"


def render_part(page: Path) -> Image.Image:
    """The page without what is left out, after a click on the first mistake in the confusion matrix."""
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(Path(folder))
        try:
            browser.open(page.resolve(), width=WIDTH)
            cells = "[...document.querySelectorAll('button[data-true]')]"
            browser.run(f"{cells}.find(each => each.dataset.true !== each.dataset.named).click()")
            browser.run(f"document.querySelectorAll({LEFT_OUT!r}).forEach(each => each.remove()); scrollTo(0, 0)")
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": 1}
            shot = browser.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
            return Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")
        finally:
            browser.close()


if __name__ == "__main__":
    render_part(Path(sys.argv[1])).quantize(256).save(OUT, optimize=True)
