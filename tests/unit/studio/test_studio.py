"""The rules of `hubel studio`: who is answered, with which headers, and what is never reached (W01 to W13)."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.commands import typed

from hubel.errors import UnusableInput, WrongRequest
from hubel.page.mark import mark_of
from hubel.page.render import page_policy
from hubel.reports.html import asset, policy
from hubel.studio.access import Access, masked
from hubel.studio.run_list import find_run_list
from hubel.studio.server import Studio, first_page, listening

EVIL = '<img src=x onerror="window.__xss=1">'
OWN_SCRIPT = policy(asset("page.js", "report.js"))


def make_run(folder: Path, *, report: str = "", architecture: str = "small-cnn") -> Path:
    """The files of a run by which the studio knows it, and its page; nothing was trained."""
    (folder / "classifier").mkdir(parents=True)
    (folder / "classifier" / "manifest.json").write_text(f"manifest of {folder.name}")
    (folder / "classifier" / "weights.safetensors").write_text("weights")
    test = {"examples": 12, "accuracy": 0.75, "accuracy_interval": [0.5, 0.9]}
    (folder / "metrics.json").write_text(json.dumps({"test": test, "model": {"architecture": architecture}}))
    (folder / "run.json").write_text(json.dumps({"finished_at": "2026-11-27T10:00:00+00:00"}))
    mark = mark_of(folder / "classifier")
    page = f'<meta name="generator" content="hubel 1"><meta name="classifier" content="{mark}">page of {folder.name}'
    (folder / "page.html").write_text(page)
    if report:
        (folder / "report.html").write_text(report)
    return folder


def report_with(policy_text: str) -> str:
    return f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{policy_text}">report'


class Caller:
    """Somebody who asks a studio."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.port = studio, studio.access.port
        self.own = {"Host": f"127.0.0.1:{self.port}"}
        self.cookie = {"Cookie": studio.access.cookie.split(";")[0]}

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Any:
        """The answer to a request with these headers and no others; its ``text`` is the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer: Any = connection.getresponse()
        answer.text = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer

    def get(self, path: str, **headers: str) -> Any:
        """As the browser that was let in."""
        return self.ask(path, **{**self.own, **self.cookie, **headers})


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four runs, and what is none."""
    root = tmp_path_factory.mktemp("studio") / "runs"
    make_run(root / "a", report=report_with(OWN_SCRIPT.replace("'", "&#39;")))
    make_run(root / EVIL.replace("/", ""), report=report_with("script-src 'unsafe-inline'; connect-src *"))
    older = OWN_SCRIPT.replace(OWN_SCRIPT.split("sha256-")[1][:43], "A" * 43)
    make_run(root / "old", report=report_with(older), architecture=EVIL)
    make_run(root / "bare")
    make_run(root / ".hidden")
    make_run(root.parent / "outside", report="secret")
    (root / "link").symlink_to(root.parent / "outside")
    (root / "bare" / "report.html").symlink_to(root.parent / "outside" / "report.html")
    (root / "notes").mkdir()
    (root / "notes" / "secret.txt").write_text("secret")
    return root


@pytest.fixture(scope="module")
def heard() -> list[str]:
    """What the studio said."""
    return []


@pytest.fixture(scope="module")
def caller(runs: Path, heard: list[str]) -> Iterator[Caller]:
    """A studio of these runs that answers."""
    with listening(find_run_list(runs), on_event=lambda event: heard.append(str(event.text))) as studio:  # type: ignore[union-attr]
        thread = threading.Thread(target=studio.serve)
        thread.start()
        yield Caller(studio)
        studio.end()
        thread.join(10)


ROUTES = ("/", "/?token={token}", "/runs/a/page.html", "/runs/a/report.html", "/nothing", "/runs/../x")


def test_the_token_becomes_a_cookie_that_no_script_reads_and_the_address_loses_it(caller: Caller):
    first = caller.ask(f"/?token={caller.studio.access.token}", **caller.own)
    assert first.status == 200
    given = first.getheader("Set-Cookie")
    assert given.startswith(f"hubel-{caller.port}=")
    assert given.split("; ")[1:] == ["Path=/", "HttpOnly", "SameSite=Strict"]
    assert caller.studio.access.token not in first.text + given
    assert 'content="0; url=/"' in first.text
    assert caller.ask("/", **caller.own, Cookie=given.split(";")[0]).status == 200


