"""name → architecture. No framework: the command line reads its choices here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hubel.architectures.families.cnn import CnnSpec
from hubel.architectures.families.pretrained import PRETRAINED, SIZE, SMALLEST, pretrained_spec
from hubel.architectures.spec import SUFFIX, Spec, spec_from_json
from hubel.catalogue import Later, find
from hubel.errors import WrongRequest
from hubel.errors.wording import Option, Remedy

CNN = Later("hubel.architectures.families.cnn", "CnnSpec")
read_spec_file: Callable[[Path], dict[str, Any]] = Later("hubel.architectures.spec_file", "read_spec_file")
make_own_spec = Later("hubel.architectures.spec_file", "make_own_spec")


@dataclass(frozen=True)
class Architecture:
    """A named way to make a spec for an image size and a number of classes.

    Args:
        name: what users call it.
        summary: one line, for people.
        make_spec: (image_size, classes) → spec.
        image_size: pixels of the working size where the corpus' images are larger.
        smallest: pixels of the smallest side it can take.
        alphas: widths that have pretrained weights; none for an architecture that has no such weights.
        own: the user's own spec; its image size and classes are wishes of the user too.
        kind: of its specs; the family has the name of the module.
    """

    name: str
    summary: str
    make_spec: Callable[[tuple[int, int], int], Spec]
    image_size: int
    smallest: int = 1
    alphas: tuple[float, ...] = ()
    own: CnnSpec | None = None
    kind: Later = CNN

    @property
    def pretrained(self) -> bool:
        """It can begin with weights that were learned elsewhere; its spec is a `PretrainedSpec`."""
        return bool(self.alphas)


ARCHITECTURES = {
    entry.name: entry
    for entry in (
        Architecture(
            "small-cnn",
            "the textbook network; its depth fits the image",
            Later("hubel.architectures.families.small_cnn", "small_cnn_spec"),
            64,
        ),
        Architecture(
            "residual",
            "learns fastest from scratch on a CPU",
            Later("hubel.architectures.families.residual", "residual_spec"),
            96,
            smallest=8,
            kind=Later("hubel.architectures.families.residual", "ResidualSpec"),
        ),
        Architecture(
            "dense",
            "no convolution at all, for comparison",
            Later("hubel.architectures.families.dense_mlp", "dense_spec"),
            32,
        ),
        Architecture(
            "lenet5",
            "the network that read digits in 1998",
            Later("hubel.architectures.families.lenet5", "lenet5_spec"),
            32,
            smallest=4,
        ),
        Architecture(
            "vgg-style",
            "stacked 3 x 3 convolutions and a global average",
            Later("hubel.architectures.families.vgg_style", "vgg_style_spec"),
            64,
            smallest=4,
        ),
        *(
            Architecture(
                name,
                each.summary,
                partial(pretrained_spec, name),
                SIZE,
                SMALLEST,
                each.alphas,
                kind=Later("hubel.architectures.families.pretrained", "PretrainedSpec"),
            )
            for name, each in PRETRAINED.items()
        ),
    )
}

FAMILIES = {entry.kind.module.rpartition(".")[2]: entry.kind for entry in ARCHITECTURES.values()}
"""What an artefact may name: the kind of spec."""

OWN = "own"
"""What a network is called that came as a `CnnSpec`."""


def find_architecture(source: str | Path | CnnSpec | Architecture) -> Architecture:
    """The architecture that a user named, wrote into a file or made in Python.

    Args:
        source: a name in `ARCHITECTURES`; the path of a TOML file as `read_spec_file` takes it; or a spec.

    Raises:
        UnknownName: no such name.
        UnusableInput: the file cannot be read.
        WrongRequest: the file or the spec says something impossible.
    """
    if isinstance(source, Architecture):
        return source
    if isinstance(source, CnnSpec):
        return _from_spec(source)
    if not isinstance(source, (str, Path)):
        raise WrongRequest(
            f"architecture must be a name, the path of a {SUFFIX} file or a CnnSpec. Received: {source!r}."
        )
    path = Path(source)
    if isinstance(source, Path) or path.suffix.lower() == SUFFIX or os.sep in source or "/" in source:
        parts = read_spec_file(path)
        return Architecture(path.stem, f"read from {path}", partial(make_own_spec, parts, path), 64)
    return find(ARCHITECTURES, source, kind="architecture")


def _from_spec(spec: CnnSpec) -> Architecture:
    if spec.channels != 3:
        raise WrongRequest(f"Images are read as red, green and blue: channels must be 3. Received: {spec.channels}.")

    def fit(image_size: tuple[int, int], classes: int) -> CnnSpec:
        return replace(spec, image_size=image_size, classes=classes)

    return Architecture(OWN, "made in Python", fit, max(spec.image_size), own=spec)


@dataclass(frozen=True)
class Blueprint:
    """An architecture's name and its spec: everything but the weights."""

    name: str
    spec: Spec

    @property
    def family(self) -> str:
        """The kind of spec, a name in `FAMILIES`."""
        return self.spec.family

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the artefact."""
        return {"name": self.name, "family": self.family, "spec": self.spec.to_json()}


def make_blueprint(
    name: str | Path | CnnSpec | Architecture, image_size: tuple[int, int], *, classes: int, alpha: float | None = None
) -> Blueprint:
    """The architecture of that name for an image size.

    Args:
        name: a name in `ARCHITECTURES`, or what else `find_architecture` takes.
        image_size: (height, width) in pixels.
        classes: how many logits.
        alpha: width: of a pretrained backbone, as a share of the full one; of residual, as a multiple of its usual one.
            None for the usual one.

    Raises:
        UnknownName: no such architecture.
        WrongRequest: the image is too small for it, or it has no ``alpha``.
    """
    architecture = find_architecture(name)
    if min(image_size) < architecture.smallest:
        raise WrongRequest(
            f"{architecture.name} needs images of at least {architecture.smallest} pixels. "
            f"Received: {min(image_size)}.",
            Remedy("Use larger images: ", Option("image_size", architecture.smallest), "."),
            Remedy("Or use another network: ", Option("architecture", "small-cnn"), "."),
        )
    spec = architecture.make_spec(image_size, classes)
    if alpha is not None:
        spec = _widened(spec, architecture, alpha=alpha)
    return Blueprint(architecture.name, spec)


def _widened(spec: Spec, architecture: Architecture, *, alpha: float) -> Spec:
    widened = spec.widened(alpha)
    if widened is None:
        raise WrongRequest(
            f"{architecture.name} comes in one width. Received: alpha {alpha:g}.",
            Remedy("Leave ", Option("alpha"), " out."),
        )
    return widened


def blueprint_from_json(document: object) -> Blueprint:
    """The blueprint that `Blueprint.to_json` wrote; its numbers are checked before anything is built.

    Raises:
        UnknownName: a family that we do not have.
        WrongRequest: a field is missing, unknown or out of bounds.
    """
    if not isinstance(document, dict) or set(document) != {"name", "family", "spec"}:
        raise WrongRequest("The architecture must have the fields name, family and spec.")
    kind = find(FAMILIES, str(document["family"]), kind="architecture family")
    return Blueprint(str(document["name"]), spec_from_json(kind.load(), document["spec"]))
