"""Who may write: the lock that keeps runs apart, and what is made under it."""

from __future__ import annotations

import getpass
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from nba_backfill.errors import BackfillError, LockedError
from nba_backfill.records.checkpoint import boot_id, is_alive

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine

# How long a lock outlives the last sign of life of its holder, where nobody can look whether its process is there.
LOCK_MINUTES = 30
RENEW_SECONDS = 60.0
# How the holder is called that only loads the seeds, which is done in less than a minute. So long it is waited for.
PREPARING = "preparing_"
WAIT_SECONDS = 120.0
HELD = "The lock is held by"

log = logging.getLogger("nba_backfill")


@dataclass(frozen=True)
class Lock:
    """The lock while it is held."""

    engine: Engine
    token: str

    def require(self) -> None:
        """Say that the holder is alive. Raises BackfillError where somebody else has the lock meanwhile."""
        self.engine.operate("renew_lock", token=self.token)


def new_run_id() -> str:
    """The time in UTC and the process, in letters that a table's name and a BigQuery label may have."""
    return f"{datetime.now(timezone.utc):%Y%m%d_%H%M%S}_{os.getpid():x}"


def lock_holder(engine: Engine) -> dict[str, Any] | None:
    """The row of the lock, None while nobody holds it."""
    return next(iter(engine.rows("lock_holder")), None)


def run_at_work(engine: Engine) -> str | None:
    """The sentence that says which run is at work on the summary, on this machine or another; None where none is."""
    holder = lock_holder(engine)
    if holder is None or not _is_at_work(holder) or holder["run_id"].startswith(PREPARING):
        return None
    return f"Run {holder['run_id']} is at work, process {holder['process_id']} on {holder['host_name']}."


@contextmanager
def hold_lock(engine: Engine, run_id: str) -> Iterator[Lock]:
    """Keep other runs from the summary.

    The lock is renewed every minute, however long a statement takes. One whose process on this machine is gone is taken
    over, any other one after LOCK_MINUTES without a sign of life. Raises LockedError, which says who holds it and since
    when.
    """
    lock = Lock(engine, uuid.uuid4().hex)
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            _take(lock, run_id)
            break
        except BlockingIOError as busy:
            if time.monotonic() > until:
                raise LockedError(str(busy)) from busy
            log.info("waiting for another command, which loads the seeds")
            time.sleep(2)
    try:
        with _kept_alive(lock, run_id):
            yield lock
    except BaseException:
        # Its own error is the one to tell; a lock that stays is taken over where its process is gone.
        try:
            engine.operate("release_lock", token=lock.token)
        except BackfillError as another:
            log.warning("and the lock can't be released: %s", another)
        raise
    engine.operate("release_lock", token=lock.token)


def prepare(engine: Engine) -> None:
    """Check the raw tables, and have the seeds and views there as the project's files have them, for who only looks.

    What is so already is left alone. The rest is made under the lock; beside a run at work it is taken as it is, for
    that one has made it and reads it: its windows shall all have the same thresholds.
    """
    engine.check_sources()
    # Of DuckDB's file this process is the one writer.
    if not engine.is_bigquery:
        engine.prepare()
    elif not run_at_work(engine) and not engine.is_prepared():
        # A run that has begun meanwhile prepares by itself.
        with suppress(LockedError), hold_lock(engine, PREPARING + new_run_id()):
            engine.prepare()


def _take(lock: Lock, run_id: str, dead_token: str | None = None) -> None:
    try:
        lock.engine.operate(
            "take_lock",
            run_id=run_id,
            token=lock.token,
            holder=getpass.getuser(),
            host_name=socket.gethostname(),
            boot_id=boot_id(),
            process_id=os.getpid(),
            expires_after_minutes=LOCK_MINUTES,
            dead_token=dead_token,
        )
    except BackfillError as error:
        if HELD not in str(error):
            raise
        # Who has it is asked only of those who don't get it.
        holder = lock_holder(lock.engine)
        if holder and _is_dead(holder) and not dead_token:
            log.warning("taking over from run %s, whose process is gone", holder["run_id"])
            _take(lock, run_id, holder["token"])
            return
        sentence = f"Another run is at work. {error} Wait for it, or end its process; `nba-backfill unlock` tells more."
        if holder and holder["run_id"].startswith(PREPARING):
            raise BlockingIOError(sentence) from error
        raise LockedError(sentence) from error


@contextmanager
def _kept_alive(lock: Lock, run_id: str) -> Iterator[None]:
    """While a statement runs dbt can do no other, so Google's client says that the holder is alive."""
    bigquery, ended = lock.engine.bigquery, threading.Event()

    def renew() -> None:
        while bigquery and not ended.wait(RENEW_SECONDS):
            bigquery.renew_lock(lock.engine.table_of("backfill_lock"), lock.token, run_id)

    threading.Thread(target=renew, name="lock", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def sight_of(holder: Mapping[str, Any]) -> str:
    """What can be said from here of the holder's process."""
    if holder["boot_id"] != boot_id():
        return "from here nobody can look whether its process is there"
    return "its process is gone" if _is_dead(holder) else f"its process is there: `kill {holder['process_id']}` ends it"


def _is_dead(holder: Mapping[str, Any]) -> bool:
    """Whether the holder's process can be looked for from here, and is gone. One of this id is not the holder."""
    is_in_sight = holder["boot_id"] == boot_id()
    return is_in_sight and (holder["process_id"] == os.getpid() or not is_alive(holder["process_id"]))


def _is_at_work(holder: Mapping[str, Any]) -> bool:
    silence = datetime.now(timezone.utc) - holder["alive_at"].replace(tzinfo=timezone.utc)
    return not _is_dead(holder) and silence < timedelta(minutes=LOCK_MINUTES)
