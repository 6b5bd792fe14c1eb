"""The loop: one window after the other, until all are done or one fails."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from nba_backfill.engine import Engine
from nba_backfill.errors import BackfillError
from nba_backfill.windows import Window


@dataclass(frozen=True)
class Batch:
    """One window of a run, the number-th of so many."""

    number: int
    of: int
    window: Window
    has_work: bool

    def __str__(self) -> str:
        return f"batch {self.number}/{self.of}  {self.window}"


@dataclass(frozen=True)
class BatchResult:
    """What the summary holds for a window after its batch: rows, games, rows without minutes.

    And what the batch took, in seconds, and the warnings of the tests that let it pass.
    """

    batch: Batch
    rows: int = 0
    games: int = 0
    null_minutes: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.batch.has_work:
            return f"{self.batch}  no games, skipped"
        share = f"{100 * self.null_minutes / self.rows:.1f} %" if self.rows else "none"
        return f"{self.batch}  {self.rows:,} rows  {self.games:,} games  {share} without minutes  {self.seconds:.2f} s"


class BatchError(BackfillError):
    """A window failed. The table holds what it held before the window's batch began."""

    def __init__(self, batch: Batch, reason: BackfillError) -> None:
        super().__init__(f"{batch} failed, and the table holds what it held before.\n{reason}")
        self.exit_code = reason.exit_code


def plan(engine: Engine, window: Window, batch_days: int) -> Sequence[Batch]:
    """The batches of a run. Those on whose dates no source has a game and the summary has no row have no work."""
    busy: set[date] = {row["game_date"] for row in engine.rows("window_dates", window)}
    windows = list(window.split(batch_days))
    return [
        Batch(number, len(windows), part, any(day in part for day in busy)) for number, part in enumerate(windows, 1)
    ]


def backfill(engine: Engine, batches: Sequence[Batch]) -> Iterator[BatchResult]:
    """Do the batches in order, and say of each what the summary then holds. Raises BatchError at the first failure."""
    for batch in batches:
        if not batch.has_work:
            yield BatchResult(batch)
            continue
        started = time.perf_counter()
        try:
            verdict = engine.build_window(batch.window)
            (totals,) = engine.rows("window_totals", batch.window)
        except BackfillError as error:
            raise BatchError(batch, error) from error
        seconds = time.perf_counter() - started
        yield BatchResult(
            batch,
            rows=int(totals["row_count"]),
            games=int(totals["game_count"]),
            null_minutes=int(totals["null_minutes"]),
            seconds=seconds,
            warnings=verdict.warnings,
        )
