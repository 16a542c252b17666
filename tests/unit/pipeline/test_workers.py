"""Many small images are computed by processes, with the results that this process would give."""

from __future__ import annotations

import io
import os
import pickle
import signal
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import UnreadableImage
from hubel.events import ignore
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline import contents, workers
from hubel.pipeline.contents import Divided, in_order
from hubel.pipeline.decoded import pixels_of
from hubel.pipeline.examine import decode_and_measure, examine_decoded
from hubel.pipeline.workers import computed_by_workers

HERE = os.getpid()


def squared(given: Iterable[int]) -> list[tuple[int, int]]:
    return [(each * each, os.getpid()) for each in given]


def killed_once(marker: str, parent: int, given: Iterable[int]) -> list[int]:
    """The worker that is the first to come here is killed."""
    place = Path(marker)
    if os.getpid() != parent and not place.exists():
        place.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return [each + 1 for each in given]


def refusing(given: Iterable[int]) -> list[UnreadableImage | int]:
    return [UnreadableImage("truncated", f"{each} ends early") if each % 7 == 0 else each for each in given]


def failing(given: Iterable[int]) -> list[float]:
    return [1 / (each - 100) for each in given]


def sizes(given: Iterable[bytes]) -> list[tuple[int, int]]:
    return [(len(pixels_of(each, Preprocessing(8, 8))), os.getpid()) for each in given]


def identity(place: int) -> int:
    return place


def test_results_come_in_order_and_from_other_processes():
    heard: list[int] = []
    found = list(computed_by_workers(squared, identity, range(5, 1003), example_s=0.001, tell=heard.append))
    assert [value for value, _ in found] == [place * place for place in range(5, 1003)]
    assert HERE not in {process for _, process in found}
    assert heard[-1] == 1003
    assert heard == sorted(heard)


def test_what_a_killed_worker_had_is_computed_here(tmp_path: Path):
    compute = partial(killed_once, str(tmp_path / "killed"), HERE)
    assert list(computed_by_workers(compute, identity, range(400), example_s=0.001, tell=ignore)) == list(range(1, 401))
    assert (tmp_path / "killed").exists()


def test_without_another_python_everything_is_computed_here(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.executable", "/no/such/python")
    found = list(computed_by_workers(squared, identity, range(100), example_s=0.001, tell=ignore))
    assert [value for value, _ in found] == [place * place for place in range(100)]
    assert {process for _, process in found} == {HERE}


def test_a_refused_image_comes_back_with_code_and_reason():
    found = list(computed_by_workers(refusing, identity, range(40), example_s=0.001, tell=ignore))
    assert [place for place, each in enumerate(found) if isinstance(each, UnreadableImage)] == list(range(0, 40, 7))
    assert isinstance(found[7], UnreadableImage)
    assert (found[7].code, found[7].reason, str(found[7])) == ("truncated", "7 ends early", "7 ends early")
    again = pickle.loads(pickle.dumps(UnreadableImage("vanished", "gone")))
    assert (again.code, again.may_pass) == ("vanished", UnreadableImage("vanished", "gone").may_pass)


def test_a_large_image_is_left_to_the_process_that_decodes_one_at_a_time():
    small, large = io.BytesIO(), io.BytesIO()
    Image.new("L", (20, 20)).save(small, "PNG")
    Image.new("L", (4001, 4001)).save(large, "PNG")
    contents = [large.getvalue() if place == 20 else small.getvalue() for place in range(48)]
    found = list(computed_by_workers(sizes, contents.__getitem__, range(48), example_s=0.01, tell=ignore))
    assert [size for size, _ in found] == [8] * 48
    assert [place for place, (_, process) in enumerate(found) if process == HERE] == list(range(16, 32))


def test_an_error_of_the_work_is_raised_and_no_process_stays():
    with pytest.raises(ZeroDivisionError):
        list(computed_by_workers(failing, identity, range(200), example_s=0.001, tell=ignore))
    results = computed_by_workers(squared, identity, range(100_000), example_s=0.001, tell=ignore)
    process = next(results)[1]
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_corpus_is_the_same_whoever_decodes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(0)
    for place in range(150):
        folder = tmp_path / "corpus" / "ab"[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(folder / f"{place:03}.png")
    (tmp_path / "corpus/a/000.png").write_bytes((tmp_path / "corpus/a/000.png").read_bytes()[:300])
    seen: list[int] = []
    real = workers.computed_by_workers

    def counted(compute: object, read: object, places: range, **rest: object) -> object:
        seen.append(len(places))
        return real(compute, read, places, **rest)  # ty: ignore[invalid-argument-type]

    monkeypatch.setattr(contents, "computed_by_workers", counted)
    monkeypatch.setattr(contents, "processors", lambda: 2)
    found = []
    for many in (10**9, 1):
        monkeypatch.setattr(contents, "MANY", many)
        monkeypatch.setattr(contents, "_SMALL_S", 1e9)
        monkeypatch.setenv("HUBEL_CACHE", str(tmp_path / f"cache-{many}"))
        decoded = decode_and_measure(read_corpus(str(tmp_path / "corpus")), Preprocessing(16, 16))
        measured = examine_decoded(decoded)
        found.append((np.asarray(decoded.images[:]), measured.measurements, decoded.corpus.left_out))
    assert seen == [150 - 64]
    (pixels, numbers, refused), (others, other_numbers, other_refused) = found
    np.testing.assert_array_equal(pixels, others)
    assert numbers.tobytes() == other_numbers.tobytes()
    assert len(pixels) == 149
    assert [row.path for row in refused] == [row.path for row in other_refused] == ["a/000.png"]


def test_small_work_and_few_images_stay_here(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(contents, "computed_by_workers", lambda *_, **__: pytest.fail("asked for workers"))
    found = list(in_order(Divided(identity, squared), 300, "squaring", ignore))  # ty: ignore[invalid-argument-type]
    assert {process for _, process in found} == {HERE}


@pytest.mark.parametrize(("example_s", "together"), [(0.0, 128), (0.0002, 128), (0.001, 40), (0.002, 20), (0.1, 16)])
def test_as_many_are_sent_together_as_take_a_while_within_bounds(example_s: float, together: int):
    heard: list[int] = []
    found = computed_by_workers(squared, identity, range(300), example_s=example_s, tell=heard.append)
    assert [value for value, _ in found] == [place * place for place in range(300)]
    assert heard == [*range(together, 300, together), 300]


def test_processes_are_told_how_long_an_example_took_here(monkeypatch: pytest.MonkeyPatch):
    told: list[float] = []

    def by_workers(compute: object, read: object, places: range, *, example_s: float, tell: object) -> list[int]:
        told.append(example_s)
        return list(places)

    monkeypatch.setattr(contents, "computed_by_workers", by_workers)
    monkeypatch.setattr(contents, "MANY", 100)
    monkeypatch.setattr(contents, "processors", lambda: 2)
    work = Divided(identity, list)
    assert list(in_order(work, 400, "counting", ignore)) == list(range(400))
    assert len(told) == 1
    assert 0 < told[0] < 0.002