@pytest.mark.parametrize("route", ROUTES)
def test_without_the_cookie_nothing_is_answered(caller: Caller, route: str):
    path = route.replace("{token}", "wrong")
    for headers in ({}, {"Cookie": f"hubel-{caller.port}=wrong"}, {"Cookie": "a=b; ;;=\u00ff"}):
        answer = caller.ask(path, **caller.own, **headers)
        assert answer.status == 403
        assert "small-cnn" not in answer.text
        assert "report" not in answer.text


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}", ""]
)
def test_another_host_is_refused_on_every_route_also_with_cookie_and_token(caller: Caller, route: str, host: str):
    path = route.replace("{token}", caller.studio.access.token)
    answer = caller.get(path, Host=host.replace("{port}", str(caller.port)))
    assert answer.status == 421
    assert answer.getheader("Set-Cookie") is None


def test_no_host_or_two_are_no_request(caller: Caller):
    assert caller.ask("/", **caller.cookie).status == 400
    assert caller.ask("/", Host=caller.own["Host"], host="evil.example", **caller.cookie).status == 400
    assert caller.get("/", Host=f"localhost:{caller.port}").status == 200


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:1"])
def test_pages_of_others_are_refused_and_no_header_lets_them_in(caller: Caller, origin: str):
    for method in ("GET", "OPTIONS", "POST"):
        answer = caller.ask("/", method, **caller.own, **caller.cookie, Origin=origin)
        assert answer.status == 403
        assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control")]
    own = caller.get("/", Origin=f"http://{caller.own['Host']}")
    assert own.status == 200
    assert own.getheader("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"])
def test_nothing_can_be_changed(caller: Caller, method: str):
    answer = caller.ask("/", method, **caller.own, **caller.cookie)
    assert (answer.status, answer.getheader("Allow")) == (405, "GET, HEAD")


def test_every_answer_forbids_frames_guessing_referrers_and_being_kept(caller: Caller):
    for path in ("/", "/runs/a/page.html", "/runs/a/report.html", "/nothing", "/?token=wrong"):
        answer = caller.get(path)
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        assert answer.getheader("Referrer-Policy") == "no-referrer"
        assert answer.getheader("Cache-Control") == "no-store"
        assert answer.getheader("Content-Security-Policy").endswith("; frame-ancestors 'none'")
        assert answer.getheader("Content-Security-Policy").startswith("default-src 'none';")
    head = caller.ask("/", "HEAD", **caller.own, **caller.cookie)
    assert (head.status, head.text) == (200, "")


def test_only_the_scripts_of_this_version_share_the_origin_of_the_studio(caller: Caller):
    def policy_at(path: str) -> str:
        return caller.get(path).getheader("Content-Security-Policy").removesuffix("; frame-ancestors 'none'")

    assert policy_at("/runs/a/page.html") == page_policy()
    assert policy_at("/runs/a/report.html") == OWN_SCRIPT
    old = policy_at("/runs/old/report.html")
    assert "sha256-AAAA" in old
    assert old.endswith("; sandbox allow-scripts allow-downloads")
    evil = policy_at(f"/runs/{quote(EVIL.replace('/', ''), safe='')}/report.html")
    assert "script-src" not in evil
    assert "connect-src" not in evil
    assert "script" not in policy_at("/")


def test_names_are_text(caller: Caller):
    html = caller.get("/").text
    assert html.count("<img") == 0
    assert html.count("&lt;img src=x onerror=") == 2  # a run's name and a network's
    assert 'href="/runs/%3Cimg%20src%3Dx%20onerror%3D%22window.__xss%3D1%22%3E/page.html"' in html


def test_the_list_has_the_runs_in_the_folder_and_what_is_known_of_them(caller: Caller):
    html = caller.get("/").text
    assert "4 runs, on this machine" in html
    assert html.count("0.750 (0.500 to 0.900)") == 4
    for hidden in (".hidden", "link", "notes", "outside"):
        assert f"<bdi>{hidden}</bdi>" not in html
    assert html.count("report.html") == 3  # not where that is a link to another folder
    assert caller.get("/runs/a/page.html").text.endswith("page of a")


