"""A classifier in NumPy that names an image by its strongest colour, and a run folder that says it is its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from tests.conftest import write_image

from hubel.architectures.catalogue import Blueprint
from hubel.architectures.families.cnn import CnnSpec
from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import Outputs, Wanted
from hubel.classifier.off_corpus import Looks
from hubel.files import write_csv
from hubel.images.preprocessing import Preprocessing

NAMES = ("red", "green", "blue")
"""In the order of the channels, which is the order of the classes."""
SIDE = 8
BRIGHT = 0.5
"""Share of full light above which an image is unlike those of the run."""


class ColourEngine:
    """Logits are ten times the share of each channel in all light; the one map is the light."""

    model = None

    def compute(self, pixels: np.ndarray, *, wanted: Wanted = "logits") -> Outputs:
        del wanted
        light = pixels.astype(np.float32).mean(axis=(1, 2)) / 255  # [batch, channels]
        shares = light / np.maximum(light.sum(axis=1, keepdims=True), 1e-6)
        return Outputs(10 * shares, shares, light.mean(axis=1, keepdims=True))


class TooBright:
    """An off-corpus score: the light of an image as a multiple of `BRIGHT`."""

    def score(self, looks: Looks) -> np.ndarray:
        return looks.maps[:, 0].astype(np.float64) / BRIGHT


def colour_classifier(*, off_corpus: bool = False) -> Classifier:
    """It names pure colours rightly, and grey as the first class."""
    blueprint = Blueprint("colours", CnnSpec((SIDE, SIDE), len(NAMES)))
    measure = cast("Any", TooBright() if off_corpus else None)
    return Classifier(ColourEngine(), blueprint, NAMES, Preprocessing(SIDE, SIDE), off_corpus=measure)


def colour(name: str, shade: int, *, light: int = 100) -> np.ndarray:
    """An image that shows a class, a little different for each shade: uint8 [8, 8, 3].

    Args:
        name: of the class.
        shade: below 40; a number that no other image has makes its bytes its own.
        light: of its strongest channel.
    """
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[..., NAMES.index(name)] = light
    pixels[..., (NAMES.index(name) + 1) % 3] = shade
    pixels[0, 0] = shade
    return pixels


def write_colours(folder: Path, shown: Mapping[str, str], *, light: int = 100, first: int = 0) -> Path:
    """A corpus of class folders.

    Args:
        folder: of the corpus.
        shown: path, such as ``red/1.png`` → the colour that the image shows.
        light: of the strongest channel.
        first: shade of the first image.
    """
    for shade, (path, name) in enumerate(shown.items(), first):
        write_image(folder / path, colour(name, shade, light=light))
    return folder


def write_colour_run(
    run: Path, corpus: Path, *, tested: Sequence[str], labels: Mapping[str, str] | None = None, scores: float = 0.4
) -> Path:
    """A run folder for images as they lie in a corpus now.

    Args:
        run: its folder.
        corpus: of class folders.
        tested: paths of the test images; the others were trained on.
        labels: path → label, where it is not that of its folder.
        scores: off-corpus score of each test image.
    """
    files = sorted(path for path in corpus.rglob("*.png"))
    paths = [file.relative_to(corpus).as_posix() for file in files]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    (run / "classifier").mkdir(parents=True)
    (run / "classifier/manifest.json").write_text("{}")
    (run / "classifier/weights.safetensors").write_bytes(b"")
    write_csv(run / "fingerprints.csv", ("path", "sha256"), rows=zip(paths, digests, strict=True))
    own = labels or {}
    placed = [(path, own.get(path, path.split("/")[0]), "test" if path in tested else "train", "") for path in paths]
    write_csv(run / "split.csv", ("path", "label", "split", "group"), rows=placed)
    write_csv(run / "off_corpus.csv", ("path", "split", "score"), rows=[(path, "test", scores) for path in tested])
    (run / "run.json").write_text(json.dumps({"corpus": {"location": str(corpus)}, "request": {}}))
    return run
