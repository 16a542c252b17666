"""hubel audit, as a user types it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.commands import fresh, typed
from tests.conftest import environment, speckled, write_image
from tests.unit.corpus.test_duplicates import CHANGES, jpeg, scene


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two classes of 12 made photographs each, with given splits."""
    for number in range(24):
        split = "train" if number % 4 else "test"
        path = tmp_path / "photos" / split / ("cat" if number < 12 else "dog") / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(scene(number)))
    return tmp_path / "photos"


def audit(*words: object, **variables: str) -> dict:
    done = typed("audit", *words, "--json", **variables)
    assert done.returncode in (0, 4), done.stderr
    return json.loads(done.stdout)


def findings(document: dict, check: str) -> list[list[str]]:
    return [finding["paths"] for finding in document["findings"] if finding["check"] == check]


def test_a_clean_corpus_is_said_to_be_one(photos: Path):
    done = fresh("audit", photos)
    assert done.returncode == 0, done.stderr
    assert "24 files found = 24 read + 0 refused + 0 ignored" in done.stdout
    assert "2 classes of 12 images, 128 x 96 pixels (median)" in done.stdout
    assert f"See the images: hubel audit {photos} -o audits/photos" in done.stdout


def test_json_has_the_keys_of_the_contract_and_every_file(photos: Path):
    (photos / "train/cat/broken.jpg").write_bytes(b"<html>")
    (photos / "train/Thumbs.db").write_bytes(b"x")
    document = audit(photos)
    assert (document["found"], document["read"], document["refused"], document["ignored"]) == (26, 24, 1, 1)
    assert document["classes"] == {"cat": 12, "dog": 12}
    files = {file["path"]: file for file in document["files"]}
    assert len(files) == 26
    assert files["train/cat/broken.jpg"] == {
        "path": "train/cat/broken.jpg", "status": "refused", "code": "not-an-image", "class_name": "cat",
        "reason": "it is a web page, probably an error page saved as an image: download it again",
    }  # fmt: skip
    assert files["train/Thumbs.db"]["status"] == "ignored"
    assert files["train/cat/01.jpg"] == {
        "path": "train/cat/01.jpg",
        "status": "read",
        "code": "",
        "reason": "",
        "class_name": "cat",
    }


