"""A network of the user's own, as a small TOML file: what `CnnSpec` says, without what the corpus says."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hubel.architectures.families.cnn import FROM_THE_CORPUS, NETWORK_FIELDS, CnnSpec, Group
from hubel.architectures.spec import MAX_SIDE, SUFFIX
from hubel.errors import UnusableInput, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.files import look_at

MAX_BYTES = 100_000
GROUP_FIELDS = tuple(field.name for field in fields(Group))
EXAMPLE = 'dense_units = [128] and, below it, [[groups]] with filters = 32 and pooling = "max"'


def read_spec_file(path: Path) -> dict[str, Any]:
    """The fields of a `CnnSpec` but its image size and classes, checked one by one.

    Args:
        path: a TOML file, such as::

            dense_units = [128]
            dropout = 0.3

            [[groups]]
            filters = 32
            convolutions = 2

    Raises:
        UnusableInput: the file cannot be read, or is not TOML.
        WrongRequest: a field is unknown or out of its bounds; the message names file and field.
    """
    document = _read_toml(path)
    for name in FROM_THE_CORPUS:
        if name in document:
            cures = [Remedy("Choose another size with ", Option("image_size"), ".")] if name == "image_size" else []
            raise WrongRequest(f"{path}: {name} comes from the corpus. Leave it out of the file.", *cures)
    _check_names(document, NETWORK_FIELDS, where=f"{path}")
    groups = document.pop("groups", [])
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise WrongRequest(f"{path}: groups are written [[groups]], with two brackets, above the fields of each.")
    units = document.get("dense_units", [])
    if not isinstance(units, list):
        raise WrongRequest(f"{path}: dense_units must be a list, such as [128]. Received: {units!r}.")
    made = tuple(_make_group(group, f"{path}, group {number}") for number, group in enumerate(groups, 1))
    whole = {**document, "groups": made}
    make_own_spec(whole, path, (MAX_SIDE, MAX_SIDE), 2)
    return whole


def make_own_spec(parts: Mapping[str, Any], path: Path, image_size: tuple[int, int], classes: int) -> CnnSpec:
    """The spec for an image size.

    Args:
        parts: of `read_spec_file`.
        path: where they are from, for errors.
        image_size: (height, width) in pixels.
        classes: how many logits.

    Raises:
        WrongRequest: it is impossible, in general or at this size.
    """
    try:
        return CnnSpec(image_size, classes, **parts)
    except WrongRequest as error:
        raise WrongRequest(f"{path}: ", error.text) from error


def _read_toml(path: Path) -> dict[str, Any]:
    if path.suffix.lower() != SUFFIX:
        there = "" if look_at(path) else ", which does not exist"
        raise WrongRequest(f"A network of your own is a {SUFFIX} file. Received: {str(path)!r}{there}.")
    look_at(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise UnusableInput(f"{path} is larger than {MAX_BYTES:,} bytes: it cannot describe a network.")
        return tomllib.loads(data.decode("utf-8-sig"))
    except FileNotFoundError as error:
        near = difflib.get_close_matches(path.name, [each.name for each in path.parent.glob(f"*{SUFFIX}")], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Write one: {EXAMPLE}."
        raise UnusableInput(f"There is no file {str(path)!r}.{hint}") from error
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnusableInput(f"{path} is not TOML ({error}). It looks like this: {EXAMPLE}.") from error


def _make_group(document: dict[str, Any], where: str) -> Group:
    _check_names(document, GROUP_FIELDS, where=where)
    if "filters" not in document:
        raise WrongRequest(f"{where}: filters is missing: say how many feature maps, such as filters = 32.")
    try:
        return Group(**document)
    except WrongRequest as error:
        raise WrongRequest(f"{where}: ", error.text) from error


def _check_names(document: Mapping[str, Any], known: tuple[str, ...], *, where: str) -> None:
    for name in document:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise WrongRequest(f"{where}: there is no field {name!r}.{hint} Known: {', '.join(known)}.")
