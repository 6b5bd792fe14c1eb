"""On which dates the demo league plays a season: those of the real one, where the project knows it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demo_league.dice import Dates

_REGULAR_GAMES = 1230
# The league cancelled one game in 2012-13, and decides its cup in one more since 2023-24.
_GAMES_MORE_OR_LESS = 1


@dataclass(frozen=True)
class SeasonDates:
    """First and last date of the regular season, first date of the playoffs, and what is to come of them.

    On `finals_end`, the date of the real season's last game, a game of the finals is played, and of the playoffs hardly
    one less than `playoff_games`. Where these are None the playoffs take as long as they take.
    """

    opening: np.datetime64
    closing: np.datetime64
    playoffs: np.datetime64
    has_play_in: bool = True
    finals_end: np.datetime64 | None = None
    playoff_games: int | None = None

    @property
    def season(self) -> int:
        """The year in which it starts."""
        return int(str(self.opening)[:4])

    @property
    def trade_deadline(self) -> np.datetime64:
        """The second Thursday of February."""
        return _weekday_from(np.datetime64(f"{self.season + 1}-02-08"), 3)

    @property
    def regular(self) -> Dates:
        """Those of the regular season, without Thanksgiving, Christmas Eve and the six days of the All-Star break."""
        days = np.arange(self.opening, self.closing + np.timedelta64(1, "D"))
        thanksgiving = _weekday_from(np.datetime64(f"{self.season}-11-22"), 3)
        all_star_sunday = _weekday_from(np.datetime64(f"{self.season + 1}-02-15"), 6)
        free = np.concatenate(
            [[thanksgiving, np.datetime64(f"{self.season}-12-24")], all_star_sunday + np.arange(-2, 4)],
        )
        return np.asarray(days[~np.isin(days, free)])


def usual_dates(season: int) -> SeasonDates:
    """From the Tuesday in the third or fourth week of October on, as in most years."""
    opening = _weekday_from(np.datetime64(f"{season}-10-18"), 1)
    return SeasonDates(opening, opening + np.timedelta64(173, "D"), opening + np.timedelta64(179, "D"))


def dates_of_seed(seed: Path) -> Mapping[int, SeasonDates]:
    """The dates of the seasons in the project's seed of seasons, by the year in which they start.

    Only of those that have as many games as the demo league plays: a season that was cut short has other dates. Raises
    ValueError for a file that is not such a seed.
    """
    parts: defaultdict[tuple[int, str], list[dict[str, str]]] = defaultdict(list)
    try:
        with seed.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                parts[int(row["season_year"]), row["season_phase"]].append(row)
        found = {season: _dates(season, parts) for season, phase in [*parts] if phase == "regular"}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{seed} does not tell when the seasons were played: {error!r}.") from error
    return {season: dates for season, dates in found.items() if dates}


def _dates(season: int, parts: Mapping[tuple[int, str], list[dict[str, str]]]) -> SeasonDates | None:
    regular = parts[season, "regular"]
    if abs(sum(int(part["game_count"]) for part in regular) - _REGULAR_GAMES) > _GAMES_MORE_OR_LESS:
        return None
    opening = min(np.datetime64(part["first_date"]) for part in regular)
    closing = max(np.datetime64(part["last_date"]) for part in regular)
    for playoffs in parts.get((season, "playoffs"), []):
        return SeasonDates(
            opening,
            closing,
            np.datetime64(playoffs["first_date"]),
            (season, "play_in") in parts,
            np.datetime64(playoffs["last_date"]),
            int(playoffs["game_count"]),
        )
    return SeasonDates(opening, closing, closing + np.timedelta64(6, "D"))


def weekday(day: np.datetime64) -> int:
    """0 on a Monday."""
    # Day 0 of NumPy's calendar, 1970-01-01, was a Thursday.
    return (int(day.astype("datetime64[D]").astype(np.int64)) + 3) % 7


def _weekday_from(day: np.datetime64, wanted: int) -> np.datetime64:
    """The first date from `day` on that falls on the weekday `wanted`."""
    return day + np.timedelta64((wanted - weekday(day)) % 7, "D")
