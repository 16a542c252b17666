"""Why nothing is at a path that was typed: it is an address, a path of another system, or a word of ours for one."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hubel.files import shown

ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+]+://")
_DRIVE = re.compile(r"[a-zA-Z]:\\")
STAND_FOR = {
    "RUN": "the folder of one of your runs", "RUN_B": "the folder of one of your runs", "CORPUS": "one of your corpora",
    "MORE_IMAGES": "one of your corpora", "IMAGE": "one of your images", "IMAGE_OR_FOLDER": "some of your images",
    "FOLDER": "one of your folders", "FILE": "one of your files", "INPUT": "some of your images",
}  # fmt: skip
"""Words that our own messages use in the place of a path → what to type there."""


def why_not_there(path: str | Path) -> str:
    """A sentence with what to type, after a space; "" where nothing is known. Nothing is at ``path``."""
    text = str(path)
    # A `Path` made one slash of the two of an address.
    if ADDRESS.match(text) or re.match(r"(https?|s3|gs|hf|ftp):/", text):
        return " That is a web address, and Hubel downloads nothing: download it, and give the file or folder you get."
    if text in STAND_FOR:
        return f" {text} stands for {STAND_FOR[text]}: type a path in its place."
    if text.startswith("~"):
        return _of_home(text)
    if "\\" in text and os.sep == "/":
        return _of_windows(text)
    quoted = any(quote in text for quote in "“”„‘’")
    star = " No file name matches the *: give the folder itself." if "*" in text else ""
    return " It has typographic quotes, such as “: type plain ones, ' or \"." if quoted else star


def _of_home(text: str) -> str:
    home = os.path.expanduser(text)  # noqa: PTH111  (Path.expanduser raises where there is no such user)
    if home == text:
        return ""
    there = "which is there" if os.path.exists(home) else "and nothing is there either"  # noqa: PTH110
    return f" Inside quotes the shell does not expand ~. Without quotes it is {shown(home)}, {there}."


def _of_windows(text: str) -> str:
    if _DRIVE.match(text):
        return " That is a Windows path, but this is not Windows: give the path that it has here."
    turned = text.replace("\\", "/").removeprefix("./")
    there = os.path.exists(turned)  # noqa: PTH110
    return f" The folders of a path are separated by / here. Type: {shown(turned)}" if there else ""
