"""What an audit holds, and what it writes: scripted findings, no image is read."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.pages import Parsed
from tests.unit.corpus.examined_images import examined, images

from hubel.corpus.audit.catalogue import CHECKS
from hubel.corpus.audit.finding import Finding
from hubel.corpus.corpus import make_corpus
from hubel.corpus.formats.arrays_in_memory import ArraySource
from hubel.errors import OutputNotWritable
from hubel.errors.wording import Option, Text
from hubel.shell import in_shell
from hubel.workflows.auditing.audit import DECIDED, FILES, Audit, prepare_audit_folder, write_audit
from hubel.workflows.auditing.audit_words import Given, folder_name

FINDINGS = (
    Finding("leak", ("cat/000.jpg", "dog/000.jpg"), 0.01, "A leak.", 0.99, relation="across given splits"),
    Finding("label-conflict", ("cat/001.jpg", "dog/001.jpg"), 0.1, "Two labels.", relation="across classes"),
    Finding("dark", ("cat/002.jpg",), 0.2, "It is dark.", 12.0),
    Finding("imbalance", (), 0.3, "Unequal classes."),
)
DOUBTED = Finding("suspect-label", ("cat/002.jpg",), 0.05, "Its label is 'cat'.", suggested="dog")


def audit(findings: Sequence[Finding] = FINDINGS) -> Audit:
    corpus = make_corpus("photos", "npz", found=images(4), source=ArraySource((np.zeros((8, 8, 8, 3), np.uint8),)))
    return Audit(replace(examined(images(4)), corpus=corpus), tuple(findings), ())


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_leaks_and_suspects_are_counted_among_the_findings():
    found = audit().with_suspects([DOUBTED], [("cat/002.jpg", "cat", "dog", 0.05)], expected_share=0.8)
    assert [each.message for each in found.leaks] == ["A leak."]
    assert (audit().suspects, found.suspects) == (0, 1)
    assert audit().expected == ""


def test_suspects_join_the_findings_where_their_check_belongs():
    second = replace(DOUBTED, paths=("dog/003.jpg",), score=0.01)
    found = audit().with_suspects([DOUBTED, second], [("cat/002.jpg", "cat", "dog", 0.05)])
    checks = [each.check for each in found.findings]
    assert checks == sorted(checks, key=list(CHECKS).index)
    # of one check the lowest score, which is the worst, comes first
    assert [each.paths[0] for each in found.findings if each.check == "suspect-label"] == ["dog/003.jpg", "cat/002.jpg"]
    assert len(audit().findings) == 4  # what was there is as it was


def test_the_document_says_of_each_finding_what_applies_to_it():
    document = audit().to_json()
    assert document["findings"][0] == {
        "check": "leak", "paths": ["cat/000.jpg", "dog/000.jpg"], "score": 0.01, "message": "A leak.",
        "measurement": 0.99, "relation": "across given splits",
    }  # fmt: skip
    assert document["findings"][3] == {"check": "imbalance", "paths": [], "score": 0.3, "message": "Unequal classes."}
    assert document["classes"] == {"cat": 4, "dog": 4}
    assert (document["found"], document["read"], document["refused"], document["ignored"]) == (8, 8, 0, 0)
    assert "suspect_labels" not in document


def test_the_document_says_how_many_labels_were_looked_at():
    ranking = [(f"cat/{number:03}.jpg", "cat", "dog", 0.1) for number in range(3)]
    document = audit().with_suspects([DOUBTED], ranking, expected_share=1 / 3).to_json()
    assert document["suspect_labels"] == {"looked_at": 3, "listed": 1, "expected_share_wrong": 0.3333}


def test_notes_are_written_without_what_only_a_door_can_say():
    note = Text("A note.", Option("images", "FOLDER"))
    assert replace(audit(), notes=("Plain.",)).to_json()["notes"] == ["Plain."]
    with pytest.raises(LookupError):
        replace(audit(), notes=(note,)).to_json()


def test_every_file_of_each_finding_has_a_row(tmp_path: Path):
    write_audit(audit(), tmp_path)
    rows = read_rows(tmp_path / "findings.csv")
    assert [(row["check"], row["path"]) for row in rows] == [
        ("leak", "cat/000.jpg"), ("leak", "dog/000.jpg"), ("label-conflict", "cat/001.jpg"),
        ("label-conflict", "dog/001.jpg"), ("dark", "cat/002.jpg"), ("imbalance", ""),
    ]  # fmt: skip
    assert rows[2]["relation"] == "across classes"
    assert len(read_rows(tmp_path / "intake.csv")) == 8
    assert json.loads((tmp_path / "audit.json").read_text()) == audit().to_json()
    assert not (tmp_path / "labels.csv").exists()


def test_what_a_person_should_decide_on_is_listed_once_the_most_doubtful_first(tmp_path: Path):
    found = audit().with_suspects([DOUBTED], [("cat/002.jpg", "cat", "dog", 0.05)])
    write_audit(found, tmp_path)
    rows = read_rows(tmp_path / "corrections.csv")
    # the dark image is doubted too: it is listed as doubted, with what it looks like
    assert [(row["path"], row["label"], row["suggested"], row["check"]) for row in rows] == [
        ("cat/002.jpg", "cat", "dog", "suspect-label"),
        ("cat/001.jpg", "cat", "", "label-conflict"),
        ("dog/001.jpg", "dog", "", "label-conflict"),
    ]
    assert {row["correction"] for row in rows} == {""}
    assert [row["quality"] for row in read_rows(tmp_path / "labels.csv")] == ["0.05"]


def test_what_was_decided_before_is_kept(tmp_path: Path):
    earlier = (("cat/003.jpg", "cat", "", "dog"), ("cat/001.jpg", "cat", "", "!remove"))
    write_audit(replace(audit(), earlier=earlier), tmp_path)
    rows = {row["path"]: row for row in read_rows(tmp_path / "corrections.csv")}
    assert (rows["cat/003.jpg"]["correction"], rows["cat/003.jpg"]["check"]) == ("dog", DECIDED)
    assert (rows["cat/001.jpg"]["correction"], rows["cat/001.jpg"]["check"]) == ("!remove", "label-conflict")
    assert len(rows) == 4


def test_the_page_names_the_command_that_trains_with_the_corrections(tmp_path: Path):
    given = Given("photos", (Option("copies", "off"),))
    doubted = audit().with_suspects([DOUBTED], [("cat/002.jpg", "cat", "dog", 0.05)])
    write_audit(doubted, tmp_path, given=given)
    page = Parsed((tmp_path / "audit.html").read_text()).text("check-suspect-label")
    command = f"hubel train photos --copies off --corrections {tmp_path}/corrections.csv -o runs/photos"
    assert command in page


def test_an_audit_is_replaced_only_on_request(tmp_path: Path):
    (tmp_path / "audit.json").write_text("{}")
    with pytest.raises(OutputNotWritable, match=r"holds an audit already \(audit.json\)"):
        prepare_audit_folder(tmp_path, "digits", overwrite=False)
    prepare_audit_folder(tmp_path, "digits", overwrite=True)
    assert set(FILES) >= {path.name for path in tmp_path.iterdir()}


def test_python_shows_what_was_found_most():
    lines = [line.strip() for line in repr(audit()).splitlines()]
    assert lines == [
        "Audit of photos: 8 images in 2 classes",
        "0 files refused, 4 findings",
        "leak: 1, label-conflict: 1, dark: 1, imbalance: 1",
        "first: A leak.",
    ]
    assert repr(audit(())).splitlines()[-1].strip() == "0 files refused, 0 findings"


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("photos", "photos"), ("/data/photos/", "photos"), ("photos.zip", "photos"), ("photos.tar.gz", "photos"),
        ("a/b/list.csv", "list"), (".hidden", "corpus"),
    ],
)  # fmt: skip
def test_a_folder_is_named_after_the_corpus(location: str, name: str):
    assert folder_name(location) == name


def test_the_current_folder_is_named_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "my photos").mkdir()
    monkeypatch.chdir(tmp_path / "my photos")
    assert folder_name(".") == "my photos"


def test_new_corrections_take_the_place_of_those_that_were_given():
    given = Given("photos", corrections=Path("old.csv"))
    assert in_shell(given.train(Path("new.csv"))) == "hubel train photos --corrections new.csv -o runs/photos"
    assert in_shell(given.train()) == "hubel train photos --corrections old.csv -o runs/photos"
    assert in_shell(given.audit(given.folder)) == "hubel audit photos --corrections old.csv -o audits/photos"


def test_pixels_of_a_finding_travel_inside_the_notebook():
    html = audit()._repr_html_()
    assert html.count("<img ") == 5  # two, two, and one; the finding on whole classes has none
    assert "Unequal classes." in html
    assert Image.MIME["PNG"] in html
