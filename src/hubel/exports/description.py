"""``classifier.json``: everything beside the network that it takes to name an image, as data."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from hubel.classifier.classifier import Classifier
from hubel.errors import UnusableInput

DESCRIPTION = "classifier.json"


def check_exportable(classifier: Classifier) -> None:
    """See that the program of an export can read images as this classifier does.

    Raises:
        UnusableInput: it takes certain bands of them.
    """
    bands = ", ".join(map(str, classifier.preprocessing.bands))
    if bands:
        raise UnusableInput(
            f"This classifier takes the bands {bands} of its images, and the program of an export takes none apart. "
            "It cannot be exported."
        )


def describe(classifier: Classifier) -> dict[str, Any]:
    """Plain data: class names in the order of the logits, preprocessing, calibration."""
    return {
        "format": 1,
        "made_by": f"hubel {version('hubel')}",
        "class_names": list(classifier.class_names),
        "preprocessing": classifier.preprocessing.to_json(),
        "temperature": classifier.calibration.temperature,
        "abstention_threshold": classifier.calibration.abstention_threshold,
        "tta": classifier.tta,
    }


def metadata(description: dict[str, Any]) -> dict[str, str]:
    """The same for the place that a format has for such things: name → JSON in ASCII.

    Args:
        description: of `describe`.
    """
    calibration = {name: description[name] for name in ("temperature", "abstention_threshold")}
    kept = {name: description[name] for name in ("class_names", "preprocessing", "tta", "made_by")}
    return {name: json.dumps(value, sort_keys=True) for name, value in {**kept, "calibration": calibration}.items()}
