"""What the sources get wrong, where, and how often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo_league.box_scores import COUNTS, Lines, Status, points_of
from demo_league.calendar import TEAMS, Games, Stage
from demo_league.dice import Bools, Dates, Dice, Ints
from demo_league.people import People, Source
from demo_league.season_dates import SeasonDates

# Until this season balldontlie lists hardly any inactive player and writes minutes in many ways.
LAST_UNTIDY_SEASON = 2021
# What is off by one in a row that is wrong, or was wrong until it was corrected. Whatever it is, the row still adds up.
SLIPS = (
    ("free_throws_made", "free_throws_attempted"),
    ("assists",),
    ("defensive_rebounds",),
    ("steals",),
    ("turnovers",),
)
FOREIGN_CODES = {"BKN": "BRK", "PHX": "PHO", "CHA": "CHO"}


def is_untidy(season: int) -> bool:
    return season <= LAST_UNTIDY_SEASON


@dataclass(frozen=True)
class Flaws:
    """What the sources get wrong in a season: games are places in `Games`, rows are places in `Lines`.

    A game has at most one fault, but for a missing score, and the rows with faults are in games without any, so that
    every fault shows by itself. `in_bdl` says of every row whether balldontlie lists it, `aliased` of every person
    whether his alias is in use.
    """

    gamebook_only: Ints
    bdl_only: Ints
    moved: Ints
    moved_to: Dates
    turned: Ints
    foreign: Ints
    scoreless: Ints
    in_bdl: Bools
    nameless: Ints
    superseded: Ints
    gamebook_twice: Ints
    bdl_twice: Ints
    bdl_slipped: Ints
    bdl_minutes_off: Ints
    bdl_emptied: Ints
    aliased: Bools


def make_flaws(dates: SeasonDates, games: Games, lines: Lines, aliased: Bools, dice: Dice) -> Flaws:
    untidy = is_untidy(dates.season)
    traded = np.isin(games.date, games.date[lines.game[lines.leaving]])
    regular = np.flatnonzero((games.stage == Stage.REGULAR) & ~traded)
    coded = [TEAMS.index(team) for team in FOREIGN_CODES]
    has_code = np.isin(games.home[regular], coded) | np.isin(games.away[regular], coded)
    foreign = dice.sample(regular[has_code], 7)
    bdl_only, moved = (2, 19) if untidy else (1, 3)
    unmatched = _rare_pairs(games, np.setdiff1d(regular, foreign), 2 + bdl_only + moved, dice)
    alone, moving = unmatched[: 2 + bdl_only], unmatched[2 + bdl_only :]
    others = np.setdiff1d(np.arange(len(games)), np.concatenate([foreign, unmatched]))
    turned = dice.sample(others, 13)

    listing = np.array([1.0, 0.98, 0.025] if untidy else [1.0, 1.0, 0.985])
    plain = ~np.isin(lines.game, np.concatenate([foreign, unmatched, turned])) & ~lines.leaving & ~aliased[lines.person]
    in_bdl = dice.uniform(len(lines)) < listing[lines.status]
    played = plain & (lines.seconds > 600) & (points_of(lines.stats) > 0)
    sizes = np.cumsum([10, 7, 7, 80, 12 if untidy else 54, 20 if untidy else 0])
    rows = np.split(dice.sample(np.flatnonzero(played), int(sizes[-1])), sizes[:-1])
    benched = dice.sample(np.flatnonzero(plain & in_bdl & (lines.status == Status.DNP)), 6)
    return Flaws(
        gamebook_only=alone[:2],
        bdl_only=alone[2:],
        moved=moving,
        moved_to=_free_dates(dates.regular, games, moving, dice),
        turned=turned,
        foreign=foreign,
        scoreless=dice.sample(others, 105),
        in_bdl=in_bdl,
        nameless=dice.sample(np.flatnonzero(plain & (lines.status == Status.INACTIVE)), 5),
        superseded=rows[0],
        gamebook_twice=np.concatenate([rows[1], benched[:3]]),
        bdl_twice=np.concatenate([rows[2], benched[3:]]),
        bdl_slipped=rows[3],
        bdl_minutes_off=rows[4],
        bdl_emptied=rows[5],
        aliased=aliased,
    )


def _rare_pairs(games: Games, pool: Ints, count: int, dice: Dice) -> Ints:
    """Games out of `pool`, no two of them between the same two teams: else their other halves could be mixed up."""
    shuffled = dice.sample(pool, len(pool))
    low, high = np.minimum(games.home, games.away), np.maximum(games.home, games.away)
    _, first = np.unique((low * len(TEAMS) + high)[shuffled], return_index=True)
    return shuffled[np.sort(first)[:count]]


def _free_dates(dates: Dates, games: Games, moved: Ints, dice: Dice) -> Dates:
    """Another date for each of these games, mostly an earlier one, on which neither of its teams plays."""
    busy = np.zeros((len(TEAMS), len(dates)), dtype=np.bool_)
    for teams in (games.home, games.away):
        busy[teams, np.minimum(np.searchsorted(dates, games.date), len(dates) - 1)] = True
    chosen: list[int] = []
    for game, earlier, luck in zip(moved, dice.uniform(len(moved)) < 0.8, dice.uniform(len(moved)), strict=True):
        away = (dates - games.date[game]).astype(np.int64)
        free = np.flatnonzero((np.abs(away) <= 75) & ~busy[games.home[game]] & ~busy[games.away[game]])
        wanted = free[(away[free] < 0) == earlier]
        pool = wanted if len(wanted) else free
        chosen.append(int(pool[int(luck * len(pool))]))
        busy[[games.home[game], games.away[game]], chosen[-1]] = True
    return dates[chosen]


def count_hazards(season: int, games: Games, lines: Lines, people: People, flaws: Flaws) -> dict[str, int]:
    in_gamebook = ~np.isin(lines.game, flaws.bdl_only)
    in_bdl = flaws.in_bdl & ~np.isin(lines.game, flaws.gamebook_only)
    renamed = [
        np.unique(lines.person[listed & flaws.aliased[lines.person] & (people.alias_source[lines.person] == source)])
        for source, listed in ((Source.GAMEBOOK, in_gamebook), (Source.BDL, in_bdl))
    ]
    nicknamed = people.nicknamed[np.concatenate(renamed)]
    return {
        "games_in_gamebook_only": len(flaws.gamebook_only),
        "games_in_bdl_only": len(flaws.bdl_only),
        "bdl_games_on_another_date": len(flaws.moved),
        "bdl_game_ids_turned_round": len(flaws.turned),
        "bdl_games_with_foreign_codes": len(flaws.foreign),
        "bdl_games_without_score": len(flaws.scoreless),
        "bdl_play_in_games_in_postseason": int((games.stage == Stage.PLAY_IN).sum()) if is_untidy(season) else 0,
        "bdl_rows_emptied": len(flaws.bdl_emptied),
        "bdl_rows_with_other_statistic": len(flaws.bdl_slipped),
        "bdl_rows_with_other_minutes": len(flaws.bdl_minutes_off),
        "bdl_exact_duplicates": len(flaws.bdl_twice),
        "gamebook_exact_duplicates": len(flaws.gamebook_twice),
        "gamebook_superseded_rows": len(flaws.superseded),
        "gamebook_rows_without_name": len(flaws.nameless),
        "gamebook_active_at_zero": int((in_gamebook & (lines.status == Status.ACTIVE) & (lines.seconds == 0)).sum()),
        "players_listed_by_two_teams": int(lines.leaving.sum()),
        "players_with_another_suffix": int((~nicknamed).sum()),
        "players_with_nickname": int(nicknamed.sum()),
    }


def _slipped(lines: Lines, row: Ints, wrong: Bools) -> dict[str, Ints]:
    """The `COUNTS` of these rows, with one slip in each that is `wrong`."""
    stats = {name: lines.stats[name][row] for name in COUNTS}
    for number, slip in enumerate(SLIPS):
        for name in slip:
            stats[name] += wrong & (row % len(SLIPS) == number)
    return stats
