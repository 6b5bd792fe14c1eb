"""The checkpoint file: where a run is, for people and scripts to read. No run ever obeys it."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from nba_backfill.errors import ProjectError
from nba_backfill.windows import Window


@dataclass
class Checkpoint:
    """What a run has done so far. Dates are those with something to do, not the calendar's."""

    path: Path
    run_id: str
    window: Window
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

    @property
    def progress_pct(self) -> float:
        """Dates that were tried, done or failed, of all that there were to do. Percent."""
        tried = self.successful + len(self.failed)
        return round(100 * tried / self.dates, 1) if self.dates else 100.0

    @property
    def days_per_hour(self) -> float:
        """Dates done an hour, since the run started."""
        hours = (datetime.now(timezone.utc) - self.started_at).total_seconds() / 3600
        return self.successful / hours if hours else 0.0

    @property
    def eta(self) -> datetime | None:
        """When all dates will have been tried, if it goes on as it did. UTC."""
        left = self.dates - self.successful - len(self.failed)
        if self.status != "running" or not self.successful:
            return None
        return datetime.now(timezone.utc) + timedelta(hours=left / self.days_per_hour)

    def write(self) -> None:
        """Write the file in one step: a reader sees the old one or the new one, whole. Raises ProjectError."""
        unfinished = self.path.with_name(f"{self.path.name}.{self.process_id}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("w", encoding="utf-8") as file:
                json.dump(self.to_json(), file, indent=2)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise ProjectError(
                f"The checkpoint {self.path} can't be written: {error.strerror}. What the summary holds is whole; make "
                "room or the folder writable, and run the same command again."
            ) from error

    def to_json(self) -> dict[str, Any]:
        """The file's content."""
        return {
            "run_id": self.run_id,
            "status": self.status,
            "start_date": str(self.window.start),
            "end_date": str(self.window.end),
            "last_completed_date": _text(self.last_completed_date),
            "dates": self.dates,
            "successful": self.successful,
            "failed": [{"game_date": str(day), "error": error} for day, error in sorted(self.failed.items())],
            "skipped": self.skipped,
            "progress_pct": self.progress_pct,
            "rows": self.rows,
            "days_per_hour": round(self.days_per_hour, 1),
            "eta": _text(self.eta),
            "started_at": _text(self.started_at),
            "updated_at": _text(datetime.now(timezone.utc)),
            "host": self.host,
            "process_id": self.process_id,
            "log": self.log,
        }


def _text(moment: date | None) -> str | None:
    if isinstance(moment, datetime):
        return moment.isoformat(timespec="seconds")
    return str(moment) if moment else None
