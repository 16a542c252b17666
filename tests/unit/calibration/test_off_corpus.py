"""The off-corpus score: Mahalanobis distances by SciPy, the share it flags, and strangers that it must tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from hubel.calibration.off_corpus import DIRECTIONS, MIN_EXAMPLES, fit_distance, fit_off_corpus
from hubel.classifier.off_corpus import Distance, Looks, NearestClass, OffCorpus, root
from hubel.errors import WrongRequest
from hubel.evaluation.metrics import auroc


def cloud(count: int, *, seed: int, channels: int = 5) -> np.ndarray:
    """A cloud with other widths in other directions."""
    mix = np.random.default_rng(99).normal(size=(channels, channels))
    return (np.random.default_rng(seed).normal(size=(count, channels)) @ mix + 10).astype(np.float32)


def looks(count: int, *, seed: int) -> Looks:
    parts = (cloud(count, seed=seed + more, channels=channels) for more, channels in ((0, 30), (2000, 12), (1000, 8)))
    return Looks(*parts)


def of_pixels(pixels: np.ndarray) -> Looks:
    """Of a network that has no maps."""
    return Looks(np.zeros((len(pixels), 0), np.float32), np.zeros((len(pixels), 3), np.float32), pixels)


def distances(fitted: Distance, values: np.ndarray) -> np.ndarray:
    """Not as multiples of the typical one."""
    return fitted.measure(values) * fitted.typical


def test_with_few_channels_the_distance_is_that_of_scipy():
    known, held_out = cloud(5000, seed=0), cloud(200, seed=1)
    inverse = np.linalg.inv(np.cov(known.T))
    expected = [mahalanobis(row, known.mean(axis=0), inverse) for row in held_out]
    found = distances(fit_distance(known, held_out, unseen=np.array(1e-3), shrinkage=0.0), held_out)
    # Shrinkage makes the narrow directions a little wider.
    assert np.corrcoef(found, expected)[0, 1] > 0.99
    assert (found <= np.array(expected) * 1.001).all()


@pytest.mark.parametrize(("count", "channels", "directions"), [(1, 448, 64), (64, 448, 64), (7, 5000, 64), (0, 8, 7)])
def test_a_distance_of_many_images_is_that_of_each_alone(count: int, channels: int, directions: int):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(count, channels))
    projection = (0.9 * np.linalg.qr(rng.normal(size=(channels, directions)))[0]).astype(np.float32)
    fitted = Distance(np.zeros(channels, np.float32), np.full(channels, 2, np.float32), projection, 1.0)
    expected = [np.sqrt(row @ row - ((row @ projection) ** 2).sum()) / 2 for row in values]
    np.testing.assert_allclose(fitted.measure(values), expected, rtol=1e-6)


def test_beyond_the_free_directions_one_variance_stands_for_all_others():
    rng = np.random.default_rng(0)
    widths = np.concatenate([np.full(DIRECTIONS, 5.0), np.full(40, 1.0)])
    turn = np.linalg.qr(rng.normal(size=(len(widths), len(widths))))[0]
    known, held_out = ((rng.normal(size=(count, len(widths))) * widths) @ turn for count in (20_000, 50))
    # scikit-learn's probabilistic PCA, of the same standardised values.
    deviation = known.std(axis=0)
    model = PCA(DIRECTIONS).fit(known / deviation)
    precision = model.get_precision()
    apart = held_out / deviation - model.mean_
    expected = np.sqrt(np.einsum("ni,ij,nj->n", apart, precision, apart))
    found = distances(fit_distance(known, held_out, unseen=np.array(1e-3), shrinkage=0.0), held_out)
    assert np.corrcoef(found, expected)[0, 1] > 0.98
    assert found.mean() == pytest.approx(expected.mean(), rel=0.15)  # shrunk by a hundredth of the mean variance


def test_a_step_in_a_direction_without_scatter_weighs_more_than_one_along_it():
    rng = np.random.default_rng(0)
    known = (rng.normal(size=(500, 1)) @ np.ones((1, 4)) + 0.05 * rng.normal(size=(500, 4))).astype(np.float32)
    fitted = fit_distance(known, known, unseen=np.array(1e-3), shrinkage=0.0)
    along, across = np.array([[2.0, 2, 2, 2]]), np.array([[2.0, -2, 2, -2]])
    assert distances(fitted, along)[0] < 3
    assert distances(fitted, across)[0] > 5 * distances(fitted, along)[0]
    reference = EmpiricalCovariance().fit(known).mahalanobis(np.concatenate([along, across]))
    assert reference[1] > reference[0]  # so says scikit-learn


@pytest.mark.parametrize(("held_out", "most"), [(60, 0.03), (100, 0.017), (1000, 0.013)])
def test_about_one_image_of_a_hundred_of_the_corpus_is_flagged(held_out: int, most: float):
    """The mean over 60 draws of the images that set the limit; 60 of them cannot show what one in a hundred exceeds."""
    known, others = looks(1500, seed=0), looks(2000, seed=9999)
    shares = []
    for seed in range(60):
        score = fit_off_corpus(known, looks(held_out, seed=20_000 + seed))
        assert score is not None
        shares.append(float((score.score(others) > 1).mean()))
    assert 0.007 <= np.mean(shares) <= most


@pytest.mark.parametrize("where", ["maps", "features", "pixels"])
def test_a_stranger_to_any_part_is_flagged(where: str):
    score = fit_off_corpus(looks(900, seed=0), looks(300, seed=1), labels=np.arange(900) % 3)
    assert score is not None
    inside, other = looks(200, seed=2), looks(200, seed=3)
    wild = vars(other).copy()
    wild[where] = np.random.default_rng(5).normal(size=wild[where].shape).astype(np.float32) * 30
    assert auroc(score.score(inside), score.score(Looks(**wild))) > 0.99
    assert (score.score(Looks(**wild)) > 1).mean() > 0.95


def test_without_labels_the_last_layer_is_not_looked_at():
    known, held_out, other = (looks(count, seed=seed) for seed, count in enumerate((300, 200, 50)))
    score = fit_off_corpus(known, held_out)
    assert score is not None
    assert score.last is None
    wild = Looks(other.maps, other.features * 1000, other.pixels)
    np.testing.assert_array_equal(score.score(wild), score.score(other))


def test_the_last_layer_is_measured_from_the_nearest_class_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    labels = np.arange(900) % 3
    away = rng.normal(size=(3, 6)) * 20
    known, held_out = looks(900, seed=0), looks(300, seed=1)
    features = (rng.normal(size=(900, 6)) @ rng.normal(size=(6, 6)) + away[labels]).astype(np.float32)
    others = (rng.normal(size=(300, 6)) * 5 + away[np.arange(300) % 3]).astype(np.float32)
    score = fit_off_corpus(
        Looks(known.maps, features, known.pixels), Looks(held_out.maps, others, held_out.pixels), labels=labels
    )
    assert score is not None
    assert score.last is not None
    within = EmpiricalCovariance(assume_centered=True).fit(
        features - np.stack([features[labels == label].mean(axis=0) for label in range(3)])[labels]
    )
    centres = [features[labels == label].mean(axis=0) for label in range(3)]
    expected = np.sqrt(np.min([within.mahalanobis(others - centre) for centre in centres], axis=0))
    found = score.last.measure(others) ** (1 / score.last.power)
    np.testing.assert_allclose(found, expected / np.median(expected), rtol=1e-3)


def test_a_network_without_maps_is_scored_by_its_pixels_alone():
    pixels = [cloud(count, seed=seed, channels=8) for seed, count in enumerate((300, 100, 50))]
    known, held_out, other = (of_pixels(each) for each in pixels)
    score = fit_off_corpus(known, held_out)
    assert score is not None
    assert score.maps is None
    np.testing.assert_allclose(score.score(other), score.pixels.measure(other.pixels) / score.limit)


def test_a_trace_of_colour_is_no_stranger_to_a_grey_corpus_but_colour_is():
    known, held_out, other = (cloud(count, seed=seed, channels=8) / 50 for seed, count in enumerate((400, 200, 100)))
    for each in (known, held_out, other):
        each[:, 7] = np.log(0.05)
    score = fit_off_corpus(of_pixels(known), of_pixels(held_out))
    assert score is not None
    flagged = {}
    for colour in (0.0, 1 / 255, 0.3):
        other[:, 7] = np.log(colour + 0.05)
        flagged[colour] = float((score.score(of_pixels(other)) > 1).mean())
    assert flagged[1 / 255] <= flagged[0.0] + 0.05
    assert flagged[0.3] == 1.0


def test_roots_keep_sign_and_zero():
    np.testing.assert_allclose(root(np.array([-4.0, 0, 4, 100])), [-2, 0, 2, 10], atol=0.011)


def test_auroc_equals_scikit_learns_with_ties():
    rng = np.random.default_rng(0)
    inside, strangers = rng.integers(0, 10, 80), rng.integers(3, 14, 50)
    truth = np.concatenate([np.zeros(80), np.ones(50)])
    assert auroc(inside, strangers) == pytest.approx(roc_auc_score(truth, np.concatenate([inside, strangers])))
    assert auroc(inside, np.array([])) is None


def test_too_few_images_give_no_score_and_all_the_same_give_one():
    assert fit_off_corpus(looks(MIN_EXAMPLES - 1, seed=0), looks(100, seed=1)) is None
    assert fit_off_corpus(looks(100, seed=0), looks(MIN_EXAMPLES - 1, seed=1)) is None
    same = Looks(*(np.ones((100, channels), np.float32) for channels in (4, 3, 8)))
    for labels in (None, np.arange(100) % 2):
        score = fit_off_corpus(same, same, labels=labels)
        assert score is not None
        assert score.last is None
        assert not (score.score(same) > 1).any()


def test_parts_that_do_not_fit_one_another_are_refused():
    one = np.ones(3, np.float32)
    with pytest.raises(WrongRequest, match=r"needs a mean \[channels\], a scale"):
        Distance(one, one, np.zeros((4, 2), np.float32), 1.0)
    with pytest.raises(WrongRequest, match="scale .* above 0 everywhere"):
        Distance(one, 0 * one, np.zeros((3, 2), np.float32), 1.0)
    fitting = Distance(one, one, np.zeros((3, 2), np.float32), 1.0)
    with pytest.raises(WrongRequest, match="above 0"):
        OffCorpus(None, fitting, float("nan"))
    with pytest.raises(WrongRequest, match="above 0"):
        Distance(one, one, np.zeros((3, 2), np.float32), 0.0)
    with pytest.raises(WrongRequest, match="power of a distance"):
        Distance(one, one, np.zeros((3, 2), np.float32), 1.0, float("inf"))


def test_the_score_of_format_2_is_the_distance_to_the_nearest_class():
    rng = np.random.default_rng(0)
    mean, projection, centres = (rng.normal(size=shape).astype(np.float32) for shape in (4, (4, 2), (3, 2)))
    features = rng.normal(size=(10, 4)).astype(np.float32)
    expected = [min(np.linalg.norm((row - mean) @ projection - centre) for centre in centres) / 2 for row in features]
    np.testing.assert_allclose(NearestClass(mean, projection, centres, 2.0).measure(features), expected, rtol=1e-5)
    with pytest.raises(WrongRequest, match="needs a mean"):
        NearestClass(mean[:3], projection, centres, 1.0)
