"""A01 to A05 on every kind of file that the door reads: refused with a reason, nothing run, nothing else read."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from tests.made import model_files as made

from hubel.architectures.foreign import load_foreign_model, read_foreign
from hubel.errors import HubelError, UnusableInput

READ_KINDS = ("keras-zip", "keras-folder", "h5-model", "keras-json")
WATCHED: list[str] | None = None


def is_pythons_own(event: str, place: Path) -> bool:
    """Of the test's own folder, or of a module that Python or a library reads for the first time."""
    modules = (f'file "{sys.prefix}', f'file "{sys.base_prefix}', "<frozen")
    return event.startswith(("import ", f"open {place}", f"open {sys.prefix}", f"open {sys.base_prefix}")) or (
        event.startswith("exec <code object <module>") and any(module in event for module in modules)
    )


def _watch(event: str, arguments: tuple) -> None:
    if WATCHED is not None and event in ("open", "exec", "subprocess.Popen", "os.system", "socket.connect", "import"):
        WATCHED.append(f"{event} {arguments[0]}")


@pytest.fixture(scope="module", autouse=True)
def _watched() -> None:
    sys.addaudithook(_watch)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The parts of a sound model in each form."""
    place = tmp_path_factory.mktemp("sound")
    model = made.model()
    model.save(place / "folder", zipped=False)
    model.save(place / "whole.h5")
    parts = ("config.json", "metadata.json", "model.weights.h5")
    return {name: (place / "folder" / name).read_bytes() for name in parts} | {
        "whole.h5": (place / "whole.h5").read_bytes()
    }


def written(kind: str, sound: dict[str, bytes], path: Path, *, config: Any = None) -> Path:
    """A file of a kind, with another config where one is given."""
    text = json.dumps(config).encode() if config is not None else sound["config.json"]
    members = {
        "config.json": text,
        "metadata.json": sound["metadata.json"],
        "model.weights.h5": sound["model.weights.h5"],
    }
    if kind == "keras-zip":
        return made.zipped(path / "net.keras", members)
    if kind == "keras-folder":
        return made.folder(path / "net", members)
    if kind == "keras-json":
        (path / "net.json").write_bytes(text)
        return path / "net.json"
    (path / "net.h5").write_bytes(sound["whole.h5"])
    if config is not None:
        with h5py.File(path / "net.h5", "a") as file:
            file.attrs["model_config"] = text
    return path / "net.h5"


def config_of(kind: str, sound: dict[str, bytes], path: Path) -> dict:
    if kind != "h5-model":
        return json.loads(sound["config.json"])
    (path / "look.h5").write_bytes(sound["whole.h5"])
    with h5py.File(path / "look.h5") as file:
        return json.loads(file.attrs["model_config"])


def read_model(path: Path) -> Any:
    return read_foreign(path).model


def doors(path: Path) -> tuple[Callable[[Path], Any], ...]:
    return (read_model,) if path.suffix == ".json" else (read_model, load_foreign_model)


EVIL = {
    "a Lambda": {"class_name": "Lambda", "config": {"name": "evil", "function": ["4wEAAAA=", None, None]}},
    "a Lambda of Keras 3": {
        "module": "keras.layers", "class_name": "Lambda", "registered_name": None,
        "config": {"name": "evil", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}},
    },
    "a class of the system": {"module": "subprocess", "class_name": "Popen", "config": {"args": "id", "name": "evil"}},
    "a class without module": {"class_name": "Popen", "config": {"args": "id", "name": "evil"}},
    "a helper without module": {"class_name": "deserialize", "config": {"name": "evil"}},
    "the built-in names": {"class_name": "__builtins__", "config": {"name": "evil"}},
    "another SavedModel": {
        "module": "keras.layers", "class_name": "TFSMLayer", "config": {"name": "evil", "filepath": "/etc"},
        "registered_name": None,
    },
    "a file of words": {"class_name": "StringLookup", "config": {"name": "evil", "vocabulary": "/etc/passwd"}},
    "a registered name": {"class_name": "Dense", "registered_name": "mine>Dense", "module": None, "config": {"name": "evil"}},
    "a download": {
        "module": "keras.utils", "class_name": "get_file", "config": {"name": "evil", "origin": "http://127.0.0.1:9/x"},
        "registered_name": None,
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", READ_KINDS)
def test_no_kind_of_file_runs_code_or_leads_elsewhere(kind: str, sound: dict[str, bytes], tmp_path: Path):
    global WATCHED  # noqa: PLW0603  (an audit hook cannot be taken off again)
    for number, (what, evil) in enumerate(EVIL.items()):
        place = tmp_path / str(number)
        place.mkdir()
        config = config_of(kind, sound, place)
        part = {"name": "evil", "inbound_nodes": [], **evil}
        if part.get("registered_name", 0) == "mine>Dense" and kind != "h5-model":
            part["module"] = "keras.layers"
        config["config"]["layers"].insert(1, part)
        path = written(kind, sound, place, config=config)
        for door in doors(path):
            WATCHED = []
            with pytest.raises(UnusableInput, match=r"named 'evil'\)") as refused:
                door(path)
            seen, WATCHED = WATCHED, None
            assert any(event.startswith(f"open {path}") for event in seen)
            assert [event for event in seen if not is_pythons_own(event, place)] == [], what
            assert "Keras 3 does not open" not in str(refused.value)
    (tmp_path / "sound").mkdir()
    assert doors(path)[-1](written(kind, sound, tmp_path / "sound")).count_params() == made.PARAMETERS


@pytest.mark.parametrize("kind", READ_KINDS)
def test_sizes_and_depths_are_bounded_in_every_kind(kind: str, sound: dict[str, bytes], tmp_path: Path):
    huge = config_of(kind, sound, tmp_path)
    head = next(layer for layer in huge["config"]["layers"] if layer["class_name"] == "Dense")
    head["config"]["units"] = 2_000_000_000
    path = written(kind, sound, tmp_path, config=huge)
    assert read_foreign(path).model.count_params() > 10**11
    if kind != "keras-json":
        with pytest.raises(UnusableInput, match="describes .* parameters; Hubel loads up to 1,000,000,000"):
            load_foreign_model(path)
        head["config"]["units"] = 1_000_000
        (tmp_path / "more").mkdir()
        with pytest.raises(UnusableInput, match="describes 14.,.* parameters but holds .* bytes of them"):
            load_foreign_model(written(kind, sound, tmp_path / "more", config=huge))
    deep: Any = 1
    for _ in range(90):
        deep = {"a": deep}
    (tmp_path / "deep").mkdir()
    path = written(
        kind, sound, tmp_path / "deep", config={"module": "keras", "class_name": "Sequential", "config": deep}
    )
    with pytest.raises(UnusableInput, match="nested more than 60 deep"):
        read_foreign(path)


@pytest.mark.parametrize("kind", READ_KINDS)
def test_a_truncated_file_is_refused_without_a_traceback(kind: str, sound: dict[str, bytes], tmp_path: Path):
    path = written(kind, sound, tmp_path)
    part = path / "config.json" if path.is_dir() else path
    data = part.read_bytes()
    for end in (0, 1, 8, 100, len(data) // 2, len(data) - 1):
        part.write_bytes(data[:end])
        for door in doors(path):
            with pytest.raises(UnusableInput):
                door(path)


@pytest.mark.parametrize("kind", ["h5-model", "keras-zip", "keras-folder"])
def test_a_flipped_bit_is_refused_or_read_and_nothing_else(kind: str, sound: dict[str, bytes], tmp_path: Path):
    path = written(kind, sound, tmp_path)
    part = path / "model.weights.h5" if path.is_dir() else path
    data = part.read_bytes()
    ends = {"refused": 0, "read": 0}
    for place in range(5, len(data), max(997, len(data) // 25)):
        changed = bytearray(data)
        changed[place] ^= 0x10
        part.write_bytes(changed)
        try:
            load_foreign_model(path)
            ends["read"] += 1
        except HubelError as error:
            assert str(error)
            ends["refused"] += 1
    assert sum(ends.values()) > 10
    if kind == "keras-zip":  # it has a sum of its bytes; HDF5 has none
        assert ends["refused"] >= ends["read"]


def outside(file: h5py.File) -> None:
    file["outside"] = h5py.ExternalLink("/etc/passwd", "/x")


def soft(file: h5py.File) -> None:
    file["again"] = h5py.SoftLink("/nowhere")


def external(file: h5py.File) -> None:
    file.create_dataset("raw", (8,), "u1", external=[("/etc/passwd", 0, 8)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (4,))
    file.create_virtual_dataset("made", layout)


def bomb(file: h5py.File) -> None:
    file.create_dataset("bomb", (3 * 10**9,), "f4", chunks=(10**6,), compression="gzip")


def texts(file: h5py.File) -> None:
    file.create_dataset("texts", data=["a", "b"], dtype=h5py.string_dtype())


def names(file: h5py.File) -> None:
    file.attrs.create("names", ["x" * 60_000] + [""] * 4000, dtype=h5py.string_dtype())


def deep(file: h5py.File) -> None:
    file.create_group("/".join("d" * 70))


def kind_of_numbers(file: h5py.File) -> None:
    file["kind"] = np.dtype("f8")


HOSTILE_HDF5 = {
    outside: "'outside' is a link to another place",
    soft: "'again' is a link to another place",
    external: "'raw' keeps its numbers in another file",
    virtual: "'made' keeps its numbers in another file",
    bomb: "'bomb' promises 12,000,000,000 bytes and holds 0, as only decompression bombs do",
    texts: "'texts' is not an array of numbers",
    deep: "nests or holds more objects than any Keras model",
    kind_of_numbers: "'kind' is not an array",
}


@pytest.mark.parametrize("change", HOSTILE_HDF5, ids=lambda change: change.__name__)
@pytest.mark.parametrize("kind", ["h5-model", "keras-zip", "keras-folder"])
def test_hostile_arrays_are_refused_by_name_in_every_kind(
    kind: str, change: Callable[[h5py.File], None], sound: dict[str, bytes], tmp_path: Path
):
    name = "whole.h5" if kind == "h5-model" else "model.weights.h5"
    (tmp_path / "changed.h5").write_bytes(sound[name])
    with h5py.File(tmp_path / "changed.h5", "a") as file:
        change(file)
    path = written(kind, {**sound, name: (tmp_path / "changed.h5").read_bytes()}, tmp_path)
    with pytest.raises(UnusableInput) as refused:
        load_foreign_model(path)
    assert HOSTILE_HDF5[change] in str(refused.value)
    assert str(refused.value).startswith(str(path))


def test_names_that_would_take_more_memory_than_the_file_are_refused(
    sound: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = written("h5-model", sound, tmp_path)
    with h5py.File(path, "a") as file:
        names(file)
    load_foreign_model(path)
    monkeypatch.setattr("hubel.architectures.hdf5_files.MAX_ARRAY_BYTES", 4001 * 60_000 - 1)
    with pytest.raises(UnusableInput, match="the attribute 'names' of '' promises more than Hubel reads"):
        load_foreign_model(path)


def test_a_link_in_an_unzipped_folder_is_not_followed(sound: dict[str, bytes], tmp_path: Path):
    path = written("keras-folder", sound, tmp_path)
    for name in ("config.json", "model.weights.h5"):
        (path / name).rename(tmp_path / name)
        (path / name).symlink_to(tmp_path / name)
        with pytest.raises(
            UnusableInput, match=f"{name} is a link. Copy the folder with what its links point to: cp -rL"
        ):
            load_foreign_model(path)
        (path / name).unlink()
        (tmp_path / name).rename(path / name)
    assert load_foreign_model(path).count_params() == made.PARAMETERS


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(sound: dict[str, bytes], tmp_path: Path):
    path = written("keras-zip", sound, tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", b"{}")
    with pytest.raises(UnusableInput, match="holds a member twice, and programs differ in which they read"):
        read_foreign(path)


@pytest.mark.parametrize(
    "text", [b"\xff\xfe\xfa", b'"text"', b"[]", b"1e400", b'{"class_name": "Dense", "config": {"units": 1e400}}']
)
def test_a_config_of_an_h5_file_that_describes_nothing_is_refused(text: bytes, sound: dict[str, bytes], tmp_path: Path):
    path = written("h5-model", sound, tmp_path)
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = np.bytes_(text)
    with pytest.raises(UnusableInput, match="net.h5"):
        read_foreign(path)
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = [1.0, 2.0]
    with pytest.raises(UnusableInput, match="its model_config is not text"):
        read_foreign(path)


@pytest.mark.parametrize("size", [0, 2**40])
def test_a_collection_of_texts_that_leads_nowhere_is_refused(size: int, sound: dict[str, bytes], tmp_path: Path):
    """The HDF5 library would read it for ever."""
    data = bytearray(sound["whole.h5"])
    start = data.index(b"GCOL\x01") + 16
    data[start : start + 16] = bytes(8) + size.to_bytes(8, "little")
    path = written("h5-model", {**sound, "whole.h5": bytes(data)}, tmp_path)
    for door in doors(path):
        with pytest.raises(
            UnusableInput, match="net.h5 is a damaged or incomplete HDF5 file. Copy or download it again"
        ):
            door(path)
