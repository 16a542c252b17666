"""What a user asks of a training: the request, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hubel.architectures.catalogue import ARCHITECTURES, Architecture, find_architecture
from hubel.architectures.families.cnn import CnnSpec
from hubel.corpus.corpus import Corpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.errors import WrongRequest
from hubel.images.preprocessing import Preprocessing
from hubel.training.recipe import Recipe


@dataclass(frozen=True)
class TrainRequest:
    """What the user asked for; None leaves the choice to the plan.

    Args:
        corpus: a location that `read_corpus` takes, or a `Corpus`.
        out: the run folder.
        architecture: what `find_architecture` takes: a name, the path of a TOML file with a network, a `CnnSpec` ...
        weights: ``"imagenet"``, ``"none"`` or the path of a Keras weights file.
        alpha: width of a pretrained backbone.
        image_size: pixels of the square working size.
        resize: a name in `RESIZE_POLICIES`.
        epochs: passes over the training split.
        time_limit_s: seconds for everything, from ``started`` to the saved artefact.
        batch_size, learning_rate, mirror: of the recipe.
        seed: of split, weights, shuffling and augmentation.
        corrections: a file of labels that a person corrected.
        overwrite: replace a run that is in ``out``.
        resume: go on with a run that was interrupted in ``out``.
        learning_curve: train on parts of the training split as well.
        from_run: a run whose weights it begins with; None to begin anew.
        reading: how the corpus is read, and what counts as a copy in it.
        command: the words the user typed, for ``run.json``.
    """

    corpus: str | Path | Corpus
    out: Path
    architecture: str | Path | CnnSpec | Architecture | None = None
    weights: str | None = None
    alpha: float | None = None
    image_size: int | None = None
    resize: str | None = None
    epochs: int | None = None
    time_limit_s: float | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    mirror: bool | None = None
    seed: int = 0
    corrections: Path | None = None
    overwrite: bool = False
    resume: bool = False
    learning_curve: bool = False
    from_run: Path | None = None
    reading: Reading = AS_FOUND
    command: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.overwrite and self.resume:
            raise WrongRequest(
                "--resume goes on with a run and --overwrite replaces it. Received both: leave out one of them."
            )
        if self.learning_curve and self.from_run is not None:
            raise WrongRequest(
                "--learning-curve trains on parts of the images as if the others were not there, and the weights of "
                f"--from {self.from_run} have learned from all of them. Received both: leave out one of them."
            )
        architecture = None if self.architecture is None else find_architecture(self.architecture)
        size = 32 if self.image_size is None else self.image_size
        Preprocessing(size, size, self.resize or "squash")  # refuses what is impossible
        if self.time_limit_s is not None and not 10 <= self.time_limit_s <= 30 * 24 * 3600:
            raise WrongRequest(f"The time limit must be from 10 seconds to 30 days. Received: {self.time_limit_s:g} s.")
        if self.learning_rate is not None and not 0 < self.learning_rate <= 100:
            raise WrongRequest(f"The learning rate must be above 0 and at most 100. Received: {self.learning_rate:g}.")
        epochs = 1 if self.epochs is None else self.epochs
        Recipe(epochs=epochs, batch_size=1 if self.batch_size is None else self.batch_size, seed=self.seed)
        if self.weights not in (None, "none") and architecture is not None and not architecture.pretrained:
            takers = ", ".join(name for name, entry in ARCHITECTURES.items() if entry.pretrained)
            raise WrongRequest(
                f"{architecture.name} has no pretrained weights: leave --weights out, or use --architecture {takers}. "
                f"Received: --weights {self.weights}."
            )

    @property
    def location(self) -> str | Path:
        """Of the corpus."""
        return self.corpus.location if isinstance(self.corpus, Corpus) else self.corpus
