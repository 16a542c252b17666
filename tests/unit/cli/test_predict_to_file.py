"""``hubel predict RUN FOLDER -o names.csv``: what is typed, what is said, and what is there afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import write_image
from tests.unit.cli.conftest import Typed

from hubel import events
from hubel.cli.show.listen import Listener
from hubel.workflows.predicting import to_file


@pytest.fixture
def typed(folder: Path, typed: Typed) -> Typed:
    """Beside two images, a damaged one and a note, with nothing written yet."""
    for path in folder.glob("names*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_image(folder / "few/1.png", np.full((16, 16, 3), 90, np.uint8))
    write_image(folder / "few/2.png", np.full((16, 16, 3), 20, np.uint8))
    (folder / "few/bad.png").write_bytes(b"broken")
    (folder / "few/notes.txt").write_text("beside")
    return typed


def test_one_line_says_what_became_of_all_inputs(typed: Typed, folder: Path):
    code, printed, said = typed("predict run few -o names.csv")
    assert code == 4
    assert printed.startswith("names.csv: 2 images named, 1 refused, in ")
    assert printed.endswith(" images/s. Skipped 1 file that is not an image: 1 .txt.\n")
    assert said == ""
    lines = (folder / "names.csv").read_text().splitlines()
    assert lines[0] == "path,predicted,probability,abstained,off_corpus_score,off_corpus,error_code,error"
    assert [line.split(",")[0] for line in lines[1:]] == ["few/1.png", "few/2.png", "few/bad.png"]
    assert lines[3].startswith("few/bad.png,,,,,,not-an-image,")


def test_as_json_it_is_one_document(typed: Typed):
    code, printed, _ = typed("predict run few -o names.jsonl --features names.npy --json")
    document = json.loads(printed)
    assert code == 4
    assert {name: document[name] for name in ("file", "features", "named", "refused", "skipped", "warnings")} == {
        "file": "names.jsonl", "features": "names.npy", "named": 2, "refused": 1, "skipped": {".txt": 1}, "warnings": [],
    }  # fmt: skip


def test_without_a_refused_file_the_code_is_0_and_json_lines_are_those_of_standard_output(typed: Typed, folder: Path):
    code, _, _ = typed("predict run few/1.png few/2.png -o names.jsonl")
    _, printed, _ = typed("predict run few/1.png few/2.png --format jsonl")
    assert code == 0
    assert (folder / "names.jsonl").read_text() == printed


def test_a_name_that_is_taken_is_refused_and_the_ways_out_are_named(typed: Typed, folder: Path):
    typed("predict run few/1.png -o names.csv")
    before = (folder / "names.csv").read_bytes()
    code, printed, said = typed("predict run few -o names.csv")
    assert (code, printed) == (3, "")
    assert said == (
        "Error: names.csv is there already. Replace it with --overwrite. Or choose another file with -o names-2.csv.\n"
    )
    assert typed("predict run few -o names.csv --resume") == (
        0, "", "names.csv is finished: there is nothing to go on with.\n"
    )  # fmt: skip
    assert (folder / "names.csv").read_bytes() == before
    assert typed("predict run few -o names.csv --overwrite")[0] == 4
    assert (folder / "names.csv").read_bytes() != before


def test_what_is_unfinished_says_how_to_go_on(typed: Typed, folder: Path, monkeypatch: pytest.MonkeyPatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(to_file, "SECONDS_BETWEEN_POINTS", 0.0)
        patch.setattr(to_file.NamingProgress, "__init__", stop)
        code, _, said = typed("predict run few -o names.csv")
    assert code == 130
    assert said == (
        "Stopped: 3 images answered, which names.csv.unfinished keeps. Go on: the same options, plus --resume.\n"
    )
    code, _, said = typed("predict run few -o names.csv")
    assert code == 3
    assert said == (
        "Error: names.csv is not finished: names.csv.unfinished keeps the answers of 3 images. Go on: the same options, "
        "plus --resume. Or begin anew with --overwrite. Or choose another file with -o names-2.csv.\n"
    )
    code, _, said = typed("predict run few -o names.csv --resume --top 2")
    assert code == 2
    assert said.startswith("Error: names.csv was begun with other settings (top: 1, 2): ")
    assert "Or begin anew: --overwrite in place of --resume." in said
    code, printed, _ = typed("predict run few -o names.csv --resume")
    assert code == 4
    assert printed.startswith("names.csv: 2 images named, 1 refused (3 of them before), in ")
    assert not (folder / "names.csv.unfinished").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("-o names.txt", "-o takes a file that ends in .csv, .jsonl or .parquet. Received: 'names.txt'."),
        ("-o few/names.csv", "The file few/names.csv lies inside few, which is read. Choose a file beside it: -o names.csv"),
        ("--resume", "--resume goes with a file for the answers. Name it: -o names.csv"),
        ("--features x.npy", "--features goes with a file for the answers. Name it: -o names.csv"),
        ("-o names.csv --features x.csv", "Feature vectors go into a file that ends in .npy. Received: 'x.csv'."),
        ("-o names.csv --format csv", "--format is for standard output; of a file, its ending says what is written"),
        ("-o names.csv --resume --overwrite", "--resume goes on with what is there, and --overwrite replaces it."),
    ],
)  # fmt: skip
def test_words_that_do_not_fit_are_refused_before_a_model_is_loaded(words: str, told: str, typed: Typed):
    code, printed, said = typed(f"predict run few {words}")
    assert (code, printed) == (2, "")
    assert said.startswith(f"Error: {told}")


def test_away_from_a_terminal_there_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]):
    with Listener() as listener:
        for done, elapsed_s in ((100, 1.0), (3_000, 30.0), (3_100, 31.0), (6_500, 65.0)):
            listener(events.NamingProgress(done, 200_000, 100.0, elapsed_s))
    assert capsys.readouterr().err.splitlines() == [
        "named 3,000 of 200,000, 100 images/s, 32:50 left", "named 6,500 of 200,000, 100 images/s, 32:15 left",
    ]  # fmt: skip
