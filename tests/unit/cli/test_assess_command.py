"""``hubel explain RUN --assess``: what is printed, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Typed

from hubel.workflows.explaining.assessment import Assessment, Mean, MethodScore

GOOD = Mean(0.4, (0.3, 0.5))
FOUND = Assessment(
    Path("run"),
    12,
    0,
    (
        MethodScore(
            "occlusion", GOOD, Mean(0.1, (0.05, 0.15)), GOOD, GOOD, Mean(0.05, (-0.1, 0.2)), (0.05,), GOOD, 0.5
        ),
        MethodScore(
            "integrated-gradients",
            GOOD,
            GOOD,
            GOOD,
            GOOD,
            Mean(0.6, (0.5, 0.7)),
            (0.6,),
            None,
            0.1,
            "it ignores weights",
        ),
        MethodScore("grad-cam", marked="This network has no feature maps."),
    ),
    MethodScore("random", GOOD, GOOD, GOOD, GOOD),
    "occlusion",
    "best",
)


@pytest.fixture
def assessed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What was asked for; the answer is `FOUND`."""
    asked: list[dict[str, object]] = []

    def assess(run: Path, **wishes: object) -> Assessment:
        asked.append({"run": run, **wishes})
        return FOUND

    monkeypatch.setattr("hubel.workflows.explaining.assess.assess", assess)
    return asked


def test_the_table_has_intervals_marks_and_the_recommended_method(typed: Typed, assessed: list[dict[str, object]]):
    code, out, _ = typed("explain run --assess --max-examples 5")
    assert (code, assessed[0]["images"]) == (0, 5)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "*occlusion 0.40 0.10 0.40±.10 0.40±.10 0.05±.15 0.40 0.50" in lines
    assert "!integrated-gradients 0.40 0.40 0.40±.10 0.40±.10 0.60±.10 - 0.10" in lines
    assert "!grad-cam - - - - - -" in lines
    assert "! integrated-gradients: it ignores weights." in lines
    assert "! grad-cam: This network has no feature maps." in lines
    assert max(map(len, out.splitlines()[: lines.index("!grad-cam - - - - - -")])) <= 80
    assert "* Recommended: occlusion, the best." in lines


@pytest.mark.usefixtures("assessed")
def test_json_has_the_keys_of_the_interface(typed: Typed):
    _, out, _ = typed("explain run --assess --json")
    document = json.loads(out)
    assert {"examples", "methods", "recommended"} <= set(document)
    keys = ("name", "insertion", "deletion", "road", "randomisation_correlation", "stability", "seconds", "marked")
    assert all(tuple(each) == keys for each in document["methods"])
    assert document["methods"][0] == {
        "name": "occlusion", "insertion": 0.4, "deletion": 0.1, "road": 0.4, "randomisation_correlation": 0.05,
        "stability": 0.4, "seconds": 0.5, "marked": None,
    }  # fmt: skip
    assert document["methods"][2]["insertion"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("explain run image.png --assess", "Leave out IMAGE"),
        ("explain run --assess -o map.png --method rise", "Leave out -o and --method"),
        ("explain run --max-examples 5", "it needs --assess"),
        ("explain run --assess --max-examples 0", "--max-examples"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words: str, said: str, typed: Typed):
    code, _, err = typed(words)
    assert (code, said in err) == (2, True)
