"""How large a network from scratch is for a time: from what one of them takes, by its multiply-accumulates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from hubel.architectures.catalogue import make_blueprint
from hubel.pipeline.survey import Survey
from hubel.runs.request import TrainRequest
from hubel.training.plan import Costs
from hubel.workflows.training import scale
from hubel.workflows.training.choose import choose
from hubel.workflows.training.decision import Decision
from hubel.workflows.training.scale import ENOUGH, FEW, MANY, suited

REQUEST = TrainRequest("corpus", Path("run"), time_limit_s=60)
EPOCH_S = 2.0
"""Of the network that was measured."""
BESIDE_S = 5.0


def measured(side: int, architecture: str = "residual") -> SimpleNamespace:
    blueprint = make_blueprint(architecture, (side, side), classes=10)
    return SimpleNamespace(blueprint=blueprint, costs=Costs(1000, EPOCH_S, 0.0, BESIDE_S))


def chosen(side: int, seconds: float, *, request: TrainRequest = REQUEST, of: int | None = None, images: int = MANY):
    survey = Survey(((side, side),), grey=False)
    return suited(request, survey, images=images, measured=measured(of or side), seconds=seconds)


def seconds_for(side: int, alpha: float | None, *, of: int, epochs: float = ENOUGH) -> float:
    """Just enough for so wide a network on such images."""
    work = make_blueprint("residual", (side, side), classes=10, alpha=alpha).spec.count_work()[0]
    usual = make_blueprint("residual", (of, of), classes=10).spec.count_work()[0]
    return BESIDE_S + epochs * EPOCH_S * (work / usual) ** 0.85


@pytest.mark.parametrize("alpha", [1.5, 2.0])
def test_the_widest_that_has_the_time_for_enough_epochs(alpha: float):
    seconds = seconds_for(32, alpha, of=32)
    choice = chosen(32, seconds + 0.1)
    assert (choice.alpha, choice.preprocessing.size) == (alpha, (32, 32))
    assert choice.decided == Decision("residual", "none", alpha)
    assert (chosen(32, seconds - 0.1).alpha or 1) < alpha


def test_few_images_are_no_work_for_a_wide_network():
    assert chosen(32, 1e6, images=MANY).alpha == 2.0
    assert chosen(32, 1e6, images=MANY - 1).decided == Decision("residual", "none")


def test_with_no_time_at_all_the_usual_network():
    assert chosen(32, 1.0).decided == Decision("residual", "none")


def test_photographs_are_halved_where_the_time_is_short():
    usual = choose(replace(REQUEST, weights="none"), Survey(((300, 300),), grey=False)).preprocessing.size
    half = usual[0] // 2
    seconds = seconds_for(usual[0], None, of=half, epochs=FEW)
    assert chosen(300, seconds - 0.1, of=half).decided == Decision("residual", "none", None, half)
    assert chosen(300, seconds + 0.1, of=half).decided == Decision("residual", "none")
    plenty = chosen(300, 1e6, of=half)
    assert (plenty.alpha, plenty.preprocessing.size) == (2.0, usual)


def test_a_size_of_the_users_own_is_kept():
    request = replace(REQUEST, image_size=80)
    choice = chosen(300, 1.0, request=request, of=80)
    assert (choice.preprocessing.size, choice.decided) == ((80, 80), Decision("residual", "none", None, 80))


def test_a_graphics_card_may_have_a_wider_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scale, "on_accelerator", lambda: True)
    assert chosen(32, 1e6).alpha == 4.0
    wide, usual = (
        make_blueprint("residual", (32, 32), classes=10, alpha=alpha).spec.count_work()[0] for alpha in (4, None)
    )
    seconds = BESIDE_S + 12 * EPOCH_S * (wide / usual) ** 0.35  # twelve epochs, as was measured there
    assert [chosen(32, seconds + more).alpha for more in (0.1, -0.1)] == [4.0, 2.0]


def test_a_network_of_one_width_stays_as_it_is():
    survey = Survey(((8, 8),), grey=True)
    choice = suited(REQUEST, survey, images=MANY, measured=measured(8, "small-cnn"), seconds=1e6)
    assert (choice.architecture, choice.alpha) == ("small-cnn", None)


@pytest.mark.parametrize("seconds", [1.0, 40.0, 1e6])
def test_the_decision_leads_to_the_same_network_again(seconds: float):
    choice = chosen(300, seconds, of=96)
    assert choice.decided is not None
    again = choose(choice.decided.applied(REQUEST), Survey(((300, 300),), grey=False))
    assert (again.entry, again.alpha, again.preprocessing) == (choice.entry, choice.alpha, choice.preprocessing)
