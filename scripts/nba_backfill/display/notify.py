"""Notifications of what a run came to: Slack, e-mail, a webhook, or whatever else Apprise knows a URL for.

Such a URL holds a secret, so nothing here says more of it than its scheme.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from nba_backfill.errors import ArgumentError, ProjectError

if TYPE_CHECKING:
    from apprise import Apprise

# How long a run waits for all its notifications together. Seconds.
PATIENCE = 20.0
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,15}(?=://)", re.IGNORECASE)
HTTP_STATUS = re.compile(r"error=([1-5][0-9]{2})\b")

log = logging.getLogger("nba_backfill")


def check_urls(urls: Collection[str]) -> None:
    """Raise ArgumentError for a URL that Apprise can't read, before a run depends on it."""
    for url in urls:
        target = None
        with suppress(Exception):
            target = _target(url)
        if target is None:
            raise ArgumentError(
                f"The --notify URL that starts with {_scheme(url)} is none that Apprise can read, for example "
                "slack://…, mailto://…, or json://host/path and jsons://host/path for a webhook."
            )


def notify(urls: Collection[str], title: str, body: str, report: Path | None) -> list[str]:
    """Tell every URL, with the report's path, and wait for them for PATIENCE at most.

    Never raises. Logs a sentence for each that wasn't told, and returns them.
    """
    if report:
        body = f"{body}\nreport: {report.absolute()}"
    failures = [f"The notification to {_scheme(url)} got no answer within {PATIENCE:g} s." for url in urls]
    threads = [
        # A daemon, so that a server that never answers doesn't keep the process from its end.
        Thread(target=_tell, args=(url, title, body, failures, number), daemon=True)
        for number, url in enumerate(urls)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    untold = [failure for failure in failures if failure]
    # A log that can't be written is the run's own error to tell.
    with suppress(ProjectError):
        for failure in untold:
            log.warning("%s", failure)
    return untold


def _tell(url: str, title: str, body: str, failures: list[str], number: int) -> None:
    """Tell one URL. Puts what went wrong, or nothing, into the URL's place in `failures`."""
    try:
        target = _target(url)
        results = target.notify(title=title, body=body, body_format="text").results if target else ()
        if results and all(results):
            failures[number] = ""
            return
        status = HTTP_STATUS.search(" ".join(entry.message for result in results for entry in result.logs()))
        reason = f"its server answered {status[1]}" if status else "it wasn't taken"
    except Exception as error:  # noqa: BLE001 - a target may raise anything, and its message may hold the URL
        reason = type(error).__name__
    failures[number] = f"The notification to {_scheme(url)} failed: {reason}."


def _target(url: str) -> Apprise | None:
    # What Apprise logs may hold parts of the URL, and what nobody handles Python prints.
    logger = logging.getLogger("apprise")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    from apprise import Apprise, AppriseAsset  # a library that only a run with --notify needs

    # Without a thread pool of its own, which Python waits for at the end.
    asset = AppriseAsset(async_mode=False, service_timeout=0)
    service = Apprise.instantiate(url, asset=asset)
    return Apprise([service], asset=asset) if service else None


def _scheme(url: str) -> str:
    scheme = SCHEME.match(url)
    return f"{scheme[0].lower()}://" if scheme else "no scheme"
