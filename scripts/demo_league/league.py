"""The demo league: made-up raw tables with the shape, the size and the faults of the real ones.

A league is built from the top down, so that every sum holds by construction: the calendar and the final scores first
(`calendar`), then each team's totals, then each player's share of them. What the sources get wrong is put in last
and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa  # type: ignore[import-untyped]

from demo_league.box_scores import make_lines
from demo_league.calendar import play_season
from demo_league.dice import Dice
from demo_league.flaws import count_hazards, make_flaws
from demo_league.people import FIRST_SEASON, LAST_SEASON, OLDEST_SEASON, People, make_people
from demo_league.rosters import make_rosters
from demo_league.season_dates import SeasonDates, usual_dates
from demo_league.tables import (
    BDL,
    GAMEBOOK,
    REGISTRY,
    SCHEMAS,
    aliased_rows,
    bdl_table,
    gamebook_table,
    make_registry,
    registry_table,
)


@dataclass(frozen=True)
class DemoLeague:
    """The raw tables by name, and how many of each fault of the real ones were put in."""

    tables: dict[str, pa.Table]
    hazards: dict[str, int]


def generate(
    first_season: int,
    last_season: int,
    *,
    seed: int = 0,
    scale: int = 1,
    real_dates: Mapping[int, SeasonDates] | None = None,
) -> DemoLeague:
    """Make the raw tables of the demo league for the seasons that start in `first_season` to `last_season`.

    The same arguments give the same tables on every machine, and a season's rows do not depend on which other seasons
    are made with it. `scale` is for benchmarks: with N, N times as many seasons are made, the additional ones before
    `first_season`, so that keys stay unique and every date keeps a real evening's number of games. A season that
    `real_dates` has is played on these, any other one on the dates of a usual year.

    Raises `ValueError`, with a sentence for the user, for seasons outside 1996 to 2100 or in the wrong order, a
    negative seed, and a scale that is below 1 or reaches back before 1900.
    """
    if not FIRST_SEASON <= first_season <= last_season <= LAST_SEASON:
        raise ValueError(
            f"Seasons must run from an earlier to a later year within {FIRST_SEASON} to {LAST_SEASON}, "
            f"not from {first_season} to {last_season}."
        )
    if seed < 0:
        raise ValueError(f"The seed must be 0 or more, not {seed}.")
    oldest = first_season - (last_season - first_season + 1) * (scale - 1)
    if scale < 1 or oldest < OLDEST_SEASON:
        raise ValueError(
            f"The scale must be at least 1 and small enough for the oldest season to be {OLDEST_SEASON} or later, "
            f"not {scale}."
        )
    people = make_people(seed)
    seasons = [
        _season((real_dates or {}).get(season) or usual_dates(season), seed, people)
        for season in range(oldest, last_season + 1)
    ]
    return DemoLeague(
        tables={
            name: pa.concat_tables([season.tables[name] for season in seasons]).combine_chunks() for name in SCHEMAS
        },
        hazards={name: sum(season.hazards[name] for season in seasons) for name in seasons[0].hazards},
    )


def _season(dates: SeasonDates, seed: int, people: People) -> DemoLeague:
    season = dates.season
    dice = Dice(seed, season)
    games = play_season(dates, dice)
    lines = make_lines(games, make_rosters(dates, games, people, dice), people, dice)
    registry = make_registry(lines)
    flaws = make_flaws(dates, games, lines, aliased_rows(lines, registry, people), dice)
    return DemoLeague(
        tables={
            BDL: bdl_table(season, games, lines, people, flaws, dice),
            GAMEBOOK: gamebook_table(season, games, lines, people, flaws),
            REGISTRY: registry_table(season, games, registry, people),
        },
        hazards=count_hazards(season, games, lines, people, flaws),
    )
