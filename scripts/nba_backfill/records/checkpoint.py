"""The checkpoint file: where a run is, for people and scripts to read. No run ever obeys it."""

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from nba_backfill.records.files import write_whole
from nba_backfill.warehouse.plan import Batch
from nba_backfill.windows import Window


@dataclass(frozen=True)
class DayFigures:
    """What the summary holds for a date: rows, games, rows without minutes, and names that nobody has registered."""

    game_date: date
    rows: int
    games: int
    null_minutes: int
    unresolved: frozenset[str]
    written_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "DayFigures":
        """From a row of daily_null_rates."""
        return cls(
            row["game_date"],
            int(row["row_count"]),
            int(row["game_count"]),
            int(row["null_minutes"]),
            frozenset((row["unresolved_players"] or "").split()),
            row["processed_at"].replace(tzinfo=timezone.utc),
        )


@dataclass
class Checkpoint:
    """What a run has done so far. Dates are those with something to do, not the calendar's.

    With what the summary holds for its range, date by date, so that nobody needs to ask the warehouse meanwhile.
    """

    path: Path
    run_id: str
    warehouse: str
    window: Window
    batch_days: int | None
    host: str
    process_id: int
    log: str
    dates: int
    skipped: int
    status: str = "running"
    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    successful: int = 0
    rows: int = 0
    last_completed_date: date | None = None
    failed: dict[date, str] = field(default_factory=dict)
    held_back: dict[date, str] = field(default_factory=dict)
    stage: str | None = None
    windows_done: int = 0
    passing_errors: list[str] = field(default_factory=list)
    days: dict[date, DayFigures] = field(default_factory=dict)
    verdict: str | None = None
    report: Path | None = None

    @property
    def tried(self) -> int:
        """Dates that were done, held back, or failed."""
        return self.successful + len(self.held_back) + len(self.failed)

    @property
    def progress_pct(self) -> float:
        """Dates that were tried, of all that there were to do. Percent."""
        return round(100 * self.tried / self.dates, 1) if self.dates else 100.0

    @property
    def days_per_hour(self) -> float:
        """Dates done an hour, since the run started."""
        hours = (datetime.now(timezone.utc) - self.started_at).total_seconds() / 3600
        return self.successful / hours if hours else 0.0

    @property
    def eta(self) -> datetime | None:
        """When all dates will have been tried, if it goes on as it did. UTC."""
        left = self.dates - self.tried
        if self.status != "running" or not self.successful:
            return None
        return datetime.now(timezone.utc) + timedelta(hours=left / self.days_per_hour)

    def hold(self, batch: Batch, days: Iterable[DayFigures]) -> None:
        """Take down what the summary now holds for the dates of the batch that it replaces."""
        replaced = batch.dates or batch.window
        self.days = {day: figures for day, figures in self.days.items() if day not in replaced}
        self.days |= {figures.game_date: figures for figures in days}

    def write(self) -> None:
        """Write the file in one step: a reader sees the old one or the new one, whole. Raises ProjectError."""
        write_whole(self.path, json.dumps(self.to_json(), indent=2) + "\n", "checkpoint")

    def to_json(self) -> dict[str, Any]:
        """The file's content."""
        return {
            "run_id": self.run_id,
            "warehouse": self.warehouse,
            "status": self.status,
            "start_date": str(self.window.start),
            "end_date": str(self.window.end),
            "last_completed_date": _text(self.last_completed_date),
            "batch_days": self.batch_days or "season",
            "windows_done": self.windows_done,
            "stage": self.stage,
            "dates": self.dates,
            "successful": self.successful,
            "failed": [{"game_date": str(day), "error": error} for day, error in sorted(self.failed.items())],
            "held_back": [{"game_date": str(day), "reason": why} for day, why in sorted(self.held_back.items())],
            "skipped": self.skipped,
            "progress_pct": self.progress_pct,
            "rows": self.rows,
            "days_per_hour": round(self.days_per_hour, 1),
            "eta": _text(self.eta),
            "passing_errors": {
                "count": len(self.passing_errors),
                "last": self.passing_errors[-1] if self.passing_errors else None,
            },
            "unresolved_players": len(frozenset().union(*(day.unresolved for day in self.days.values()))),
            "months": self._months(),
            "started_at": _text(self.started_at),
            "updated_at": _text(datetime.now(timezone.utc)),
            "host": self.host,
            "process_id": self.process_id,
            "log": self.log,
            "verdict": self.verdict,
            "report": str(self.report) if self.report else None,
        }

    def _months(self) -> list[dict[str, Any]]:
        months: dict[str, list[DayFigures]] = {}
        for day in sorted(self.days):
            months.setdefault(f"{day:%Y-%m}", []).append(self.days[day])
        described = []
        for month, days in months.items():
            rows, nulls = sum(day.rows for day in days), sum(day.null_minutes for day in days)
            described.append(
                {
                    "month": month,
                    "dates": len(days),
                    "rows": rows,
                    "null_minutes": nulls,
                    "null_pct": round(100 * nulls / rows, 2) if rows else None,
                    "updated_at": _text(max(day.written_at for day in days)),
                }
            )
        return described


def is_alive(process_id: int | None) -> bool:
    """Whether this machine has a process of that id."""
    if process_id is None or process_id < 1:
        return False
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def boot_id() -> str:
    """What this machine's processes that see one another have in common: its last start, and their namespace.

    A container may have the name, and its process the id, of one before it or beside it.
    """
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{start} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        # No Linux, and so no container: by its network card.
        return f"{uuid.getnode():x}"


def _text(moment: date | None) -> str | None:
    if isinstance(moment, datetime):
        return moment.isoformat(timespec="seconds")
    return str(moment) if moment else None
