"""A run from its lock to its last test: what it keeps, what it does in which order, and what it leaves for the next."""

import getpass
import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console

from nba_backfill.backfill import BatchResult, Stop, backfill, backfill_with_workers
from nba_backfill.checkpoint import Checkpoint, DayFigures, is_alive
from nba_backfill.checks import Check, Validation, check_of_tests, summary_checks
from nba_backfill.engine import Engine
from nba_backfill.errors import BackfillError, FailedTestsError, ProjectError, TransientError
from nba_backfill.plan import Plan, Queue
from nba_backfill.terminal import progress_bar
from nba_backfill.windows import Window

# How long a lock outlives the last sign of life of its run, where nobody can look whether its process is there. Longer
# than an outage that is sat out.
LOCK_MINUTES = 120
RENEW_SECONDS = 60.0
# How long, and for how many runs, what they replaced is kept.
KEPT_DAYS = 30
KEPT_RUNS = 5

log = logging.getLogger("nba_backfill")


@dataclass(frozen=True)
class Options:
    """How a run goes about its plan."""

    project: Path
    target: str | None
    workers: int = 1
    by_season: bool = False
    keep_going: bool = False


@dataclass
class Run:
    """One run of a plan."""

    engine: Engine
    run_id: str
    plan: Plan
    preflight: Sequence[Check]
    options: Options
    checkpoint: Checkpoint
    console: Console
    verdict_file: Path
    results: list[BatchResult] = field(default_factory=list)
    tests: list[Check] = field(default_factory=list)
    validation: Validation | None = None

    def __call__(self) -> None:
        """Do it. Raises BackfillError when a window or a test failed, KeyboardInterrupt when it was stopped.

        Whether or not, there is a verdict on the range at the end, and a report.
        """
        with hold_lock(self.engine, self.run_id), Stop() as stop:
            self._log_event("run started", host_name=self.checkpoint.host, process_id=self.checkpoint.process_id)
            try:
                # Nobody shall train on what is half done.
                self._verdict([], f"Run {self.run_id} is at work.").write(self.verdict_file)
                self.engine.operate("keep_range", self.plan.window, run_id=self.run_id, days=KEPT_DAYS)
                self._hold(self.plan.window, self.engine.rows("daily_null_rates", self.plan.window))
                self._do_windows(stop)
                self._validate(stop)
            except BaseException as error:
                # What stopped the run may stop this too; the run's own error is the one to tell.
                is_stopped = isinstance(error, KeyboardInterrupt)
                try:
                    if is_stopped:
                        self._close("run stopped", f"Run {self.run_id} was stopped.")
                    else:
                        self._close("run failed", f"Run {self.run_id} failed: {error}")
                except BackfillError as another:
                    log.warning("and the end of the run can't be written down: %s", another)
                raise
            self._close("run finished")

    def _do_windows(self, stop: Stop) -> None:
        started = renewed = time.monotonic()
        failed: list[BatchResult] = []
        with progress_bar(self.console, self.checkpoint.dates) as progress:
            for result in self._work(stop):
                self.results.append(result)
                log.info("%s", self._line(result))
                for warning in result.warnings:
                    log.info("  warning: %s", warning)
                for passing in result.passing_errors:
                    self._log_event("window retried", result.batch.window, details=passing)
                if result.is_halved:
                    self._log_event("window retried", result.batch.window, details=result.error)
                elif result.error is not None:
                    failed.append(result)
                    self._log_failure(result)
                    # What is under way in other workers is brought to its end.
                    stop.is_wished |= not self.options.keep_going
                self._note(result)
                if time.monotonic() - renewed > RENEW_SECONDS:
                    self.engine.operate("renew_lock", run_id=self.run_id)
                    renewed = time.monotonic()
                tried = self.checkpoint.successful + len(self.checkpoint.failed)
                progress.update(progress.task_ids[0], completed=tried, through=result.batch.window.end)
        log.info("%s", self._summary(time.monotonic() - started))
        if failed:
            raise BackfillError(
                f"{len(failed)} of the windows failed, the first with: {failed[0].error}\n"
                "Mend what it says and run the same command again: it does what is not complete."
            )
        if stop.is_wished:
            raise KeyboardInterrupt

    def _work(self, stop: Stop) -> Iterator[BatchResult]:
        if self.options.workers == 1:
            return backfill(self.engine, Queue(self.plan.spans, self.plan.batch_days), stop)
        seasons = [list(spans) for _, spans in groupby(self.plan.spans, key=lambda span: span[0].season_year)]
        queues = [
            Queue(spans, self.plan.batch_days) for spans in (seasons if self.options.by_season else [self.plan.spans])
        ]
        workers = min(self.options.workers, len(self.plan.batches))
        return backfill_with_workers(self.options.project, self.options.target, self.run_id, queues, workers, stop)

    def _line(self, result: BatchResult) -> str:
        of = f"/{len(self.plan.batches)}" if self.plan.batch_days else ""
        return f"batch {len(self.results)}{of}  {result}"

    def _hold(self, window: Window, days: Iterable[Mapping[str, Any]]) -> None:
        self.checkpoint.hold(window, map(DayFigures.of, days))
        self.checkpoint.write()

    def _note(self, result: BatchResult) -> None:
        self.checkpoint.passing_errors += result.passing_errors
        if result.is_halved:
            return
        if result.error is None:
            self.checkpoint.windows_done += 1
            self.checkpoint.hold(result.batch.window, result.days)
            self.checkpoint.successful += len(result.batch.days)
            self.checkpoint.rows += result.rows
            last = self.checkpoint.last_completed_date
            self.checkpoint.last_completed_date = max(filter(None, (last, result.batch.window.end)))
        else:
            self.checkpoint.failed |= {day.game_date: result.error for day in result.batch.days}
        self.checkpoint.write()

    def _validate(self, stop: Stop) -> None:
        """Test each season of the range by itself."""
        for window in self.plan.seasons:
            if stop.is_wished:
                raise KeyboardInterrupt
            try:
                verdict = self.engine.validate(window)
            except FailedTestsError as error:
                self.tests.append(check_of_tests(0, error.reasons, str(window)))
                raise
            self.tests.append(check_of_tests(verdict.passed, (), str(window)))
            for warning in verdict.warnings:
                log.info("warning: %s", warning)
            log.info(
                "tested %s: %d tests passed, %d warned, none failed", window, verdict.passed, len(verdict.warnings)
            )

    def _verdict(self, checks: Sequence[Check], obstacle: str | None = None) -> Validation:
        return Validation(self.plan.window, self.engine.warehouse, tuple(checks), self.run_id, obstacle)

    def _close(self, event: str, obstacle: str | None = None) -> None:
        """Write down how it ended, then the verdict and the report, and in the checkpoint all of that together."""
        self.checkpoint.status = event.removeprefix("run ")
        try:
            self._end(event)
            self._conclude(obstacle)
        finally:
            self.checkpoint.write()

    def _conclude(self, obstacle: str | None = None) -> None:
        """Write the verdict on the range and the report. A report that can't be made fails no run."""
        self.validation = self._verdict([*summary_checks(self.engine, self.plan.window), *self.tests], obstacle)
        self.validation.write(self.verdict_file)
        self.checkpoint.verdict = self.validation.verdict
        log.info("verdict: %s. %s", self.validation.verdict, self.validation.reason)
        from nba_backfill.report import make_report  # the plotting library, which a run needs only here

        try:
            (run,) = (row for row in self.engine.rows("backfill_runs") if row["run_id"] == self.run_id)
            report = make_report(self.engine, run, self.validation, self.preflight, None)
            self.checkpoint.report = report.write(Path(self.checkpoint.log).with_suffix(""))
            log.info("report: %s", self.checkpoint.report)
        except Exception as error:  # noqa: BLE001 - the run has come to its end, whatever this is
            log.warning("the report can't be made: %s", error)

    def _end(self, event: str) -> None:
        (changes,) = self.engine.rows("run_changes", self.plan.window, kept_run=self.run_id)
        self._log_event(
            event,
            windows_done=sum(result.error is None for result in self.results),
            rows_added=int(changes["rows_added"]),
            rows_removed=int(changes["rows_removed"]),
            rows_changed=int(changes["rows_changed"]),
        )
        self.engine.operate("drop_kept", keep_count=KEPT_RUNS, days=KEPT_DAYS)

    def _log_failure(self, result: BatchResult) -> None:
        self._log_event("window failed", result.batch.window, details=result.error)

    def _log_event(self, event: str, window: Window | None = None, **values: object) -> None:
        of = window or self.plan.window
        self.engine.operate(
            "log_event",
            None,
            run_id=self.run_id,
            event_name=event,
            start_date=str(of.start),
            end_date=str(of.end),
            **values,
        )

    def _summary(self, seconds: float) -> str:
        done = [result for result in self.results if result.error is None]
        rows, nulls = sum(result.rows for result in done), sum(result.null_minutes for result in done)
        share = f"{100 * nulls / rows:.1f} % without minutes" if rows else "no rows"
        return (
            f"done: {len(done)} windows, {self.checkpoint.successful:,} dates, {rows:,} rows, "
            f"{sum(result.games for result in done):,} games, {share}, {seconds:.1f} s"
        )


