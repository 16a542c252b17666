"""What has changed when a run is repeated: corpus, machine, clock, plan. Pure comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hubel.runs.recorded_run import RecordedRun
from hubel.runs.tables.split import Placed
from hubel.text import one_line

MOST_NAMED = 10
CORPUS, FILES, VERSIONS, HARDWARE, CLOCK, CHOICE = "corpus", "files", "versions", "hardware", "clock", "choice"
ENVIRONMENT = "environment"
"""What a difference is about."""
PARTS = ("architecture", "preprocessing", "recipe")
"""Of ``run.json``: what the plan made of the request."""


@dataclass(frozen=True)
class Difference:
    """One thing that has changed.

    Args:
        about: one of the words above.
        text: what it was and what it is, for a person.
        paths: the files it is about, all of them.
        stops: the run cannot be repeated as it was; only the user may say to go on.
        explains: it may change the result.
    """

    about: str
    text: str
    paths: tuple[str, ...] = ()
    stops: bool = False
    explains: bool = True

    @property
    def sentence(self) -> str:
        """For a person who has not seen a heading above it."""
        if self.about == CLOCK:
            return f"{self.text[0].upper()}{self.text[1:]}."
        return f"Changed since the run: {self.text}."

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"about": self.about, "text": self.text, "paths": list(self.paths), "explains": self.explains}


class ListedExample(NamedTuple):
    """An example as it lies there now.

    ``digest`` is empty where it cannot be read, ``given_split`` None where the corpus gives none.
    """

    digest: str
    label: str
    given_split: str | None
    group: str


def name_some(paths: Iterable[str]) -> str:
    """Up to ten paths, and how many more there are."""
    every = [one_line(path) for path in paths]
    more = f" and {len(every) - MOST_NAMED:,} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more


def compare_corpus(recorded: RecordedRun, listed: Mapping[str, ListedExample]) -> list[Difference]:
    """What has changed in the corpus: files by their content, labels, given splits, groups.

    Args:
        recorded: the run.
        listed: path → each example that lies there now, as corrected.
    """
    then, placed = recorded.digests, recorded.placed
    both = [path for path in then if path in listed]
    labels = [path for path in both if path in placed and listed[path].label != placed[path].label]
    groups = [path for path in both if path in placed and listed[path].group != placed[path].group]
    return [
        *_about([path for path in then if path not in listed], "missing"),
        *_about([path for path in both if listed[path].digest != then[path]], "changed"),
        *_about(labels, "labelled differently", named=_labels(placed, listed, paths=labels)),
        *_about(_other_given_splits(recorded, listed), "in another given split"),
        *_about(groups, "in another group"),
        *_about(new_paths(recorded, listed), "new, and left out when the run is repeated", matters=False),
    ]


def new_paths(recorded: RecordedRun, listed: Mapping[str, ListedExample]) -> list[str]:
    """Examples that the run did not have; a file that it refused may still be refused, and is not new.

    Args:
        recorded: the run.
        listed: path → each example that lies there now.
    """
    return [path for path in listed if path not in recorded.digests and path not in recorded.refused]


def _about(paths: list[str], what: str, *, named: str | None = None, matters: bool = True) -> Iterator[Difference]:
    if paths:
        subject = "1 image is" if len(paths) == 1 else f"{len(paths):,} images are"
        named = name_some(paths) if named is None else named
        yield Difference(CORPUS, f"{subject} {what}: {named}", tuple(paths), stops=matters, explains=matters)


def _labels(placed: Mapping[str, Placed], listed: Mapping[str, ListedExample], *, paths: list[str]) -> str:
    return name_some(f"{path} ({placed[path].label} then, {listed[path].label} now)" for path in paths)


def _other_given_splits(recorded: RecordedRun, listed: Mapping[str, ListedExample]) -> list[str]:
    """Examples whose given split is another; a part that is not given now is cut, which is not known yet."""
    given = {each.given_split for each in listed.values()}
    other = []
    for path, placed in recorded.placed.items():
        now = listed[path].given_split if path in listed else None
        if now is not None and now != placed.split and (now != "train" or placed.split in given):
            other.append(path)
    return other


def compare_machine(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """What has changed in versions, backend, hardware and environment.

    Args:
        then: ``run.json``.
        now: of `describe_machine`.
    """
    found = []
    backends = then.get("backend"), now.get("backend")
    if backends[0] != backends[1]:
        text = f"{backends[0]} then, {backends[1]} now: set KERAS_BACKEND={backends[0]} to have the same"
        found.append(Difference(VERSIONS, f"Keras ran on {text}"))
    for about in (VERSIONS, HARDWARE):
        mine, other = then[about], now[about]
        changed = (name for name in mine if name in other and mine[name] != other[name])
        found += [Difference(about, f"{name}: {mine[name]} then, {other[name]} now") for name in changed]
    if ENVIRONMENT in then:
        changed = leaves(then[ENVIRONMENT], now.get(ENVIRONMENT, {}))
        found += [
            Difference(ENVIRONMENT, f"{name}: {_set_to(was)} then, {_set_to(is_now)} now")
            for name, was, is_now in changed
        ]
    return found


def _set_to(value: object) -> str:
    return "not set" if value is None else str(value)


def what_decided_the_end(document: Mapping[str, Any]) -> list[Difference]:
    """That the clock or the user decided when training ended, where it was so: bits cannot be expected then.

    Args:
        document: ``run.json``.
    """
    found = []
    limit_s = document.get("time_limit_s")
    if limit_s is not None:
        asked = document["request"]["time_limit_s"] is not None
        by = f"there was a time limit of {limit_s:g} s"
        if not asked:
            by = f"neither epochs nor a time limit were given, so Hubel took a limit of {limit_s:g} s"
        text = f"{by}: the clock decided the learning rate of each step and when training ended"
        found.append(Difference(CLOCK, f"{text}, so the same bits cannot be expected"))
    if document.get("status") == "interrupted":
        found.append(Difference(CLOCK, "the user ended the training early, so the same bits cannot be expected"))
    return found


def compare_choices(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """What another plan was made of the same request, and after how many steps each phase ended.

    Args:
        then: ``run.json`` of the run.
        now: ``run.json`` of its repetition.
    """
    mine, other = ({part: run.get(part) for part in PARTS} for run in (then, now))
    found = [Difference(CHOICE, f"{name}: {was} then, {is_now} now") for name, was, is_now in leaves(mine, other)]
    for phase, was, is_now in zip(now.get("recipe", ()), _steps(then), _steps(now), strict=False):
        if was != is_now:
            found.append(Difference(CLOCK, f"{phase}: {was} steps then, {is_now} now"))
    return found


def _steps(run: Mapping[str, Any]) -> list[Any]:
    return [phase.get("steps") for phase in run.get("clock_decided", ()) if isinstance(phase, dict)]


def compare_splits(then: Mapping[str, Placed], now: Mapping[str, Placed]) -> list[Difference]:
    """Which examples came into another part.

    Args:
        then: path → of the run.
        now: path → of its repetition.
    """
    moved = [path for path in then if path in now and then[path].split != now[path].split]
    if not moved:
        return []
    count = "1 image is" if len(moved) == 1 else f"{len(moved):,} images are"
    named = name_some(f"{path} ({then[path].split} then, {now[path].split} now)" for path in moved)
    return [Difference(CORPUS, f"{count} in another part of the split: {named}", tuple(moved))]


def leaves(then: Any, now: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The values that differ in two JSON documents: (name, then, now), the name such as ``test.accuracy``.

    Args:
        then: the older document, or a part of it.
        now: the newer one.
        name: of that part.
    """
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in [*then, *(key for key in now if key not in then)]:
            yield from leaves(then.get(key), now.get(key), f"{name}.{key}" if name else str(key))
    elif then != now:
        yield name, then, now
