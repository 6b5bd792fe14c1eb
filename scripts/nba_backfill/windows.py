"""Date windows: which dates one run of dbt replaces."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from nba_backfill.errors import ArgumentError

# Of the league.
FIRST_DATE = date(1946, 11, 1)
# Month and day from which on a date is of the season that starts in its year.
SEASON_TURN = (10, 12)


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


def yesterday() -> date:
    """The last day whose games are over everywhere."""
    return today() - timedelta(days=1)


def last_days(days: int) -> Window:
    """So many days through yesterday, as dbt builds seven of them where it is given no dates."""
    return Window(yesterday() - timedelta(days=days - 1), yesterday())


def season_window(text: str) -> Window:
    """The dates of a season, given as 2021-22 or by its first year, of the one under way through yesterday.

    The same turn of seasons as macros/window.sql. Raises ArgumentError for what is no season, and one to come.
    """
    match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2}))?", text)
    if not match or (match[2] and int(match[2]) != (int(match[1]) + 1) % 100) or int(match[1]) < FIRST_DATE.year:
        raise ArgumentError(f"--season {text!r} is not a season. Pass it as 2021-22, or by its first year as 2021.")
    start = date(int(match[1]), *SEASON_TURN)
    if start > yesterday():
        raise ArgumentError(f"--season {text} is in the future: today is {today()} in New York.")
    return Window(start, min(date(start.year + 1, *SEASON_TURN) - timedelta(days=1), yesterday()))


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
    """The date that an option gives as YYYY-MM-DD, today or yesterday. Raises ArgumentError, which names the option."""
    if text in (named := {"today": today, "yesterday": yesterday}):
        return named[text]()
    try:
        # The pattern, because newer Pythons read 20220110 and 2022-W02-1 as dates too.
        parsed = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        parsed = None
    if parsed is None or parsed.year < FIRST_DATE.year:
        raise ArgumentError(
            f"{option} {text!r} is not a date. Pass it as YYYY-MM-DD, for example 2022-01-10, or as yesterday or today."
        )
    return parsed
