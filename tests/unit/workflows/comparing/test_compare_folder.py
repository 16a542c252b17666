"""A comparison as it is written: every number in the four files is one that was measured, and what is not known is said."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binomtest
from tests.unit.workflows.comparing.scripted_comparisons import BROKEN, DENSE, SMALL_CNN, compared, first

from hubel.corpus.split import Splits
from hubel.errors import OutputNotWritable
from hubel.shell import text_in_shell
from hubel.workflows.comparing.compare_folder import (
    FILES,
    compare_into,
    conditions,
    describe_columns,
    describe_not_shown,
    describe_verdicts,
    legend,
    pair_text,
    render_markdown,
    short,
    table,
    to_json,
    write_comparison,
)
from hubel.workflows.comparing.comparison import CompareRequest, Comparison
from hubel.workflows.comparing.variants import Selection


def wilson(hits: int, count: int) -> tuple[float, float]:
    """By SciPy."""
    found = binomtest(hits, count).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def timed(comparison: Comparison, seconds: float = 60.0) -> Comparison:
    request = CompareRequest("photos", comparison.request.selection, time_limit_s=seconds, seed=3)
    return replace(comparison, request=request, budget="22.5 s of training")


def test_a_row_shows_what_was_measured():
    header, dense, cnn = table(compared())
    assert header == ("variant", "accuracy (95 %)", "parameters", "MACs", "memory", "s/epoch", "gap", "shift")
    # gap: 140 of 140 less 20 of 40; 133 of 140 is 95 %, as are 38 of 40
    low, high = wilson(20, 40)
    assert dense == ("dense", f"0.500 ({low:.3f}-{high:.3f})", "1,234,567", "987", "20 MB", "0.50", "+50.0", "0.250")
    assert cnn[2:] == ("4,321", "2.5 M", "3.21 GB", "1.23", "+0.0", "0.900")


def test_of_a_variant_that_diverged_only_its_shapes_are_shown():
    assert table(compared(DENSE, BROKEN))[2] == ("residual", "diverged", "10", "10", "10 B", "-", "-", "-")


def test_epochs_are_a_column_where_the_clock_decided_on_them():
    rows = table(timed(compared(replace(DENSE, epochs=8.26), SMALL_CNN)))
    assert [row[-1] for row in rows] == ["epochs", "8.3", "12.0"]
    assert "epochs" not in table(compared())[0]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 "), (999, "999 "), (1000, "1 k"), (1234, "1.23 k"), (12_345, "12.3 k"), (999_499, "999 k"),
        (1e6, "1 M"), (2_500_000, "2.5 M"), (1e9, "1 G"), (7.25e11, "725 G"), (4.2e12, "4200 G"),
    ],
)  # fmt: skip
def test_a_count_is_shortened_without_an_exponent(number: float, shown: str):
    assert short(number) == shown


def test_conditions_name_corpus_parts_size_budget_and_seed():
    assert conditions(compared()) == (
        "photos: 140 train, 20 validation, 40 test; 16 x 24 pixels; 12 epochs each; seed 3"
    )


def test_columns_are_explained_with_the_numbers_behind_them():
    accuracy, _, _, gap, shift = describe_columns(compared())
    assert accuracy == "accuracy: of 40 test images; best epoch by validation log loss; Wilson interval."
    assert gap == ("gap: accuracy on 140 training images less that on the test images, in percentage points.")
    assert shift == (
        "shift: share of 40 test images that keep their class when moved 1 pixel up, down, left and right."
    )


def test_random_parts_and_longer_moves_are_said():
    large = Splits(tuple(range(2500)), (), tuple(range(2500, 2500 + 1700)))
    accuracy, _, _, gap, shift = describe_columns(compared(splits=large, moved_px=3))
    assert "of 1,700 test images; last epoch, because there are no validation images;" in accuracy
    assert "on 2,000 training images" in gap
    assert "share of 1,000 test images that keep their class when moved 1 to 3 pixels up" in shift


def test_a_pair_is_told_with_difference_interval_and_p():
    (pair,) = compared().pairs
    # 18 images that only the second names rightly: p is that of 18 coins that all fall the same way, twice 2 ** -18
    text = pair_text(pair)
    assert text.startswith("dense is worse than small-cnn: difference -45.0 (")
    low, high = pair.test.interval
    assert text.endswith(f"({100 * low:+.1f} to {100 * high:+.1f}), p < 0.0001")
    assert pair.test.p_value == pytest.approx(2 * 2.0**-18)


def test_two_that_are_right_on_the_same_images_are_alike():
    (pair,) = compared(DENSE, replace(SMALL_CNN, test_hits=first(20))).pairs
    assert pair_text(pair).startswith("dense and small-cnn answer alike, right on the same images: difference +0.0 (")
    assert pair_text(pair).endswith("p = 1.000")


def test_a_pair_that_chance_may_explain_is_not_decided():
    (pair,) = compared(DENSE, replace(SMALL_CNN, test_hits=first(22))).pairs
    # two images divide them: p = 2 * (1/2) ** 2
    assert pair_text(pair).startswith("dense or small-cnn: cannot tell: difference -5.0 (")
    assert pair_text(pair).endswith("p = 0.500")


def test_only_the_networks_of_claims_are_explained():
    rows = (DENSE, replace(SMALL_CNN, name="cnn"))
    assert legend(compared(*rows)) == [
        ("cnn", "two groups of one 3 x 3 convolution with 16 and 32 filters, ReLU, max pooling")
    ]


def test_pairs_that_were_trained_too_little_are_named_with_what_to_try():
    assert not describe_not_shown(compared())
    brief = compared(replace(DENSE, epochs=3.0), replace(SMALL_CNN, epochs=3.0))
    said = text_in_shell(describe_not_shown(brief))
    assert said.startswith("Trained too little to show what they can learn: dense, small-cnn: fewer than 10 epochs, or")
    assert said.endswith("With longer training the result may change: try --epochs 20.")
    settling = compared(replace(DENSE, epochs=30.0, still_falling=0.2), SMALL_CNN)
    assert text_in_shell(describe_not_shown(settling)).endswith("try --epochs 60.")
    assert str(describe_not_shown(timed(brief))).endswith("try a longer time_limit.")


def test_a_claim_that_is_not_shown_is_explained_even_without_pairs():
    rows = (replace(DENSE, name="dense-only", epochs=2.0), replace(SMALL_CNN, name="cnn", epochs=2.0))
    comparison = compared(*rows, claims="dense-or-cnn", pairs=())
    (claim,) = comparison.claims
    assert claim.headline == "not shown here: 2 epochs"
    assert str(describe_not_shown(comparison)).startswith('"Not shown here": fewer than 10 epochs')


def test_no_loss_of_accuracy_is_explained_only_beside_claims():
    rows = (replace(DENSE, name="dense-only"), replace(SMALL_CNN, name="cnn"))
    with_claim, without = (describe_verdicts(compared(*rows, claims=claims)) for claims in ("dense-or-cnn", None))
    loss = '"No loss of accuracy": at most 3 points, by the interval\'s lower end.'
    assert str(with_claim[0]) == loss
    assert loss not in map(str, without)
    assert str(without[-1]).startswith("The test: exact McNemar on the same test images, p adjusted (Holm)")
    assert "repeat with another --seed before you rely on it" in text_in_shell(without[-1])


def test_the_page_has_the_table_the_pairs_and_each_claim_with_its_findings():
    rows = (replace(DENSE, name="dense-only"), replace(SMALL_CNN, name="cnn"))
    page = render_markdown(compared(*rows, claims="dense-or-cnn")).splitlines()
    assert page[:3] == ["# Comparison", "", conditions(compared())]
    assert page[5] == "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    assert page[6].startswith("| dense-only | 0.500 (")
    assert "- **dense-only**: no convolution; one hidden dense layer of 512 units" in page
    assert "## Pairs" not in page
    head = page.index("## dense-or-cnn: supported")
    assert page[head + 2].startswith("> A convolutional network is at least as accurate as a dense one")
    assert page[head + 4].startswith(
        "- cnn against dense-only, accuracy: **supported**. better: accuracy 0.950 against"
    )
    # 1,234,567 / 4,321 = 285.71...
    assert page[head + 5] == (
        "- cnn against dense-only, parameters: **supported**. 285.7 times fewer: 4,321 parameters against 1,234,567; "
        "claimed: 10 times fewer."
    )
    assert "## Pairs" in render_markdown(compared()).splitlines()


def test_the_document_has_conditions_rows_pairs_and_claims():
    document = to_json(compared(interrupted=True))
    assert {name: document[name] for name in ("format", "corpus", "classes", "seed", "budget", "image_size")} == {
        "format": 1, "corpus": "photos", "classes": ["a", "b"], "seed": 3, "budget": "12 epochs",
        "image_size": [16, 24, 3],
    }  # fmt: skip
    assert document["examples"] == {"train": 140, "validation": 20, "test": 40}
    assert document["interrupted"] is True
    dense, cnn = document["variants"]
    assert dense["accuracy_interval"] == pytest.approx(wilson(20, 40))
    assert (cnn["accuracy"], cnn["train_accuracy"], cnn["validation_accuracy"]) == (0.95, 0.95, 0.95)
    assert (dense["receptive_field"], cnn["receptive_field"]) == (None, [5, 7])
    (pair,) = document["pairs"]
    assert (pair["first"], pair["second"], pair["second_only"], pair["verdict"]) == ("dense", "small-cnn", 18, "worse")
    assert document["machine"]["backend"] in ("tensorflow", "jax", "torch")


def test_a_diverged_variant_has_no_scores_in_the_document():
    document = BROKEN.to_json()
    assert document["status"] == "diverged"
    assert [name for name in document if name.startswith(("accuracy", "train", "shift")) and document[name]] == []
    assert DENSE.to_json()["status"] == "done"


def test_all_four_files_are_written_and_the_table_has_the_interval_in_two_columns(tmp_path: Path):
    write_comparison(compared(DENSE, SMALL_CNN, BROKEN), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    with (tmp_path / "compare.csv").open(newline="") as file:
        dense, cnn, broken = csv.DictReader(file)
    assert "accuracy_interval" not in dense
    assert (float(cnn["accuracy_low"]), float(cnn["accuracy_high"])) == pytest.approx(wilson(38, 40))
    assert (broken["name"], broken["accuracy"], broken["accuracy_low"]) == ("residual", "", "")
    assert json.loads((tmp_path / "compare.json").read_text())["variants"][1]["parameters"] == 4_321
    assert (tmp_path / "compare.md").read_text() == render_markdown(compared(DENSE, SMALL_CNN, BROKEN))
    drawing = (tmp_path / "compare.svg").read_text()
    assert all(text in drawing for text in ("Compared on photos", "1,234,567", "3.21 GB", "diverged"))


def test_the_folder_of_another_comparison_is_refused_before_anything_is_trained(tmp_path: Path):
    (tmp_path / "compare.md").write_text("mine")
    with pytest.raises(OutputNotWritable, match=r"holds a comparison already \(compare.md\). Choose another folder"):
        compare_into(tmp_path, CompareRequest("digits", Selection((), ("dense-or-cnn",)), epochs=1))
    assert (tmp_path / "compare.md").read_text() == "mine"
