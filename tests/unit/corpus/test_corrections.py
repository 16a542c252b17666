"""Corrections: what a person wrote is applied, what does not fit is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubel.corpus.corpus import Corpus, Found, make_corpus
from hubel.corpus.corrections import apply_corrections, read_corrections
from hubel.errors import UnusableInput


def corpus() -> Corpus:
    found = [Found(f"{name}/{n}.png", name) for name in ("cat", "dog") for n in range(3)]
    return make_corpus("here", "test", found=found, source=None)  # type: ignore[arg-type]


def apply(tmp_path: Path, text: str) -> Corpus:
    (tmp_path / "fixes.csv").write_text(text)
    return apply_corrections(corpus(), read_corrections(tmp_path / "fixes.csv"))


def labels(applied: Corpus) -> dict[str, str]:
    return {example.path: applied.class_names[example.label] for example in applied.examples}


def test_a_correction_changes_one_label_and_a_blank_one_none(tmp_path: Path):
    text = "path,label,suggested,correction,check\ncat/0.png,cat,dog,dog,suspect-label\ncat/1.png,cat,dog,,\n"
    applied = apply(tmp_path, text)
    assert labels(applied) == {**labels(corpus()), "cat/0.png": "dog"}
    assert applied.notes == ("fixes.csv: 1 label changed, 0 images removed.",)


def test_a_file_of_path_and_label_is_enough(tmp_path: Path):
    assert labels(apply(tmp_path, "\ufeffPath,Label\ncat/0.png,dog\n"))["cat/0.png"] == "dog"


def test_a_removed_image_is_ignored_and_still_counted(tmp_path: Path):
    applied = apply(tmp_path, "path,correction\ndog/2.png,!remove\n")
    assert "dog/2.png" not in labels(applied)
    assert applied.intake_counts == {"found": 6, "read": 5, "refused": 0, "ignored": 1}
    (row,) = applied.left_out
    assert (row.status, row.code, row.reason, row.class_name) == ("ignored", "removed", "removed by fixes.csv", "dog")


def test_a_class_left_without_images_goes(tmp_path: Path):
    applied = apply(tmp_path, "path,correction\n" + "".join(f"dog/{n}.png,cat\n" for n in range(3)))
    assert applied.class_names == ("cat",)
    assert "Class 'dog' is left out" in applied.notes[-1]


def test_an_unknown_class_is_named_with_its_line_and_the_nearest(tmp_path: Path):
    with pytest.raises(
        UnusableInput, match=r"fixes\.csv, line 3: 'cat/1\.png' becomes 'dgo'.*Did you mean 'dog'\?.*!remove"
    ):
        apply(tmp_path, "path,correction\ncat/0.png,dog\ncat/1.png,dgo\n")


def test_images_that_are_not_there_are_said(tmp_path: Path):
    assert (
        "Not in this corpus: 1 image of fixes.csv, such as 'x.png'. Those lines change nothing."
        in apply(tmp_path, "path,correction\nx.png,dog\n").notes[-1]
    )


def test_a_file_without_corrections_is_said(tmp_path: Path):
    assert "corrects nothing" in apply(tmp_path, "path,label,suggested,correction\ncat/0.png,cat,dog,\n").notes[-1]


def test_two_decisions_on_one_image_name_both_lines(tmp_path: Path):
    with pytest.raises(UnusableInput, match=r"line 3: 'cat/0\.png' becomes '!remove', but 'dog' in line 2"):
        apply(tmp_path, "path,correction\ncat/0.png,dog\ncat/0.png,!remove\n")


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "path\nx\n", "label,correction\na,b\n"])
def test_other_columns_say_which_are_needed(tmp_path: Path, text: str):
    with pytest.raises(UnusableInput, match="it needs path and correction"):
        apply(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(
        UnusableInput,
        match="There is no file '.*nowhere.csv' with corrections. This writes such a file: hubel.audit_corpus",
    ):
        read_corrections(tmp_path / "nowhere.csv")
    (tmp_path / "corrections.csv").write_text("path,correction\n")
    with pytest.raises(UnusableInput, match="Did you mean '.*/corrections.csv'"):
        read_corrections(tmp_path / "correction.csv")
    with pytest.raises(
        UnusableInput, match="is a folder. Name the file of corrections in it, such as .*/corrections.csv"
    ):
        read_corrections(tmp_path)


def test_names_that_are_not_utf8_survive_the_round_trip(tmp_path: Path):
    from hubel.files import write_csv

    path = b"cat/\xff\xfe.png".decode("utf-8", "surrogateescape")
    write_csv(tmp_path / "fixes.csv", ("path", "correction"), rows=[(path, "dog")])
    assert dict(read_corrections(tmp_path / "fixes.csv").decided) == {path: "dog"}
