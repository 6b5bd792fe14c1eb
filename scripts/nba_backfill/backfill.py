"""The loop: one window after the other, in this process or in several."""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

from nba_backfill.checkpoint import DayFigures
from nba_backfill.engine import Engine
from nba_backfill.errors import BackfillError, TransientError
from nba_backfill.plan import Batch, Queue

log = logging.getLogger("nba_backfill")


@dataclass(frozen=True)
class BatchResult:
    """What the summary holds for a window after its batch, date by date.

    And what the batch took, in seconds, the warnings of the tests that let it pass, and what the warehouse could not do
    at first. Or the error that it ended with, and whether it is tried again in halves.
    """

    batch: Batch
    days: tuple[DayFigures, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    passing_errors: tuple[str, ...] = ()
    error: str | None = None
    is_halved: bool = False

    @property
    def rows(self) -> int:
        """Rows of the window."""
        return sum(day.rows for day in self.days)

    @property
    def games(self) -> int:
        """Games of the window."""
        return sum(day.games for day in self.days)

    @property
    def null_minutes(self) -> int:
        """Rows of the window without minutes."""
        return sum(day.null_minutes for day in self.days)

    def __str__(self) -> str:
        if self.error is not None:
            after = "trying its halves" if self.is_halved else "failed, and the table holds what it held before"
            return f"{self.batch.window}  {after}.\n{self.error}"
        share = f"{100 * self.null_minutes / self.rows:.1f} %" if self.rows else "none"
        return (
            f"{self.batch.window}  {self.rows:,} rows  {self.games:,} games  {share} without minutes  "
            f"{self.seconds:.2f} s"
        )


class Stop:
    """The user's wish to stop, by Ctrl-C or a signal: after this window at first, at once when it comes again.

    A terminal that is closed stops nothing: from then on nothing is printed.
    """

    def __init__(self) -> None:
        self.is_wished = False

    def __enter__(self) -> "Stop":
        handlers = {signal.SIGINT: self._wish, signal.SIGTERM: self._wish, signal.SIGHUP: self._hang_up}
        self._before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _wish(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_wished:
            raise KeyboardInterrupt
        self.is_wished = True
        log.warning("stopping when this window is done; once more drops it and stops at once")

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for output in (1, 2):
            os.dup2(nowhere, output)


def backfill(engine: Engine, queue: Queue, stop: Stop) -> Iterator[BatchResult]:
    """Do the windows in order, and say of each how it ended. Goes on after one that failed, if asked for the next."""
    while queue and not stop.is_wished:
        yield _learn(queue, do(engine, queue.next()))


def backfill_with_workers(
    project: Path, target: str | None, run_id: str, queues: Sequence[Queue], workers: int, stop: Stop
) -> Iterator[BatchResult]:
    """The same in several processes, each with a parsed project, a target and a log folder of its own.

    A worker takes a queue and keeps it to its end: one queue of all windows is shared, a queue for each season isn't.
    Windows end in any order. Raises BackfillError when a worker dies.
    """
    waiting = list(queues)
    own: dict[Any, Queue] = {}
    is_any_done = False
    with _staff(project, target, run_id, workers) as (staff, busy):
        while True:
            for connection in staff.keys() - busy if not stop.is_wished else ():
                if busy and not is_any_done:
                    # The first window may have to make the tables, and two would make them anew for each other.
                    break
                if not own.get(connection) and waiting:
                    own[connection] = waiting[0] if len(queues) == 1 else waiting.pop(0)
                if own.get(connection):
                    connection.send(own[connection].next())
                    busy.add(connection)
            if not busy:
                return
            for connection in wait(list(busy)):
                process = staff[connection]
                message = _receive(connection, process)
                if isinstance(message, str):
                    log.warning("%s: %s", process.name, message)
                else:
                    busy.remove(connection)
                    is_any_done |= message.error is None
                    yield _learn(own[connection], message)


@contextmanager
def _staff(
    project: Path, target: str | None, run_id: str, workers: int
) -> Iterator[tuple[dict[Any, BaseProcess], set[Any]]]:
    """The workers by their connections, and a set for those of them that are busy: at the end they are dropped."""
    context = multiprocessing.get_context("spawn")
    staff: dict[Any, BaseProcess] = {}
    busy: set[Any] = set()
    try:
        for number in range(1, workers + 1):
            connection, theirs = context.Pipe()
            process: BaseProcess = context.Process(
                target=_work, args=(theirs, project, target, run_id, number), name=f"worker {number}", daemon=True
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


def _receive(connection: Any, process: BaseProcess) -> str | BatchResult:
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


def _work(connection: Any, project: Path, target: str | None, run_id: str, number: int) -> None:
    # Ctrl-C in a terminal goes to every process of it; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    log.addHandler(_ToParent(connection))
    log.propagate = False
    os.chdir(project)
    with suppress(BrokenPipeError):
        try:
            engine = Engine(project, target, run_id, worker=number)
            engine.connect()
            with suppress(EOFError):
                while True:
                    connection.send(do(engine, connection.recv()))
            engine.operate("drop_worker_tables")
        except BackfillError as error:
            connection.send(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        wait([parent.sentinel])
        os._exit(1)


def do(engine: Engine, batch: Batch) -> BatchResult:
    """Build, test and publish one window. Raises TransientError where the warehouse has been out of order for long."""
    started = time.perf_counter()
    engine.passing_errors.clear()
    warnings: tuple[str, ...] = ()
    days: list[DayFigures] = []
    failure: str | None = None
    try:
        warnings = engine.build_window(batch.window).warnings
        days = [DayFigures.of(row) for row in engine.rows("daily_null_rates", batch.window)]
    except TransientError:
        raise
    except BackfillError as error:
        failure = str(error)
    return BatchResult(
        batch,
        tuple(days),
        time.perf_counter() - started,
        warnings,
        tuple(engine.passing_errors),
        failure,
    )


def _learn(queue: Queue, result: BatchResult) -> BatchResult:
    if result.error is None:
        queue.done(result.batch, result.seconds)
        return result
    return replace(result, is_halved=queue.failed(result.batch))
