"""A real browser for tests of pages."""

from __future__ import annotations

import base64
import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

AXE = Path(__file__).parents[1] / ".tools/npm/node_modules/axe-core/axe.min.js"
"""From ``npm install --prefix .tools/npm axe-core``, in the project's folder."""
NEEDS_AXE = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
NEEDS_BROWSER = [
    pytest.mark.skipif(shutil.which("chromium") is None, reason="the browser 'chromium' is not installed"),
    pytest.mark.skipif(os.name != "posix", reason="the browser is spoken to by two pipes that only POSIX hands on"),
    pytest.mark.timeout(180),
]

START = """
import fcntl, os, sys
high = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
os.dup2(high[0], 3)
os.dup2(high[1], 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads commands from file 3 and writes answers to file 4."""


WIDTHS = (360, 768, 1280, 1920)
CUT = """(() => {
    const scrolls = (each) => each.matches(".scroll, .matrix *, .track") ;
    const cut = Array.from(document.querySelectorAll("body *:not(svg *)"))
        .filter((each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1 && !scrolls(each));
    const outside = Array.from(document.querySelectorAll("svg text")).filter((each) => {
        const [all, mine] = [each.ownerSVGElement.getBoundingClientRect(), each.getBoundingClientRect()];
        return mine.width && (mine.left < all.left - 1 || mine.right > all.right + 1 || mine.bottom > all.bottom + 1);
    });
    return [...cut, ...outside].map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 40)}`);
})()"""
"""What is wider than the place it has, but for what scrolls, and the dot at the end of a scale; and
words of a drawing that lie outside it."""
SCROLLS = """Array.from(document.querySelectorAll(".scroll")).filter((each) => each.scrollWidth > each.clientWidth + 1)
    .map((each) => [each.className, each.tabIndex])"""
FAINT = """(() => {
    const part = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const light = ([red, green, blue]) => 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
    const numbers = (text) => {
        const [first, second, third, alpha = 1] = text.match(/[\\d.e-]+/g).map(Number);
        const whole = text.startsWith("color") ? 1 : 255;
        return { colour: [first / whole, second / whole, third / whole], alpha };
    };
    const below = (each) => {
        for (let at = each; at; at = at.parentElement) {
            const { colour, alpha } = numbers(getComputedStyle(at).backgroundColor);
            if (alpha === 1) return colour;
        }
        return [1, 1, 1];
    };
    return Array.from(document.querySelectorAll("body *:not(svg *, script)"))
        .filter((each) => each.checkVisibility() && Array.from(each.childNodes).some((one) => one.nodeType === 3 && one.data.trim()))
        .map((each) => {
            const [ink, paper] = [numbers(getComputedStyle(each).color).colour, below(each)].map(light);
            return [(Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05), each.className, each.textContent.slice(0, 40)];
        })
        .filter(([ratio]) => ratio < 4.5);
})()"""
"""Text whose contrast with what lies below it, as the browser paints it, is less than WCAG asks for."""


class Browser:
    """A Chromium without window, driven by its own DevTools protocol."""

    def __init__(self, folder: Path) -> None:
        self.downloads = folder / "downloads"
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, str(commands), str(answers), "chromium", "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
             "--disable-ipc-flooding-protection",  # else it ignores the 200th address in ten seconds
             "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}", "about:blank"],
            pass_fds=(commands, answers), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(commands)
        os.close(answers)
        self._numbers = itertools.count(1)
        self._received = b""
        self._session: str | None = None
        self._sessions: set[str] = set()
        self._target: str | None = None
        self.events: list[dict[str, Any]] = []
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its result; events on the way are kept."""
        message = {"id": next(self._numbers), "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == message["id"]:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            part = os.read(self._answers, 1 << 20)
            assert part, "the browser went away"
            self._received += part
        message, self._received = self._received.split(b"\0", 1)
        return json.loads(message)

    def open(self, page: Path, *, width: int = 1400, dark: bool = False, offline: bool = False) -> None:
        """Open a page in a new tab, and wait until it is loaded; the tab before it is closed."""
        self._session = None
        if self._target is not None:
            self.call("Target.closeTarget", targetId=self._target)
        self.events, self._sessions = [], set()
        self._target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._attach(self._target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        if offline:
            nothing = {"latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
            self.call("Network.emulateNetworkConditions", offline=True, **nothing)
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        loader = self.call("Page.navigate", url=page.as_uri())["loaderId"]
        while not any(
            each["loaderId"] == loader and each["name"] == "load" for each in self.heard("Page.lifecycleEvent")
        ):  # the empty page before it is loaded, too, and may be late
            self.events.append(self._receive())

    def _attach(self, target: str) -> None:
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._sessions.add(self._session)

    def enter_frame(self) -> None:
        """Go on in the frame with an origin of its own that the page holds."""
        targets = self.call("Target.getTargets")["targetInfos"]
        inner = next(each["targetId"] for each in targets if each["type"] == "iframe")
        self._session = None
        self._attach(inner)
        for domain in ("Runtime", "Log"):
            self.call(f"{domain}.enable")

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page, as if a person had acted."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script: str, *, seconds: float = 10.0) -> None:
        """Wait until a JavaScript expression is true: what the page does comes after what made it."""
        end = time.monotonic() + seconds
        while not self._is_true(script):
            assert time.monotonic() < end, f"still not true: {script}"
            time.sleep(0.02)

    def _is_true(self, script: str) -> bool:
        try:
            return bool(self.run(script))
        except AssertionError as error:
            if "navigated or closed" not in str(error):
                raise
            return False  # the page was just giving way to the next one

    def heard(self, *methods: str) -> list[dict[str, Any]]:
        """What the page has reported under these names since it was opened."""
        return [
            event["params"]
            for event in self.events
            if event.get("method") in methods and event.get("sessionId") in self._sessions  # a page before it is none
        ]

    def downloaded(self, name: str) -> bytes:
        """The content of a file that the page has saved, as soon as it is complete."""
        while not (self.downloads / name).exists():
            time.sleep(0.05)
        content = (self.downloads / name).read_bytes()
        (self.downloads / name).unlink()
        return content

    def close(self) -> None:
        """End it."""
        self._session = None
        self.call("Browser.close")
        self._process.wait(30)
        os.close(self._commands)
        os.close(self._answers)

    def troubles(self) -> list[dict[str, Any]]:
        """What went wrong on the page since it was opened, and what it did that no page of ours does."""
        return self.heard(
            "Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"
        )

    def mean_colour(self, selector: str) -> tuple[float, float, float]:
        """Mean (red, green, blue) of what is painted where the first element of a selector lies."""
        box = self.run(
            f"""(() => {{
                const found = document.querySelector({json.dumps(selector)});
                found.scrollIntoView();
                const box = found.getBoundingClientRect();
                return {{ x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height, scale: 1 }};
            }})()"""
        )
        data = self.call("Page.captureScreenshot", format="png", clip=box, captureBeyondViewport=True)["data"]
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), np.float64)
        red, green, blue = pixels.mean(axis=(0, 1))
        return float(red), float(green), float(blue)

    def asked_for(self) -> set[str]:
        """Every address that the page has loaded since it was opened, but for those that hold their own content."""
        addresses = {event["request"]["url"] for event in self.heard("Network.requestWillBeSent")}
        return {address for address in addresses if not address.startswith("data:")}
