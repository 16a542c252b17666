"""Planted shortcuts raise their own alarm; a corpus without any raises none."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw, ImageEnhance
from tests.unit.corpus.test_duplicates import scene

from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import AS_FOUND
from hubel.corpus.shortcuts.probes import PROBES
from hubel.errors import UnusableCorpus
from hubel.pipeline.examine import examine_corpus
from hubel.workflows.auditing.audit import audit_corpus
from hubel.workflows.auditing.shortcut_report import FALSE_ALARMS, Shortcuts
from hubel.workflows.auditing.shortcuts import add_shortcuts, find_shortcuts

EACH = 25
Change = Callable[[Image.Image], bytes]


def saved(image: Image.Image, quality: int = 85, form: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, quality=quality, **options)
    return buffer.getvalue()


def marked(image: Image.Image) -> bytes:
    """With a watermark in a corner."""
    ImageDraw.Draw(image).text((image.width - 34, image.height - 12), "(c) me", fill=(255, 255, 255))
    return saved(image)


def by_a_camera(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Acme"
    return saved(image, exif=exif)


PLANTED: dict[str, tuple[Change, str]] = {
    "another quality": (lambda image: saved(image, 60), "jpeg-settings"),
    "a watermark": (marked, "border"),
    "a brighter camera": (lambda image: saved(ImageEnhance.Brightness(image).enhance(1.4)), "brightness"),
    "a yellow light": (lambda image: saved(Image.merge("RGB", [*image.split()[:2], image.getchannel("B").point(lambda v: v * 0.6)])), "colour"),
    "out of focus": (lambda image: saved(image.resize((48, 36)).resize(image.size)), "sharpness"),
    "a camera": (by_a_camera, "camera"),
    "smaller": (lambda image: saved(image.resize((96, 72))), "image-size"),
}  # fmt: skip


def folder(root: Path, change: Change = saved, name: str = "{:03}-{}.jpg") -> Path:
    """Two classes of made photographs, mixed; the second one is changed."""
    rng = np.random.default_rng(5)
    for number in range(2 * EACH):
        label = "ab"[number % 2]
        path = root / label / name.format(int(rng.integers(0, 999)), "xyz"[int(rng.integers(0, 3))] + str(number))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change(scene(number)) if label == "b" else saved(scene(number)))
    return root


def shortcuts(root: Path) -> Shortcuts:
    return find_shortcuts(examine_corpus(read_corpus(str(root)), copies="off"))


@pytest.mark.parametrize("planted", PLANTED)
def test_each_planted_shortcut_raises_its_own_alarm(planted: str, tmp_path: Path):
    change, name = PLANTED[planted]
    found = shortcuts(folder(tmp_path, change))
    alarm = next(each for each in found.alarms if each.name == name)
    assert alarm.p_corrected <= FALSE_ALARMS
    assert alarm.interval[0] > 0.5
    assert alarm.classes == ("a",)
    assert "'a' can be told from 'b'" in alarm.message
    assert [path[0] for path in alarm.paths] == ["a"] * 4 + ["b"] * 4


def test_a_corpus_without_shortcuts_raises_no_alarm_and_says_what_it_tried(tmp_path: Path):
    found = shortcuts(folder(tmp_path))
    assert found.alarms == ()
    assert found.examples == 2 * EACH
    assert {*found.quiet, *found.same_everywhere} == {*PROBES}
    assert {"file-format", "jpeg-settings", "camera", "image-size"} <= {*found.same_everywhere}


def test_files_numbered_class_by_class_are_told_by_their_order(tmp_path: Path):
    root = folder(tmp_path)
    for number, path in enumerate(sorted(root.rglob("*.jpg"))):
        path.rename(path.with_name(f"IMG_{1000 + number}.jpg"))
    assert [each.name for each in shortcuts(root).alarms] == ["time-order"]


def test_the_dates_in_the_files_come_before_the_numbers_in_their_names(tmp_path: Path):
    def dated(image: Image.Image, year: int) -> bytes:
        exif = Image.Exif()
        exif[ExifTags.Base.DateTime] = f"{year}:01:01 10:00:00"
        return saved(image, exif=exif)

    root = folder(tmp_path)
    for path in root.rglob("*.jpg"):
        path.write_bytes(dated(Image.open(path).convert("RGB"), 2020 if path.parent.name == "a" else 2022))
    (alarm,) = shortcuts(root).alarms
    assert alarm.name == "time-order"
    assert "Date taken up to 2020-01-01 in 100 % of its images, 0 % of the others" in alarm.message


def test_a_file_name_tells_by_its_pattern_and_not_by_the_name_of_the_class(tmp_path: Path):
    named = folder(tmp_path / "named")
    for path in named.rglob("*.jpg"):
        path.rename(path.with_name(f"{path.parent.name}_{path.stem[-2:]}.jpg"))
    # the names of these classes are single letters, which are in every name
    assert "file-name" not in [each.name for each in shortcuts(named).alarms]
    sources = folder(tmp_path / "sources")
    for path in (sources / "b").iterdir():
        path.rename(path.with_name(f"scan_{path.name}"))
    assert "file-name" in [each.name for each in shortcuts(sources).alarms]


def test_copies_count_once(tmp_path: Path):
    root = folder(tmp_path)
    for path in [*(root / "a").iterdir()][:10]:
        path.with_name(f"copy of {path.name}").write_bytes(path.read_bytes())
    found = find_shortcuts(examine_corpus(read_corpus(str(root)), copies="exact"))
    assert found.examples == 2 * EACH


def test_pixels_without_files_are_looked_at_by_what_they_show(tmp_path: Path):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 200, (60, 16, 16, 3), np.uint8), np.arange(60) % 2
    x[y == 1] += 50
    np.savez(tmp_path / "made.npz", x=x, y=y)
    found = find_shortcuts(examine_corpus(read_corpus(str(tmp_path / "made.npz"))))
    assert "brightness" in [each.name for each in found.alarms]
    assert {"file-size", "jpeg-settings", "camera", "image-size"} <= {*found.same_everywhere}


def test_too_few_images_are_refused_with_what_to_do(tmp_path: Path):
    for number in range(12):
        path = tmp_path / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(saved(scene(number)))
    with pytest.raises(UnusableCorpus, match="too few images to look for shortcuts: a class needs 10 or more"):
        shortcuts(tmp_path)


def test_an_alarm_is_a_finding_of_the_audit_and_one_class_has_none(tmp_path: Path):
    audit = add_shortcuts(audit_corpus(folder(tmp_path / "two", PLANTED["another quality"][0]), reading=AS_FOUND))
    finding = next(each for each in audit.findings if each.check == "shortcut")
    assert finding.message.endswith("every quality leaves its own pattern in the pixels.")
    assert (finding.measurement, finding.score) == (1.0, 0.0)
    document = audit.to_json()["shortcuts"]
    assert document["false_alarm_rate"] == 0.05
    assert set(document["probes"][0]) == {
        "name", "balanced_accuracy", "interval", "chance", "p", "p_corrected", "alarm", "classes", "paths", "message",
    }  # fmt: skip
    assert add_shortcuts(audit_corpus(tmp_path / "two/a/..", reading=AS_FOUND)).shortcuts is not None
    (tmp_path / "one/only").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "one/only" / f"{number}.jpg").write_bytes(saved(scene(number)))
    assert add_shortcuts(audit_corpus(tmp_path / "one")).shortcuts is None
