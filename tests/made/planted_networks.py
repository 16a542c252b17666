"""Networks that learned a planted corpus, as classifiers: trained here in a minute or two, and kept in a folder.

They are trained by a plain loop, not by `hubel train`: its augmentation enlarges images, and would cut the patch off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from sklearn.linear_model import LogisticRegression
from tests.made.planted import CLASS_NAMES, CLASSES, SIDE, Planted, make_planted
from tests.made.saved import save_with_graph

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.backbones import feature_model, pretrained_weights, set_backbone_weights
from hubel.backends.framework import keras, seed_everything
from hubel.classifier.classifier import Classifier
from hubel.engines.catalogue import load_classifier
from hubel.engines.held_out import HeldOut
from hubel.engines.keras_engine import KerasEngine
from hubel.images.preprocessing import Preprocessing

HEAD = "mobilenet"
"""The architecture of which only the head is trained, on the backbone's ImageNet weights."""
SIDES = {HEAD: 192}
"""Working size of the others: that of the images."""
PER_CLASS, PER_CLASS_OF_HEAD = 800, 400
BATCH, RATE = 32, 1e-3


@dataclass(frozen=True)
class Lesson:
    """What a network learns, and how long.

    Args:
        architecture: its name.
        kind: of the corpus, in `planted.KINDS`.
        seed: of the corpus, the first weights and the order.
        per_class: training images of each class; None for `PER_CLASS`.
        epochs: passes over them, where more than the head is trained.
    """

    architecture: str
    kind: str
    seed: int
    per_class: int | None = None
    epochs: int = 4

    @property
    def count(self) -> int:
        """Training images of each class."""
        return self.per_class or (PER_CLASS_OF_HEAD if self.architecture == HEAD else PER_CLASS)

    @property
    def side(self) -> int:
        """Pixels of the side at which the network works."""
        return SIDES.get(self.architecture, SIDE)

    def at_size(self, images: np.ndarray) -> np.ndarray:
        """uint8 [examples, side, side, 3]."""
        if self.side == SIDE:
            return images
        size = self.side, self.side
        return np.stack([np.asarray(PillowImage.fromarray(each).resize(size)) for each in images])

    def test(self, per_class: int) -> Planted:
        """Test images, at the size at which they are made."""
        return make_planted(self.kind, seed=self.seed, per_class=per_class, part=1)


def trained(lesson: Lesson, cache: Path) -> Classifier:
    """The classifier of a lesson: read from the cache, or trained and written there.

    Args:
        lesson: what it learns.
        cache: a folder.
    """
    words: Sequence[object] = (lesson.architecture, lesson.kind, lesson.seed, lesson.count, lesson.epochs)
    folder = cache / "-".join(map(str, words))
    if not (folder / "manifest.json").exists():
        blueprint = make_blueprint(lesson.architecture, (lesson.side, lesson.side), classes=CLASSES)
        seed_everything(lesson.seed)
        model = build_model(blueprint)
        planted = make_planted(lesson.kind, seed=lesson.seed, per_class=lesson.count, part=0)
        (_fit_head if lesson.architecture == HEAD else _fit)(model, planted, lesson)
        classifier = Classifier(KerasEngine(model), blueprint, CLASS_NAMES, Preprocessing(lesson.side, lesson.side))
        held_out = HeldOut(lesson.at_size(lesson.test(4).images), np.arange(4 * CLASSES))
        save_with_graph(classifier, folder, held_out=held_out)
    return load_classifier(folder)


def _fit(model: keras.Model, planted: Planted, lesson: Lesson) -> None:
    steps = lesson.epochs * (len(planted.labels) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(schedule), loss=loss)
    rng = np.random.default_rng(lesson.seed)
    for _ in range(lesson.epochs):
        order = rng.permutation(len(planted.labels))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            model.train_on_batch(planted.images[chosen].astype(np.float32), planted.labels[chosen])


def _fit_head(model: keras.Model, planted: Planted, lesson: Lesson) -> None:
    blueprint = make_blueprint(lesson.architecture, (lesson.side, lesson.side), classes=CLASSES)
    set_backbone_weights(model, pretrained_weights(HEAD, blueprint.spec.alpha, source="imagenet"))
    describe = KerasEngine(feature_model(model))
    features = np.concatenate(
        [
            describe.compute_logits(lesson.at_size(planted.images[start : start + 64]))
            for start in range(0, len(planted.labels), 64)
        ]
    )
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-3
    fitted = LogisticRegression(C=0.1, max_iter=300).fit((features - mean) / deviation, planted.labels)
    kernel = fitted.coef_.T / deviation[:, None]
    bias = fitted.intercept_ - mean @ kernel
    model.layers[-1].set_weights([kernel.astype(np.float32), bias.astype(np.float32)])