def test_a_refused_file_is_named_with_its_cure_and_exit_code_4(photos: Path):
    good = (photos / "train/dog/13.jpg").read_bytes()
    (photos / "train/dog/13.jpg").write_bytes(good[: len(good) // 2])
    done = typed("audit", photos)
    assert done.returncode == 4
    assert "train/dog/13.jpg  truncated: the file ends too early: copy or download it again" in done.stdout


def test_planted_copies_are_found_by_kind_and_relation(photos: Path):
    for number, change in enumerate(("re-encoded", "smaller", "brighter", "darker"), start=1):
        (photos / f"train/cat/copy{number}.jpg").write_bytes(
            CHANGES[change](scene(number)) if number % 4 else CHANGES[change](scene(5))
        )
    (photos / "train/dog/mirrored.jpg").write_bytes(jpeg(ImageOps.mirror(scene(13))))
    (photos / "train/dog/same.jpg").write_bytes((photos / "test/dog/16.jpg").read_bytes())
    document = audit(photos)
    assert sorted(findings(document, "near-duplicate")) == [
        ["train/cat/01.jpg", "train/cat/copy1.jpg"],
        ["train/cat/02.jpg", "train/cat/copy2.jpg"],
        ["train/cat/03.jpg", "train/cat/copy3.jpg"],
        ["train/cat/05.jpg", "train/cat/copy4.jpg"],
    ]
    assert findings(document, "mirrored-duplicate") == [["train/dog/13.jpg", "train/dog/mirrored.jpg"]]
    assert findings(document, "exact-duplicate") == [["test/dog/16.jpg", "train/dog/same.jpg"]]
    assert findings(document, "leak") == [["test/dog/16.jpg", "train/dog/same.jpg"]]


def test_a_leak_fails_where_it_is_asked_to(photos: Path):
    assert typed("audit", photos, "--fail-on-leak").returncode == 0
    (photos / "test/cat/leak.jpg").write_bytes(jpeg(scene(1), 60))
    done = typed("audit", photos, "--fail-on-leak")
    assert done.returncode == 5
    assert "the given splits leak: 1 finding (" in done.stderr
    assert typed("audit", photos).returncode == 0


def test_the_folder_has_a_page_and_tables_and_the_corpus_is_untouched(photos: Path, tmp_path: Path):
    (photos / "train/cat/copy.jpg").write_bytes(jpeg(scene(17), 60))
    before = {path: path.stat().st_mtime_ns for path in photos.rglob("*")}
    out = tmp_path / "audits/photos"
    done = typed("audit", photos, "-o", out)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "audit.html", "audit.json", "corrections.csv", "findings.csv", "intake.csv",
    ]  # fmt: skip
    page = (out / "audit.html").read_text()
    assert page.count("data:image/jpeg;base64,") >= 2
    assert "train/dog/17.jpg" in page
    assert json.loads((out / "audit.json").read_text())["found"] == 25
    with (out / "corrections.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["path"], row["label"], row["correction"], row["check"]) for row in rows] == [
        ("train/cat/copy.jpg", "cat", "", "label-conflict"),
        ("train/dog/17.jpg", "dog", "", "label-conflict"),
    ]
    assert {path: path.stat().st_mtime_ns for path in photos.rglob("*")} == before
    again = typed("audit", photos, "-o", out)
    assert again.returncode == 3
    assert "holds an audit already (audit.html)" in again.stderr
    assert typed("audit", photos, "-o", out, "--overwrite").returncode == 0


def test_a_folder_inside_the_corpus_is_refused(photos: Path):
    done = typed("audit", photos, "-o", photos / "audit")
    assert done.returncode == 2
    assert "where nothing is ever written" in done.stderr
    assert not (photos / "audit").exists()


def test_one_class_is_reported_and_refused(tmp_path: Path):
    for number in range(5):
        write_image(tmp_path / f"one/cat/{number}.png", speckled((9, 99, 199), rng=np.random.default_rng(number)))
    done = typed("audit", tmp_path / "one", "--json")
    assert done.returncode == 3
    assert "needs at least two classes" in done.stderr
    assert findings(json.loads(done.stdout), "one-class") == [[]]


def test_a_corpus_of_broken_files_only_still_accounts_for_each(tmp_path: Path):
    for number in range(4):
        path = tmp_path / f"bad/{'ab'[number % 2]}/{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff\xd8 nothing")
    done = typed("audit", tmp_path / "bad", "--json")
    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert (document["found"], document["refused"], document["classes"]) == (4, 4, {})
    assert {file["status"] for file in document["files"]} == {"refused"}
    assert "None of the 4 images" in done.stderr


def test_audit_loads_no_framework(photos: Path):
    code = (
        "import sys; from hubel.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as left: assert left.code == 0, left.code\n"
        "bad = {'keras', 'tensorflow', 'jax', 'torch', 'cleanlab', 'pandas'} & set(sys.modules); assert not bad, bad"
    )
    words = ["audit", str(photos), "--debug"]
    subprocess.run([sys.executable, "-c", code, *words], check=True, env=environment(), stdout=subprocess.DEVNULL)


def test_hostile_names_stay_on_one_line_everywhere(photos: Path, tmp_path: Path):
    (photos / "train/cat/01.jpg").rename(photos / "train/cat/a\nb\x1b[31m\u202e<script>.jpg")
    os.rename(photos / "train/cat/02.jpg", os.fsencode(photos / "train/cat") + b"/\xff.jpg")
    (photos / "train/cat/\u00e9=1.jpg").write_bytes(b"")
    out = tmp_path / "out"
    done = fresh("audit", photos, "-o", out)
    assert done.returncode == 4, done.stderr
    assert "\x1b" not in done.stdout
    assert "\u202e" not in (out / "audit.html").read_text()
    from hubel.files import read_csv

    paths = {row["path"] for row in read_csv(out / "intake.csv")}
    on_disk = {
        os.fsdecode(os.path.relpath(os.path.join(root, name), os.fsencode(photos)))
        for root, _, names in os.walk(os.fsencode(photos))
        for name in names
    }
    assert paths == on_disk


