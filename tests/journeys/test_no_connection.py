"""No command connects anywhere unless it was asked to download."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import COLOURS, speckled, write_image

from hubel.cli.main import COMMANDS, main

pytestmark = pytest.mark.backend

NOTHING_UNASKED = "are not on this machine, and Hubel downloads nothing without asking"
EVERY = (
    (0, "train photos -o run --epochs 1 --image-size 32"),  # photographs: the plan would be a pretrained backbone
    (3, "train photos -o other --epochs 1 --architecture mobilenet"),
    (0, "audit photos --suspect-labels"),
    (0, "evaluate run"),
    (0, "robustness run"),
    (0, "reproduce run"),
    (0, "compare photos --architectures dense,small-cnn --epochs 1 --image-size 16"),
    (0, "predict run photos/red/00.png"),
    (0, "verify run"),
    (0, "export run --format onnx -o exported"),
    (0, "open run --no-browser"),
    (3, "studio photos"),
    (0, "trace run photos/red/00.png"),
    (0, "explain run photos/red/00.png -o explained.png"),
    (0, "maps run photos/red/00.png --layer stem -o maps.png"),
    (0, "filters run --layer stem -o filters.png"),
    (0, "anatomy mobilenet"),
    (0, "convolve"),
    (0, "pool"),
)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hosts that somebody wanted to reach; nobody does."""
    hosts: list[str] = []

    def resolve(host: object, *_: object, **__: object) -> None:
        hosts.append(str(host))
        raise OSError("no network in this test")

    def connect(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            hosts.append(str(address))
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)
    return hosts


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where no weights are, with small photographs of three classes."""
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        for number in range(20):
            write_image(tmp_path / f"photos/{name}/{number:02}.png", speckled(colour, rng=rng, height=64, width=64))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path


def typed(words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(words.split())
    return int(left.value.code or 0)


def test_no_command_connects_anywhere(folder: Path, tried: list[str], capsys: pytest.CaptureFixture[str]):
    assert {words.split()[0] for _, words in EVERY} == set(COMMANDS)
    said = {}
    for code, words in EVERY:
        got = typed(words)
        said[words] = capsys.readouterr().err
        assert got == code, (words, said[words])
    assert tried == []
    for _, words in EVERY[:3]:
        assert NOTHING_UNASKED in said[words], words
        assert "--weights imagenet" in said[words]
    assert "Training residual from scratch instead" in said[EVERY[0][1]]


@pytest.mark.parametrize(
    "words", ["train photos -o run --epochs 1 --weights imagenet", "audit photos --suspect-labels --weights imagenet"]
)
def test_who_was_asked_to_download_tries(
    words: str, folder: Path, tried: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(folder / "keras"))
    assert typed(words) == 3
    assert set(tried) == {"storage.googleapis.com"}
    assert "cannot be downloaded from storage.googleapis.com" in capsys.readouterr().err
