"""JSON files of other programs, read within bounds: whole documents, or one object per line."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from hubel.corpus.trees.folder import is_file, naming_file
from hubel.errors import UnusableCorpus

MOST_BYTES = 500_000_000
"""Of one document: Python needs about ten times as much memory for it."""
_BLOCK = 1 << 20


def begins_with(path: Path, character: str) -> bool:
    """Whether the first character of a .json file, after white space, is this one.

    Args:
        path: the file.
        character: such as ``"{"``.
    """
    if path.suffix.lower() != ".json" or not is_file(path):
        return False
    with suppress(OSError), path.open("rb") as file:
        return file.read(_BLOCK).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == character.encode()
    return False


def mentions(path: Path, *keys: str) -> bool:
    """Whether a file has all of these keys of JSON objects somewhere; it is searched, not parsed."""
    missing = [re.compile(rf'"{re.escape(key)}"\s*:'.encode()) for key in keys]
    longest = max(map(len, keys)) + 100
    end = b""
    with suppress(OSError), path.open("rb") as file:
        while missing and (block := file.read(_BLOCK)):
            missing = [key for key in missing if not key.search(end + block)]
            end = block[-longest:]
    return not missing


def read_json(path: Path) -> Any:
    """The document.

    Raises:
        UnusableCorpus: it is too large, damaged, nested too deeply, or may not be read.
    """
    try:
        with naming_file(path):
            size = path.stat().st_size
            if size > MOST_BYTES:
                raise UnusableCorpus(
                    f"{path} has {size:,} bytes, the limit is {MOST_BYTES:,}: divide it into several files."
                )
            return json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise UnusableCorpus(f"{path} is nested too deeply for a list of images: export it again.") from error
    except ValueError as error:
        raise UnusableCorpus(f"{path} is damaged: it is not JSON ({error}). Export or copy it again.") from error


def text_of(value: object) -> str | None:
    """A number or text as text, as Python's own CSV writer would; None for null and NaN, and for what is neither.

    A list of a single value is that value.
    """
    if isinstance(value, list) and len(value) == 1:
        return text_of(value[0])
    if isinstance(value, (str, int, float)) and value == value:  # noqa: PLR0124  (NaN stands for an empty cell)
        return str(value)
    return None
