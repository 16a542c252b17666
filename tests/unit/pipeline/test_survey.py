"""Deep images and many bands from the survey of a corpus to the pixels that a classifier gets when it serves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tests.conftest import write_image
from tests.unit.classifier.made import make_classifier, save_made
from tests.unit.images.deep_files import png16, tiff

from hubel.corpus.formats.catalogue import read_corpus
from hubel.engines.catalogue import load_classifier
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.decoded import decode_corpus
from hubel.pipeline.examine import examine_corpus, examine_decoded
from hubel.pipeline.survey import survey_corpus

SIDE = 12
TINTS = ((30, 0, 0), (0, 25, 0))


def images_of_two_classes() -> list[np.ndarray]:
    """Noise with a tint that a linear classifier finds in some of them: uint8 [height, width, 3]."""
    rng = np.random.default_rng(4)
    brightness = rng.uniform(40, 160, 80)
    return [
        np.clip(rng.normal(level, 45, (SIDE, SIDE, 3)) + TINTS[place % 2], 0, 255).astype(np.uint8)
        for place, level in enumerate(brightness)
    ]


def write_corpora(folder: Path) -> dict[str, Path]:
    """The same images in 8 bits and, as a camera writes them, in 11 of 16."""
    noise = np.random.default_rng(6)
    for place, pixels in enumerate(images_of_two_classes()):
        name = f"{'ab'[place % 2]}/{place:02}.png"
        write_image(folder / "eight" / name, pixels)
        deep = pixels.astype(np.uint16) * 8 + noise.integers(0, 8, pixels.shape).astype(np.uint16)
        (folder / "eleven" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "eleven" / name).write_bytes(png16(deep))
    return {name: folder / name for name in ("eight", "eleven")}


def accuracy(images: np.ndarray, labels: np.ndarray) -> float:
    """Of a linear classifier on mean colours, tried on the second half."""
    features = images.reshape(len(images), -1, 3).mean(axis=1) / 255
    half = len(images) // 2
    fitted = LogisticRegression(C=1000).fit(features[:half], labels[:half])
    return fitted.score(features[half:], labels[half:])


def test_11_bits_of_16_are_seen_as_the_same_images_of_8_bits(tmp_path: Path):
    decoded, scores = {}, {}
    for name, folder in write_corpora(tmp_path).items():
        corpus = read_corpus(folder)
        preprocessing = survey_corpus(corpus).preprocessing((SIDE, SIDE), resize="squash")
        decoded[name] = decode_corpus(corpus, preprocessing)
        labels = np.array([example.label for example in corpus.examples])
        order = np.random.default_rng(8).permutation(len(labels))
        scores[name] = accuracy(np.asarray(decoded[name].images[:])[order], labels[order])
    assert decoded["eight"].preprocessing.integer_range is None
    assert decoded["eleven"].preprocessing.integer_range == (0, 2047)
    eight, eleven = (np.asarray(decoded[name].images[:]).astype(int) for name in ("eight", "eleven"))
    assert abs(eight - eleven).max() <= 1
    assert scores["eight"] > 0.7
    assert abs(scores["eight"] - scores["eleven"]) <= 1 / 40  # at most one of the forty images


def test_the_scale_is_in_the_artefact_and_serving_gives_the_pixels_of_training(tmp_path: Path):
    corpus = read_corpus(write_corpora(tmp_path)["eleven"])
    preprocessing = survey_corpus(corpus).preprocessing((8, 8), resize="squash")
    trained_on = np.asarray(decode_corpus(corpus, preprocessing).images[:])
    artefact = save_made(tmp_path / "classifier", replace(make_classifier(), preprocessing=preprocessing))
    stored = json.loads((artefact / "manifest.json").read_text())["preprocessing"]
    assert stored["integer_range"] == [0, 2047]
    classifier = load_classifier(artefact)
    for index in (0, 41, 79):
        path = tmp_path / "eleven" / corpus.examples[index].path
        for given in (path, path.read_bytes()):
            np.testing.assert_array_equal(classifier.read_pixels(given), trained_on[index])


def test_grey_deep_images_of_one_corpus_share_one_scale(tmp_path: Path):
    """Brightness tells the classes apart; stretched one by one, all images would be the same."""
    rng = np.random.default_rng(5)
    for number in range(12):
        top = 3000 if number % 2 else 1500
        values = (500 + rng.random((10, 10)) * (top - 500)).astype(np.uint16)
        write_image(tmp_path / "xray" / ("high" if number % 2 else "low") / f"{number:02}.png", values)
    corpus = read_corpus(tmp_path / "xray")
    preprocessing = survey_corpus(corpus).preprocessing((10, 10), resize="squash")
    images = np.asarray(decode_corpus(corpus, preprocessing).images[:])
    means = {name: images[corpus_labels(corpus) == label].mean() for label, name in enumerate(corpus.class_names)}
    assert means["low"] == pytest.approx(1000 / 4095 * 255, abs=3)
    assert means["high"] == pytest.approx(1750 / 4095 * 255, abs=4)


def corpus_labels(corpus: object) -> np.ndarray:
    return np.array([example.label for example in corpus.examples])  # type: ignore[attr-defined]


def test_chosen_bands_reach_the_pixels_the_measurements_and_the_artefact(tmp_path: Path):
    rng = np.random.default_rng(9)
    stored = {}
    for number in range(8):
        name = f"{'ab'[number % 2]}/{number}.tif"
        stored[name] = rng.integers(0, 256, (8, 8, 5), dtype=np.uint8)
        (tmp_path / "five" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "five" / name).write_bytes(tiff(stored[name], extra=(0, 0, 0, 0), compression="lzw"))
    corpus = read_corpus(tmp_path / "five")
    preprocessing = survey_corpus(corpus, bands=(4, 3, 2)).preprocessing((8, 8), resize="squash")
    decoded = decode_corpus(corpus, preprocessing)
    for example, pixels in zip(decoded.corpus.examples, decoded.images[:], strict=True):
        np.testing.assert_array_equal(pixels, stored[example.path][..., [3, 2, 1]])
    assert len(examine_decoded(decoded).corpus.examples) == 8
    assert (examine_decoded(decoded).measurements["width"] == 8).all()
    measured = examine_corpus(corpus, bands=(4, 3, 2))
    assert len(measured.corpus.examples) == 8
    artefact = save_made(tmp_path / "classifier", replace(make_classifier(), preprocessing=preprocessing))
    first = corpus.examples[0].path
    pixels = load_classifier(artefact).read_pixels(tmp_path / "five" / first)
    np.testing.assert_array_equal(pixels, stored[first][..., [3, 2, 1]])


def test_many_bands_without_a_choice_are_refused_by_name_in_an_audit_and_in_training(tmp_path: Path):
    for number in range(4):
        path = tmp_path / "five" / "ab"[number % 2] / f"{number}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tiff(np.full((6, 6, 4), number, np.uint8), photometric=2))
    write_image(tmp_path / "five/a/plain.png", np.zeros((6, 6, 3), np.uint8))
    corpus = read_corpus(tmp_path / "five")
    assert survey_corpus(corpus).sizes == ((6, 6),) * 5
    for left in (decode_corpus(corpus, Preprocessing(6, 6)).corpus, examine_corpus(corpus).corpus):
        assert {row.code for row in left.refused} == {"many-bands"}
        assert len(left.refused) == 4
        assert "choose the bands of red, green and blue" in left.refused[0].reason


def test_a_corpus_of_8_bits_is_surveyed_by_its_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_image(tmp_path / "c/a/1.png", np.zeros((6, 6, 3), np.uint8))
    write_image(tmp_path / "c/b/1.png", np.full((6, 6, 3), 90, np.uint8))

    def no_values(*_args: object, **_options: object) -> None:
        raise AssertionError("an image of 8 bits was decoded for its values")

    monkeypatch.setattr("hubel.pipeline.survey.deep_values", no_values)
    survey = survey_corpus(read_corpus(tmp_path / "c"))
    assert (survey.integer_range, survey.float_range) == (None, None)


def test_a_few_8_bit_images_among_deep_ones_do_not_change_the_scale(tmp_path: Path):
    for number in range(6):
        path = tmp_path / "c" / "ab"[number % 2] / f"{number}.png"
        write_image(path, np.full((6, 6, 3), 200, np.uint8))
        if number:
            path.write_bytes(png16(np.linspace(0, 4000, 108).reshape(6, 6, 3).astype(np.uint16)))
    corpus = read_corpus(tmp_path / "c")
    survey = survey_corpus(corpus)
    assert survey.integer_range == (0, 4095)
    images = decode_corpus(corpus, survey.preprocessing((6, 6), resize="squash")).images[:]
    eight_bits = next(place for place, example in enumerate(corpus.examples) if example.path.endswith("0.png"))
    assert (np.asarray(images)[eight_bits] == 200).all()
