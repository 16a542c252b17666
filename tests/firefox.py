"""Firefox for tests of pages, driven by its own Marionette protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

NEEDS_FIREFOX = [
    pytest.mark.skipif(shutil.which("firefox-esr") is None, reason="the browser 'firefox-esr' is not installed"),
    pytest.mark.skipif(os.name != "posix", reason="its window server is left out in a way that only Linux knows"),
    pytest.mark.timeout(240),
]
SETTINGS = {
    "marionette.port": 0,  # a free one, which it writes down
    "network.proxy.type": 1,  # whatever leaves the machine goes to a port where nobody listens
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}


class Firefox:
    """A Firefox without a window and without a network.

    Source: the Marionette protocol, firefox-source-docs.mozilla.org/testing/marionette/Protocol.html: each message is
    ``length:[type, id, command or error, parameters or result]``.
    """

    def __init__(self, folder: Path) -> None:
        self._profile = folder / "firefox"
        self._profile.mkdir(parents=True)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in SETTINGS.items()]
        Path(self._profile, "user.js").write_text("\n".join(lines), encoding="utf-8")
        self._process = subprocess.Popen(
            ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", str(self._profile)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(folder)},
        )  # fmt: skip
        self._socket = self._connect()
        self._received, self._number = b"", 0
        self._receive()  # who it is
        self._call("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": False}}})

    def _connect(self) -> socket.socket:
        end, port = time.monotonic() + 120, self._profile / "MarionetteActivePort"
        while time.monotonic() < end:
            if port.exists() and port.read_text():
                return socket.create_connection(("127.0.0.1", int(port.read_text())), timeout=120)
            assert self._process.poll() is None, "Firefox went away"
            time.sleep(0.1)
        raise AssertionError("Firefox did not start")

    def _receive(self) -> Any:
        while b":" not in self._received or len(self._received) < self._end():
            part = self._socket.recv(1 << 16)
            assert part, "Firefox went away"
            self._received += part
        end = self._end()
        message, self._received = self._received[:end].split(b":", 1)[1], self._received[end:]
        return json.loads(message)

    def _end(self) -> int:
        length, colon, _ = self._received.partition(b":")
        return len(length) + 1 + int(length) if colon else 1 << 62

    def _call(self, command: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self._receive()
        assert error is None, error
        return result

    def open(self, page: Path, *, width: int = 1400) -> None:
        """Open a page and wait until it is loaded."""
        self._call("WebDriver:SetWindowRect", {"width": width, "height": 900})
        self._call("WebDriver:Navigate", {"url": page.as_uri()})

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page; of a promise, what it becomes."""
        body = (
            "const done = arguments[0]; Promise.resolve(eval(%s)).then(done, (error) => done({failed: String(error)}))"
        )
        given = {"script": body % json.dumps(script), "args": [], "sandbox": None}
        return self._call("WebDriver:ExecuteAsyncScript", given)["value"]

    def until(self, script: str, *, seconds: float = 60.0) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"still not true: {script}"
            time.sleep(0.1)

    def screenshot(self) -> bytes:
        """What it shows, as a PNG."""
        return base64.b64decode(self._call("WebDriver:TakeScreenshot", {"full": False})["value"])

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.kill()
        self._process.wait()