def new_run_id() -> str:
    """The time in UTC and the process, in letters that a table's name and a BigQuery label may have."""
    return f"{datetime.now(timezone.utc):%Y%m%d_%H%M%S}_{os.getpid():x}"


@contextmanager
def hold_lock(engine: Engine, run_id: str) -> Iterator[None]:
    """Keep other runs from the summary.

    A lock whose process on this machine is gone is taken over, one from another machine after LOCK_MINUTES without a
    sign of life. Raises ProjectError, which says who holds it and since when.
    """
    holders = engine.rows("lock_holder")
    dead = [
        row["run_id"] for row in holders if row["host_name"] == socket.gethostname() and not is_alive(row["process_id"])
    ]
    if dead:
        log.warning("taking over from run %s, whose process is gone", dead[0])
    try:
        engine.operate(
            "take_lock",
            run_id=run_id,
            holder=getpass.getuser(),
            host_name=socket.gethostname(),
            process_id=os.getpid(),
            expires_after_minutes=LOCK_MINUTES,
            dead_run_id=dead[0] if dead else None,
        )
    except TransientError:
        raise
    except BackfillError as error:
        raise ProjectError(f"Another run is at work. {error} Wait for it, or end its process.") from error
    try:
        yield
    finally:
        engine.operate("release_lock", run_id=run_id)
