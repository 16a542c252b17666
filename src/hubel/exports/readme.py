"""``README.md`` of an export: what is in it, how it is used, and how it compared with its classifier."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from hubel.exports.catalogue import Target
from hubel.exports.gate import Proof
from hubel.text import counted, with_interval
from hubel.wishes import MIRROR

RESIZING = {
    "squash": "stretched to {size}",
    "crop": "cut around the centre to the shape of {size}, then resized to it",
    "pad": "shrunk or enlarged to fit into {size}, with grey (128) around it",
}
"""Resize policy → what is done to an image."""

DECODING = (
    "Decode it, a large JPEG at 1/2, 1/4 or 1/8 of its size but not below twice the size of the network; turn it as "
    "its EXIF orientation says; lay transparency over white; make it RGB."
)


def render_readme(target: Target, description: dict[str, Any], *, proof: Proof) -> str:
    """The page, in Markdown.

    Args:
        target: what was exported to.
        description: of `hubel.exports.description.describe`.
        proof: that it answers like the classifier.
    """
    entry, names = target.entry, description["class_names"]
    return f"""\
# An image classifier of {counted(len(names), "class", "classes")}

Made by {description["made_by"]}, as {target.name} with {target.weights} weights. Install what it needs, and name
images:

```
pip install {entry.needs}
python classify.py photo.jpg other.png
```

It prints one line of JSON for each image: `path`, `class_name`, `probability`, `probabilities`, and `abstained`, which
is true where a person should rather look. Of an image that cannot be read: `path` and `error`. A `-` takes paths from
standard input. It ends with 0 if all were named, with 4 if some could not be read, and with 3 if it could not start.

| file | content |
|---|---|
| `{entry.model}` | the network: {entry.signature} |
| `classify.py`, `network.py` | from a file to a name, with nothing but NumPy, Pillow and the runtime |
| `classifier.json` | class names in the order of the logits, preprocessing, calibration |
| `parity.json` | how it compares with the classifier that it was made of |

## From a file to a name

{_steps(description)}

{_depth(description["preprocessing"])} It does not look for damage that Pillow does not report, such as a
file whose second half is zeros.

## Held against the classifier

{_found(proof)}

That was with {_versions(target)}.
"""


def _steps(description: dict[str, Any]) -> str:
    preprocessing = description["preprocessing"]
    size = f"{preprocessing['height']} x {preprocessing['width']} pixels (height x width)"
    resized = RESIZING[preprocessing["resize"]].format(size=size)
    steps = [
        DECODING,
        f"It is {resized}, with Pillow's bilinear filter, which averages where it shrinks.",
        "Compute the logits; the network scales the pixels itself.",
        f"Divide them by the temperature, {description['temperature']:.6g}, and take the softmax.",
        f"Below a probability of {description['abstention_threshold']:.6g}, abstain.",
    ]
    if description["tta"] == MIRROR:
        steps[2] += " Do the same for the mirror image, left and right swapped, and take the mean of both."
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _depth(preprocessing: dict[str, Any]) -> str:
    ranges = {"whole numbers": preprocessing.get("integer_range"), "floats": preprocessing.get("float_range")}
    given = [f"of {kind}, {ends[0]:,.7g} becomes 0 and {ends[1]:,.7g} 255" for kind, ends in ranges.items() if ends]
    if not given:
        return "`classify.py` reads images of 8 bits for each colour, and refuses others."
    return (
        f"Of images with more than 8 bits for each colour, PNG and TIFF of one grey band are read: {'; '.join(given)} "
        "(`deep.py`)."
    )


def _found(proof: Proof) -> str:
    parity = proof.parity
    return f"""\
`classify.py`, in a process of its own, named {counted(parity.examples, "image")} that the classifier had not learned
from:

| | |
|---|---|
| same class | {parity.agreement:.4f} of the images |
| accuracy | {with_interval(parity.accuracy, parity.accuracy_interval)}; the classifier's is \
{parity.accuracy_of_classifier:.3f} |
| right where the classifier is wrong, and the reverse | {proof.paired.first_only}, {proof.paired.second_only} |
| largest difference of a probability | {parity.max_probability_difference:.1e}; {parity.limit:g} was allowed |"""


def _versions(target: Target) -> str:
    """Of the packages that were used, as far as they are installed."""
    found = []
    for name in target.entry.needs.split():
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return ", ".join(found)
