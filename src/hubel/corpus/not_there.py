"""Why nothing is at a path that was typed: it is an address, a path of another system, or a word of ours for one."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hubel.files import shown

ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+]+://")
_DRIVE = re.compile(r"[a-zA-Z]:\\")
STAND_FOR = {
    "RUN": "the folder of a run of yours", "RUN_B": "the folder of a run of yours", "CORPUS": "a corpus of yours",
    "MORE_IMAGES": "a corpus of yours", "IMAGE": "an image of yours", "IMAGE_OR_FOLDER": "images of yours",
    "FOLDER": "a folder of yours", "FILE": "a file of yours", "INPUT": "images of yours",
}  # fmt: skip
"""Words that our own messages use in the place of a path → what to type there."""


def why_not_there(path: str | Path) -> str:
    """A sentence with what to type, after a space; "" where nothing is known. Nothing is at ``path``."""
    text = str(path)
    # A `Path` made one slash of the two of an address.
    if ADDRESS.match(text) or re.match(r"(https?|s3|gs|hf|ftp):/", text):
        return (
            " That is an address, and Hubel downloads nothing: download it, and give the file or folder that you get."
        )
    if text in STAND_FOR:
        return f" {text} stands for {STAND_FOR[text]}: type its path there."
    if text.startswith("~"):
        return _of_home(text)
    if "\\" in text and os.sep == "/":
        return _of_windows(text)
    quoted = any(quote in text for quote in "“”„‘’")
    star = " The * stands for names, and no name fits: give the folder itself." if "*" in text else ""
    return " It holds quotes of a document, such as “: type those of the keyboard, ' or \"." if quoted else star


def _of_home(text: str) -> str:
    home = os.path.expanduser(text)  # noqa: PTH111  (Path.expanduser raises where there is no such user)
    if home == text:
        return ""
    there = "which is there" if os.path.exists(home) else "and nothing is there either"  # noqa: PTH110
    return f" In quotes the shell leaves ~ as it is. Without quotes it is {shown(home)}, {there}."


def _of_windows(text: str) -> str:
    if _DRIVE.match(text):
        return " That is a path of Windows, and this is another system: give the path that it has here."
    turned = text.replace("\\", "/").removeprefix("./")
    there = os.path.exists(turned)  # noqa: PTH110
    return f" The folders of a path are separated by / here. Type: {shown(turned)}" if there else ""
