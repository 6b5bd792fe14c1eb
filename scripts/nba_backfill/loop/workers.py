"""The same loop in several processes."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from nba_backfill.errors import BackfillError
from nba_backfill.loop.stop import Stop
from nba_backfill.loop.windows import BatchResult, Stage, do
from nba_backfill.warehouse.plan import Batch

if TYPE_CHECKING:
    from nba_backfill.warehouse.dbt import Origin

log = logging.getLogger("nba_backfill")


@dataclass(frozen=True)
class Job:
    """What the workers of a run share: the project, and which invocation of dbt has read the sources for them."""

    origin: Origin
    run_id: str
    rows_built_by: str | None


def backfill_with_workers(
    job: Job, batches: Sequence[Batch], workers: int, stop: Stop, at: Callable[[Stage], None]
) -> Iterator[BatchResult]:
    """The same in several processes, each with a parsed project, a target and a log folder of its own.

    Windows end in any order. Raises BackfillError when a worker dies.
    """
    waiting = deque(batches)
    is_any_done = False
    with _staff(job, workers) as (staff, busy):
        while True:
            for connection in staff.keys() - busy if not stop.is_wished else ():
                if busy and not is_any_done:
                    # The first window may have to make the tables, and two would make them anew for each other. It
                    # replaces the rows without a date, too.
                    break
                if waiting:
                    _send(connection, staff[connection], waiting.popleft(), with_undated_rows=not is_any_done)
                    busy.add(connection)
            if not busy:
                return
            for connection in wait(list(busy)):
                process = staff[connection]
                message = _receive(connection, process)
                if isinstance(message, str):
                    log.warning("%s: %s", process.name, message)
                elif isinstance(message, Stage):
                    at(message)
                else:
                    busy.remove(connection)
                    is_any_done |= message.error is None
                    yield message


@contextmanager
def _staff(job: Job, workers: int) -> Iterator[tuple[dict[Any, BaseProcess], set[Any]]]:
    """The workers by their connections, and a set for those of them that are busy: at the end they are dropped."""
    context = multiprocessing.get_context("spawn")
    staff: dict[Any, BaseProcess] = {}
    busy: set[Any] = set()
    try:
        for number in range(1, workers + 1):
            connection, theirs = context.Pipe()
            process: BaseProcess = context.Process(
                target=_work, args=(theirs, job, number), name=f"worker {number}", daemon=True
            )
            process.start()
            theirs.close()
            staff[connection] = process
        yield staff, busy
    finally:
        for connection, process in staff.items():
            connection.close()
            if connection in busy:
                process.terminate()
            process.join()


def _send(connection: Any, process: BaseProcess, batch: Batch, with_undated_rows: bool) -> None:
    try:
        connection.send((batch, with_undated_rows))
    except (BrokenPipeError, ConnectionResetError):
        process.join()
        raise BackfillError(
            f"{process.name} ended with exit code {process.exitcode} between two windows, none of which is lost; run "
            "the same command again."
        ) from None


def _receive(connection: Any, process: BaseProcess) -> str | Stage | BatchResult:
    try:
        message = connection.recv()
    except (EOFError, ConnectionResetError):
        process.join()
        raise BackfillError(
            f"{process.name} ended with exit code {process.exitcode} in the middle of a window. The table holds what "
            "it held before that window, or the whole of it; run the same command again."
        ) from None
    if isinstance(message, BackfillError):
        raise message
    return message  # type: ignore[no-any-return]


class _ToParent(logging.Handler):
    def __init__(self, connection: Any) -> None:
        super().__init__()
        self._connection = connection

    def emit(self, record: logging.LogRecord) -> None:
        self._connection.send(record.getMessage())


def _work(connection: Any, job: Job, number: int) -> None:
    from nba_backfill.warehouse.engine import Engine

    # Ctrl-C in a terminal goes to every process of it; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    log.addHandler(_ToParent(connection))
    log.propagate = False
    os.chdir(job.origin.project_dir)
    with suppress(BrokenPipeError):
        try:
            engine = Engine(**asdict(job.origin), run_id=job.run_id, worker=number)
            engine.rows_built_by = job.rows_built_by
            engine.connect()
            with suppress(EOFError):
                while True:
                    batch, with_undated_rows = connection.recv()
                    connection.send(do(engine, batch, connection.send, with_undated_rows))
            engine.operate("drop_worker_tables")
        except BackfillError as error:
            connection.send(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        wait([parent.sentinel])
        os._exit(1)
