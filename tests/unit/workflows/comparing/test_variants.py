"""What is compared differs in one thing, and a verdict follows from the numbers alone."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import ARCHITECTURES, Blueprint
from hubel.architectures.families.cnn import CnnSpec
from hubel.backends.framework import keras
from hubel.corpus.corpus import Corpus, Example
from hubel.corpus.sample import take_part
from hubel.errors import UnknownName, WrongRequest
from hubel.workflows.comparing.variant_result import VariantResult, still_falling
from hubel.workflows.comparing.variants import CLAIMS, VARIANTS, Claim, Need, VariantPair, select
from hubel.workflows.comparing.verdicts import COUNTED, TESTED, judge

CLAIM = Claim("text", (VariantPair("new", "old", (Need("accuracy", "not worse"), Need("parameters", "less", 10))),))


def measured(name: str, right: np.ndarray, *, parameters: int = 100, train: np.ndarray | None = None) -> VariantResult:
    return VariantResult(
        name, parameters, 10, 10, 10, test_hits=right, stays=right, train_hits=right if train is None else train
    )


def first(count: int, of: int = 1000) -> np.ndarray:
    return np.arange(of) < count


def verdict(claim: Claim, new: VariantResult, old: VariantResult) -> str:
    return judge("name", claim, rows={"new": new, "old": old}).verdict


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_names_variants_quantities_and_relations_that_exist(name: str):
    for part in CLAIMS[name].parts:
        assert {part.variant, part.reference} <= set(VARIANTS)
        assert part.variant != part.reference
        assert {need.quantity for need in part.needs} <= {*COUNTED, *TESTED, "gap", "field"}
        assert {need.relation for need in part.needs} <= {"better", "not worse", "less", "same"}


def test_no_variant_has_the_name_of_an_architecture():
    assert not set(VARIANTS) & set(ARCHITECTURES)


@pytest.mark.parametrize(
    ("one", "other", "field"),
    [
        ("cnn", "unshared", "shared"), ("pool-average", "linear", "activation"), ("cnn", "pool-none", "groups"),
        ("cnn", "pool-average", "groups"), ("cnn", "pool-sum", "groups"), ("two-3x3", "one-5x5", "groups"),
        ("four-3x3", "one-9x9", "groups"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("side", [8, 32])
def test_an_ablation_changes_one_thing(one: str, other: str, field: str, side: int):
    specs = [VARIANTS[name].make_spec((side, side), 10) for name in (one, other)]
    assert [each.name for each in fields(CnnSpec) if getattr(specs[0], each.name) != getattr(specs[1], each.name)] == [
        field
    ]
    if "pool" in other:
        assert [replace(group, pooling="max") for group in specs[0].groups] == [
            replace(group, pooling="max") for group in specs[1].groups
        ]
    elif field == "groups":
        assert specs[0].groups[0] == specs[1].groups[0]
        assert specs[0].groups[1].filters == specs[1].groups[1].filters == specs[0].groups[0].filters


@pytest.mark.backend
def test_without_an_activation_the_network_is_one_linear_map():
    # A linear map takes the middle of two images to the middle of their logits; one with ReLU does not.
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 256, (2, 1, 8, 8, 3)).astype(np.float32)
    apart = {}
    for name in ("linear", "pool-average"):
        model = build_model(Blueprint(name, VARIANTS[name].make_spec((8, 8), 3)))
        logits = [keras.ops.convert_to_numpy(model(each)) for each in (one, other, (one + other) / 2)]
        apart[name] = abs((logits[0] + logits[1]) / 2 - logits[2]).max()
    assert apart["linear"] < 1e-4
    assert apart["pool-average"] > 1e-3


def test_a_claim_is_supported_where_everything_it_needs_is():
    assert verdict(CLAIM, measured("new", first(800), parameters=10), measured("old", first(700))) == "supported"


def test_a_claim_is_refuted_where_the_test_says_worse():
    found = judge(
        "x", CLAIM, rows={"new": measured("new", first(600), parameters=10), "old": measured("old", first(700))}
    )
    assert found.verdict == "refuted"
    assert [each.verdict for each in found.findings] == ["refuted", "supported"]
    assert "worse: accuracy 0.600 against 0.700, difference -10.0 (" in found.findings[0].text


def test_a_claim_is_refuted_where_a_plain_number_says_so():
    found = judge(
        "x", CLAIM, rows={"new": measured("new", first(800), parameters=11), "old": measured("old", first(700))}
    )
    assert found.verdict == "refuted"
    assert found.findings[1].text == "9.1 times fewer: 11 parameters against 100; claimed: 10 times fewer."


def test_few_images_cannot_tell_that_nothing_is_lost():
    few = measured("new", first(40, 50), parameters=10), measured("old", np.roll(first(40, 50), 5))
    assert verdict(CLAIM, *few) == "cannot tell"
    many = measured("new", first(8000, 10000), parameters=10), measured("old", np.roll(first(8000, 10000), 50))
    assert verdict(CLAIM, *many) == "supported"


def test_the_same_predictions_are_not_better():
    claim = Claim("text", (VariantPair("new", "old", (Need("shift", "better"),)),))
    assert verdict(claim, measured("new", first(700)), measured("old", first(700))) == "cannot tell"


def test_a_smaller_gap_is_told_by_its_interval():
    claim = Claim("text", (VariantPair("new", "old", (Need("gap", "better"),)),))
    small, large = measured("a", first(700), train=first(720)), measured("b", first(700), train=first(1000))
    assert verdict(claim, small, large) == "supported"
    assert verdict(claim, large, small) == "refuted"
    assert verdict(claim, small, small) == "cannot tell"


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [((5, 5), (5, 5), "supported"), ((5, 5), (9, 9), "refuted"), (None, (5, 5), "cannot tell")],
)
def test_fields_are_the_same_or_not(new, old, expected):
    claim = Claim("text", (VariantPair("new", "old", (Need("field", "same"),)),))
    rows = [replace(measured(name, first(1)), field=field) for name, field in (("new", new), ("old", old))]
    assert verdict(claim, *rows) == expected


def test_a_variant_that_diverged_or_was_not_finished_decides_nothing():
    old = measured("old", first(700))
    gone = judge("x", CLAIM, rows={"old": old})
    assert gone.verdict == "cannot tell"
    assert gone.findings[0].text == "new was not finished."
    broken = judge("x", CLAIM, rows={"old": old, "new": VariantResult("new", 1, 1, 1, 1, diverged=True)})
    assert broken.verdict == "cannot tell"
    assert "new diverged" in broken.findings[0].text


@pytest.mark.parametrize(
    ("epochs", "falling", "reason"),
    [
        (5.0, 0.0, "5 epochs"),
        (1.0, None, "1 epoch"),
        (9.6, 0.0, "9.6 epochs"),
        (10.0, 0.12, "new was still learning after 10 epochs"),
        (10.0, 0.09, ""),
        (39.0, None, ""),
    ],
)
@pytest.mark.parametrize("new", [500, 700, 900])
def test_networks_that_were_trained_too_little_neither_refute_nor_support(epochs, falling, reason: str, new: int):
    rows = {
        "old": replace(measured("old", first(700)), epochs=epochs, still_falling=0.0),
        "new": replace(measured("new", first(new), parameters=9), epochs=epochs, still_falling=falling),
    }
    found = judge("x", CLAIM, rows=rows)
    trained = {500: "refuted", 700: "supported", 900: "supported"}[new]
    assert found.headline == (f"not shown here: {reason}" if reason else trained)
    assert [each.verdict for each in found.findings] == ["not shown here" if reason else trained, "supported"]
    if reason:
        assert found.findings[0].text.startswith(f"{reason}; so far: ")
        assert f"accuracy {new / 1000:.3f} against 0.700" in found.findings[0].text
    assert found.to_json()["reason"] == reason


def test_plain_numbers_refute_however_short_the_training_was():
    rows = {
        "old": replace(measured("old", first(700), parameters=10), epochs=1.0),
        "new": replace(measured("new", first(700), parameters=100), epochs=1.0),
    }
    found = judge("x", CLAIM, rows=rows)
    assert (found.headline, found.reason) == ("refuted", "")


def test_how_far_a_loss_still_falls_is_counted_from_the_best_of_the_first_half():
    assert still_falling([2.0, 1.0, 1.2, 0.9]) == pytest.approx(0.1)
    assert still_falling([1.0, 1.1, 1.2]) == 0
    assert still_falling([1.0]) is None
    assert still_falling([]) is None


def test_what_several_claims_need_is_trained_once():
    selection = select("dense", "all")
    blueprints = selection.blueprints((32, 32), 10)
    assert list(blueprints) == ["dense", *selection.variants]
    assert len(selection.variants) == len(set(selection.variants)) == len(VARIANTS)


@pytest.mark.parametrize(
    ("architectures", "claims", "message"),
    [
        ("small-cn", None, "no architecture named 'small-cn'. Did you mean 'small-cnn'?"),
        ("small-cnn,residual", "poling", "no claim named 'poling'. Did you mean 'pooling'?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(architectures, claims, message: str):
    with pytest.raises(UnknownName, match=message):
        select(architectures, claims)


@pytest.mark.parametrize("architectures", ["small-cnn", "small-cnn,small-cnn", ",", ""])
def test_one_variant_is_no_comparison(architectures: str):
    with pytest.raises(
        WrongRequest,
        match="needs at least two variants. Received: .* Use architectures=.'small-cnn', 'dense'. or claims='all'",
    ):
        select(architectures, None)


def test_images_that_are_too_small_for_the_claims_are_refused():
    with pytest.raises(WrongRequest, match="at least 8 pixels. Received: 4. Use image_size=8"):
        select(None, "pooling").blueprints((4, 4), 10)


def corpus(counts: dict[tuple[str, int], int]) -> Corpus:
    examples = tuple(
        Example(f"{split}/{label}/{number}", label, split)
        for (split, label), count in counts.items()
        for number in range(count)
    )
    return Corpus("here", "made", ("a", "b"), examples, (), source=None, positions=tuple(range(len(examples))))  # type: ignore[arg-type]


def test_a_part_keeps_the_shares_of_classes_and_splits():
    whole = corpus({("train", 0): 400, ("train", 1): 200, ("test", 0): 100, ("test", 1): 50})
    said = []
    part = take_part(whole, 75, seed=1, on_event=said.append)
    counts = {key: sum((each.split, each.label) == key for each in part.examples) for key in (("train", 0), ("train", 1), ("test", 0), ("test", 1))}  # fmt: skip
    assert counts == {("train", 0): 40, ("train", 1): 20, ("test", 0): 10, ("test", 1): 5}
    assert [whole.examples[place] for place in part.positions] == list(part.examples)
    assert "75 of 750 examples are used" in str(said[0].text)
    assert take_part(whole, 75, seed=1) == part
    assert take_part(whole, 75, seed=2) != part
    assert take_part(whole, 750, seed=1) is whole
    assert take_part(whole, None, seed=1) is whole


def test_a_part_of_too_few_examples_is_refused():
    with pytest.raises(WrongRequest, match="at least 3 for each of the 2 classes: 6. Received: 5"):
        take_part(corpus({("train", 0): 10, ("train", 1): 10}), 5, seed=0)
