"""Complaints of every kind, and what each says to type."""

from __future__ import annotations

from dataclasses import dataclass

QUICK = "--epochs 1 --architecture dense"
STAND_INS = {
    "CORPUS": "other", "MORE_IMAGES": "other", "IMAGE_OR_FOLDER": "new.png", "IMAGE": "new.png", "RUN": "run",
    "FILE": "classes.txt", "FOLDER": "photos", "N": "30",
}  # fmt: skip
"""Words that messages use in the place of the user's own → what is typed here."""


@dataclass(frozen=True)
class Case:
    """A complaint, and what it says to type.

    Args:
        typed: words that bring it.
        found: pattern in what is said; its group is the cure.
        then: what is typed, with ``{}`` for the cure.
        code: the exit code of that.
        first: the exit code of the complaint; None for any but 0.
    """

    typed: str
    found: str
    then: str = "{}"
    code: int = 0
    first: int | None = None


ADVICE = r"\n\s*(hubel {}[^\n]*)"
CASES = {
    # a place that is taken, or wrong
    "taken, elsewhere": Case(f"train photos -o run {QUICK}", r"another folder with (-o \S+)\.", f"train photos {{}} {QUICK}"),
    "taken, replaced": Case(f"train photos -o run-2 {QUICK}", r"that run with (--overwrite)\.",
                            f"train photos -o run-2 {QUICK} {{}}"),
    "inside the corpus": Case(f"train photos -o photos/run {QUICK}", r"beside it: (-o \S+)$", f"train photos {{}} {QUICK}"),
    "a word too many": Case(f"train photos new-run {QUICK}", r"goes after -o: (hubel .*)"),
    "a file of answers that is taken": Case("predict run new.png -o list.csv", r"another file with (-o \S+)\.",
                                            "predict run new.png {}"),
    "a file of answers that is to be finished": Case("predict run new.png --resume", r"Name it: (-o names.csv)",
                                                     "predict run new.png --resume {}"),
    "an audit that is taken": Case("audit photos -o audits/taken", r"replace it with (--overwrite)",
                                   "audit photos -o audits/taken {}"),
    # words
    "a command misspelt": Case("audti photos", r"Did you mean '(\w+)'\?", "{} photos"),
    "no command": Case("photos", r"A command comes first: (hubel audit photos)"),
    "an option misspelt": Case("audit photos --fail-on-leek", r"Did you mean '(--[\w-]+)'\?", "audit photos {}"),
    "an option of others": Case("predict run new.png --topk 2", r"Did you mean '(--\w+)'\?", "predict run new.png {} 2"),
    "one dash": Case("audit photos -json", r"two dashes: (--json)", "audit photos {}"),
    "a dash of a document": Case("audit photos \u2013json", r"Type: (hubel .*)"),
    "no option": Case("audit photos seed=2", r"two dashes: (hubel .*)"),
    "no word": Case("anatomy", r"Say what to look at: (hubel anatomy small-cnn),"),
    "swapped": Case("predict new.png run", r"Type: (hubel .*)"),
    "no run": Case("predict new.png", r"The run comes first: (hubel predict RUN new\.png)"),
    "no images": Case("predict run", r"folder of images: (hubel predict run new)\.jpg", "{}.png"),
    "a run misspelt": Case("verify runn", r"Did you mean (hubel verify \S+)\?"),
    "a folder of runs": Case("verify runs", r"Name one of them: (hubel .*)"),
    "too many images": Case("trace run new.png other", r"Leave it out: (hubel .*)"),
    "a kernel without an option": Case("convolve sobel-x", r"before it: (hubel .*)"),
    "an empty kernel": Case("convolve --kernel ''", r", or a name: (\w+),", "convolve --kernel {}"),
    "a kernel misspelt": Case("convolve --kernel sobell-x", r"Did you mean '(\S+)'", "convolve --kernel {}"),
    "a kernel too large": Case("convolve --matrix '1,2;3,4' --kernel sobel-x", r"Pad \(padding '(same)'\)",
                               "convolve --matrix '1,2;3,4' --kernel sobel-x --padding {}"),
    "units of no dense network": Case("anatomy small-cnn --units 30", r"Use (hubel anatomy dense --units N)\."),
    # how a corpus is read
    "one class": Case("audit photos/a", r"which is above it: '(\w+)'\.", "audit {}"),
    "near a corpus": Case("audit phots", r"Did you mean '(\w+)'", "audit {}"),
    "doubtful splits": Case("audit odd", r"If they are classes: (--splits none)", "audit odd {}", first=0),
    "no columns": Case("audit list.csv", r"otherwise, name them: (--path-column) NAME",
                       "audit list.csv {} col_1 --label-column col_2"),
    "images elsewhere": Case("audit lists/list.csv", r"name it: (--images FOLDER)", "audit lists/list.csv {}"),
    "many bands": Case("audit bands", r"such as (--bands 3,2,1)\.", "audit bands {}"),
    "no such band": Case("audit bands --bands 9", r"such as (--bands 3,2,1)\.", "audit bands {}"),
    "a correction misspelt": Case("audit photos --corrections wrong.csv", r"Did you mean '(b)'\?",
                                  "audit photos --corrections right.csv"),
    "no corrections": Case("audit photos --corrections rihgt.csv", r"Did you mean '(right\.csv)'",
                           "audit photos --corrections {}"),
    "corrections of other columns": Case("audit photos --corrections columns.csv", r"writes such a file: (hubel audit CORPUS .*)"),
    "a leak": Case("audit leaky --fail-on-leak", r"(Delete the copies in one of the splits)", "audit mended --fail-on-leak",
                   first=5),
    "unlabelled images": Case("audit unlabelled", r"After training, name them: (hubel predict RUN \S+)", first=0),
    "an option that would do nothing": Case("audit photos --time-limit 10s", r"Add (--suspect-labels),",
                                            "audit photos --time-limit 10s {}"),
    # training
    "small images": Case("train photos -o m --epochs 1 --image-size 16 --architecture mobilenet",
                         r"use another network: (--architecture small-cnn)\.", "train photos -o m --epochs 1 --image-size 16 {}"),
    "weights elsewhere": Case("train tiny -o w --epochs 1 --image-size 32 --architecture mobilenet",
                              r"do without them: (--weights none)\.",
                              "train tiny -o w --epochs 1 --image-size 32 --architecture mobilenet {}"),
    "an architecture misspelt": Case("anatomy smal-cnn", r"Did you mean '([\w-]+)'", "anatomy {}"),
    "stopped": Case(f"STOP train photos -o begun {QUICK}", r"Continue where it stopped: (hubel .*)", first=130),
    "unfinished": Case("predict unfinished new.png", r"Continue it: (hubel .*)"),
    "nothing to resume": Case(f"train photos -o run {QUICK} --resume", r"Score it: (hubel evaluate run)\."),
    # looking
    "no such layer": Case("trace run new.png --layer logitz", r"Did you mean '(\w+)'", "trace run new.png --layer {}"),
    "the layers": Case("trace run new.png --layer 99", r"numbered from 1 to \d+, as (hubel anatomy RUN) shows"),
    "no layer": Case("trace run", r"Next\n\s*(hubel trace run IMAGE [^\n]*)", first=0),
    "a layer, no image": Case("trace run --layer logits", r"Give the image: (hubel .*)"),
    "maps to nowhere": Case("maps run new.png --layer last", r"the file to write: (hubel .*)"),
    "filters to nowhere": Case("filters run --layer first", r"Say where to write the image: (hubel .*)"),
    "an image for filters": Case("filters run new.png", r"Its feature maps: (hubel .*)"),
    "no layer for filters": Case("filters run", r"Next\n\s*(hubel filters run [^\n]*)", first=0),
    "no layer for maps": Case("maps run", r"Next\n\s*(hubel maps run [^\n]*)", first=0),
    # model files
    "classes unknown": Case("evaluate model.keras other-classes", r"or (--class-names corpus),",
                            "evaluate model.keras other-classes {} --pixels=-1..1"),
    "pixels unknown": Case("evaluate model.keras other-classes --class-names corpus", r"(--pixels)",
                           "evaluate model.keras other-classes --class-names corpus {}=-1..1"),
    "size unknown": Case("predict any.keras new.png --class-names classes.txt --pixels=-1..1", r"(--input \S+)",
                         "predict any.keras new.png --class-names classes.txt --pixels=-1..1 --input 12x12"),
    "no format": Case("export run -o exported", r"export to: (--format onnx)", "export run -o exported {}"),
    "nothing to verify": Case("verify model.keras", r"Score it instead: (hubel [^\n]*)", "{} --pixels=-1..1"),
    "no corpus": Case("evaluate model.keras", r"Name some: (hubel [^\n]*)", "{} --pixels=-1..1"),
    "against a model": Case("evaluate run --against model.keras", r"Score it alone: (hubel [^\n]*)", "{} --pixels=-1..1"),
    # runs whose corpus is not what it was
    "moved, evaluate": Case("evaluate moved-run", r"Say where it is now: (hubel evaluate \S+ CORPUS)"),
    "moved, reproduce": Case("reproduce moved-run", r"Say where it is now: (hubel reproduce \S+) CORPUS", "{} moved-away"),
    "moved, export": Case("export moved-run --format onnx -o shipped", r"say where it is now: (hubel export \S+) CORPUS",
                          "{} moved-away --format onnx -o shipped"),
    "moved, page": Case("export moved-run --format page --examples 2 -o page.html", r"say where it is now: (hubel export \S+) CORPUS",
                        "{} moved-away --format page --examples 2 -o page.html"),
    "moved, open": Case("open moved-run --no-browser", r"say where it is now: (hubel open \S+) CORPUS", "{} moved-away --no-browser",
                        first=0),
    "a page that is taken": Case("export run --format page -o taken.html", r"replace it with (--overwrite)",
                                 "export run --format page -o taken.html {}"),
    "a page to nowhere": Case("export run --format page", r"where the page goes: (-o) FILE.html", "export run --format page {} one.html"),
    "images in a folder": Case("export run --format onnx -o some --examples 3", r"Add (--format page)",
                               "export run {} -o some.html --examples 3"),
    "grown, of then": Case("reproduce grown-run", r"original corpus: (hubel reproduce \S+) CORPUS;", "{} then"),
    "grown, anyway": Case("reproduce shrunk-run", r"all the same: (hubel reproduce \S+ --anyway)", code=5),
    "gone bad": Case("evaluate bad-run", r"Name another one: (hubel evaluate \S+ CORPUS)"),
    "nothing new": Case("evaluate run learned", r"own test images: (hubel evaluate run)\."),
    "no test images": Case("evaluate untested", r"trained on: (hubel evaluate untested CORPUS)"),
    "no test images to compare on": Case("evaluate untested --against run", r"on one corpus: (hubel [^\n]*)"),
    "the classifier of a run": Case("evaluate run/classifier", r"of the run in (\S+)\.", "evaluate {}"),
    "no run.json": Case("evaluate no-json", r"can be scored: (hubel evaluate \S+ CORPUS)"),
    "no coverage": Case("predict run new.png --abstain 0.9", r", or (leave the coverage out)",
                        "predict run new.png"),
    "moved, robustness": Case("robustness moved-run --only mirror", r"Say where it is now: (hubel robustness \S+ CORPUS)"),
    "no test images, robustness": Case("robustness untested", r"trained on: (hubel robustness untested CORPUS)", "{} --only mirror"),
    "robustness of a part": Case("robustness run --max-examples 3 --only mirror", r"All of them: (hubel robustness [^\n]*)", first=0),
    "robustness of a model file": Case("robustness model.keras", r"Train one: (hubel train CORPUS)", "{} -o robust-run " + QUICK),
    # advice
    "advice to train longer": Case("train photos -o advised --epochs 1 --architecture small-cnn --overwrite", ADVICE.format("train .*--epochs 4"), first=0),
    "advice to score it": Case("train photos -o advised --epochs 1 --architecture small-cnn --overwrite", ADVICE.format("evaluate"), first=0),
    "advice to name images": Case("train photos -o advised --epochs 1 --architecture small-cnn --overwrite", ADVICE.format("predict"), first=0),
    "advice on leaks": Case(f"train leaky -o leaky-run {QUICK}", ADVICE.format("audit"), first=0),
    "a note on copies": Case(f"train leaky -o leaky-run-2 {QUICK}", r"See them: (hubel audit leaky)", first=0),
    "a comparison with leaks": Case("compare leaky --architectures dense,lenet5 --epochs 1", r"See them: (hubel audit \S+)",
                                    first=0),
    "after an audit: see": Case("audit photos", r"See the images: (hubel .*)", first=0),
    "after an audit: labels": Case("audit photos", r"wrong labels: (hubel .*)", "{} --overwrite --time-limit 10s", first=0),
    "after an audit: train": Case("audit photos", r"Train: (hubel .*)", "{} " + QUICK, first=0),
    "other kernels": Case("convolve", r"(hubel convolve --list)", first=0),
    "every window": Case("convolve", r"(hubel convolve --steps)", first=0),
    "use a kernel": Case("convolve --list", r"Use one: (hubel convolve --kernel sobel-x);", first=0),
}  # fmt: skip
UNCOVERED = {
    "architectures/layer_table.py: The work of the layer _ cannot be counted. hubel anatomy": "needs a layer that no architecture of ours and no layer of Keras has",
    "classifier/artefact.py: fier: there is no _ in it, nor in a classifier/ folder. A run is a folder that hubel train": "what to type is the user's own run",
    "classifier/assembly.py: machine compute differently. It was made with _; here are _. See every check: hubel verify": "needs libraries that compute differently from those of the run",
    "engines/catalogue.py: Or give it a graph: hubel export": "needs a run of a version without compiled graphs; tests/unit/exports/test_into_run.py",
    "cli/layer_option.py: first or last: of the convolutions; N: its number in hubel anatomy": "help of an option, not a complaint",
    "cli/main.py: hubel --help, or hubel train --help": "tests/unit/cli/test_messages.py",
    "cli/show/layers.py: It has no such layer. hubel anatomy RUN shows those it has": "what to type is another layer of the list",
    "cli/commands/trace.py: _ has no layer of a kind that Hubel can work out. See them all: hubel anatomy _": "needs a model without any layer that can be worked out",
    "workflows/reproducing/reproduce.py: Stopped before it was known whether the result is the same. Start again: hubel reproduce": "the same command again",
    "cli/show/explain.py: the default, until hubel explain RUN --assess finds which one RUN deserves": "a list, not a complaint",
    "page/limits.py: Train a smaller network: hubel train": "needs a network of more than a hundred megabytes; tests/unit/page/test_limits.py",
    "runs/recorded_run.py: thing that was asked._ Train again with the same options, into another folder: hubel train": "a run of a version that wrote no request; tests/unit/workflows/reproducing/test_reproduce_check.py",
}
"""Messages with a command that no case brings → why not."""
