"""Notifications arrive, one that doesn't fails nothing, and the secret of its URL is nowhere to be read."""

import json
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nba_backfill.display import notify as module
from nba_backfill.display.notify import check_urls, notify
from nba_backfill.errors import ArgumentError, ProjectError

SECRET = "Hunter2Token"
TITLE = "player_game_summary: ready, 2021-10-01..2024-05-01"
BODY = "All 13 checks passed.\n132,705 rows, 94 windows."


@dataclass
class Hook:
    """A server that takes webhooks, answers with a status, and if it is told to hang, only when it is released."""

    port: int = 0
    status: int = 200
    taken: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """With a user, a password and a path that are all secret."""
        return f"json://user:{SECRET}@127.0.0.1:{self.port}/{SECRET}/?+X-Key={SECRET}"


@pytest.fixture
def hook() -> Iterator[Hook]:
    state = Hook()
    state.released.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.released.wait(60)
            state.taken.append({"path": self.path, "key": self.headers["X-Key"], **json.loads(body)})
            self.send_response(state.status, SECRET)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    state.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


class Ear(logging.Handler):
    """Hears what reaches it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """All that reaches our log, another program's and the terminal, with Apprise at its most talkative."""
    ear = Ear()
    loggers = [logging.getLogger("nba_backfill"), logging.getLogger()]
    apprise = logging.getLogger("apprise")
    level, propagates = apprise.level, apprise.propagate
    apprise.setLevel(1)
    apprise.propagate = True
    for logger in loggers:
        logger.addHandler(ear)
    yield lambda: "\n".join([*ear.heard, *capfd.readouterr()])
    for logger in loggers:
        logger.removeHandler(ear)
    apprise.setLevel(level)
    apprise.propagate = propagates


def refused_port() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port: int = closed.getsockname()[1]
    return port


def test_the_verdict_and_the_path_of_the_report_arrive(hook: Hook, said: Callable[[], str], tmp_path: Path) -> None:
    report = tmp_path / "report.html"

    assert notify([hook.url, hook.url], TITLE, BODY, report) == []

    assert len(hook.taken) == 2
    for taken in hook.taken:
        assert (taken["title"], taken["path"].rstrip("/"), taken["key"]) == (TITLE, f"/{SECRET}", SECRET)
        assert taken["message"] == f"{BODY}\nreport: {report}"
    assert SECRET not in said()


def test_without_a_report_the_body_is_all(hook: Hook) -> None:
    assert notify([hook.url], TITLE, BODY, None) == []
    assert hook.taken[0]["message"] == BODY


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_server_that_refuses_fails_nothing(hook: Hook, said: Callable[[], str], status: int) -> None:
    hook.status = status

    failures = notify([hook.url], TITLE, BODY, None)

    assert failures == [f"The notification to json:// failed: its server answered {status}."]
    heard = said()
    assert failures[0] in heard
    assert SECRET not in heard


def test_one_that_can_not_be_reached_keeps_no_other_from_being_told(hook: Hook, said: Callable[[], str]) -> None:
    gone = f"json://user:{SECRET}@127.0.0.1:{refused_port()}/{SECRET}"

    failures = notify([gone, f"none-such://{SECRET}", SECRET, hook.url], TITLE, BODY, None)

    assert failures == [
        "The notification to json:// failed: it wasn't taken.",
        "The notification to none-such:// failed: it wasn't taken.",
        "The notification to no scheme failed: it wasn't taken.",
    ]
    assert len(hook.taken) == 1
    assert SECRET not in said()


def test_a_server_that_hangs_holds_nobody_up(
    hook: Hook, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    hook.released.clear()
    ended: list[list[str]] = []
    # Were the user's own time limit obeyed, this would take an hour.
    telling = threading.Thread(
        target=lambda: ended.append(notify([f"{hook.url}&rto=3600"], TITLE, BODY, None)), daemon=True
    )
    telling.start()
    telling.join(60)

    assert not telling.is_alive()
    assert ended == [["The notification to json:// got no answer within 0.5 s."]]
    assert SECRET not in said()


def test_a_server_that_hangs_does_not_keep_the_process_from_its_end(hook: Hook) -> None:
    hook.released.clear()
    code = (
        "import sys; from nba_backfill.display import notify; notify.PATIENCE = 0.5; "
        "notify.notify([sys.argv[1]], 'title', 'body', None)"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code, f"{hook.url}&rto=3600"], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout + ended.stderr == "The notification to json:// got no answer within 0.5 s.\n"


def test_a_log_that_can_not_be_written_fails_nothing(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise ProjectError("no space left")

    monkeypatch.setattr(module.log, "warning", full)
    hook.status = 500

    assert len(notify([hook.url], TITLE, BODY, None)) == 1


def test_a_target_that_breaks_is_a_sentence_without_its_secret(
    hook: Hook, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError(hook.url)

    monkeypatch.setattr("apprise.Apprise.notify", break_down)

    assert notify([hook.url], TITLE, BODY, None) == ["The notification to json:// failed: RuntimeError."]
    assert SECRET not in said()


@pytest.mark.parametrize(
    "url",
    [
        f"https://example.com/{SECRET}",
        f"none-such://{SECRET}",
        SECRET,
        f"slack://{SECRET}",
        f"json://[{SECRET}",
        "json://",
        "",
    ],
)
def test_a_url_that_nothing_can_be_sent_to_is_refused_by_its_scheme(url: str, said: Callable[[], str]) -> None:
    with pytest.raises(ArgumentError, match="Apprise can read") as refused:
        check_urls(["json://localhost", url])

    assert (url.partition("://")[0] + "://" if "://" in url else "no scheme") in str(refused.value)
    assert SECRET not in str(refused.value)
    assert SECRET not in said()


@pytest.mark.parametrize(
    "url",
    [
        f"json://user:{SECRET}@127.0.0.1:80/{SECRET}",
        f"jsons://127.0.0.1/{SECRET}",
        f"mailto://user:{SECRET}@example.com",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    ],
)
def test_a_url_that_apprise_reads_is_taken(url: str, said: Callable[[], str]) -> None:
    check_urls([url])

    assert SECRET not in said()