def test_suspect_labels_are_ranked_and_corrected(tmp_path: Path):
    rng = np.random.default_rng(0)
    wrong = {("red", 3), ("green", 11), ("blue", 7)}
    names = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 200)}
    others = {"red": "green", "green": "blue", "blue": "red"}
    for name, own in names.items():
        for number in range(30):
            colour = names[others[name]] if (name, number) in wrong else own
            write_image(tmp_path / f"colours/{name}/{number:02}.png", speckled(colour, rng=rng))
    out = tmp_path / "audit"
    done = typed("audit", tmp_path / "colours", "--suspect-labels", "-o", out)
    assert done.returncode == 0, done.stderr
    with (out / "labels.csv").open(newline="") as file:
        ranking = list(csv.DictReader(file))
    assert len(ranking) == 90
    planted = {f"{name}/{number:02}.png" for name, number in wrong}
    assert {row["path"] for row in ranking[:3]} == planted
    assert {row["suggested"] == others[row["label"]] for row in ranking[:3]} == {True}
    with (out / "corrections.csv").open(newline="") as file:
        listed = {row["path"] for row in csv.DictReader(file)}
    assert planted <= listed
    assert len(listed) <= 6  # a doubt may be wrong; the three that are not come first
    rows = {row["path"]: row for row in ranking}
    fixes = tmp_path / "fixes.csv"
    fixes.write_text("path,correction\n" + "".join(f"{path},{rows[path]['suggested']}\n" for path in sorted(planted)))
    after = audit(tmp_path / "colours", "--corrections", fixes)
    assert after["classes"] == {"blue": 30, "green": 30, "red": 30}
    assert "fixes.csv: 3 labels changed, 0 images removed." in after["notes"]
    run = tmp_path / "run"
    trained = typed("train", tmp_path / "colours", "-o", run, "--corrections", fixes, "--epochs", 1)
    assert trained.returncode == 0, trained.stderr
    with (run / "split.csv").open(newline="") as file:
        labels = {row["path"]: row["label"] for row in csv.DictReader(file)}
    assert {path: labels[path] for path in planted} == {path: rows[path]["suggested"] for path in planted}
    evaluated = typed("evaluate", run, "--json")
    assert (
        json.loads(evaluated.stdout)["test"]["accuracy"]
        == json.loads((run / "metrics.json").read_text())["test"]["accuracy"]
    )


def test_a_leaking_test_split_is_scored_with_and_without_its_copies(photos: Path, tmp_path: Path):
    for number in (1, 2, 13):
        name = "cat" if number < 12 else "dog"
        (photos / f"test/{name}/copy{number}.jpg").write_bytes(jpeg(scene(number), 60))
    run = tmp_path / "run"
    done = typed("train", photos, "-o", run, "--epochs", 1, "--weights", "none")
    assert done.returncode == 0, done.stderr
    assert "The given test split leaks: 3 of 9 test images have a copy" in done.stderr
    assert "Leaks 3 of these 9 have a copy" in done.stdout
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["examples"] == 9
    assert metrics["leakage"]["test_examples"] == 3
    assert metrics["leakage"]["test_without"]["examples"] == 6
    with (run / "leaks.csv").open(newline="") as file:
        leaks = list(csv.DictReader(file))
    assert {row["path"] for row in leaks if row["split"] == "test"} == {
        "test/cat/copy1.jpg", "test/cat/copy2.jpg", "test/dog/copy13.jpg",
    }  # fmt: skip
    with (run / "predictions.csv").open(newline="") as file:
        tested = [row for row in csv.DictReader(file) if row["split"] == "test" and "copy" not in row["path"]]
    right = sum(row["label"] == row["predicted"] for row in tested) / len(tested)
    assert metrics["leakage"]["test_without"]["accuracy"] == pytest.approx(right)
    evaluated = json.loads(typed("evaluate", run, "--engine", "keras", "--json").stdout)
    assert evaluated["leakage"] == metrics["leakage"]


