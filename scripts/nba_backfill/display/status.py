"""Where the backfill is, as the run at work has written down or else the warehouse says, and the screen for that."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from nba_backfill.errors import BackfillError, ProjectError
from nba_backfill.records.checkpoint import is_alive
from nba_backfill.warehouse.plan import COMPLETE, FAILED, HELD_BACK, NO_GAMES
from nba_backfill.windows import FIRST_DATE, Window, today

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine

RUNNING, DONE, DIED, NO_RUNS, BUSY = "running", "done", "died", "no runs yet", "the file is in use"
STYLES = {RUNNING: "bold cyan", DONE: "bold green", "failed": "bold red", DIED: "bold red"}
# At this rate the 600 dates of three seasons take over a week. A window takes seconds on DuckDB, a minute on BigQuery.
SLOW_DAYS_PER_HOUR = 3
# The first window also makes the tables, so that before its end a rate says nothing; half an hour of nothing does.
WARM_UP = timedelta(minutes=30)
SILENCE = timedelta(minutes=10)
DAYS_BY_DEFAULT = 7
LOOK_SECONDS = 0.25
FAILURES_SHOWN = 3
WRITER = re.compile(r"Conflicting lock is held .*\(PID (\d+)\)")


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
            writer = WRITER.search(str(error))
            if not writer:
                raise
            if checkpoint and checkpoint.process_id == int(writer[1]):
                return checkpoint
            note = f"process {writer[1]} has the DuckDB file, maybe a run that begins or ends"
            return cls(BUSY, engine.warehouse, now, process_id=int(writer[1]), note=note)

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
    """The target's DuckDB file, without a parse of the project. None where the warehouse is not a file."""
    from nba_backfill.warehouse.project import embedded_database  # dbt, which a look at the checkpoint does without

    try:
        return str(embedded_database(project, target).resolve())
    except ProjectError:
        return None


def read_checkpoint(path: Path, database: str | None) -> Status | None:
    """Where the last run of this machine is or how it ended, as its checkpoint tells.

    A run that says it is running and has no process has died. None where there is no checkpoint or it can't be read,
    and where it is of another warehouse: of another file than the DuckDB `database`, or, when that is None, of a file
    at all. That two runs from here on BigQuery have different datasets isn't looked at.
    """
    status = _checkpoint(path, database)
    if status is None or not _is_dead(status):
        return status
    # It may have come to its end between these two looks.
    again = _checkpoint(path, database)
    return _died(status) if again == status else again


