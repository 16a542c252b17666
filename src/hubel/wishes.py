"""What a user can ask for: one table from which the command line, Python, the record of a run and a resumed run read.

A new wish is one row here, and its argument where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from hubel.errors import WrongRequest
from hubel.errors.wording import Option, Text
from hubel.text import parse_duration

NOT_RECORDED, AS_IT_IS, AS_A_FILE, AS_A_NETWORK = "", "as it is", "as a file", "as a network"
"""How ``run.json`` keeps a wish: a file by its place and SHA-256, a network with every default spelled out."""


NO_TTA, MIRROR = "none", "mirror"
"""How a classifier answers: by what its network makes of the image, or by the mean with what it makes of the mirror
image (test-time augmentation)."""


class Bounds(NamedTuple):
    """The smallest and the largest number that is allowed, and how a message says that."""

    least: float
    most: float
    words: str


class Time(float):
    """Seconds; in a command and in Python also a text such as ``"5m"``."""


@dataclass(frozen=True)
class Wish:
    """One thing to ask for; its name is the key of its table.

    Args:
        kind: of its value: str, int, float, bool, Path or `Time`.
        help: what it means, at every door.
        metavar: what its value looks like on a command line.
        python: what it means in Python, where ``help`` does not hold there.
        default: where it is not given; None leaves the choice to the program.
        field: its name in the request, where that is another.
        bounds: of a number.
        recorded: how ``run.json`` keeps it.
        since: the first version whose runs have it in ``run.json``, where that is not the first.
        identity: a run that is resumed must have the same. Wishes without it count by what they lead to.
    """

    kind: type
    help: str | Text
    metavar: str = ""
    python: str = ""
    default: float | str | None = None
    field: str = ""
    bounds: Bounds | None = None
    recorded: str = NOT_RECORDED
    since: str = ""
    identity: bool = False

    def read(self, value: Any) -> Any:
        """The value of the request for what was given: a `Path` for a text, seconds for ``"5m"``.

        Raises:
            WrongRequest: a time that cannot be understood.
        """
        if isinstance(value, str) and self.kind is Time:
            return parse_duration(value)
        return Path(value) if isinstance(value, str) and self.kind is Path else value


def check_bounds(wishes: Mapping[str, Wish], given: Any) -> None:
    """Refuse numbers outside of their bounds.

    Args:
        wishes: name → row of a table.
        given: a request, with a field for each of them.

    Raises:
        WrongRequest: names the option and what is allowed.
    """
    for name, wish in wishes.items():
        value = None if wish.bounds is None else getattr(given, wish.field or name)
        if wish.bounds is None or value is None:
            continue
        least, most, words = wish.bounds
        numbers = int if wish.kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, numbers) or not least <= value <= most:
            shown = f"{value:g} s" if wish.kind is Time and isinstance(value, float) else repr(value)
            raise WrongRequest(Option(name), f" must be {words}. Received: {shown}.")


TIME = Bounds(10, 30 * 24 * 3600, "from 10 seconds to 30 days")
COUNT = Bounds(1, 100_000, "a whole number from 1 to 100,000")
SIDE = Bounds(1, 1024, "a whole number of pixels from 1 to 1,024")
SEED = Bounds(0, 2**31 - 1, "a whole number from 0 to 2,147,483,647")

LISTING = {
    "splits": Wish(
        str, "Which folders, or words of the split column, are train, validation or test. `none`: every folder is "
        "a class, and no column is a split.", "train=NAME,test=NAME",
        python='folder name, or word of the split column → ``"train"``, ``"validation"`` or ``"test"``; or '
        '``"none"``: every folder is a class, and no column is a split.',
    ),
    "path_column": Wish(str, "The column of a list that names the files.", "NAME"),
    "label_column": Wish(
        str, "The column with the labels; or several that hold 1 for the class and 0 otherwise.", "NAME[,NAME]"
    ),
    "split_column": Wish(str, "The column that says train, validation or test.", "NAME"),
    "group_column": Wish(str, "Images with the same value in this column stay on one side of a split.", "NAME"),
    "images": Wish(Path, "The folder of the files in a list. Default: beside the list.", "FOLDER"),
}  # fmt: skip
"""How the images of a corpus are listed: each format says which of these it has a place for."""

READING = {
    **LISTING,
    "bands": Wish(
        str, "Which three bands (or one) of images with more than three are red, green and blue.", "4,3,2",
        python="Which bands of the images, counted from 1, are red, green and blue (or the one that is grey).",
    ),
    "copies": Wish(
        str, "What counts as a copy and stays on one side of a split: the same image saved again (default), the same "
        "bytes only, or nothing.", "near|exact|off",
        python='What counts as a copy and stays on one side of a split: ``"near"``, the same image saved again; '
        '``"exact"``, the same bytes only; or ``"off"``.',
    ),
}  # fmt: skip
"""How a corpus is read: name of a field of `hubel.corpus.reading.Reading` → its row."""

_SPLIT_AND_MORE = "Random seed of split, weights, shuffling, augmentation."
_LABELS = Wish(Path, "Labels corrected by hand, as CSV.", "FILE", python="A CSV of labels corrected by hand.")
_LIMIT = 'Seconds, or a text such as ``"90s"``, ``"5m"``, ``"2h"``'

TRAINING = {
    "out": Wish(
        Path, "The run folder to write. Default: runs/ and the name of the corpus.", "RUN",
        python="The run folder; it is made if it is not there.",
    ),
    "architecture": Wish(
        str, "The network to train.", "NAME|FILE.toml", recorded=AS_A_NETWORK,
        python='A name, such as ``"residual"``; the path of a TOML file with a network of your own; or a `CnnSpec`, '
        "whose image size is the working size unless ``image_size`` says another.",
    ),
    "weights": Wish(
        str, "The weights that a pretrained architecture starts from.", "imagenet|none|FILE", recorded=AS_A_FILE,
        python='The weights that a pretrained architecture starts from: ``"imagenet"``, ``"none"``, or the path '
        "of a Keras weights file.",
    ),
    "alpha": Wish(
        float, "Width of the network: of mobilenet 0.25 (default), 0.5, 0.75 or 1; of residual a multiple of its usual "
        "one.", recorded=AS_IT_IS,
    ),
    "image_size": Wish(
        int, "Working size in pixels, square. Default: from the corpus.", "N", bounds=SIDE, recorded=AS_IT_IS
    ),
    "resize": Wish(
        str, "How images reach that size. Default: from the corpus.", "squash|crop|pad", recorded=AS_IT_IS,
        python='How images reach that size: ``"squash"``, ``"crop"`` or ``"pad"``. Default: from the corpus.',
    ),
    "epochs": Wish(
        int, "Passes over the training images; repeatable to the bit.", "N", bounds=COUNT, recorded=AS_IT_IS,
        identity=True,
    ),
    "time_limit": Wish(
        Time, "Seconds, minutes or hours from Enter to the saved classifier.", "90s|5m|2h", field="time_limit_s",
        bounds=TIME, recorded=AS_IT_IS, identity=True, python=f"{_LIMIT}, for everything up to the saved classifier.",
    ),
    "batch_size": Wish(
        int, "Images per step.", "N", bounds=Bounds(1, 65_536, "a whole number from 1 to 65,536"), recorded=AS_IT_IS,
        identity=True,
    ),
    "learning_rate": Wish(
        float, "Peak learning rate; warms up, then anneals to 0.", "X", recorded=AS_IT_IS, identity=True,
        bounds=Bounds(math.ulp(0.0), 100, "above 0 and at most 100"),
    ),
    "mirror": Wish(
        bool, "Swap left and right in training. Default: only with colour.", recorded=AS_IT_IS, identity=True
    ),
    "augment": Wish(
        str, "Change training images further than usual: moved up to a quarter of the side, larger and smaller, "
        "brighter and darker.", "shift,zoom,brightness", recorded=AS_IT_IS, since="0.13", identity=True,
        python='How training images are changed further than usual, with commas: ``"shift"``, moved up to a quarter of '
        'the side; ``"zoom"``, larger and smaller; ``"brightness"``, brighter and darker.',
    ),
    "tta": Wish(
        str, "mirror: always answer with the mean of an image and its mirror image, in twice the time. Default: with a "
        "time limit of a minute or more, if that is better on the validation images, for a network from scratch.",
        "none|mirror",
        recorded=AS_IT_IS, since="0.9", identity=True,
        python='``"mirror"``: always answer with the mean of an image and its mirror image, in twice the time; '
        '``"none"``: never; None for what is better on the validation images, for a network from scratch and with a '
        'time limit of a minute or more, else ``"none"``.',
    ),
    "seed": Wish(int, _SPLIT_AND_MORE, default=0, bounds=SEED, recorded=AS_IT_IS, identity=True),
    **READING,
    "corrections": replace(_LABELS, recorded=AS_A_FILE),
    "learning_curve": Wish(
        bool, "Also train on parts of the images; estimate the gain from twice as many.", default=False,
        recorded=AS_IT_IS, identity=True,
    ),
    "from_run": Wish(
        Path, "Start from the weights and network of a finished run; classes are matched by name, its test images "
        "stay unseen.",
        "RUN", recorded=AS_A_FILE, since="0.6",
    ),
    "resume": Wish(
        bool, Text("Continue an interrupted run: the same options as before, plus ", Option("resume"), "."),
        default=False,
    ),
    "overwrite": Wish(bool, "Replace a run that is in the folder; other files stay.", default=False),
}  # fmt: skip
"""Of ``hubel train``: name in Python → its row, in the order of the help."""

AUDITING = {
    "out": Wish(Path, "Write a page with the images, and tables, into this folder.", python="A folder for "
                "a page with the images, and tables; None to write nothing."),
    "suspect_labels": Wish(
        bool, "Also list the labels worth a look, the most doubtful first; takes minutes at most.", default=False
    ),
    "shortcuts": Wish(
        bool, "Also try to tell the classes by what should not matter: file size, JPEG quality, camera, border ...",
        default=False,
    ),
    "weights": Wish(
        str, Text("Network weights for ", Option("suspect_labels"), "; imagenet may download."), "imagenet|none|FILE",
        python='Weights of the network behind ``suspect_labels``: ``"imagenet"``, which may download them; '
        '``"none"``; or the path of a Keras weights file of mobilenet. '
        "Default: ImageNet's where this machine has them.",
    ),
    "time_limit": Wish(
        Time, Text("For ", Option("suspect_labels"), ", once the images are read. Default: 3m."), "90s|5m|2h",
        python=f"{_LIMIT}; for ``suspect_labels``, once the images are read. Default: 3 minutes.",
    ),
    **READING,
    "corrections": _LABELS,
    "overwrite": Wish(bool, "Replace an audit that is in the folder; other files stay.", default=False),
    "seed": Wish(
        int, Text("Random seed of ", Option("suspect_labels"), " and ", Option("shortcuts"), "."), default=0,
        bounds=SEED,
    ),
}  # fmt: skip
"""Of ``hubel audit``."""

AUTO = "auto"
"""The engine that is quickest to answer, of those that can run a classifier here."""
ENGINE = Wish(
    str, "What computes: onnx, the compiled graph of RUN; keras; or the first where it can be used.", "auto|onnx|keras",
    default=AUTO,
    python='What computes: ``"onnx"``, the compiled graph of ``run``; ``"keras"``; or the first where it can be used.',
)  # fmt: skip
SCORING = {
    "against": Wish(
        Path, "Is RUN better than this other run? On the test images that they share, or on CORPUS.", "RUN_B",
        python="Is ``run`` better than this other run? On the test images that they share, or on ``corpus``.",
    ),
    "strangers": Wish(
        str, "Does RUN notice that these images are unlike its own? Labels do not matter.", "CORPUS",
        python="A corpus. Does ``run`` notice that its images are unlike its own? Labels do not matter.",
    ),
    "engine": ENGINE,
    **LISTING,
    "out": Wish(
        Path, "For a model file: write its report.html, metrics.json and predictions.csv into this folder.", "FOLDER",
        python="For a model file: a folder for report.html, metrics.json and predictions.csv.",
    ),
    "overwrite": Wish(bool, Text("With ", Option("out"), ": replace what is there."), default=False),
}  # fmt: skip
"""Of ``hubel evaluate``, beside what is said of a model file."""

COMPARING = {
    "architectures": Wish(
        str, "Compared pairwise.", "NAME,NAME", python="Names, or paths of TOML files, compared pairwise."
    ),
    "claims": Wish(
        str, "One-change ablations.", "all|NAME,NAME",
        python='Names of the claims to test, or ``"all"``.',
    ),
    "epochs": Wish(
        int, "Passes over the training images, for each variant. Default: 10 to 60.", "N", bounds=COUNT
    ),
    "time_limit": Wish(
        Time, "In total; every variant trains for the same time.", "90s|5m|2h", field="time_limit_s", bounds=TIME,
        python=f"{_LIMIT}, in total; every variant trains for the same time.",
    ),
    "image_size": Wish(int, "Working size in pixels, square. Default: at most 32.", "N", bounds=SIDE),
    "max_examples": Wish(int, "Use a random part: every class and split in proportion.", "N"),
    **READING,
    "out": Wish(
        Path, "Write compare.json, .csv, .md and .svg into this folder.",
        python="A folder for compare.json, .csv, .md and .svg; None to write nothing.",
    ),
    "overwrite": Wish(bool, "Replace a comparison that is in the folder; other files stay.", default=False),
    "seed": Wish(int, "Random seed of split, part, weights and shuffling.", default=0, bounds=SEED),
}  # fmt: skip
"""Of ``hubel compare``."""

PREDICTING = {
    "out": Wish(
        Path, "Write the answers into this file, of any number of images; it appears when it is complete.",
        "FILE.csv|.jsonl|.parquet",
    ),
    "features": Wish(
        Path, "Beside the answers, write feature vectors: the numbers that enter the last dense layer (logits), "
        "float32, a row for each image that is named, in order.", "FILE.npy",
    ),
    "resume": Wish(bool, "Go on with a file that is not finished, after Ctrl-C or a kill.", default=False),
    "overwrite": Wish(bool, "Replace the file if it is there.", default=False),
}  # fmt: skip
"""Of ``hubel predict``."""
EXPORTING = {
    "format": Wish(
        str, "What to export to; page is one file that names images in a browser and shows every number.",
        "onnx|keras|saved-model|openvino|litert|torch|page",
        python='What to export to: ``"onnx"``, ``"keras"``, ``"saved-model"``, ``"openvino"``, ``"litert"``, '
        '``"torch"``; or ``"page"``, one file that names images in a browser and shows every number.',
    ),
    "quantize": Wish(
        str, "How weights are written, if not as they are: float16 takes half the room, int8 a quarter.",
        "float16|int8",
        python='How weights are written, if not as they are: ``"float16"`` takes half the room, ``"int8"`` a quarter.',
    ),
    "examples": Wish(
        int, "Test images of each class that travel in a page, 0 for none. Default: 3; of more than 30 classes, 90 in "
        "all.", "N", bounds=Bounds(0, 1_000, "a whole number from 0 to 1,000"),
    ),
    "excite": Wish(
        bool, "In a page, also images that excite some filters; they take minutes to make.", default=False
    ),
    "out": Wish(
        Path, "Write the export into this folder; a page into this file.", "FOLDER|FILE.html",
        python="The folder to write; of a page, the file.",
    ),
    "overwrite": Wish(bool, "Replace an export that is there.", default=False),
    "into_run": Wish(
        bool, "Give the classifier of the run its compiled graph, so that it answers without Keras.", default=False
    ),
}  # fmt: skip
"""Of ``hubel export``."""

ROBUSTNESS = {
    "only": Wish(
        str, "Only these changes. Default: all.", "NAME,NAME", python="Names of changes, if not all are wanted.",
    ),
    "max_examples": Wish(
        int, "Use at most so many images: a random sample, every class in proportion. Default: 400.", "N", bounds=COUNT
    ),
    "engine": ENGINE,
    **LISTING,
    "out": Wish(
        Path, "Write robustness.html, .json and .csv into this folder.", "FOLDER",
        python="A folder for robustness.html, .json and .csv; None to write nothing.",
    ),
    "overwrite": Wish(bool, Text("With ", Option("out"), ": replace what is there."), default=False),
}  # fmt: skip
"""Of ``hubel robustness``."""

EXPLAINING = {
    "out": Wish(
        Path, "Draw it: .png, .svg or .html; a folder for several images.", "FILE|FOLDER",
        python="Where it is drawn: a ``.png``, ``.svg`` or ``.html`` file; a folder for several images.",
    ),
    "method": Wish(
        str, "How the evidence is looked for. Default: what an assessment of RUN recommends, else occlusion.", "NAME",
        python="How the evidence is looked for. Default: what an assessment of the run recommends, else "
        '``"occlusion"``.',
    ),
    "class_name": Wish(str, "Whose evidence is looked for. Default: the class that is answered.", "NAME"),
    "against": Wish(
        str, "Why rather the one class than this other one?", "NAME",
        python="Another class: why rather the one than the other?",
    ),
    "layer": Wish(
        str, "For methods that look at feature maps: those of this layer. Default: the last.", "first|last|N|NAME",
        python="For methods that look at feature maps: those of this layer, as of `hubel.anatomy`. Default: the last.",
    ),
    "overwrite": Wish(bool, "Replace what is there.", default=False),
}  # fmt: skip
"""Of ``hubel explain``, beside what is said of a model file."""
