"""Class names that are different text, and that a person would read as one."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence

_CYRILLIC = dict(
    zip("\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb", "aeopcyxijsdh", strict=True)
)
_GREEK = dict(zip("\u03bf\u03b1\u03bd\u03c4\u03c1\u03c5\u03b9\u03ba", "oavtpuik", strict=True))
_MARKS = dict(zip("\u2019\u2018\u00b4`\u2010\u2011\u2012\u2013\u2014", "''''-----", strict=True))
_LOOK_ALIKES = str.maketrans({**_CYRILLIC, **_GREEK, **_MARKS})
"""Letters of other alphabets that look like Latin ones, as they are after `str.casefold`."""


def alike(class_names: Sequence[str]) -> list[list[str]]:
    """The sets of two and more names that read alike: but for case, Unicode form, spaces, dots, look-alike letters."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in class_names:
        groups[_read_as(name)].append(name)
    return [names for names in groups.values() if len(names) > 1]


def _read_as(name: str) -> str:
    return _words_of(unicodedata.normalize("NFKC", name).casefold().translate(_LOOK_ALIKES))


def _words_of(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").split()).rstrip(". ")


def difference(names: Sequence[str]) -> str:
    """In what such names differ, in words."""
    if len({unicodedata.normalize("NFC", name) for name in names}) == 1:
        return "Unicode form"
    if len({name.casefold() for name in names}) == 1:
        return "upper and lower case"
    if len(set(map(_words_of, names))) == 1:
        return "spaces, dots, hyphens or underscores"
    return "letters that look alike, case, spaces or Unicode form"
