"""What is found by name, loaded when it is first used, and checked against the bounds of the one table of wishes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hubel.catalogue import Later, LoadedMeanwhile, find
from hubel.cli.run_command import said_words
from hubel.errors import PackageMissing, UnknownName, WrongRequest
from hubel.wishes import COUNT, SEED, SIDE, TIME, TRAINING, Bounds, Time, Wish, check_bounds
from hubel.workflows.opening import Said


def test_a_name_that_is_not_there_is_answered_with_the_nearest_and_with_all():
    entries = {"small-cnn": 1, "dense": 2}
    assert find(entries, "dense", kind="network") == 2
    with pytest.raises(UnknownName) as unknown:
        find(entries, "Smal-CNN", kind="network")
    assert str(unknown.value) == (
        "There is no network named 'Smal-CNN'. Did you mean 'small-cnn'? Known: dense, small-cnn."
    )
    with pytest.raises(UnknownName, match="There is no network named 'zebra'. Known: dense, small-cnn."):
        find(entries, "zebra", kind="network")


def test_a_module_is_loaded_when_what_it_has_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "made_for_later.py").write_text("def add(one, *, other):\n    return one + other\n")
    monkeypatch.syspath_prepend(tmp_path)
    later = Later("made_for_later", "add")
    assert "made_for_later" not in sys.modules
    assert later(1, other=2) == 3
    assert later.load() is sys.modules["made_for_later"].add
    monkeypatch.delitem(sys.modules, "made_for_later")
    assert later == Later("made_for_later", "add")


def test_a_package_that_a_module_needs_and_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "made_without_package.py").write_text("import no_such_package.deep\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PackageMissing, match=r"^This needs no_such_package, which is not installed\..*'\.\[train\]'$"):
        Later("made_without_package", "add").load()
    with pytest.raises(ModuleNotFoundError, match=r"hubel\.nowhere"):  # a mistake of ours
        Later("hubel.nowhere", "add").load()


@pytest.mark.parametrize(
    ("bounds", "inside", "outside"),
    [
        (COUNT, (1, 100_000), (0, 100_001)), (SIDE, (1, 1024), (0, 1025)), (SEED, (0, 2**31 - 1), (-1, 2**31)),
        (TIME, (10, 2_592_000), (9, 2_592_001)),
    ],
)  # fmt: skip
def test_bounds_hold_what_they_say(bounds: Bounds, inside: tuple[int, int], outside: tuple[int, int]):
    wishes = {"wish": Wish(int, "A number.", bounds=bounds)}
    for value in (*inside, None):
        check_bounds(wishes, SimpleNamespace(wish=value))
    for value in outside:
        with pytest.raises(WrongRequest) as refused:
            check_bounds(wishes, SimpleNamespace(wish=value))
        assert str(refused.value) == f"wish must be {bounds.words}. Received: {value}."


@pytest.mark.parametrize(
    ("kind", "value", "received"),
    [
        (int, 3.0, "3.0"), (int, "3", "'3'"), (int, True, "True"), (float, "3", "'3'"), (float, False, "False"),
        (float, float("nan"), "nan"), (Time, 4.5, "4.5 s"), (Time, float("inf"), "inf s"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_shown_as_it_came(kind: type, value: object, received: str):
    wishes = {"wish": Wish(kind, "A number.", bounds=Bounds(0, 4, "from 0 to 4"))}
    with pytest.raises(WrongRequest) as refused:
        check_bounds(wishes, SimpleNamespace(wish=value))
    assert str(refused.value) == f"wish must be from 0 to 4. Received: {received}."


def test_a_field_of_another_name_is_looked_at_and_the_option_is_named():
    wishes = {"time_limit": Wish(Time, "Seconds.", field="time_limit_s", bounds=TIME)}
    with pytest.raises(WrongRequest, match="time_limit must be from 10 seconds to 30 days. Received: 1 s."):
        check_bounds(wishes, SimpleNamespace(time_limit_s=1.0))


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("time_limit", "5m", 300.0), ("time_limit", 7.5, 7.5), ("time_limit", None, None), ("out", "runs/a", Path("runs/a")),
        ("out", Path("b"), Path("b")), ("corrections", "x.csv", Path("x.csv")), ("epochs", 3, 3), ("resize", "pad", "pad"),
    ],
)  # fmt: skip
def test_what_was_typed_becomes_a_value(name: str, given: Any, value: Any):
    assert TRAINING[name].read(given) == value


def test_what_is_said_of_a_model_file_is_typed_again():
    assert said_words(Said()) == []
    assert said_words(Said("names.txt", "0..1", (224, 96))) == [
        "--class-names", "names.txt", "--pixels", "0..1", "--input", "224x96",
    ]  # fmt: skip


def test_a_module_is_loaded_while_other_work_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "made_meanwhile.py").write_text(
        "import threading, time\ntime.sleep(0.2)\nLOADED_BY = threading.current_thread().name\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    turn_s = sys.getswitchinterval()
    with LoadedMeanwhile("made_meanwhile") as meanwhile:
        assert "made_meanwhile" not in sys.modules
        meanwhile.start()
        meanwhile.start()
    assert sys.modules.pop("made_meanwhile").LOADED_BY == "loads made_meanwhile"
    assert sys.getswitchinterval() == turn_s
    with LoadedMeanwhile("made_meanwhile"):
        pass
    assert "made_meanwhile" not in sys.modules  # nobody began it


def test_what_cannot_be_loaded_meanwhile_is_said_to_whoever_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "made_in_vain.py").write_text("raise ValueError('out of order')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyError, match="the other work"), LoadedMeanwhile("made_in_vain") as meanwhile:
        meanwhile.start()
        raise KeyError("the other work")
    with pytest.raises(ValueError, match="out of order"):
        Later("made_in_vain", "add").load()
