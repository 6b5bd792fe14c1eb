"""The loop: one window after the other, in this process or in several."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from nba_backfill.errors import BackfillError, ProjectError, TransientError
from nba_backfill.records.checkpoint import DayFigures
from nba_backfill.warehouse.plan import Batch

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine, Finding

log = logging.getLogger("nba_backfill")


# A window of more days says what it is at, and what it holds of each month.
LONG_DAYS = 31


@dataclass(frozen=True)
class Stage:
    """What the window of a batch is at: rows, findings, publish."""

    batch: Batch
    name: str

    def __str__(self) -> str:
        return f"{self.batch.window}  {self.name} …"


@dataclass(frozen=True)
class BatchResult:
    """What the summary holds for a window after its batch, date by date, and which dates were held back, with why.

    And what else the gate found, what the batch took, in seconds, and what the warehouse could not do at first. Or the
    error that it ended with.
    """

    batch: Batch
    days: tuple[DayFigures, ...] = ()
    held_back: dict[date, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    passing_errors: tuple[str, ...] = ()
    error: str | None = None

    @property
    def published(self) -> list[DayFigures]:
        """The dates that the batch has written."""
        return [day for day in self.days if day.game_date not in self.held_back]

    @property
    def rows(self) -> int:
        """Rows that it has written."""
        return sum(day.rows for day in self.published)

    @property
    def games(self) -> int:
        """Games that it has written."""
        return sum(day.games for day in self.published)

    @property
    def null_minutes(self) -> int:
        """Rows without minutes among those that it has written."""
        return sum(day.null_minutes for day in self.published)

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.batch.window}  failed, and the table holds what it held before.\n{self.error}"
        lines = [f"{self.batch.window}  {_figures(self.published, len(self.held_back))}  {self.seconds:.2f} s"]
        if self.batch.window.days > LONG_DAYS:
            for month, days in groupby(self.published, key=lambda day: f"{day.game_date:%Y-%m}"):
                held_back = sum(f"{day:%Y-%m}" == month for day in self.held_back)
                lines.append(f"  {month}  {_figures(list(days), held_back)}")
        return "\n".join(lines)


def _figures(days: Sequence[DayFigures], held_back: int) -> str:
    rows, nulls = sum(day.rows for day in days), sum(day.null_minutes for day in days)
    share = f"{100 * nulls / rows:.1f} %" if rows else "none"
    said = f"{rows:,} rows  {sum(day.games for day in days):,} games  {share} without minutes"
    return f"{said}  {held_back} held back" if held_back else said


@dataclass(frozen=True)
class Job:
    """What the workers of a run share: the project, and which invocation of dbt has read the sources for them."""

    project: Path
    target: str | None
    run_id: str
    rows_built_by: str | None


class Stop:
    """The wish that no further window begins.

    The user's, by Ctrl-C or a signal: after this window at first, at once when it comes again. A terminal that is
    closed stops nothing: from then on nothing is printed.
    """

    # Python drops an exception that a signal raises inside a finalizer; the alarm raises it again, outside.
    AGAIN_SECONDS = 0.05

    def __init__(self) -> None:
        self.is_wished = False
        self.is_interrupted = False

    def __enter__(self) -> Stop:
        wishes = dict.fromkeys((signal.SIGINT, signal.SIGTERM, signal.SIGALRM), self._wish)
        handlers = {**wishes, signal.SIGHUP: self._hang_up}
        self._before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        self._report = sys.unraisablehook
        sys.unraisablehook = self._was_dropped
        return self

    def __exit__(self, *_: object) -> None:
        sys.unraisablehook = self._report
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _wish(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_interrupted:
            raise KeyboardInterrupt
        self.is_wished = self.is_interrupted = True
        log.warning("stopping when this window is done; once more drops it and stops at once")

    def _was_dropped(self, dropped: sys.UnraisableHookArgs) -> None:
        if dropped.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, self.AGAIN_SECONDS)
        else:
            self._report(dropped)

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for output in (1, 2):
            os.dup2(nowhere, output)


def backfill(
    engine: Engine, batches: Sequence[Batch], stop: Stop, at: Callable[[Stage], None]
) -> Iterator[BatchResult]:
    """Do the windows in order, and say of each how it ended. Goes on after one that failed.

    Calls `at` with what a window is at.
    """
    for batch in batches:
        if stop.is_wished:
            return
        yield do(engine, batch, at)


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
                    # The first window may have to make the tables, and two would make them anew for each other.
                    break
                if waiting:
                    connection.send(waiting.popleft())
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
    os.chdir(job.project)
    with suppress(BrokenPipeError):
        try:
            engine = Engine(job.project, job.target, job.run_id, worker=number)
            engine.rows_built_by = job.rows_built_by
            engine.connect()
            with suppress(EOFError):
                while True:
                    connection.send(do(engine, connection.recv(), connection.send))
            engine.operate("drop_worker_tables")
        except BackfillError as error:
            connection.send(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        wait([parent.sentinel])
        os._exit(1)


def do(engine: Engine, batch: Batch, at: Callable[[Stage], None]) -> BatchResult:
    """Build one window, hold it to the rules and publish it, but for the dates that break one.

    Raises TransientError where the warehouse has been out of order for long, ProjectError where what it is at can't be
    written down.
    """
    started = time.perf_counter()
    engine.passing_errors.clear()

    def result(**values: Any) -> BatchResult:
        seconds = time.perf_counter() - started
        return BatchResult(batch, seconds=seconds, passing_errors=tuple(engine.passing_errors), **values)

    try:
        built = engine.build_window(batch.window, batch.dates, lambda stage: at(Stage(batch, stage)))
    except (ProjectError, TransientError):
        raise
    except BackfillError as error:
        return result(error=str(error))
    return result(
        days=tuple(sorted(map(DayFigures.of, built.days), key=lambda day: day.game_date)),
        held_back=built.held_back,
        findings=built.findings,
    )
