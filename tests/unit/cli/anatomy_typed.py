"""``hubel anatomy``, typed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hubel.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    with pytest.raises(SystemExit) as left:
        main(["anatomy", *words])
    shown = capsys.readouterr()
    return int(left.value.code or 0), shown.out, shown.err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What ``--json`` prints; nothing goes wrong, and nothing is said beside it."""
    code, out, err = run(capsys, *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)
