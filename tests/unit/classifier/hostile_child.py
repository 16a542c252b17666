"""A process that loads artefacts under a memory limit while every audit event is written down.

``python -m tests.unit.classifier.hostile_child FOLDER`` loads FOLDER/good twice, then limits itself, loads everything
else in FOLDER, and good again; it prints one JSON document.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from hubel.architectures.catalogue import FAMILIES
from hubel.engines.catalogue import find_runtime, load_classifier

EXTRA_BYTES = 200_000_000
"""That an artefact may cost, on top of what the process has when everything is imported."""
events: list[list[str]] = []
armed = False


def hook(event: str, words: tuple[Any, ...]) -> None:
    if armed:
        events.append([event, *(str(word)[:300] for word in words[:2])])


def status(field: str) -> int:
    """Of /proc/self/status, in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


def load(folder: Path) -> dict[str, Any]:
    global armed  # noqa: PLW0603
    events.clear()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, started, error = status("VmRSS"), time.monotonic(), None
    armed = True
    try:
        load_classifier(folder)
    except BaseException as caught:  # noqa: BLE001
        error = caught
    armed = False
    seconds = time.monotonic() - started
    return {
        "name": folder.name,
        "error": None if error is None else type(error).__name__,
        "message": "" if error is None else str(error)[:2000],
        "seconds": seconds,
        "extra_mb": (status("VmHWM") - before) / 1e6,
        "events": [list(event) for event in {tuple(event) for event in events}],
    }


def main(root: Path) -> None:
    find_runtime()  # imports the framework
    import_module("hubel.classifier.assembly")  # what is loaded by name, so that an import is an artefact's doing
    for family in FAMILIES.values():
        family.load()
    sys.addaudithook(hook)
    results = [{**load(root / "good"), "name": "first"}, {**load(root / "good"), "name": "second"}]
    limit = status("VmSize") + EXTRA_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    results += [load(folder) for folder in sorted(root.iterdir()) if folder.name != "good"]
    results.append({**load(root / "good"), "name": "last"})
    json.dump({"results": results, "cache": os.environ["HUBEL_CACHE"]}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