def test_near_copies_never_straddle_a_split_that_is_cut(tmp_path: Path):
    for number in range(60):
        name = "cat" if number < 30 else "dog"
        for kind, change in CHANGES.items():
            path = tmp_path / f"photos/{name}/{number:02} {kind}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change(scene(number)))
        (tmp_path / f"photos/{name}/{number:02} mirrored.jpg").write_bytes(jpeg(ImageOps.mirror(scene(number))))
    run = tmp_path / "run"
    done = typed("train", tmp_path / "photos", "-o", run, "--epochs", 1, "--weights", "none", "--image-size", 16)
    assert done.returncode == 0, done.stderr
    sides: dict[str, set[str]] = {}
    with (run / "split.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            sides.setdefault(row["path"].split("/")[1][:2], set()).add(row["split"])
    assert len(sides) == 60
    assert all(len(each) == 1 for each in sides.values())
    assert {"train", "validation", "test"} == set().union(*sides.values())


def test_a_killed_audit_leaves_nothing_that_the_next_one_would_trust(photos: Path, tmp_path: Path):
    fresh = audit(photos, HUBEL_CACHE=str(tmp_path / "fresh"))
    for seconds in (0.6, 0.8, 1.0):
        child = subprocess.Popen(
            [sys.executable, "-m", "hubel", "audit", str(photos)],
            env=environment(HUBEL_CACHE=str(tmp_path / "cache")),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        child.kill()
        child.wait()
        assert audit(photos, HUBEL_CACHE=str(tmp_path / "cache")) == fresh


def test_ctrl_c_ends_an_audit_within_a_second_and_leaves_nothing(tmp_path: Path):
    rng = np.random.default_rng(0)
    big = Image.fromarray(rng.integers(0, 256, (1500, 1500, 3)).astype(np.uint8))
    for number in range(60):
        path = tmp_path / f"photos/{'ab'[number % 2]}/{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        big.save(path) if number == 0 else path.hardlink_to(tmp_path / "photos/a/0.png")
    command = [sys.executable, "-m", "hubel", "audit", str(tmp_path / "photos")]
    child = subprocess.Popen(
        command,
        env=environment(HUBEL_CACHE=str(tmp_path / "cache")),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # A shell that starts a job in the background has it ignore Ctrl-C; the test wants the terminal's behaviour.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (no thread runs here)
    )
    time.sleep(2.5)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 130, said
    assert b"Traceback" not in said
    assert not list((tmp_path / "cache").rglob("*.bin"))


def test_shortcuts_are_shown_written_and_in_the_document(tmp_path: Path):
    for number in range(40):
        path = tmp_path / "photos" / ("cat" if number % 2 else "dog") / f"{number * 37 % 101:03}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(scene(number), 60 if number % 2 else 90))
    out = tmp_path / "audit"
    done = typed("audit", tmp_path / "photos", "--shortcuts", "-o", out)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "jpeg-settings: 'cat' can be told from 'dog' by the JPEG settings" in said
    assert "Save the images of all classes again in one way" in said
    assert "Nothing to compare: file-format, camera, image-size, aspect-ratio, file-name." in said
    assert "--shortcuts" not in said.partition("Next")[2]  # it was done just now
    document = json.loads((out / "audit.json").read_text())
    probe = document["shortcuts"]["probes"][0]
    assert (probe["name"], probe["alarm"], probe["balanced_accuracy"], probe["chance"]) == (
        "jpeg-settings",
        True,
        1,
        0.5,
    )
    assert probe["paths"] in findings(document, "shortcut")
    assert all(path in (out / "audit.html").read_text() for path in probe["paths"])


def test_shortcuts_of_too_few_images_are_refused_with_the_option_to_leave_out(photos: Path):
    for path in [*photos.rglob("cat/*.jpg")][3:]:
        path.unlink()
    for path in [*photos.rglob("dog/*.jpg")][3:]:
        path.unlink()
    done = typed("audit", photos, "--shortcuts")
    assert done.returncode == 3
    assert "Add images, or leave out --shortcuts." in done.stderr
