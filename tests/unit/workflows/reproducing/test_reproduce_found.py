"""What only the repetition shows, on scripted folders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.unit.runs.recorded_runs import write_corpus, write_run

from hubel.files import read_csv, write_csv
from hubel.workflows.reproducing.reproduce import _found_by_training
from hubel.workflows.reproducing.reproduce_check import check_repeatable


def test_another_plan_another_split_and_other_readable_files_are_found(tmp_path: Path):
    corpus = write_corpus(tmp_path / "photos")
    run, again = write_run(tmp_path / "run", corpus), tmp_path / "again"
    write_csv(
        run / "intake.csv", ("path", "status", "code", "reason"), rows=[("a/broken.png", "refused", "truncated", "")]
    )
    shutil.copytree(run, again)
    checked = check_repeatable(run)
    assert _found_by_training(checked, again) == []
    document = json.loads((run / "run.json").read_text())
    (again / "run.json").write_text(json.dumps({**document, "preprocessing": {"height": 32}}))
    placed = [
        (row["path"], row["label"], "test" if row["path"] == "a/0.png" else "train", "")
        for row in read_csv(run / "split.csv")
    ]
    write_csv(again / "split.csv", ("path", "label", "split", "group"), rows=placed)
    digests = {row["path"]: row["sha256"] for row in read_csv(run / "fingerprints.csv") if row["path"] != "b/2.png"}
    write_csv(again / "fingerprints.csv", ("path", "sha256"), rows=[*digests.items(), ("a/broken.png", "0")])
    assert [(each.about, each.text) for each in _found_by_training(checked, again)] == [
        ("choice", "preprocessing.height: 16 then, 32 now"),
        ("corpus", "1 image is in another part of the split: a/0.png (train then, test now)"),
        ("corpus", "refused then, read now: a/broken.png"),
        ("corpus", "read then, refused now: b/2.png"),
    ]
