"""Where the backfill is, as the run at work has written down or else the warehouse says."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nba_backfill.errors import BackfillError, ProjectError, holder_of_file
from nba_backfill.records.checkpoint import is_alive
from nba_backfill.warehouse.plan import COMPLETE, FAILED, HELD_BACK, NO_GAMES
from nba_backfill.windows import FIRST_DATE, Window, today

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine

RUNNING, DONE, DIED, NO_RUNS, BUSY = "running", "done", "died", "no runs yet", "the file is in use"


@dataclass(frozen=True)
class Month:
    """What the summary holds of a month, so far as it lies in the range: dates, rows, rows without minutes."""

    name: str
    dates: int
    rows: int
    null_minutes: int
    updated_at: datetime | None


@dataclass(frozen=True)
class Status:
    """Where a run is, and what the summary holds for its range. Times are in UTC.

    The dates are those that the run has to do, or, where the warehouse was asked, those with games in the run's range;
    `done` of them need nothing any more. `written` are those that the run itself wrote, `pending` says what is wrong
    with the others. What nobody knows is None. `log` is that of a run on this machine, whose checkpoint was read.
    """

    state: str
    warehouse: str
    updated_at: datetime
    run_id: str | None = None
    window: Window | None = None
    host: str | None = None
    process_id: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    dates: int | None = None
    done: int = 0
    written: int = 0
    failed: tuple[tuple[date, str], ...] = ()
    held_back: tuple[tuple[date, str], ...] = ()
    stage: str | None = None
    pending: tuple[tuple[str, int], ...] = ()
    last_date: date | None = None
    windows_done: int | None = None
    batch_days: int | None = None
    days_per_hour: float | None = None
    passing_errors: int = 0
    last_passing_error: str | None = None
    unresolved_players: int = 0
    months: tuple[Month, ...] = ()
    log: str | None = None
    verdict: str = ""
    report: str = ""
    note: str | None = None

    @classmethod
    def of_checkpoint(cls, content: Mapping[str, Any]) -> Status:
        """What a run has written down. Raises KeyError, TypeError or ValueError where that is no checkpoint."""
        state, updated_at = str(content["status"]), _moment(content["updated_at"])
        errors = content["passing_errors"]
        return cls(
            state=DONE if state == "finished" else state,
            warehouse=str(content["warehouse"]),
            updated_at=updated_at,
            run_id=str(content["run_id"]),
            window=Window(date.fromisoformat(content["start_date"]), date.fromisoformat(content["end_date"])),
            host=str(content["host"]),
            process_id=int(content["process_id"]),
            started_at=_moment(content["started_at"]),
            ended_at=None if state == RUNNING else updated_at,
            dates=int(content["dates"]),
            done=int(content["successful"]),
            written=int(content["successful"]),
            failed=tuple((date.fromisoformat(day["game_date"]), str(day["error"])) for day in content["failed"]),
            held_back=tuple((date.fromisoformat(day["game_date"]), str(day["reason"])) for day in content["held_back"]),
            stage=content["stage"],
            last_date=date.fromisoformat(content["last_completed_date"]) if content["last_completed_date"] else None,
            windows_done=int(content["windows_done"]),
            batch_days=None if content["batch_days"] == "season" else int(content["batch_days"]),
            days_per_hour=float(content["days_per_hour"]),
            passing_errors=int(errors["count"]),
            last_passing_error=errors["last"],
            unresolved_players=int(content["unresolved_players"]),
            months=tuple(
                Month(
                    name=str(month["month"]),
                    dates=int(month["dates"]),
                    rows=int(month["rows"]),
                    null_minutes=int(month["null_minutes"]),
                    updated_at=_moment(month["updated_at"]) if month["updated_at"] else None,
                )
                for month in content["months"]
            ),
            log=str(content["log"]),
            verdict=str(content["verdict"] or ""),
            report=str(content["report"] or ""),
        )

    @classmethod
    def of_warehouse(cls, engine: Engine, checkpoint: Status | None = None) -> Status:
        """What the warehouse says of its latest run and of the dates of that run; of all dates where none ever ran.

        The last run of this machine's `checkpoint` tells more about a run that died, or that has the DuckDB file just
        now. Nothing is written, nor is a DuckDB file made. Raises BackfillError.
        """
        now = datetime.now(timezone.utc)
        if not engine.is_bigquery and not Path(engine.warehouse).exists():
            return cls(NO_RUNS, engine.warehouse, now)
        try:
            return _latest_run(engine, checkpoint, now)
        except BackfillError as error:
            holder = holder_of_file(error)
            if holder is None:
                raise
            if checkpoint and checkpoint.process_id == holder:
                return checkpoint
            note = f"process {holder} has the DuckDB file, maybe a run that begins or ends"
            return cls(BUSY, engine.warehouse, now, process_id=holder, note=note)

    @property
    def is_at_work(self) -> bool:
        """Whether a run on this machine goes on, which then alone uses the warehouse."""
        return self.state == RUNNING and self.log is not None

    @property
    def left(self) -> int:
        """Dates that were not tried yet."""
        return max((self.dates or 0) - self.done - len(self.failed) - len(self.held_back), 0)

    def elapsed(self, now: datetime) -> timedelta | None:
        """How long the run took, or has taken so far."""
        end = now if self.state == RUNNING else self.ended_at
        return max(end - self.started_at, timedelta(0)) if end and self.started_at else None

    def rate(self, now: datetime) -> float | None:
        """Dates done an hour, since the run started. Falls as long as a window goes on and nothing comes of it."""
        elapsed = self.elapsed(now)
        if self.days_per_hour is None or self.state != RUNNING or not self.left or not elapsed:
            return self.days_per_hour
        return min(self.days_per_hour, self.written / (elapsed / timedelta(hours=1)))

    def time_left(self, now: datetime) -> timedelta | None:
        """How long the dates that are left take, if it goes on as it did."""
        rate = self.rate(now)
        return timedelta(hours=self.left / rate) if rate else None


def target_database(project: Path, target: str | None) -> str | None:
    """The target's DuckDB file. None where the warehouse is not a file, or the profile can't be read."""
    from nba_backfill.warehouse.profile import duckdb_path  # a template engine, which help does without

    try:
        path = duckdb_path(project, target)
    except ProjectError:
        return None
    return path and str(Path(path).resolve())


def read_checkpoint(path: Path, database: str | None) -> Status | None:
    """Where the last run of this machine is or how it ended, as its checkpoint tells.

    A run that says it is running and has no process has died. None where there is no checkpoint or it can't be read,
    and where it is of another warehouse: of another file than the DuckDB `database`, or, when that is None, of a file
    at all. That two runs from here on BigQuery have different datasets isn't looked at.
    """
    status = _checkpoint(path, database)
    if status is None or not is_dead(status):
        return status
    # It may have come to its end between these two looks.
    again = _checkpoint(path, database)
    return as_died(status) if again == status else again


def _checkpoint(path: Path, database: str | None) -> Status | None:
    try:
        status = Status.of_checkpoint(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    is_same = status.warehouse == database if database else not Path(status.warehouse).is_absolute()
    return status if is_same and status.host == socket.gethostname() else None


def is_dead(status: Status) -> bool:
    return status.is_at_work and not is_alive(status.process_id)


def as_died(status: Status) -> Status:
    note = (
        f"run {status.run_id} died without a word at {status.updated_at:%Y-%m-%d %H:%M} UTC; the same command goes on"
    )
    return replace(status, state=DIED, ended_at=status.updated_at, note=note)


def _latest_run(engine: Engine, checkpoint: Status | None, now: datetime) -> Status:
    runs = sorted(engine.rows("backfill_runs"), key=lambda run: _moment(run["started_at"]))
    window = Window(runs[-1]["start_date"], runs[-1]["end_date"]) if runs else Window(FIRST_DATE, today())
    months = tuple(
        Month(
            name=f"{row['month_start']:%Y-%m}",
            dates=int(row["date_count"]),
            rows=int(row["row_count"]),
            null_minutes=int(row["null_minutes"]),
            updated_at=_moment(row["processed_at"]),
        )
        for row in engine.rows("null_rates_by_month", window)
    )
    unresolved = len({row["player_lookup"] for row in engine.rows("unresolved_dates", window)})
    died = checkpoint if checkpoint and checkpoint.state == DIED else None
    of_range = Status(
        NO_RUNS,
        engine.warehouse,
        now,
        unresolved_players=unresolved,
        months=months,
        note=died.note if died else None,
    )
    return _with_run(engine, of_range, runs[-1], window, died) if runs else of_range


def _with_run(engine: Engine, of_range: Status, run: Mapping[str, Any], window: Window, died: Status | None) -> Status:
    """The status of the range, and how the run that was the last to do something there is or was getting on."""
    state, started_at = str(run["status"]), _moment(run["started_at"])
    ended_at = _moment(run["ended_at"]) if run["ended_at"] else None
    windows = engine.rows("run_windows", window, kept_run=run["run_id"])
    done = [row for row in windows if row["outcome"] == "done"]
    retried = [row for row in windows if row["outcome"] == "retried"]
    written = sum(int(row["date_count"]) for row in done)
    process_id = None if run["process_id"] is None else int(run["process_id"])
    note = of_range.note
    if ended_at is None and died and died.run_id == run["run_id"]:
        state, ended_at = DIED, died.updated_at
    elif state == RUNNING and run["host_name"] == socket.gethostname() and not is_alive(process_id):
        # Its lock outlives it, and its checkpoint is another file or gone.
        state, ended_at = DIED, max([started_at, *(_moment(row["happened_at"]) for row in windows)])
        note = f"run {run['run_id']} died without a word after {ended_at:%Y-%m-%d %H:%M} UTC; the same command goes on"
    elif died and (died.run_id == run["run_id"] or died.updated_at < started_at):
        note = None
    dates = [row for row in engine.rows("backfill_plan", window) if row["status"] != NO_GAMES]
    statuses = Counter(row["status"] for row in dates)
    until = of_range.updated_at if state == RUNNING else ended_at
    hours = (until - started_at) / timedelta(hours=1) if until else 0
    return replace(
        of_range,
        state=state,
        run_id=str(run["run_id"]),
        window=window,
        host=run["host_name"],
        process_id=process_id,
        started_at=started_at,
        ended_at=ended_at,
        dates=len(dates),
        done=statuses[COMPLETE],
        written=written,
        failed=_with_reason(dates, FAILED),
        held_back=_with_reason(dates, HELD_BACK),
        pending=tuple(
            sorted((what, count) for what, count in statuses.items() if what not in (COMPLETE, FAILED, HELD_BACK))
        ),
        windows_done=int(run["windows_done"]) if run["windows_done"] is not None else len(done),
        days_per_hour=written / hours if hours > 0 else None,
        passing_errors=len(retried),
        last_passing_error=retried[-1]["details"] if retried else None,
        note=note,
    )


def _with_reason(dates: Iterable[Mapping[str, Any]], status: str) -> tuple[tuple[date, str], ...]:
    return tuple((row["game_date"], str(row["failed_reason"])) for row in dates if row["status"] == status)


def _moment(value: Any) -> datetime:
    """A time from JSON or a warehouse. One that doesn't say so is in UTC too."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=moment.tzinfo or timezone.utc).astimezone(timezone.utc)
