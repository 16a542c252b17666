"""What each part of the training recipe is worth: the same training with one thing changed, epoch for epoch.

    python benchmarks/bench_recipe.py CORPUS[:SIDE[:EPOCHS[:EXAMPLES]]] ... --out FILE.csv [--seeds 2] [--only NAME ...]

Trains networks from scratch, and with ``--tuned`` a pretrained backbone (its head, then the whole network). ``signs``
is the corpus of `made_signs.py`; any other CORPUS is what ``hubel train`` takes. SIDE is the side of the images in
pixels (0: their own), EPOCHS are of the whole network (20), EXAMPLES is the size of a random part of the corpus (0: all
of it). The clock decides nothing, so a row comes out again. Some variants are not in the package (mixing images, random
operations): they are measured here, so that it is known what is left out.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from made_signs import make_signs
from PIL import Image, ImageEnhance, ImageOps

from hubel import read_corpus, train
from hubel.corpus.corpus import Corpus
from hubel.corpus.sample import take_part
from hubel.training import fit
from hubel.training.recipe import Recipe
from hubel.workflows.training import network

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Images float32 [batch, height, width, 3], one-hot labels float32 [batch, classes], weights float32 [batch]."""
Change = Callable[[Batch, np.random.Generator], Batch]
COLUMNS = (
    "corpus", "side", "epochs", "phase", "variant", "seed", "validation_accuracy", "validation_log_loss", "accuracy",
    "macro_f1", "log_loss", "training_s",
)  # fmt: skip


def mix_up(batch: Batch, rng: np.random.Generator) -> Batch:
    """Each image blended with another one, in shares from Beta(0.2, 0.2) (Zhang et al. 2018)."""
    share, other = rng.beta(0.2, 0.2), rng.permutation(len(batch[0]))
    images, labels, weights = (share * each + (1 - share) * each[other] for each in batch)
    return images, labels, weights


def cut_mix(batch: Batch, rng: np.random.Generator) -> Batch:
    """In every second batch a rectangle of each image is taken from another one (Yun et al. 2019)."""
    images, labels, weights = batch
    if rng.random() < 0.5:
        return batch
    other, side = rng.permutation(len(images)), np.sqrt(1 - rng.random())
    height, width = (max(1, int(each * side)) for each in images.shape[1:3])
    top, left = (
        rng.integers(0, whole - part + 1) for whole, part in zip(images.shape[1:3], (height, width), strict=True)
    )
    images = images.copy()
    images[:, top : top + height, left : left + width] = images[other][:, top : top + height, left : left + width]
    share = 1 - height * width / (images.shape[1] * images.shape[2])
    return images, share * labels + (1 - share) * labels[other], share * weights + (1 - share) * weights[other]


def trivial_augment(batch: Batch, rng: np.random.Generator) -> Batch:
    """One random operation of random strength on each image (Müller and Hutter 2021)."""
    changed = [_operation(Image.fromarray(image), rng) for image in np.rint(batch[0]).astype(np.uint8)]
    return np.stack([np.asarray(image, np.float32) for image in changed]), *batch[1:]


def _operation(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    strength = rng.uniform(-1, 1)
    affine = {
        "rotate": lambda: image.rotate(45 * strength, Image.Resampling.BILINEAR),
        "shear x": lambda: _affine(image, (1, 0.5 * strength, 0, 0, 1, 0)),
        "shear y": lambda: _affine(image, (1, 0, 0, 0.5 * strength, 1, 0)),
        "move x": lambda: _affine(image, (1, 0, 0.3 * strength * image.width, 0, 1, 0)),
        "move y": lambda: _affine(image, (1, 0, 0, 0, 1, 0.3 * strength * image.height)),
    }
    tones = {
        "brightness": lambda: ImageEnhance.Brightness(image).enhance(1 + 0.9 * strength),
        "contrast": lambda: ImageEnhance.Contrast(image).enhance(1 + 0.9 * strength),
        "colour": lambda: ImageEnhance.Color(image).enhance(1 + 0.9 * strength),
        "sharpness": lambda: ImageEnhance.Sharpness(image).enhance(1 + 0.9 * strength),
        "posterise": lambda: ImageOps.posterize(image, 8 - int(6 * abs(strength))),
        "solarise": lambda: ImageOps.solarize(image, int(255 * abs(strength))),
        "autocontrast": lambda: ImageOps.autocontrast(image),
        "equalise": lambda: ImageOps.equalize(image),
        "as it is": lambda: image,
    }
    operations = [*affine.values(), *tones.values()]
    return operations[rng.integers(len(operations))]()


def _affine(image: Image.Image, numbers: tuple[float, ...]) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, numbers, Image.Resampling.BILINEAR)