@pytest.mark.parametrize(
    "path",
    [
        "/runs/../outside/report.html", "/runs/%2e%2e/report.html", "/runs/..%2foutside/report.html", "/runs/link/report.html",
        "/runs/a/../../outside/report.html", "/runs/a/run.json", "/runs/a/classifier/manifest.json", "/runs/.hidden/page.html",
        "/runs/notes/secret.txt", "//evil.example/", "/runs//page.html", "/runs/a/page.html/", "/runs/bare/report.html",
        "/runs/a%00/page.html", "/etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "http://evil.example/", "/runs/%ff/page.html",
    ],
)  # fmt: skip
def test_nothing_else_can_be_reached(caller: Caller, path: str):
    answer = caller.get(path)
    assert answer.status == 404
    assert "secret" not in answer.text


def test_the_log_has_what_was_refused_and_no_token(caller: Caller, heard: list[str]):
    heard.clear()
    token = caller.studio.access.token
    caller.ask(f"/x?token={token}", **caller.own)
    caller.get("/", Host="evil.example")
    caller.get("/")
    assert len(heard) == 2
    assert "GET /x?token=... HTTP/1.1" in heard[0]
    assert token not in "".join(heard)
    assert masked("GET /?a=1&token=abc&b=\x1b[31m") == "GET /?a=1&token=...&b=\N{REPLACEMENT CHARACTER}[31m"
    assert token not in repr(caller.studio)


def test_it_listens_on_this_machine_alone_and_each_has_a_secret_of_its_own(caller: Caller):
    assert caller.studio.server.server_address[0] == "127.0.0.1"
    first, second = Access(1), Access(1)
    assert len({first.token, first.key, second.token, second.key}) == 4
    assert min(map(len, (first.token, first.key))) >= 40


def test_the_address_goes_to_the_browser_in_a_file_of_its_owner(caller: Caller):
    with first_page(caller.studio.address) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert caller.studio.address in path.read_text()
    assert not path.parent.exists()


def test_one_run_is_its_page_at_once(runs: Path):
    with listening(find_run_list(runs / "a")) as studio:
        thread = threading.Thread(target=studio.serve)
        thread.start()
        answer = Caller(studio).get("/")
        assert (answer.status, answer.getheader("Location")) == (303, "/runs/a/page.html")
        assert Caller(studio).get(answer.getheader("Location")).status == 200
        studio.end()
        thread.join(10)


def test_a_thousand_runs_are_shown_fifty_at_a_time_within_a_second(tmp_path: Path):
    first = make_run(tmp_path / "runs" / "0000")
    for number in range(1, 1000):
        folder = tmp_path / "runs" / f"{number:04}"
        (folder / "classifier").mkdir(parents=True)
        for name in ("classifier/manifest.json", "classifier/weights.safetensors", "metrics.json", "run.json"):
            os.link(first / name, folder / name)
    with listening(find_run_list(tmp_path / "runs")) as studio:
        thread = threading.Thread(target=studio.serve)
        thread.start()
        start = time.monotonic()
        html = Caller(studio).get("/?page=20").text
        assert time.monotonic() - start < 1
        assert html.count("<bdi>0") == 50
        assert "<bdi>0999</bdi>" in html
        assert "page 20 of 20" in html
        assert "page 20 of 20" in Caller(studio).get("/?page=999").text
        assert "page 1 of 20" in Caller(studio).get("/?page=-1").text
        studio.end()
        thread.join(10)


def test_what_it_cannot_show_is_said(tmp_path: Path, runs: Path):
    done = typed("studio", tmp_path / "none")
    assert (done.returncode, "There is no file or folder" in done.stderr) == (3, True)
    with pytest.raises(UnusableInput, match="holds no classifier"):
        find_run_list(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = rf"Port {port} is taken\. .*port=8000"
        with pytest.raises(WrongRequest, match=message), listening(find_run_list(runs), port=port):
            pass


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_in_peace(runs: Path, tmp_path: Path, number: int):
    words = [sys.executable, "-m", "hubel", "studio", str(runs), "--no-browser"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a job in the background ignores it
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, text=True, env=environment, **pipes) as process:
        signal.signal(signal.SIGINT, heard)
        assert process.stdout is not None
        address = process.stdout.readline()
        assert address.startswith("http://127.0.0.1:")
        assert len(list(tmp_path.glob("hubel-studio-*/studio.html"))) == 1
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said == "Open this address in a browser on this machine. Ctrl-C ends it.\n"
    assert list(tmp_path.iterdir()) == []
