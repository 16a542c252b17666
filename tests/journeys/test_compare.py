"""hubel compare, from the words a user types to the table and the files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.commands import typed

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.errors import StoppedByUser, TrainingDiverged
from hubel.files import read_csv
from hubel.workflows.comparing import compare as compare_module
from hubel.workflows.comparing.compare import compare_variants
from hubel.workflows.comparing.comparison import CompareRequest
from hubel.workflows.comparing.variants import select


@pytest.mark.backend
def test_two_variants_are_measured_on_one_split_and_written(tmp_path: Path):
    out = tmp_path / "comparison"
    words = ("digits", "--architectures", "dense,lenet5", "--epochs", 1, "--image-size", 8, "--max-examples", 600)
    done = typed("compare", *words, "-o", out)
    assert done.returncode == 0, done.stderr
    assert "of 1,797 examples are used: a random sample with every class" in done.stderr
    document = json.loads((out / "compare.json").read_text())
    assert [row["name"] for row in document["variants"]] == ["dense", "lenet5"]
    tested = document["examples"]["test"]
    for row in document["variants"]:
        model = build_model(make_blueprint(row["name"], (8, 8), classes=10))
        assert row["parameters"] == model.count_params()
        assert row["accuracy"] * tested == pytest.approx(round(row["accuracy"] * tested))
        assert row["accuracy_interval"][0] <= row["accuracy"] <= row["accuracy_interval"][1]
        assert row["train_test_gap"] == pytest.approx(row["train_accuracy"] - row["accuracy"])
        assert 0 <= row["shift_consistency"] <= 1
        assert row["epochs"] == 1
        assert row["epoch_s"] > 0
        assert f"{row['parameters']:,}" in done.stdout
    assert [pair["examples"] for pair in document["pairs"]] == [tested]
    rows = read_csv(out / "compare.csv")
    assert [row["name"] for row in rows] == ["dense", "lenet5"]
    page = (out / "compare.md").read_text()
    assert "| variant | accuracy (95 %) |" in page
    assert "Trained too little to show what they can learn: dense, lenet5: fewer than 10 epochs" in page
    assert "not the luck of one training" in page
    assert f"Wrote {out}: compare.json, compare.csv, compare.md, compare.svg" in done.stdout.replace("\n", "")
    assert all(f">{row['parameters']:,}</text>" in (out / "compare.svg").read_text() for row in document["variants"])

    refused = typed("compare", *words, "-o", out)
    assert refused.returncode == 3
    assert "holds a comparison already (compare.json)" in refused.stderr
    (out / "notes.txt").write_text("mine")
    replaced = typed("compare", *words, "-o", out, "--overwrite", "--json")
    assert replaced.returncode == 0, replaced.stderr
    again = json.loads(replaced.stdout)
    assert [row["accuracy"] for row in again["variants"]] == [row["accuracy"] for row in document["variants"]]
    assert (out / "notes.txt").read_text() == "mine"


def test_a_claim_after_one_epoch_is_not_shown_and_it_is_said_what_to_type(tmp_path: Path):
    words = ("digits", "--claims", "sharing", "--epochs", 1, "--max-examples", 600, "-o", tmp_path / "out")
    done = typed("compare", *words)
    assert done.returncode == 0, done.stderr
    screen = " ".join(done.stdout.split())
    document = json.loads((tmp_path / "out/compare.json").read_text())
    rows = {row["name"]: row for row in document["variants"]}
    assert set(rows) == {"cnn", "unshared"}
    claim = document["claims"][0]
    assert (claim["name"], claim["verdict"], claim["reason"]) == ("sharing", "not shown here", "1 epoch")
    assert [finding["verdict"] for finding in claim["findings"]] == ["not shown here", "supported", "not shown here"]
    ratio = rows["unshared"]["parameters"] / rows["cnn"]["parameters"]
    assert claim["findings"][1]["text"].startswith(f"{ratio:.1f} times fewer: {rows['cnn']['parameters']:,} parameters")
    page = " ".join((tmp_path / "out/compare.md").read_text().split())
    assert "## sharing: not shown here: 1 epoch >" in page
    for text in (screen, page):
        assert "not shown here: 1 epoch" in text
        assert "With longer training the result may change: try --epochs 20." in text


@pytest.mark.backend
def test_memory_is_that_of_every_layers_output_and_of_the_weights():
    comparison = compare_variants(
        CompareRequest("digits", select(None, "sharing"), max_examples=300, image_size=8, epochs=1)
    )
    row = next(row for row in comparison.rows if row.name == "cnn")
    # Scaled pixels; convolution, ReLU and pooling of 16 maps; convolution and ReLU of 32; the logits.
    numbers = 8 * 8 * 3 + 16 * (64 + 64 + 16) + 32 * (16 + 16) + 10
    assert row.activation_bytes == compare_module.BATCH * 4 * numbers
    assert row.parameters == (9 * 3 + 1) * 16 + (9 * 16 + 1) * 32 + (512 + 1) * 10
    assert row.memory_bytes == row.activation_bytes + 4 * 4 * row.parameters
    assert row.macs == 64 * 9 * 3 * 16 + 16 * 9 * 16 * 32 + 512 * 10


def request(**more: object) -> CompareRequest:
    return CompareRequest("digits", select("dense,lenet5", None), max_examples=300, image_size=8, **more)  # type: ignore[arg-type]


@pytest.mark.backend
@pytest.mark.clock
def test_the_clock_gives_each_the_same_seconds():
    comparison = compare_variants(request(time_limit_s=10.0))
    assert comparison.budget.endswith(" s of training")
    assert float(comparison.budget.split()[0]) <= 0.75 * 10 / 2
    assert all(row.epochs is not None and row.epochs > 1 for row in comparison.rows)


def fit_but(error: BaseException, monkeypatch: pytest.MonkeyPatch, *, variant: int) -> None:
    """The training of that variant, counted from 1, raises."""
    real, calls = compare_module.fit_model, []

    def instead(*arguments: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == variant:
            raise error
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(compare_module, "fit_model", instead)


@pytest.mark.backend
def test_a_variant_that_diverges_is_a_row_and_not_the_end(monkeypatch: pytest.MonkeyPatch):
    fit_but(TrainingDiverged("The loss is nan"), monkeypatch, variant=2)
    comparison = compare_variants(request(epochs=1))
    assert [row.diverged for row in comparison.rows] == [False, True]
    assert comparison.pairs == ()
    assert comparison.rows[1].to_json()["status"] == "diverged"
    assert comparison.rows[1].accuracy is None


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), StoppedByUser("Stopped before the first epoch was done.")])
def test_ctrl_c_keeps_what_is_finished(stop, monkeypatch: pytest.MonkeyPatch):
    fit_but(stop, monkeypatch, variant=2)
    words = ("--architectures", "dense,lenet5,small-cnn", "--epochs", 1, "--image-size", 8, "--max-examples", 300)
    done = typed("compare", "digits", *words)
    assert done.returncode == 130
    assert "dense" in done.stdout
    assert "lenet5" not in done.stdout
    assert "Stopped: variants that were not finished are not in the table." in done.stdout


def test_ctrl_c_before_anything_is_finished_leaves_nothing(monkeypatch: pytest.MonkeyPatch):
    fit_but(KeyboardInterrupt(), monkeypatch, variant=1)
    done = typed("compare", "digits", "--epochs", 1, "--max-examples", 300)
    assert done.returncode == 130
    assert "Stopped before the first variant was done" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("digits", "--claims", "poling"), 2, "There is no claim named 'poling'. Did you mean 'pooling'? Known: "),
        (("digits", "--architectures", "small-cn,dense"), 2, "There is no architecture named 'small-cn'. Did you mean"),
        (("digits", "--architectures", "dense"), 2, "A comparison needs at least two variants. Received: dense."),
        (("digits", "--epochs", 1, "--time-limit", "1m"), 2, "Give --epochs or --time-limit, not both"),
        (("digits", "--epochs", 0), 2, "epochs must be a whole number from 1"),
        (("digits", "--time-limit", "1s"), 2, "--time-limit must be from 10 seconds to 30 days. Received: 1 s."),
        (("digits", "--max-examples", 5), 2, "--max-examples must be at least 3 for each of the 10 classes: 30."),
        (("digits", "--claims", "all", "--image-size", 4), 2, "need images of at least 8 pixels. Received: 4."),
        (("nowhere", "--claims", "all"), 3, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said(words, code: int, message: str):
    done = typed("compare", *words)
    assert done.returncode == code
    assert message in done.stderr


def test_a_folder_inside_the_corpus_is_refused(colours: Path):
    done = typed("compare", colours, "-o", colours / "out")
    assert done.returncode == 2
    assert "where nothing is ever written" in done.stderr
    assert not (colours / "out").exists()


def test_every_variant_sees_the_same_split(colours: Path):
    comparison = compare_variants(CompareRequest(colours, select(None, "activation"), epochs=1))
    lengths = {len(row.test_hits) for row in comparison.rows}
    assert lengths == {len(comparison.splits.test)}
    assert all(row.stays.dtype == np.bool_ for row in comparison.rows)


def test_refused_files_and_leaks_are_said(colours: Path):
    for split, names in (("train", range(14)), ("test", range(14, 20))):
        for colour in ("red", "green", "blue"):
            (colours / split / colour).mkdir(parents=True)
            for number in names:
                (colours / colour / f"{number:02}.png").rename(colours / split / colour / f"{number:02}.png")
    for colour in ("red", "green", "blue"):
        (colours / colour).rmdir()
    (colours / "test/red/copy.png").write_bytes((colours / "train/red/00.png").read_bytes())
    (colours / "train/red/broken.png").write_bytes(b"<html>")
    done = typed("compare", colours, "--claims", "activation", "--epochs", 1)
    assert done.returncode == 4
    said = done.stderr
    assert "1 of 19 test images has a copy" in said
    assert "leaks.csv" not in said
    assert f"1 file was refused and left out. See them: hubel audit {colours}" in said
