"""A run from its lock to its last test: what it keeps, what it does in which order, and what it leaves for the next."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from nba_backfill.display.terminal import progress_bar
from nba_backfill.errors import BackfillError, FailedTestsError, TransientError
from nba_backfill.loop.lock import RENEW_SECONDS, Lock, hold_lock
from nba_backfill.loop.stop import Stop
from nba_backfill.loop.windows import LONG_DAYS, BatchResult, Stage, backfill
from nba_backfill.loop.workers import Job, backfill_with_workers
from nba_backfill.records.checkpoint import Checkpoint, DayFigures
from nba_backfill.records.verdict import Validation
from nba_backfill.warehouse.checks import Check, Preflight, check_of_tests, summary_checks
from nba_backfill.warehouse.plan import Plan
from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine
    from nba_backfill.warehouse.told import Finding

# How long, and for how many runs, what they replaced is kept.
KEPT_DAYS = 30
KEPT_RUNS = 5

log = logging.getLogger("nba_backfill")


@dataclass(frozen=True)
class Options:
    """How a run goes about its plan."""

    workers: int = 1
    fail_fast: bool = False


@dataclass
class Run:
    """One run of a plan, under the lock and from sources that have been read."""

    engine: Engine
    run_id: str
    lock: Lock
    plan: Plan
    preflight: Preflight
    options: Options
    checkpoint: Checkpoint
    console: Console
    verdict_file: Path
    results: list[BatchResult] = field(default_factory=list)
    tests: list[Check] = field(default_factory=list)
    validation: Validation | None = None

    def __call__(self, stop: Stop) -> None:
        """Do it, and let a window under way come to its end where it is to stop.

        Raises BackfillError when a date was held back, or a window or a test failed, KeyboardInterrupt when it was
        stopped.

        Whether or not, there is a verdict on the range at the end, and a report.
        """
        with stop.after_window():
            try:
                # Nobody shall train on what is half done.
                self._verdict([], f"Run {self.run_id} is at work.").write(self.verdict_file)
                held = self.engine.begin_run(
                    self.plan.window,
                    run_id=self.run_id,
                    host_name=self.checkpoint.host,
                    process_id=self.checkpoint.process_id,
                    days=KEPT_DAYS,
                )
                self._hold(held)
                try:
                    self._do_windows(stop)
                finally:
                    self.engine.forget_sources()
                self.engine.recall_sources(self.plan.window)
                self._validate(stop)
            except BaseException as error:
                # What stopped the run may stop this too; the run's own error is the one to tell.
                if isinstance(error, TransientError):
                    # A worker has sat the outage out.
                    self.engine.patience = 0.0
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
        with progress_bar(self.console, self.checkpoint.dates) as progress:

            def at(stage: Stage) -> None:
                progress.update(progress.task_ids[0], stage=stage.name, through=stage.batch.window.end)
                self.checkpoint.stage = str(stage)
                self.checkpoint.write()
                if stage.batch.window.days > LONG_DAYS and progress.disable:
                    log.info("%s", stage)

            for result in self._work(stop, at):
                self.results.append(result)
                log.info("%s", f"batch {len(self.results)}/{len(self.plan.batches)}  {result}")
                for passing in result.passing_errors:
                    self._log_event("window retried", result.batch.window, details=passing)
                if result.error is not None:
                    self._log_event("window failed", result.batch.window, details=result.error)
                # What is under way in other workers is brought to its end.
                stop.is_wished |= self.options.fail_fast and bool(result.error or result.held_back)
                self._note(result)
                if time.monotonic() - renewed > RENEW_SECONDS:
                    self.lock.require()
                    renewed = time.monotonic()
                progress.update(progress.task_ids[0], completed=self.checkpoint.tried)
        log.info("%s", self._summary(time.monotonic() - started))
        for line in self._findings():
            log.info("%s", line)
        failed = [result.error for result in self.results if result.error is not None]
        if failed:
            raise BackfillError(
                f"{len(failed)} of the windows failed, the first with: {failed[0]}\n"
                "Mend what it says and run the same command again: it does what is not complete."
            )
        if stop.is_interrupted:
            raise KeyboardInterrupt

    @property
    def held_back(self) -> dict[date, str]:
        """The dates that were held back, with why."""
        return {day: why for result in self.results for day, why in result.held_back.items()}

    def _findings(self) -> Iterator[str]:
        """The warnings, counted by rule, and the dates that are held back."""
        counts: Counter[str] = Counter()
        first: dict[str, Finding] = {}
        for finding in (finding for result in self.results for finding in result.findings):
            if finding.severity == "warning":
                counts[finding.rule] += finding.count
                first.setdefault(finding.rule, finding)
        for rule, count in counts.items():
            yield f"warning: {rule.replace('_', ' ')}, {count:,} times, for example {first[rule].example}"
        for day, why in sorted(self.held_back.items()):
            yield f"held back: {day}  {why}"

    def _work(self, stop: Stop, at: Callable[[Stage], None]) -> Iterator[BatchResult]:
        batches = self.plan.batches
        if self.options.workers == 1:
            return backfill(self.engine, batches, stop, at)
        workers = min(self.options.workers, len(batches))
        job = Job(self.engine.origin, self.run_id, self.engine.rows_built_by)
        return backfill_with_workers(job, batches, workers, stop, at)

    def _hold(self, days: Iterable[Mapping[str, Any]]) -> None:
        self.checkpoint.days = {figures.game_date: figures for figures in map(DayFigures.of, days)}
        self.checkpoint.write()

    def _note(self, result: BatchResult) -> None:
        self.checkpoint.stage = None
        self.checkpoint.passing_errors += result.passing_errors
        if result.error is None:
            self.checkpoint.windows_done += 1
            self.checkpoint.hold(result.batch, result.days)
            self.checkpoint.held_back |= result.held_back
            self.checkpoint.successful += len(result.batch.days) - len(result.held_back)
            self.checkpoint.rows += result.rows
            last = self.checkpoint.last_completed_date
            self.checkpoint.last_completed_date = max(filter(None, (last, result.batch.window.end)))
        else:
            self.checkpoint.failed |= {day.game_date: result.error for day in result.batch.days}
        self.checkpoint.write()

    def _validate(self, stop: Stop) -> None:
        """Test the range, as far as there was something to do in it."""
        if stop.is_interrupted:
            raise KeyboardInterrupt
        window = self.plan.window
        try:
            verdict = self.engine.validate(window, "validation_of_run")
        except FailedTestsError as error:
            self.tests.append(check_of_tests(0, error.reasons))
            raise
        self.tests.append(check_of_tests(verdict.passed))
        for warning in verdict.warnings:
            log.info("warning: %s", warning)
        log.info("tested %s: %d tests passed, %d warned, none failed", window, verdict.passed, len(verdict.warnings))
        if self.held_back:
            raise BackfillError(
                f"{len(self.held_back)} of the dates are held back, the first with: {min(self.held_back.items())[1]}\n"
                "The summary keeps what it held of them. Mend what it says in the source, or the rule in "
                "macros/rules.sql if the source is right, and run the same command again: it does what is not complete."
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
        from nba_backfill.display.report import make_report  # needed only here

        try:
            (run,) = (row for row in self.engine.rows("backfill_runs") if row["run_id"] == self.run_id)
            report = make_report(self.engine, run, self.validation, self.preflight, None)
            self.checkpoint.report = report.write(Path(self.checkpoint.log).with_suffix(""))
            log.info("report: %s", self.checkpoint.report)
        except Exception as error:  # noqa: BLE001 - the run has come to its end, whatever this is
            log.warning("the report can't be made: %s", error)

    def _end(self, event: str) -> None:
        self.engine.operate(
            "end_run",
            self.plan.window,
            run_id=self.run_id,
            event_name=event,
            windows_done=sum(result.error is None for result in self.results),
            keep_count=KEPT_RUNS,
            days=KEPT_DAYS,
        )

    def _log_event(self, event: str, window: Window, details: str) -> None:
        self.engine.operate(
            "log_event",
            run_id=self.run_id,
            event_name=event,
            start_date=str(window.start),
            end_date=str(window.end),
            details=details,
        )

    def _summary(self, seconds: float) -> str:
        done = [result for result in self.results if result.error is None]
        rows, nulls = sum(result.rows for result in done), sum(result.null_minutes for result in done)
        share = f"{100 * nulls / rows:.1f} % without minutes" if rows else "no rows"
        held_back = f", {len(self.held_back):,} dates held back" if self.held_back else ""
        return (
            f"done: {len(done)} windows, {self.checkpoint.successful:,} dates{held_back}, {rows:,} rows, "
            f"{sum(result.games for result in done):,} games, {share}, {seconds:.1f} s"
        )


@contextmanager
def at_work(engine: Engine, run_id: str, window: Window) -> Iterator[Lock]:
    """Keep other runs from the summary, as hold_lock does, and read the sources of the window for plan and run.

    Before that what the project has of its own is made: seeds, views, the tables of the backfill's state.
    """
    with hold_lock(engine, run_id) as lock:
        from nba_backfill.display.report_files import load_charts  # needed only from here on

        # For the report, while the warehouse is at work.
        ThreadPoolExecutor(1).submit(load_charts)
        engine.prepare()
        if window.days > LONG_DAYS:
            log.info("%s  sources …", window)
        engine.read_sources(window)
        yield lock