def follow(console: Console, status: Status, look: Callable[[], Status | None]) -> Status:
    """Show the status on a screen of its own until the run ends, or until Ctrl-C or SIGTERM. Returns the last one.

    Where no run is at work it waits for one. It asks `look` alone, and so never the warehouse, which belongs to the
    run.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    is_waiting = not status.is_at_work
    shown = None
    with suppress(KeyboardInterrupt), Live(console=console, screen=True, auto_refresh=False) as live:
        while is_waiting or status.is_at_work:
            now = datetime.now(timezone.utc).replace(microsecond=0)
            if shown != (status, console.size, now):
                live.update(Group(*screen(status, now, *console.size, is_waiting=is_waiting)), refresh=True)
                shown = status, console.size, now
            time.sleep(LOOK_SECONDS)
            # Without its checkpoint a run may still die.
            found = look() or (_died(status) if _is_dead(status) else None)
            if found and (found.is_at_work or not is_waiting):
                status, is_waiting = found, False
    return status


def show(console: Console, status: Status) -> None:
    """Print the status once: as it fits a terminal, or all of it, whole, where the output is piped."""
    now = datetime.now(timezone.utc)
    if not console.file.isatty():
        click.echo("\n".join(lines(status, now)))
        return
    # The shell's prompt takes the last line.
    for line in screen(status, now, console.width, console.height - 1):
        console.print(line)


def lines(status: Status, now: datetime) -> list[str]:
    """All that there is to say, a line for each thing."""
    return [_title(status), *_labelled(_facts(status, now)), *_table(status, len(status.months) + 3)]


def screen(status: Status, now: datetime, width: int, height: int, *, is_waiting: bool = False) -> list[RenderableType]:
    """So much of it as fits: at most `height` lines of `width` cells, of the months those that were written last."""
    facts = list(_facts(status, now, FAILURES_SHOWN))
    if is_waiting:
        awaited = "waiting for its checkpoint" if status.state == BUSY else "no run is at work here; waiting for one"
        facts.append(("", f"{awaited}, Ctrl-C ends"))
    head = [Text(line) for line in (_title(status), *_labelled(facts))]
    head[0].highlight_words([status.state], STYLES.get(status.state, "bold yellow"))
    bars: list[RenderableType] = []
    if status.dates is not None:
        bar = ProgressBar(total=max(status.dates, 1), completed=status.done if status.dates else 1, width=width)
        # A bar by itself doesn't end its line.
        bars.append(Padding(bar, 0))
    table = [Text(line) for line in _table(status, height - len(head) - len(bars))]
    for text in (*head, *table):
        text.no_wrap = True
        text.truncate(width, overflow="ellipsis")
    return [head[0], *bars, *head[1:], *table][:height]


def _title(status: Status) -> str:
    if status.run_id is None:
        return status.state
    return f"run {status.run_id}  {status.state}  {status.window}"


def _labelled(facts: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{label:<12}{_one_line(text)}" for label, text in facts]


def _facts(status: Status, now: datetime, failures: int | None = None) -> Iterator[tuple[str, str]]:
    """What there is to say, each thing with its label, and of the failures so many."""
    if status.note:
        yield "", status.note
    if status.run_id:
        # What goes on elsewhere was seen when the warehouse was asked.
        yield from _facts_of_run(status, now if status.is_at_work else status.updated_at, failures)
    if status.state != BUSY:
        hint = ": `nba-backfill players unresolved` lists them" if status.unresolved_players else ""
        yield "unresolved", f"{_count(status.unresolved_players, 'player')}{hint}"
    yield from _sources(status, now)


def _facts_of_run(status: Status, now: datetime, failures: int | None) -> Iterator[tuple[str, str]]:
    rate = status.rate(now)
    yield "dates", _progress(status)
    yield "rate", "not known" if rate is None else f"{rate:,.1f} days per hour"
    yield "time", _time(status, now)
    if status.stage:
        yield "window", status.stage
    if reasons := why_slow(status, now):
        yield "slow", f"less than {SLOW_DAYS_PER_HOUR} days per hour, and why that might be:"
        yield from (("", f"- {reason}") for reason in reasons)
    last = f", last: {status.last_passing_error}" if status.passing_errors else ""
    yield "retries", f"{_count(status.passing_errors)}{last}"
    yield from _dates_with_reasons("failures", status.failed, failures)
    if status.held_back:
        yield from _dates_with_reasons("held back", status.held_back, failures)


def _sources(status: Status, now: datetime) -> Iterator[tuple[str, str]]:
    """Where more is to be found, and who says all this."""
    if status.verdict:
        yield "verdict", status.verdict
    if status.report:
        yield "report", status.report
    if status.log:
        yield "log", status.log
    if status.is_at_work:
        yield "read from", f"the checkpoint, {_span(now - status.updated_at)} old; left alone: {status.warehouse}"
    else:
        source = "the checkpoint" if status.log else status.warehouse
        yield "read from", f"{source}, {status.updated_at:%Y-%m-%d %H:%M:%S} UTC"


def _progress(status: Status) -> str:
    share = 100 * status.done / status.dates if status.dates else 100.0
    pending = ", ".join(f"{count:,} {what}" for what, count in status.pending)
    said = [f"{status.done:,} of {status.dates or 0:,} done, {share:.1f} %{f' ({pending})' if pending else ''}"]
    if status.windows_done:
        said.append(_count(status.windows_done, "window"))
    if status.last_date:
        said.append(f"last {status.last_date}")
    return ", ".join(said)


def _time(status: Status, now: datetime) -> str:
    elapsed = status.elapsed(now)
    if elapsed is None:
        return f"started {status.started_at:%Y-%m-%d %H:%M} UTC, and nobody knows when it ended"
    if status.state != RUNNING:
        return f"took {_span(elapsed)}, ended {status.ended_at:%Y-%m-%d %H:%M} UTC"
    left = status.time_left(now)
    if not status.left:
        return f"{_span(elapsed)} so far, every date was tried, tests go on"
    if left is None:
        return f"{_span(elapsed)} so far, time left not known before a window is done"
    return f"{_span(elapsed)} so far, {_span(left)} left, done about {now + left:%Y-%m-%d %H:%M} UTC"


def why_slow(status: Status, now: datetime) -> list[str]:
    """Why a run at work does less than SLOW_DAYS_PER_HOUR: what there is to see of it. Nothing where it is not slow."""
    rate, elapsed = status.rate(now), status.elapsed(now)
    if status.state != RUNNING or not status.left or rate is None or rate >= SLOW_DAYS_PER_HOUR:
        return []
    if not status.windows_done and (elapsed is None or elapsed < WARM_UP):
        return []
    reasons = []
    if status.passing_errors:
        retries = "retry" if status.passing_errors == 1 else "retries"
        reasons.append(f"{status.passing_errors:,} {retries} so far, last: {status.last_passing_error}")
    if status.is_at_work:
        silence, load, cores = now - status.updated_at, os.getloadavg()[0], os.cpu_count() or 1
        if silence > SILENCE:
            reasons.append(f"nothing written for {_span(silence)}, a window takes long or waits: see the log")
        if load > cores:
            reasons.append(f"load {load:.1f} on {_count(cores, 'core')}: other work keeps this machine busy")
    if status.batch_days and status.batch_days < DAYS_BY_DEFAULT:
        reasons.append(
            f"windows of {_count(status.batch_days, 'day')}: a season each, without --batch-days, is cheaper"
        )
    if not reasons:
        is_file = Path(status.warehouse).is_absolute()
        where = "the disk and memory of this machine" if is_file else "BigQuery's job queue and slots"
        reasons.append(f"the warehouse is slow: look at {where}")
    return reasons


def _dates_with_reasons(label: str, failed: Sequence[tuple[date, str]], most: int | None) -> Iterator[tuple[str, str]]:
    """The dates that failed or were held back, together where that was for one reason, and so many of these groups."""
    groups = [(error, [day for day, _ in days]) for error, days in groupby(sorted(failed), key=lambda day: day[1])]
    yield label, _count(len(failed), "date")
    for error, days in groups[:most]:
        yield "", f"{days[0]}{f'..{days[-1]}' if len(days) > 1 else ''}: {error}"
    if most is not None and len(groups) > most:
        yield "", f"… and {_count(sum(len(days) for _, days in groups[most:]), 'date')} more"


def _table(status: Status, room: int) -> list[str]:
    """An empty line and the months in so many lines: those that were written last, what the others hold, and all.

    Without room for any month there is the last line alone.
    """
    months = status.months
    if status.state == BUSY:
        return []
    if not months:
        return ["", "the summary has no rows"]

    def line(name: object, dates: object, rows: object, share: str, updated: str) -> str:
        return f"{name:<10}{dates:>7}{rows:>12}{share:>13}   {updated}".rstrip()

    def latest(month: Month) -> tuple[str, str]:
        return str(month.updated_at or ""), month.name

    # Lines for other things than a month: an empty one, the heading, the sum, and what the others hold.
    shown = len(months) if len(months) + 3 <= room else max(room - 4, 0)
    recent = sorted(sorted(months, key=latest)[len(months) - shown :], key=lambda month: month.name)
    others = [month for month in months if month not in recent]
    table = [line("month", "dates", "rows", "NULL share", "last update, UTC")] if shown else []
    for month in recent:
        updated = f"{month.updated_at:%Y-%m-%d %H:%M:%S}" if month.updated_at else ""
        table.append(line(month.name, f"{month.dates:,}", f"{month.rows:,}", _share([month]), updated))
    if shown and others:
        which = "earlier" if max(month.name for month in others) < recent[0].name else "other"
        rows = sum(month.rows for month in others)
        table.append(f"… and {_count(len(others), f'{which} month')}: {rows:,} rows, {_share(others)} without minutes")
    dates, rows = sum(month.dates for month in months), sum(month.rows for month in months)
    return ["", *table, line("all", f"{dates:,}", f"{rows:,}", _share(months), "")]


def _share(months: Sequence[Month]) -> str:
    rows = sum(month.rows for month in months)
    return f"{100 * sum(month.null_minutes for month in months) / rows:.1f} %" if rows else "none"


def _checkpoint(path: Path, database: str | None) -> Status | None:
    try:
        status = Status.of_checkpoint(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    is_same = status.warehouse == database if database else not Path(status.warehouse).is_absolute()
    return status if is_same and status.host == socket.gethostname() else None


def _is_dead(status: Status) -> bool:
    return status.is_at_work and not is_alive(status.process_id)


def _died(status: Status) -> Status:
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


def _span(time_span: timedelta) -> str:
    """A length of time, to the second, the minute or the hour."""
    minutes, seconds = divmod(max(round(time_span.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days:,} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    if minutes >= 10:
        return f"{minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _count(count: int, of: str = "") -> str:
    if not count:
        return "none"
    return f"{count:,} {of}{'s' if of and count > 1 else ''}".rstrip()


def _one_line(text: str) -> str:
    """Without what would break a line or move the cursor."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
