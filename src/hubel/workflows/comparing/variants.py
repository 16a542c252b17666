"""What can be compared: small networks that differ in one thing, and the claims they put to the test.

No framework: the command line reads its choices here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from hubel.architectures.catalogue import Architecture, Blueprint, find_architecture, make_blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.architectures.families.small_cnn import SMALLEST_MAP
from hubel.catalogue import find
from hubel.errors import WrongRequest
from hubel.errors.wording import Option

SMALLEST_PX = 8
"""Pixels of the shorter side that the networks of the claims need."""
BROAD_PX = 16
"""Pixels of the shorter side from which the kernels that are compared work on a map of half the size."""
DEFAULT_ARCHITECTURES = ("dense", "small-cnn", "residual")
MakeSpec = Callable[[tuple[int, int], int], CnnSpec]
"""(image_size, classes) → spec."""


def _base(
    size: tuple[int, int], classes: int, *, pooling: str = "max", shared: bool = True, activation: str = "relu"
) -> CnnSpec:
    """Two groups of one 3 x 3 convolution each. Without batch normalisation, as in the dense network."""
    second = pooling if min(size) // 4 >= SMALLEST_MAP else "none"
    return CnnSpec(
        size,
        classes,
        groups=(Group(16, pooling=pooling), Group(32, pooling=second)),
        batch_normalisation=False,
        shared=shared,
        activation=activation,
    )


def _dense(size: tuple[int, int], classes: int) -> CnnSpec:
    return CnnSpec(size, classes, dense_units=(512,), batch_normalisation=False)


def _kernels(size: tuple[int, int], classes: int, *, kernel_size: int, convolutions: int) -> CnnSpec:
    """Kernels with as many channels coming in as going out: only then do small ones save parameters."""
    first = Group(16, pooling="max" if min(size) >= BROAD_PX else "none")
    last = Group(16, convolutions, kernel_size)
    return CnnSpec(size, classes, groups=(first, last), batch_normalisation=False)


@dataclass(frozen=True)
class Variant:
    """A network that takes part in claims.

    Args:
        summary: what it is, for the legend of the table.
        make_spec: for an image size and a number of classes.
    """

    summary: str
    make_spec: MakeSpec


VARIANTS = {
    "dense-only": Variant("no convolution; one hidden dense layer of 512 units", _dense),
    "cnn": Variant("two groups of one 3 x 3 convolution with 16 and 32 filters, ReLU, max pooling", _base),
    "pool-none": Variant("cnn without its pooling", partial(_base, pooling="none")),
    "pool-average": Variant("cnn with average in place of max pooling", partial(_base, pooling="average")),
    "pool-sum": Variant("cnn with sum in place of max pooling", partial(_base, pooling="sum")),
    "unshared": Variant("cnn with weights of its own at each place (locally connected)", partial(_base, shared=False)),
    "linear": Variant(
        "pool-average without ReLU: no more than one linear map", partial(_base, pooling="average", activation="none")
    ),
    "one-5x5": Variant(
        "a 3 x 3 convolution, then one 5 x 5, 16 filters each", partial(_kernels, kernel_size=5, convolutions=1)
    ),
    "two-3x3": Variant(
        "a 3 x 3 convolution, then two 3 x 3, 16 filters each", partial(_kernels, kernel_size=3, convolutions=2)
    ),
    "one-9x9": Variant(
        "a 3 x 3 convolution, then one 9 x 9, 16 filters each", partial(_kernels, kernel_size=9, convolutions=1)
    ),
    "four-3x3": Variant(
        "a 3 x 3 convolution, then four 3 x 3, 16 filters each", partial(_kernels, kernel_size=3, convolutions=4)
    ),
}


@dataclass(frozen=True)
class Need:
    """One thing that must hold for a claim to be supported.

    Args:
        quantity: ``"accuracy"`` on the test split; ``"shift"``, the share of test images that keep their class when
            moved; ``"gap"``, accuracy on training images less that on test images; ``"parameters"``; ``"macs"`` of one
            image; ``"field"``, the pixels that a position behind the last convolution sees; or ``"memory"``, the bytes
            of one training step.
        relation: ``"better"`` by the paired test (a gap: smaller by its interval), ``"not worse"``: by less than the
            margin, ``"less"`` or ``"same"`` as plain numbers.
        factor: with ``"less"``, at most a ``factor``-th of the reference.
    """

    quantity: str
    relation: str
    factor: float = 1.0


@dataclass(frozen=True)
class VariantPair:
    """One variant against its reference.

    Args:
        variant, reference: names in `VARIANTS`.
        needs: all must hold.
    """

    variant: str
    reference: str
    needs: tuple[Need, ...]


@dataclass(frozen=True)
class Claim:
    """A sentence on convolutional networks that can be put to the test.

    Args:
        text: the sentence.
        parts: all must hold.
    """

    text: str
    parts: tuple[VariantPair, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of all that take part, each once, references first."""
        return tuple(dict.fromkeys(name for part in self.parts for name in (part.reference, part.variant)))


