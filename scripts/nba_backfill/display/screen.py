"""The screen, and the lines for a pipe, that say where the backfill is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from nba_backfill.display.status import BUSY, DIED, DONE, RUNNING, Month, Status, as_died, is_dead
from nba_backfill.display.terminal import printable, say

STYLES = {RUNNING: "bold cyan", DONE: "bold green", "failed": "bold red", DIED: "bold red"}
# At this rate the 600 dates of three seasons take over a week. A window takes seconds on DuckDB, a minute on BigQuery.
SLOW_DAYS_PER_HOUR = 3
# The first window also makes the tables, so that before its end a rate says nothing; half an hour of nothing does.
WARM_UP = timedelta(minutes=30)
SILENCE = timedelta(minutes=10)
DAYS_BY_DEFAULT = 7
LOOK_SECONDS = 0.25
FAILURES_SHOWN = 3


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
            found = look() or (as_died(status) if is_dead(status) else None)
            if found and (found.is_at_work or not is_waiting):
                status, is_waiting = found, False
    return status


def show(console: Console, status: Status) -> None:
    """Print the status once: as it fits a terminal, or all of it, whole, where the output is piped."""
    now = datetime.now(timezone.utc)
    if not console.file.isatty():
        say("\n".join(lines(status, now)))
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
    head = [Text(printable(line)) for line in (_title(status), *_labelled(facts))]
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
