"""Date windows: which dates one run of dbt replaces."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from nba_backfill.errors import ArgumentError

# Of the league.
FIRST_DATE = date(1946, 11, 1)


@dataclass(frozen=True)
class Window:
    """The dates from start to end, both inclusive."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Dates in the window, one at least."""
        return (self.end - self.start).days + 1

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        return f"{self.start}..{self.end}"

    def split(self, days: int) -> Iterator["Window"]:
        """Windows of so many days each, in order, that together are this one. The last may be shorter."""
        start = self.start
        while start <= self.end:
            end = min(start + timedelta(days=days - 1), self.end)
            yield Window(start, end)
            start = end + timedelta(days=1)


def today() -> date:
    """The day in New York, whose dates the NBA's games carry."""
    return datetime.now(ZoneInfo("America/New_York")).date()


def parse_window(start_date: str, end_date: str) -> Window:
    """The window from the first to the last date, given as YYYY-MM-DD.

    The same rules as macros/window.sql. Raises ArgumentError for what is not a date, a window that ends before it
    starts, and a window that ends in the future.
    """
    start, end = parse_date("--start-date", start_date), parse_date("--end-date", end_date)
    if end < start:
        raise ArgumentError(f"--end-date {end} is before --start-date {start}.")
    if end > today():
        raise ArgumentError(
            f"--end-date {end} is in the future: today is {today()} in New York. "
            "Games that are not played have no box score."
        )
    return Window(start, end)


def parse_date(option: str, text: str) -> date:
    """The date that an option gives as YYYY-MM-DD. Raises ArgumentError, which names the option."""
    try:
        # The pattern, because newer Pythons read 20220110 and 2022-W02-1 as dates too.
        parsed = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        parsed = None
    if parsed is None or parsed.year < FIRST_DATE.year:
        raise ArgumentError(f"{option} {text!r} is not a date. Pass it as YYYY-MM-DD, for example 2022-01-10.")
    return parsed