NOT_WORSE = Need("accuracy", "not worse")
MORE_ACCURATE = Need("accuracy", "better")

SMALLER = (Need("field", "same"), NOT_WORSE, Need("parameters", "less"), Need("macs", "less"))

CLAIMS = {
    "dense-or-cnn": Claim(
        "A convolutional network is at least as accurate as a dense one, with a tenth of its parameters or fewer.",
        (VariantPair("cnn", "dense-only", (NOT_WORSE, Need("parameters", "less", 10))),),
    ),
    "small-kernels": Claim(
        "Two 3 x 3 convolutions in a row see as much as one 5 x 5, and four as much as one 9 x 9, with fewer "
        "parameters and multiplications and no loss of accuracy.",
        (VariantPair("two-3x3", "one-5x5", SMALLER), VariantPair("four-3x3", "one-9x9", SMALLER)),
    ),
    "pooling": Claim(
        "Pooling, be it max, average or sum, saves memory and keeps the class more often when the image moves, "
        "with no loss of accuracy.",
        tuple(
            VariantPair(name, "pool-none", (NOT_WORSE, Need("shift", "better"), Need("memory", "less")))
            for name in ("cnn", "pool-average", "pool-sum")
        ),
    ),
    "sharing": Claim(
        "Weights that are shared across all places need a tenth of the parameters or fewer, lose no accuracy, and "
        "close the gap between training and test.",
        (VariantPair("cnn", "unshared", (NOT_WORSE, Need("parameters", "less", 10), Need("gap", "better"))),),
    ),
    "activation": Claim(
        "Without ReLU, a network of convolutions is one linear map, and less accurate for it (both with average "
        "pooling: max pooling would be no linear map).",
        (VariantPair("pool-average", "linear", (MORE_ACCURATE,)),),
    ),
}
"""name → claim. What becomes of each is computed from what was trained; nothing here knows it."""


@dataclass(frozen=True)
class Selection:
    """What is compared.

    Args:
        architectures: each is tested against each other.
        claims: names in `CLAIMS`.
    """

    architectures: tuple[Architecture, ...]
    claims: tuple[str, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants that the claims need, each once."""
        return tuple(dict.fromkeys(name for claim in self.claims for name in CLAIMS[claim].variants))

    @property
    def smallest_px(self) -> int:
        """Pixels of the shorter side that everything selected can take."""
        sizes = [each.smallest for each in self.architectures]
        return max([*sizes, SMALLEST_PX if self.claims else 1])

    def blueprints(self, size: tuple[int, int], classes: int) -> dict[str, Blueprint]:
        """Everything to train, in order; what several claims need is there once.

        Args:
            size: (height, width) in pixels.
            classes: of the corpus.

        Raises:
            WrongRequest: the images are too small for one of them.
        """
        if self.claims and min(size) < SMALLEST_PX:
            raise WrongRequest(
                f"The networks of the claims need images of at least {SMALLEST_PX} pixels. Received: {min(size)}. Use ",
                Option("image_size", SMALLEST_PX),
                " or more.",
            )
        made = {each.name: _from_scratch(make_blueprint(each, size, classes=classes)) for each in self.architectures}
        made.update({name: Blueprint(name, VARIANTS[name].make_spec(size, classes)) for name in self.variants})
        return made


def _from_scratch(blueprint: Blueprint) -> Blueprint:
    """Nothing here begins with weights learned elsewhere: a head start of one would decide the comparison."""
    if isinstance(blueprint.spec, PretrainedSpec):
        return replace(blueprint, spec=replace(blueprint.spec, fixed_statistics=False))
    return blueprint


def select(architectures: str | None, claims: str | None) -> Selection:
    """What the user's words choose.

    Args:
        architectures: names or paths of TOML files with commas between them; None for none, or for a few where no
            claim is named either.
        claims: names with commas between them, or ``"all"``.

    Raises:
        UnknownName: a name that is in no catalogue.
        WrongRequest: fewer than two variants, or two of one name.
    """
    names = DEFAULT_ARCHITECTURES if architectures is None and claims is None else _names(architectures)
    entries = tuple(find_architecture(name) for name in names)
    chosen = tuple(CLAIMS) if (claims or "").strip() == "all" else _names(claims)
    for name in chosen:
        find(CLAIMS, name, kind="claim")
    selection = Selection(entries, chosen)
    taken = [*(entry.name for entry in entries), *selection.variants]
    twice = [name for name in taken if taken.count(name) > 1]
    if twice:
        raise WrongRequest(f"Two variants are named {twice[0]!r}: rename the file of one of them.")
    if len(taken) < 2:
        raise WrongRequest(
            f"A comparison needs at least two variants. Received: {', '.join(names) or 'none'}. Use ",
            Option("architectures", ("small-cnn", "dense")),
            " or ",
            Option("claims", "all"),
            ".",
        )
    return selection


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))
