"""Recipe: every hyperparameter of a run, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any

from hubel.catalogue import Later
from hubel.errors import WrongRequest
from hubel.pipeline.augmentation import Augmentation
from hubel.text import shortened

possible_arithmetic = Later("hubel.backends.arithmetic", "possible_arithmetic")

OPTIMIZERS = ("kernel-muon", "adamw")
ARITHMETICS = ("keras", "fused", "bfloat16")

DEFAULT_EPOCHS, MOST_EPOCHS = 40, 200
"""Of a training that is planned in epochs, and of one that is planned in time."""


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Args:
        epochs: passes over the training split; with a time limit, at most so many.
        phase: ``"train"``, or ``"warm-start"`` from the weights of a run; ``"head"`` and ``"fine-tune"`` with a
            pretrained backbone.
        batch_size: images per step.
        optimizer: ``"kernel-muon"`` or ``"adamw"``.
        learning_rate: its peak; rises from 0 and falls to 0 again, linearly.
        kernel_step: for ``"kernel-muon"``, step of each convolution kernel at the peak; kernels have length
            sqrt(filters).
        weight_decay: of dense layers; of every weight with ``"adamw"``.
        label_smoothing: share of each label that is spread over all classes.
        warm_up: share of the training in which the learning rate rises.
        patience: share of the epochs without a better validation score after which training stops; 1 for never.
        balance: exponent of the class weights, 0 (none) to 1 (every class counts the same).
        averaging: share of itself that the average of the weights keeps at each step; the average is what is
            validated and kept. 0 for none: the weights themselves are.
        small_until: share of the training in which the images are made smaller; 0 for none of it.
        small_scale: sides of a smaller image, as a share of its own.
        augmentation: random changes of training images.
        seed: of every random number.
        arithmetic: how a step computes: ``"keras"``, as its layers do; ``"fused"``, batch normalisation in one
            operation of TensorFlow; ``"bfloat16"``, that, and feature maps of 16 bits. Weights are float32 always.
    """

    epochs: int
    phase: str = "train"
    batch_size: int = 256
    optimizer: str = "kernel-muon"
    learning_rate: float = 0.2
    kernel_step: float = 0.1
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    warm_up: float = 0.1
    patience: float = 0.5
    balance: float = 0.5
    averaging: float = 0.0
    small_until: float = 0.0
    small_scale: float = 0.75
    augmentation: Augmentation = Augmentation()
    seed: int = 0
    arithmetic: str = "keras"

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("epochs", self.epochs, 1, 100_000),
            ("batch_size", self.batch_size, 1, 65_536),
            ("seed", self.seed, 0, 2**31 - 1),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise WrongRequest(f"{name} must be a whole number from {low} to {high}. Received: {value!r}.")

        for name, share in (("small_until", self.small_until), ("small_scale", self.small_scale)):
            if not 0 <= share <= 1 or (name == "small_scale" and not share):
                raise WrongRequest(f"{name} must be a share from 0 to 1. Received: {share!r}.")
        if not 0 <= self.averaging < 1:
            raise WrongRequest(f"averaging must be a share from 0 to below 1. Received: {self.averaging!r}.")
        for name, word, known in (
            ("optimizer", self.optimizer, OPTIMIZERS),
            ("arithmetic", self.arithmetic, ARITHMETICS),
        ):
            if word not in known:
                raise WrongRequest(f"{name} must be one of {', '.join(known)}. Received: {word!r}.")

    @property
    def begins_trained(self) -> bool:
        """The model is a classifier before the first step; it stays one where no epoch is better."""
        return self.phase in ("fine-tune", "warm-start")

    def possible(self) -> Recipe:
        """The same on this machine, if the other one computed quicker."""
        if self.arithmetic == Recipe.arithmetic:
            return self
        return replace(self, arithmetic=possible_arithmetic(self.arithmetic))

    def to_json(self) -> dict[str, Any]:
        """Plain data, every default spelled out, but for ``widen``: runs of before version 0.13 have none."""
        described = asdict(self)
        if not self.augmentation.widen:
            del described["augmentation"]["widen"]
        return described

    @classmethod
    def from_json(cls, described: Mapping[str, Any]) -> Recipe:
        """What `to_json` gave, in this version or an older one; what that did not write is as usual.

        Args:
            described: the plain data.

        Raises:
            WrongRequest: a value is none that `to_json` gives.
        """
        try:
            own: dict[str, Any] = {each.name: described[each.name] for each in fields(cls) if each.name in described}
            for each in fields(cls):
                _check_kind(each.name, own.get(each.name, each.default), kinds=_KINDS.get(str(each.type), (object,)))
            own["augmentation"] = Augmentation(**own.get("augmentation", {}))
            return cls(**own)
        except TypeError as error:
            raise WrongRequest(f"This is no recipe of a training: {shortened(repr(described), 80)}.") from error


_KINDS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,)}


def _check_kind(name: str, value: object, *, kinds: tuple[type, ...]) -> None:
    if value is not MISSING and (isinstance(value, bool) or not isinstance(value, kinds)):
        raise WrongRequest(f"A recipe has an impossible {name}: {shortened(repr(value), 80)}.")


def recipes_from(described: Mapping[str, Any]) -> tuple[Recipe, ...]:
    """The recipe of each phase, as ``run.json`` and a checkpoint have them.

    Args:
        described: phase → what `Recipe.to_json` gave.

    Raises:
        WrongRequest: a value is none that it gives.
    """
    return tuple(map(Recipe.from_json, described.values()))


def as_planned(recipes: tuple[Recipe, ...], earlier: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
    """These recipes, or those that an earlier plan for the same words had for their phases.

    The arithmetic of a machine that computed quicker is left for one that this machine is quick at.

    Args:
        recipes: of each phase.
        earlier: of the same phases, or some of them.
    """
    known = {recipe.phase: recipe.possible() for recipe in earlier}
    return tuple(known.get(recipe.phase, recipe) for recipe in recipes)
