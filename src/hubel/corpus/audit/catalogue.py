"""name → check, in the order in which a person should look at them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hubel.corpus.altered_copies import HALF
from hubel.corpus.audit import classes, copies, leakage, pictures
from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.fingerprint import MIN_SIDE
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.near_pairs import NEAR
from hubel.errors.wording import Option, Text

_CORRECTIONS = Text(
    "Write the right class, or !remove, beside it in corrections.csv (written with ",
    Option("out"),
    "), and pass that file: ",
    Option("corrections", "FILE"),
    ".",
)
_SIMILARITY = "similarity {:.2f}"

CHECKS = {
    "one-class": Check(
        "Only one class",
        "A classifier tells classes apart: one alone cannot be learned.",
        "fewer than 2 classes",
        "Put the images of each class into a folder of its own, side by side.",
        classes.find_one_class,
    ),
    "leak": Check(
        "The given splits leak",
        "What was trained on is tested on: the score is too good, and falls with the first new image.",
        f"equal bytes, near duplicates in any orientation (similarity {NEAR} and more), or one group, in two of them",
        "Delete the copies in one of the splits, or give no split and let Hubel cut one. Training shows the score with "
        "and without them.",
        leakage.find_leaks,
        _SIMILARITY,
    ),
    "label-conflict": Check(
        "One image under two labels",
        "At most one label can be right; the classifier is told both.",
        f"equal bytes or near duplicates (similarity {NEAR} and more) with different labels",
        _CORRECTIONS,
        copies.find_conflicts,
        _SIMILARITY,
    ),
    "suspect-label": Check(
        "Labels to look at",
        "A classifier that learned from the other images names another class than the label says. Such a label may be "
        "wrong, or right and the image hard; how many are expected to be wrong is said.",
        "a chance of 5 % and more that the label is wrong, fitted to out-of-fold probabilities as if errors fell at "
        "random; and up to 20 that confident learning takes for wrong",
        Text(
            "Look at each. Correct the wrong ones on the page or in corrections.csv, and pass that file: ",
            Option("corrections", "FILE"),
            ".",
        ),
    ),
    "similar-class-names": Check(
        "Class names that read alike",
        "They are probably one class, divided by accident.",
        "equal but for case, Unicode form, spaces, hyphens, dots or letters that look alike",
        "Give their images one folder; or rename them so that people can tell them apart.",
        classes.find_similar_names,
    ),
    "too-few": Check(
        "Classes too small to test",
        "A score of a handful of images is a toss of coins.",
        f"fewer than {classes.MIN_TEST_EXAMPLES} test images",
        "Add images of these classes, or merge or leave out the class.",
        classes.find_too_few,
    ),
    "imbalance": Check(
        "Unequal classes",
        "The large classes decide the accuracy; the small ones are learned from little.",
        f"more than {classes.MAX_IMBALANCE:.0f} times fewer images than the largest class",
        "Add images of the small classes; read the per-class table, not the accuracy alone.",
        classes.find_imbalance,
    ),
    "exact-duplicate": Check(
        "Files of the same bytes",
        "One image counts several times. Where Hubel cuts the split, they stay on one side.",
        "equal SHA-256",
        "Delete all but one.",
        copies.find_exact,
    ),
    "near-duplicate": Check(
        "Near duplicates",
        "The same image, saved again in another size, quality or light; or cropped, framed, captioned, turned by a few "
        "degrees. They stay on one side of a split.",
        f"similarity {NEAR} and more, or fine patterns that agree in {100 * HALF:.0f} % of the image; sides of "
        f"{MIN_SIDE} pixels and more; among images of one scene, what is left of them without the scene",
        "Delete all but one.",
        copies.find_near,
        _SIMILARITY,
    ),
    "mirrored-duplicate": Check(
        "Mirrored copies",
        "Training mirrors images itself; copies made before are counted twice. They stay on one side of a split.",
        f"similarity {NEAR} and more, with left and right swapped",
        "Delete one of the two.",
        partial(copies.find_only, "mirrored-duplicate"),
        _SIMILARITY,
    ),
    "turned-duplicate": Check(
        "Turned copies",
        "The same image lies on its side or head: augmented before, or its orientation was lost.",
        f"similarity {NEAR} and more, in one of the six other orientations",
        "Delete the one that is not upright.",
        partial(copies.find_only, "turned-duplicate"),
        _SIMILARITY,
    ),
    "blank": Check(
        "Blank images",
        "There is nothing to learn from, but a label to remember.",
        f"standard deviation of grey below {pictures.BLANK_CONTRAST:.0f} of 255",
        _CORRECTIONS,
        pictures.BLANK.find,
    ),
    "dark": Check(
        "Dark images",
        "Little can be seen on them.",
        f"95 % of the pixels below {pictures.DARK_END:.0f} of 255",
        _CORRECTIONS,
        pictures.DARK.find,
    ),
    "bright": Check(
        "Bright images",
        "Little can be seen on them.",
        f"95 % of the pixels above {pictures.BRIGHT_END:.0f} of 255",
        _CORRECTIONS,
        pictures.BRIGHT.find,
    ),
    "blurry": Check(
        "Blurry images",
        "Details that tell the classes apart may be gone.",
        f"sharpness (deviation of the Laplacian over that of grey, at 128 pixels) below {pictures.BLURRY_SHARPNESS}; "
        f"sides of {pictures.SHARP_SIDE} pixels and more",
        "Look whether the class can still be seen; if not, leave them out.",
        pictures.BLURRY.find,
    ),
    "odd-size": Check(
        "Odd sizes",
        "Much smaller or larger than the others: thumbnails, icons, scans.",
        f"side more than {pictures.SIZE_FACTOR:.0f} times the median or below a {pictures.SIZE_FACTOR:.0f}th of it",
        "Look whether they belong here; replace thumbnails by the images they were made of.",
        pictures.ODD_SIZE.find,
    ),
    "odd-shape": Check(
        "Odd shapes",
        "Much wider or taller than the others: banners, strips, panoramas.",
        f"longer over shorter side more than {pictures.SHAPE_FACTOR:.0f} times the median of that, or less than half",
        "Look whether they belong here; crop them.",
        pictures.ODD_SHAPE.find,
    ),
    "grey-among-colour": Check(
        "Grey among colour",
        "If one class is grey more often, the classifier learns that instead.",
        f"mean difference of the channels below {pictures.GREY_COLOUR:.0f} of 255, in fewer than "
        f"{100 * pictures.GREY_SHARE:.0f} % of the images",
        "Look whether it is one class more than the others.",
        pictures.GREY.find,
        "mean difference of the channels {:.2f} of 255",
    ),
    "wrong-extension": Check(
        "Names that promise another format",
        "Hubel goes by the content; other programs may refuse them.",
        "the file name's ending is not one of the format's usual ones",
        "Rename them, or save them again.",
        pictures.find_wrong_extensions,
    ),
}


def find_all(examined: ExaminedCorpus) -> list[Finding]:
    """The findings of every check, check by check, the worst of each first."""
    findings: list[Finding] = []
    for check in CHECKS.values():
        findings += ranked(list(check.find(examined)))
    return findings


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """Worst first; equal ones by path."""
    return sorted(findings, key=lambda finding: (finding.score, finding.paths))
