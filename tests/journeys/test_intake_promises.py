"""The promises of intake on real photographs and hostile files; skipped where those are not at hand."""

from __future__ import annotations

import csv
import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from tests.commands import typed
from tests.journeys.test_torture_images import UNMARKED

from hubel.corpus.duplicates import members
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.split import split_corpus
from hubel.pipeline.examine import examine_corpus
from hubel.workflows.auditing.audit import audit_corpus


def rows_of_manifest(shared: Path) -> list[dict[str, str]]:
    with (shared / "torture/MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row | {"expect": "refuse"} if row["file"] == UNMARKED else row for row in rows]


def files_below(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


def test_the_torture_folder_as_a_corpus_is_accounted_for_as_its_manifest_says(shared: Path):
    document = audit_corpus(shared / "torture").to_json()
    assert document["found"] == files_below(shared / "torture")
    assert document["found"] == document["read"] + document["refused"] + document["ignored"]
    assert sum(document["classes"].values()) == document["read"]
    files = {file["path"]: file for file in document["files"]}
    checked = 0
    for row in rows_of_manifest(shared):
        if row["kind"].startswith(("archive", "manifest", "names", "http")):
            continue
        file = files[row["file"]]
        checked += 1
        if row["expect"] == "decode":
            assert file["status"] == "read", file
        elif row["expect"] == "refuse":
            assert file["status"] == "refused", file
            assert file["code"]
            assert ": " in file["reason"], file  # what is wrong: what to do
        else:
            assert file["status"] in ("read", "refused"), file
    assert checked > 900


@pytest.mark.timeout(300)
def test_no_archive_or_manifest_of_the_torture_set_crashes_the_command_line(shared: Path, tmp_path: Path):
    rows = [row for row in rows_of_manifest(shared) if row["kind"].startswith(("archive", "manifest", "names"))]
    assert len(rows) == 83
    before = files_below(tmp_path)
    for row in rows:
        done = typed("audit", shared / "torture" / row["file"], "--json")
        code, out, said = done.returncode, done.stdout, done.stderr
        assert code in (0, 3, 4), (row["file"], said)
        assert "Traceback" not in said
        if code == 3:
            assert Path(row["file"]).name in said or "needs at least two classes" in said or "images" in said, said
        if out:
            document = json.loads(out)
            assert document["found"] == document["read"] + document["refused"] + document["ignored"]
    assert files_below(tmp_path) == before


def test_the_names_of_the_torture_set_survive_as_a_folder_too(shared: Path, tmp_path: Path):
    import zipfile

    with zipfile.ZipFile(shared / "torture/names/made__names_torture.zip") as archive:
        for entry in archive.infolist():
            path = os.fsencode(tmp_path / "names") + b"/" + entry.filename.encode("utf-8", "surrogateescape")
            if not entry.is_dir():
                os.makedirs(os.path.dirname(path), exist_ok=True)
                Path(os.fsdecode(path)).write_bytes(archive.read(entry))
    done = typed("audit", tmp_path / "names", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    from hubel.files import read_csv

    paths = {row["path"] for row in read_csv(tmp_path / "out/intake.csv")}
    assert len(paths) == files_below(tmp_path / "names") == 25
    assert all((tmp_path / "names" / path).is_file() for path in paths)


CHANGES = {
    "quality 60": lambda p: (p, 60),
    "resized by 0.9": lambda p: (p.resize((round(p.width * 0.9), round(p.height * 0.9)), Image.Resampling.LANCZOS), 90),
    "5 % brighter": lambda p: (ImageEnhance.Brightness(p).enhance(1.05), 90),
    "5 % darker": lambda p: (ImageEnhance.Brightness(p).enhance(0.95), 90),
    "mirrored": lambda p: (ImageOps.mirror(p), 90),
}


@pytest.fixture(scope="module")
def planted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str, str]]]:
    """1,500 photographs of clothing without given splits, and five changed copies of 60 of them: (change, one, two)."""
    folder = tmp_path_factory.mktemp("planted")
    originals = sorted((shared / "corpora/clothing/train").glob("*/*.jpg"))[::2]
    for path in originals:
        (folder / path.parent.name).mkdir(exist_ok=True)
        (folder / path.parent.name / path.name).write_bytes(path.read_bytes())
    copies = []
    for path in random.Random(3).sample(originals, 60):
        one = f"{path.parent.name}/{path.name}"
        for name, change in CHANGES.items():
            with Image.open(path) as image:
                changed, quality = change(image.convert("RGB"))
            two = f"{path.parent.name}/{name} {path.name}"
            changed.save(folder / two, quality=quality)
            copies.append((name, one, two))
    return folder, copies


@pytest.mark.slow
def test_planted_copies_are_found_named_and_never_straddle_a_split(planted: tuple[Path, list[tuple[str, str, str]]]):
    folder, copies = planted
    audit = audit_corpus(folder)
    near = [set(each.paths) for each in audit.findings if each.check == "near-duplicate"]
    mirrored = [set(each.paths) for each in audit.findings if each.check == "mirrored-duplicate"]
    of_one = {path: one for _, one, two in copies for path in (one, two)}
    for name in CHANGES:
        wanted = [(one, two) for change, one, two in copies if change == name]
        if name == "mirrored":
            found = [
                any(two in pair and {of_one.get(path) for path in pair} == {one} for pair in mirrored)
                for one, two in wanted
            ]
        else:
            found = [any({one, two} <= group for group in near) for one, two in wanted]
        assert np.mean(found) >= 0.95, name
    wrong = {
        path for group in (*near, *mirrored) if len({of_one.get(path, path) for path in group}) > 1 for path in group
    }
    assert len(wrong) < 0.005 * len(audit.corpus)
    together = audit.examined.copies.kept_together(audit.corpus)
    names = split_corpus(audit.corpus, together, seed=0).names()
    side = {example.path: name for example, name in zip(audit.corpus.examples, names, strict=True)}
    straddling = [two for _, one, two in copies if side[one] != side[two]]
    assert straddling == []


@pytest.mark.slow
def test_real_photographs_hold_two_pairs_of_copies_one_under_two_labels_and_one_that_is_a_crop(shared: Path):
    examined = examine_corpus(read_corpus(shared / "corpora/clothing"))
    groups = [examined.paths(places) for places in members(examined.copies.sets())]
    assert groups == [
        (
            "train/dress/b59e4d4a-a283-4868-8a81-2f24d8b9c8d8.jpg",
            "train/dress/e6a8b33f-279c-4072-8dba-229d94205e55.jpg",
        ),
        (
            "train/shorts/6075b4a5-5b1a-4ce0-aea0-9dbfbca7c35c.jpg",
            "train/skirt/637a56e4-7fa6-4f75-8859-0f8902461554.jpg",
        ),
    ]


@pytest.mark.slow
def test_cifar10_is_known_to_leak_and_the_audit_says_so(shared: Path):
    audit = audit_corpus(shared / "corpora/cifar10")
    assert audit.corpus.intake_counts == {"found": 60_000, "read": 60_000, "refused": 0, "ignored": 0}
    assert (
        50 < len(audit.leaks) < 600
    )  # ciFAIR (Barz & Denzler 2020) counts 286 test images with near duplicates by hand
