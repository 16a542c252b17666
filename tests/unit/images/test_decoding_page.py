"""The page on decoding keeps step with the decoder, its images with the page."""

from __future__ import annotations

import io
import re
from pathlib import Path

from docs.decoding_images import STRIPS, render_images
from PIL import Image

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/concepts/decoding.md").read_text()
MOST_BYTES = 40_000


def test_every_image_of_the_page_is_there_and_small():
    shown = re.findall(r"\(\.\./images/(.+?)\)", PAGE)
    assert sorted(shown) == sorted(f"decoding-{name}.png" for name in STRIPS)
    for name in shown:
        assert 1000 < (ROOT / "docs/images" / name).stat().st_size < MOST_BYTES


def test_the_images_can_be_made_again_in_the_same_size():
    for name, data in render_images():
        with Image.open(io.BytesIO(data)) as made, Image.open(ROOT / "docs/images" / name) as kept:
            assert abs(made.width - kept.width) <= 20, name  # letters differ between versions of the drawing library
            assert made.height == kept.height


def test_every_code_of_the_decoder_is_explained():
    sources = [*(ROOT / "src/hubel/images").glob("*.py"), ROOT / "src/hubel/corpus/trees/folder.py"]
    raised = {code for path in sources for code in re.findall(r"UnreadableImage\(\s*\"([a-z-]+)\"", path.read_text())}
    explained = set(re.findall(r"`([a-z-]+)`", " ".join(re.findall(r"^\| (`.+?) \|", PAGE, re.M))))
    assert len(raised) >= 8
    assert raised <= explained
