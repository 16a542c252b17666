"""name → check, in the order in which a person should look at them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hubel.corpus.altered_copies import HALF
from hubel.corpus.audit import classes, copies, images, leakage
from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.fingerprint import MIN_SIDE
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.near_pairs import NEAR
from hubel.corpus.shortcuts.probes import MADE, SHOWN
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
        "A classifier chooses between classes, so it needs at least two.",
        "fewer than 2 classes",
        "Put the images of each class into a folder of its own, side by side.",
        classes.find_one_class,
    ),
    "leak": Check(
        "The given splits leak",
        "The classifier is tested on images it was trained on: the score is too good, and new images will lower it.",
        f"equal bytes, near duplicates in any orientation (similarity {NEAR} and more), or one group, in two of them",
        "Delete the copies in one of the splits, or give no split and let Hubel make one. Training shows the score "
        "with and without them.",
        leakage.find_leaks,
        _SIMILARITY,
    ),
    "label-conflict": Check(
        "One image under two labels",
        "At most one label can be right, and the classifier is taught both.",
        f"equal bytes or near duplicates (similarity {NEAR} and more) with different labels",
        _CORRECTIONS,
        copies.find_conflicts,
        _SIMILARITY,
    ),
    "suspect-label": Check(
        "Labels to look at",
        "A classifier trained on the other images predicts another class than its label. The label may be wrong, or "
        "right and the image hard; the audit says how many wrong labels to expect.",
        "a chance of 5 % and more that the label is wrong, fitted to out-of-fold probabilities as if errors "
        "occurred at random; and up to 20 that confident learning takes for wrong",
        Text(
            "Look at each. Correct the wrong ones on the page or in corrections.csv, and pass that file: ",
            Option("corrections", "FILE"),
            ".",
        ),
    ),
    "shortcut": Check(
        "Shortcuts",
        "The class can be told from what should not matter. A classifier may learn that instead, and fail on images "
        "that lack it.",
        "a class is told from all others by a cross-validated probe with a balanced accuracy of "
        f"{MADE} and more by how the files were made, {SHOWN} and more by what they show; and at most 5 % of corpora "
        "without shortcuts would raise any alarm (permutation test over all probes and classes)",
        "Each alarm says what to do. Train again when it is gone, and compare the scores.",
        measured="balanced accuracy {:.2f}",
    ),
    "similar-class-names": Check(
        "Class names that read alike",
        "They are probably one class, divided by accident.",
        "equal but for case, Unicode form, spaces, hyphens, dots or letters that look alike",
        "Put their images into one folder, or rename them so that people can tell them apart.",
        classes.find_similar_names,
    ),
    "too-few": Check(
        "Classes too small to test",
        "A score from a handful of images is little better than a coin toss.",
        f"fewer than {classes.MIN_TEST_EXAMPLES} test images",
        "Add images of these classes, or merge or leave out the class.",
        classes.find_too_few,
    ),
    "imbalance": Check(
        "Unequal classes",
        "The large classes dominate the accuracy; the small ones offer little to learn from.",
        f"more than {classes.MAX_IMBALANCE:.0f} times fewer images than the largest class",
        "Add images of the small classes; read the per-class table, not the accuracy alone.",
        classes.find_imbalance,
    ),
    "exact-duplicate": Check(
        "Identical files",
        "One image counts several times. Where Hubel makes the split, copies stay on one side.",
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
        "Training mirrors images itself, so these copies count twice. They stay on one side of a split.",
        f"similarity {NEAR} and more, with left and right swapped",
        "Delete one of the two.",
        partial(copies.find_mirrored, "mirrored-duplicate"),
        _SIMILARITY,
    ),
    "turned-duplicate": Check(
        "Turned copies",
        "The same image on its side or upside down: it was augmented before, or lost its orientation.",
        f"similarity {NEAR} and more, in one of the six other orientations",
        "Delete the one that is not upright.",
        partial(copies.find_mirrored, "turned-duplicate"),
        _SIMILARITY,
    ),
    "blank": Check(
        "Blank images",
        "They show nothing that could explain their label.",
        f"standard deviation of grey below {images.BLANK_CONTRAST:.0f} of 255",
        _CORRECTIONS,
        images.BLANK.find,
    ),
    "dark": Check(
        "Dark images",
        "Little can be seen in them.",
        f"95 % of the pixels below {images.DARK_END:.0f} of 255",
        _CORRECTIONS,
        images.DARK.find,
    ),
    "bright": Check(
        "Bright images",
        "Little can be seen in them.",
        f"95 % of the pixels above {images.BRIGHT_END:.0f} of 255",
        _CORRECTIONS,
        images.BRIGHT.find,
    ),
    "blurry": Check(
        "Blurry images",
        "Details that tell the classes apart may be lost.",
        f"sharpness (deviation of the Laplacian over that of grey, at 128 pixels) below {images.BLURRY_SHARPNESS}; "
        f"sides of {images.SHARP_SIDE} pixels and more",
        "Check whether the class can still be recognised; if not, leave them out.",
        images.BLURRY.find,
    ),
    "odd-size": Check(
        "Odd sizes",
        "Much smaller or larger than the others: thumbnails, icons, scans.",
        f"side more than {images.SIZE_FACTOR:.0f} times the median or below a {images.SIZE_FACTOR:.0f}th of it",
        "Check whether they belong here; replace thumbnails with the original images.",
        images.ODD_SIZE.find,
    ),
    "odd-shape": Check(
        "Odd shapes",
        "Much wider or taller than the others: banners, strips, panoramas.",
        f"longer over shorter side more than {images.SHAPE_FACTOR:.0f} times the median of that, or less than half",
        "Check whether they belong here; crop them.",
        images.ODD_SHAPE.find,
    ),
    "grey-among-colour": Check(
        "Grey among colour",
        "If one class is grey more often, the classifier learns that instead.",
        f"mean difference of the channels below {images.GREY_COLOUR:.0f} of 255, in fewer than "
        f"{100 * images.GREY_SHARE:.0f} % of the images",
        "Check whether one class has more of them than the others.",
        images.GREY.find,
        "mean difference of the channels {:.2f} of 255",
    ),
    "wrong-extension": Check(
        "Names with the wrong ending",
        "Hubel goes by the content, but other programs may refuse them.",
        "the file name's ending is not one of the format's usual ones",
        "Rename them, or save them again.",
        images.find_wrong_extensions,
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
