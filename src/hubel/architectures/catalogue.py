"""name → architecture. No framework: the command line reads its choices here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hubel.architectures.families.mobilenet import mobilenet_spec
from hubel.architectures.families.residual import residual_spec
from hubel.architectures.families.small_cnn import small_cnn_spec
from hubel.architectures.spec import CnnSpec, PretrainedSpec, ResidualSpec, Spec, spec_from_json
from hubel.catalogue import find
from hubel.errors import WrongRequest

FAMILIES: dict[str, type[Spec]] = {"cnn": CnnSpec, "residual": ResidualSpec, "pretrained": PretrainedSpec}
"""What an artefact may name: the kind of spec; `hubel.architectures.build` builds each."""


@dataclass(frozen=True)
class Architecture:
    """A named way to make a spec for an image size and a number of classes.

    Args:
        summary: one line, for people.
        make_spec: (image_size, classes) → spec.
        image_size: pixels of the working size where the corpus' pictures are larger.
        smallest: pixels of the smallest side it can take.
        pretrained: it can begin with weights that were learned elsewhere; its spec is a `PretrainedSpec`.
    """

    summary: str
    make_spec: Callable[[tuple[int, int], int], Spec]
    image_size: int
    smallest: int = 1
    pretrained: bool = False


ARCHITECTURES = {
    "small-cnn": Architecture("the textbook network; its depth fits the image", small_cnn_spec, 64),
    "residual": Architecture("learns fastest from scratch on a processor", residual_spec, 96, smallest=8),
    "mobilenet": Architecture(
        "ImageNet's knowledge; best for a few thousand photographs", mobilenet_spec, 224, smallest=32, pretrained=True
    ),
}


@dataclass(frozen=True)
class Blueprint:
    """An architecture's name and its spec: everything but the weights."""

    name: str
    spec: Spec

    @property
    def family(self) -> str:
        """The kind of spec, a name in `FAMILIES`."""
        return next(name for name, kind in FAMILIES.items() if type(self.spec) is kind)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the artefact."""
        return {"name": self.name, "family": self.family, "spec": self.spec.to_json()}


def make_blueprint(name: str, image_size: tuple[int, int], classes: int, *, alpha: float | None = None) -> Blueprint:
    """The architecture of that name for an image size.

    Raises:
        UnknownName: no such architecture.
        WrongRequest: the image is too small for it, or it has no ``alpha``.
    """
    architecture = find(ARCHITECTURES, name, kind="architecture")
    if min(image_size) < architecture.smallest:
        raise WrongRequest(
            f"{name} needs images of at least {architecture.smallest} pixels. Received: {min(image_size)}. "
            "Use --image-size, or --architecture small-cnn."
        )
    spec = architecture.make_spec(image_size, classes)
    if alpha is not None:
        if not isinstance(spec, PretrainedSpec):
            raise WrongRequest(f"--alpha is the width of a pretrained backbone; {name} has none. Leave it out.")
        spec = replace(spec, alpha=alpha)
    return Blueprint(name, spec)


def blueprint_from_json(document: object) -> Blueprint:
    """The blueprint that `Blueprint.to_json` wrote; its numbers are checked before anything is built.

    Raises:
        UnknownName: a family that we do not have.
        WrongRequest: a field is missing, unknown or out of bounds.
    """
    if not isinstance(document, dict) or set(document) != {"name", "family", "spec"}:
        raise WrongRequest("The architecture must have the fields name, family and spec.")
    kind = find(FAMILIES, str(document["family"]), kind="architecture family")
    return Blueprint(str(document["name"]), spec_from_json(kind, document["spec"]))
