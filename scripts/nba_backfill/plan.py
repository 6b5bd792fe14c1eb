"""Which dates a run does and why, and the windows that it does them in."""

from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from nba_backfill.engine import Engine
from nba_backfill.windows import Window

COMPLETE, NO_GAMES, FAILED, FORCED = "complete", "no games", "failed", "forced"
# How a size that is found on the way starts, and how much cheaper a date must become for it to grow.
FIRST_DAYS = 7
WORTHWHILE = 0.9


class Scope(Enum):
    """Which of the dates with games or rows a run does: what is not complete, all of them, or what failed."""

    RESUME = "resume"
    ALL = "all"
    FAILED = "failed"


@dataclass(frozen=True)
class Day:
    """A date, as backfill_plan sees it: its state, and the games and rows that the sources have for it."""

    game_date: date
    season_year: int
    status: str
    games: int
    rows: int
    failed_reason: str | None

    @property
    def why(self) -> str:
        """What there is to do about it, once it is chosen."""
        return FORCED if self.status in (COMPLETE, NO_GAMES) else self.status


@dataclass(frozen=True)
class Batch:
    """A window of a run, by the dates of it that the run is about."""

    days: tuple[Day, ...]

    @property
    def window(self) -> Window:
        """From the first to the last of the dates."""
        return Window(self.days[0].game_date, self.days[-1].game_date)

    @property
    def games(self) -> int:
        """Games that the sources have."""
        return sum(day.games for day in self.days)

    @property
    def rows(self) -> int:
        """Rows that the summary will have."""
        return sum(day.rows for day in self.days)

    @property
    def why(self) -> list[str]:
        """What is wrong with its dates."""
        return sorted({day.why for day in self.days})

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "start_date": str(self.window.start),
            "end_date": str(self.window.end),
            "dates": len(self.days),
            "games_expected": self.games,
            "rows_expected": self.rows,
            "why": self.why,
        }


@dataclass(frozen=True)
class Plan:
    """What a run of a range would do: every date of the range, and those of them that it does."""

    window: Window
    days: tuple[Day, ...]
    chosen: frozenset[date]
    batch_days: int | None

    @property
    def spans(self) -> list[tuple[Day, ...]]:
        """The chosen dates, a season apart from the next, and apart where a date with games is left alone between."""
        spans: list[list[Day]] = [[]]
        for day in self.days:
            if day.game_date in self.chosen:
                if spans[-1] and spans[-1][-1].season_year != day.season_year:
                    spans.append([])
                spans[-1].append(day)
            elif day.status != NO_GAMES and spans[-1]:
                spans.append([])
        return [tuple(span) for span in spans if span]

    @property
    def batches(self) -> list[Batch]:
        """The windows, in order. Where their size is found on the way, as if it stayed what it is at first."""
        return [batch for span in self.spans for batch in split(span, self.batch_days or FIRST_DAYS)]

    @property
    def seasons(self) -> list[Window]:
        """The seasons of the range in which there was something to do, so far as they lie in the range."""
        years = sorted({day.season_year for day in self.days if day.game_date in self.chosen})
        dates = {year: [day.game_date for day in self.days if day.season_year == year] for year in years}
        return [Window(dates[year][0], dates[year][-1]) for year in years]

    @property
    def left_alone(self) -> dict[str, int]:
        """How many dates the run leaves alone, by their state."""
        return dict(Counter(day.status for day in self.days if day.game_date not in self.chosen))

    @property
    def to_do(self) -> dict[str, list[Day]]:
        """The chosen dates, by what there is to do about them."""
        chosen: dict[str, list[Day]] = {}
        for day in self.days:
            if day.game_date in self.chosen:
                chosen.setdefault(day.why, []).append(day)
        return chosen

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "start_date": str(self.window.start),
            "end_date": str(self.window.end),
            "batch_days": self.batch_days or "auto",
            "windows": [batch.to_json() for batch in self.batches],
            "left_alone": self.left_alone,
            "dates": [
                {
                    "game_date": str(day.game_date),
                    "status": day.status,
                    "to_do": day.game_date in self.chosen,
                    "games_expected": day.games,
                    "rows_expected": day.rows,
                    "failed_reason": day.failed_reason,
                }
                for day in self.days
                if day.status != NO_GAMES or day.game_date in self.chosen
            ],
        }


def make_plan(
    engine: Engine, window: Window, scope: Scope, batch_days: int | None, dates: Collection[date] | None = None
) -> Plan:
    """What a run would do, asked of the warehouse.

    With `dates` it is about these, whatever their state. Without `batch_days` the windows' size is found on the way.
    """
    days = tuple(
        Day(
            game_date=row["game_date"],
            season_year=int(row["season_year"]),
            status=row["status"],
            games=int(row["game_count"] or 0),
            rows=int(row["rows_expected"] or 0),
            failed_reason=row["failed_reason"],
        )
        for row in sorted(engine.rows("backfill_plan", window), key=lambda row: str(row["game_date"]))
    )
    left_alone = {Scope.RESUME: {COMPLETE, NO_GAMES}, Scope.ALL: {NO_GAMES}}
    if dates is not None:
        chosen = frozenset(dates)
    elif scope is Scope.FAILED:
        chosen = frozenset(day.game_date for day in days if day.status == FAILED)
    else:
        chosen = frozenset(day.game_date for day in days if day.status not in left_alone[scope])
    return Plan(window, days, chosen, batch_days)


class Queue:
    """The windows that are still to be done. Where their size is found on the way, the last one decides on the next."""

    def __init__(self, spans: Sequence[tuple[Day, ...]], batch_days: int | None) -> None:
        """Start with these dates of a plan."""
        self._grows = batch_days is None
        self._size = batch_days or FIRST_DAYS
        self._spans = deque(spans)
        self._cheapest: float | None = None

    def __bool__(self) -> bool:
        return bool(self._spans)

    def next(self) -> Batch:
        """Take the next window."""
        first, *rest = split(self._spans.popleft(), self._size)
        if rest:
            self._spans.appendleft(tuple(day for batch in rest for day in batch.days))
        return first

    def done(self, batch: Batch, seconds: float) -> None:
        """Learn from what a window cost: windows grow as long as that makes a date cheaper."""
        if not self._grows or batch.window.days < self._size:
            return
        cost = seconds / len(batch.days)
        if self._cheapest is None or cost < WORTHWHILE * self._cheapest:
            self._cheapest = cost
            self._size *= 2

    def failed(self, batch: Batch) -> bool:
        """Put a window that failed back as two halves, so that only its bad date stays undone.

        Returns False, and puts nothing back, where the windows' size is given or there is nothing to halve.
        """
        middle = len(batch.days) // 2
        if not self._grows or not middle:
            return False
        self._spans.extendleft((batch.days[middle:], batch.days[:middle]))
        self._size = middle
        return True


def split(days: Sequence[Day], size: int) -> list[Batch]:
    """Windows of at most so many days, each from one of the dates to another."""
    parts: list[list[Day]] = []
    for day in days:
        if parts and (day.game_date - parts[-1][0].game_date).days < size:
            parts[-1].append(day)
        else:
            parts.append([day])
    return [Batch(tuple(part)) for part in parts]
