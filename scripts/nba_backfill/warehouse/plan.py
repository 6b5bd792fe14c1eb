"""Which dates a run does and why, and the windows that it does them in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any

from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine

COMPLETE, NO_GAMES, FAILED, HELD_BACK, FORCED = "complete", "no games", "failed", "held back", "forced"


class Scope(Enum):
    """Which of the dates with games or rows a run does: what is not complete, all, or what failed or was held back."""

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
    """A window of a run, by the dates of it that the run is about.

    Others of its dates may be left alone, as they are complete.
    """

    days: tuple[Day, ...]
    leaves_some: bool = False

    @property
    def window(self) -> Window:
        """From the first to the last of the dates."""
        return Window(self.days[0].game_date, self.days[-1].game_date)

    @property
    def dates(self) -> list[date] | None:
        """The only dates of the window to replace, None for all of them."""
        return [day.game_date for day in self.days] if self.leaves_some else None

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
    def batches(self) -> list[Batch]:
        """The windows, in order: of each season what there is to do, or so many days of it."""
        parts: list[list[Day]] = []
        for day in self.days:
            if day.game_date not in self.chosen:
                continue
            if parts and self._is_of_one(parts[-1][0], day):
                parts[-1].append(day)
            else:
                parts.append([day])
        left = [day.game_date for day in self.days if day.game_date not in self.chosen and day.status != NO_GAMES]
        return [
            Batch(tuple(part), any(part[0].game_date <= day <= part[-1].game_date for day in left)) for part in parts
        ]

    def _is_of_one(self, first: Day, day: Day) -> bool:
        if self.batch_days is not None:
            return (day.game_date - first.game_date).days < self.batch_days and day.season_year == first.season_year
        return day.season_year == first.season_year

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
            "batch_days": self.batch_days or "season",
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

    With `dates` it is about these, whatever their state. Without `batch_days` a window is a season.
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
        chosen = frozenset(day.game_date for day in days if day.status in (FAILED, HELD_BACK))
    else:
        chosen = frozenset(day.game_date for day in days if day.status not in left_alone[scope])
    return Plan(window, days, chosen, batch_days)