@dataclass(frozen=True)
class Variant:
    """What is changed.

    Args:
        recipe: changed fields of the recipe; those of ``augmentation`` by ``augmentation.NAME``.
        batches: changes each batch of images; None for nothing.
    """

    recipe: dict[str, Any]
    batches: Change | None = None

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with the changes."""
        own = {name: value for name, value in self.recipe.items() if "." not in name}
        inner = {name.split(".")[1]: value for name, value in self.recipe.items() if "." in name}
        return replace(recipe, augmentation=replace(recipe.augmentation, **inner), **own)


USUAL = "as it is"
VARIANTS = {
    USUAL: Variant({}),
    "labels not smoothed": Variant({"label_smoothing": 0.0}),
    "labels smoothed by 0.2": Variant({"label_smoothing": 0.2}),
    "twice the weight decay": Variant({"weight_decay": 0.001}),
    "no shifts": Variant({"augmentation.shift": 0.0}),
    "half the shift": Variant({"augmentation.shift": 0.0625}),
    "full size from the start": Variant({"small_until": 0.0}),
    "smaller for three quarters": Variant({"small_until": 0.75}),
    "classes not weighted": Variant({"balance": 0.0}),
    "classes weighted in full": Variant({"balance": 1.0}),
    "averaged weights": Variant({"averaging": 0.99}),
    "fused": Variant({"arithmetic": "fused"}),
    "bfloat16": Variant({"arithmetic": "bfloat16"}),
    "MixUp": Variant({}, mix_up),
    "CutMix": Variant({}, cut_mix),
    "TrivialAugment": Variant({}, trivial_augment),
}
TUNED_VARIANTS = {
    USUAL: Variant({}),
    "weights not averaged": Variant({"averaging": 0.0}),
    "averaged longer": Variant({"averaging": 0.995}),
    "labels smoothed": Variant({"label_smoothing": 0.1}),
    "no shifts": Variant({"augmentation.shift": 0.0}),
    "classes not weighted": Variant({"balance": 0.0}),
    "MixUp": Variant({}, mix_up),
    "CutMix": Variant({}, cut_mix),
    "TrivialAugment": Variant({}, trivial_augment),
}


@contextmanager
def changed(variant: Variant, *, seed: int) -> Iterator[None]:
    """Training as the variant has it."""
    rng, step = np.random.default_rng(seed), fit._train_on_batch
    scratch, tune = network.scratch_recipe, network.fine_tune_recipe

    def scratch_recipe(*args: Any, **named: Any) -> tuple[Recipe, float | None]:
        recipe, limit = scratch(*args, **named)
        return variant.apply(recipe), limit

    def mixed(model: Any, images: np.ndarray, *, one_hot: np.ndarray, weights: np.ndarray) -> float:
        if images.ndim == 4:
            images, one_hot, weights = variant.batches((images, one_hot, weights), rng)
            images, one_hot, weights = (np.asarray(each, np.float32) for each in (images, one_hot, weights))
        return step(model, images, one_hot=one_hot, weights=weights)

    with ExitStack() as stack:
        stack.enter_context(patch.object(network, "scratch_recipe", scratch_recipe))
        stack.enter_context(patch.object(network, "fine_tune_recipe", lambda *a, **k: variant.apply(tune(*a, **k))))
        if variant.batches is not None:
            stack.enter_context(patch.object(fit, "_train_on_batch", mixed))
        yield


def run(corpus: Corpus, name: str, *, side: int, epochs: int, seed: int, tuned: bool) -> dict[str, object]:
    """Train once; what came out.

    Args:
        corpus: what is trained on.
        name: of the variant.
        side: of the images, in pixels; 0 for their own.
        epochs: of the whole network.
        seed: of the run.
        tuned: whether a pretrained backbone is, instead of a network from scratch.
    """
    variant = (TUNED_VARIANTS if tuned else VARIANTS)[name]
    words: dict[str, Any] = {"image_size": side} if side else {}
    words |= {"architecture": "mobilenet"} if tuned else {"weights": "none"}
    with tempfile.TemporaryDirectory() as folder, changed(variant, seed=seed):
        out = Path(folder) / "run"
        train(corpus, out, epochs=epochs, seed=seed, **words)
        metrics, document = (json.loads((out / each).read_text()) for each in ("metrics.json", "run.json"))
        with (out / "history.csv").open(newline="") as file:
            history = [row for row in csv.DictReader(file) if row["phase"] != "head"]
    best = min(history, key=lambda row: float(row["validation_log_loss"]))
    return {
        "corpus": Path(document["corpus"]["location"]).name, "side": side, "epochs": epochs,
        "phase": history[0]["phase"], "variant": name, "seed": seed,
        "validation_accuracy": round(float(best["validation_accuracy"]), 4),
        "validation_log_loss": round(float(best["validation_log_loss"]), 4),
        "accuracy": round(metrics["test"]["accuracy"], 4), "macro_f1": round(metrics["test"]["macro_f1"], 4),
        "log_loss": round(metrics["test"]["log_loss"], 4), "training_s": round(float(history[-1]["elapsed_s"]), 1),
    }  # fmt: skip


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--out", type=Path, required=True)
    words = parser.parse_args()
    names = words.only or (TUNED_VARIANTS if words.tuned else VARIANTS)
    with tempfile.TemporaryDirectory() as folder, words.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if not words.out.stat().st_size:
            writer.writeheader()
        for described in words.corpora:
            location, side, epochs, most = (*described.split(":"), "0", "20", "0")[:4]
            if location == "signs":
                location = f"{folder}/signs"
                make_signs(Path(location))
            corpus = take_part(read_corpus(location), int(most) or None, seed=0)
            for seed in range(words.seeds):
                for name in names:
                    row = run(corpus, name, side=int(side), epochs=int(epochs), seed=seed, tuned=words.tuned)
                    print(" ".join(f"{key}={value}" for key, value in row.items()), flush=True)
                    writer.writerow(row)
                    file.flush()


if __name__ == "__main__":
    main()
