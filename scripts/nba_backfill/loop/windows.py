"""One window: what it is at, and how it ended. And the loop over them, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from nba_backfill.errors import BackfillError, ProjectError, TransientError
from nba_backfill.loop.stop import Stop
from nba_backfill.records.checkpoint import DayFigures
from nba_backfill.warehouse.plan import Batch

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine
    from nba_backfill.warehouse.told import Finding

# A window of more days says what it is at, and what it holds of each month.
LONG_DAYS = 31
PUBLISHING = "publish"
KEPT = "the table holds what it held before"


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
    was_publishing: bool = False

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
            held = "a table holds what it held before, or all of the window" if self.was_publishing else KEPT
            return f"{self.batch.window}  failed, and {held}.\n{self.error}"
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


def backfill(
    engine: Engine, batches: Sequence[Batch], stop: Stop, at: Callable[[Stage], None]
) -> Iterator[BatchResult]:
    """Do the windows in order, and say of each how it ended. Goes on after one that failed.

    Calls `at` with what a window is at.
    """
    is_any_done = False
    for batch in batches:
        if stop.is_wished:
            return
        result = do(engine, batch, at, with_undated_rows=not is_any_done)
        is_any_done |= result.error is None
        yield result


def do(engine: Engine, batch: Batch, at: Callable[[Stage], None], with_undated_rows: bool = True) -> BatchResult:
    """Build one window, hold it to the rules and publish it, but for the dates that break one.

    Once a run with the rows that have no date.

    Raises TransientError where the warehouse has been out of order for long, ProjectError where what it is at can't be
    written down.
    """
    started = time.perf_counter()
    engine.passing_errors.clear()
    stage = ""

    def reach(next_stage: str) -> None:
        nonlocal stage
        stage = next_stage
        at(Stage(batch, stage))

    def result(**values: Any) -> BatchResult:
        seconds = time.perf_counter() - started
        return BatchResult(batch, seconds=seconds, passing_errors=tuple(engine.passing_errors), **values)

    try:
        built = engine.build_window(batch.window, batch.dates, reach, with_undated_rows)
    except (ProjectError, TransientError):
        raise
    except BackfillError as error:
        return result(error=str(error), was_publishing=stage == PUBLISHING)
    return result(
        days=tuple(sorted(map(DayFigures.of, built.days), key=lambda day: day.game_date)),
        held_back=built.held_back,
        findings=built.findings,
    )
