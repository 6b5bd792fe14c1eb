"""The demo league: made-up raw tables with the shape, the size and the faults of the real ones.

A league is built from the top down, so that every sum holds by construction: the calendar and the final scores first
(`demo_calendar`), then each team's totals, then each player's share of them. What the sources get wrong is put in last
and counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from demo_league.calendar import (
    TEAMS,
    Bools,
    Dates,
    Dice,
    Floats,
    Games,
    Ints,
    Stage,
    opening_day,
    play_season,
    regular_dates,
    trade_deadline,
)

BDL: Final = "bdl_player_boxscores"
GAMEBOOK: Final = "nbac_gamebook_player_stats"
REGISTRY: Final = "nba_players_registry"

_TYPES: Final = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
_COLUMNS: Final = {
    BDL: """
        game_id string, game_date date, season_year bigint, game_status string, period bigint, is_postseason boolean,
        home_team_abbr string, away_team_abbr string, home_team_score bigint, away_team_score bigint, team_abbr string,
        player_full_name string, player_lookup string, bdl_player_id bigint, jersey_number string, position string,
        minutes string, points bigint, assists bigint, rebounds bigint, offensive_rebounds bigint,
        defensive_rebounds bigint, steals bigint, blocks bigint, turnovers bigint, personal_fouls bigint,
        field_goals_made bigint, field_goals_attempted bigint, field_goal_pct double,
        three_pointers_made bigint, three_pointers_attempted bigint, three_point_pct double,
        free_throws_made bigint, free_throws_attempted bigint, free_throw_pct double,
        source_file_path string, created_at timestamp, processed_at timestamp
    """,
    GAMEBOOK: """
        game_id string, game_code string, game_date date, season_year bigint, home_team_abbr string,
        away_team_abbr string, player_name string, player_name_original string, player_lookup string, team_abbr string,
        player_status string, dnp_reason string, minutes string, minutes_decimal double, points bigint,
        field_goals_made bigint, field_goals_attempted bigint, field_goal_percentage double,
        three_pointers_made bigint, three_pointers_attempted bigint, three_point_percentage double,
        free_throws_made bigint, free_throws_attempted bigint, free_throw_percentage double,
        offensive_rebounds bigint, defensive_rebounds bigint, total_rebounds bigint, assists bigint, steals bigint,
        blocks bigint, turnovers bigint, personal_fouls bigint, plus_minus bigint,
        source_file_path string, processed_at timestamp
    """,
    REGISTRY: """
        universal_player_id string, player_name string, player_lookup string, team_abbr string, season string,
        first_game_date date, last_game_date date, games_played bigint, source_priority string
    """,
}
_SCHEMAS: Final = {
    table: pa.schema([(name, _TYPES[kind]) for name, kind in map(str.split, columns.split(","))])
    for table, columns in _COLUMNS.items()
}

_FIRST_SEASON, _LAST_SEASON = 1996, 2100
# `scale` reaches back before the first season, down to here.
_OLDEST_SEASON = 1900
# Until this season balldontlie lists hardly any inactive player and writes minutes in many ways.
_LAST_UNTIDY_SEASON = 2021

# Seconds. Nobody plays longer, not even where balldontlie has minutes that nobody played.
_LONGEST = 65 * 60
# Places on a team's list, and one more for a player who is leaving.
_RANKS = 18
_GUEST = _RANKS
# Players a season who join somebody's bench on the way.
_NEWCOMERS = 90
_JOBS = len(TEAMS) * _RANKS + _NEWCOMERS
_SHORTEST_CAREER, _CAREER_SPREAD = 6, 8
_CAREERS = (_LAST_SEASON - _OLDEST_SEASON + _CAREER_SPREAD + _SHORTEST_CAREER) // _SHORTEST_CAREER + 1
_NICKNAMED_JOBS = 2

_GIVEN = (
    *("Aaron", "Abdou", "Adrián", "Alec", "Amari", "Andrés", "Anton", "Ayo", "Bakari", "Barrett", "Boris", "Brandt"),
    *("Bryce", "C.J.", "Caleb", "Carlton", "Cedric", "Cole", "Corey", "D.J.", "Dalano", "Damari", "Darius", "Davon"),
    *("De'Shon", "Demarco", "Deon", "Desmond", "Dimitar", "Dominik", "Donte", "Dwayne", "E.J.", "Elias", "Emeka"),
    *("Enzo", "Ethan", "Félix", "Filip", "Garrett", "Gianni", "Goran", "Grant", "Hakeem", "Hassan", "Hugo", "Ibrahima"),
    *("Isaiah", "Ivan", "J.T.", "Ja'Ron", "Jabril", "Jalen", "Jamar", "Jared", "Jean-Marc", "Jeremiah", "Joaquín"),
    *("Jonas", "Julian", "Kadeem", "Karl-Henri", "Keenan", "Kelvin", "Khalil", "Kofi", "Kwame", "Lamar", "Leandro"),
    *("Luca", "Malik", "Marek", "Marquis", "Mateo", "Micah", "Miloš", "Moussa", "Nikola", "Noah", "O.G.", "Omari"),
    *("Oscar", "P.J.", "Quincy", "R.J.", "Rafael", "Rasheed", "René", "Rodney", "Samba", "Sekou", "Shai'Quan"),
    *("T.J.", "Tariq", "Terrell", "Tobias", "Tomáš", "Trevor", "Tyrell", "Victor", "Wade", "Wendell", "Xavier"),
)
_NICKNAMES = (
    *(("Nathaniel", "Nate"), ("Cameron", "Cam"), ("Theodore", "Teddy"), ("Zachary", "Zach"), ("Nicolás", "Nico")),
    *(("Frederick", "Fred"), ("Matthias", "Matt"), ("Augustin", "Gus")),
)
# Surnames are put together from these, so that nobody real is meant.
_ONSETS = (
    *("Ab", "Bal", "Bren", "Cal", "Cor", "Dal", "Dor", "Drev", "El", "Fen", "Fal", "Gar", "Gres", "Hal", "Hob", "Ib"),
    *("Jan", "Jor", "Kal", "Kes", "Kov", "Lan", "Lor", "Mab", "Mer", "Nad", "Nor", "Ob", "Pel", "Pras", "Quen", "Ral"),
    *("Rov", "Sab", "Sel", "Stav", "Tal", "Tren", "Ul", "Val", "Ver", "Wen", "Yar", "Zan"),
)
_MIDDLES = ("a", "ad", "am", "ar", "e", "ed", "en", "i", "im", "in", "o", "om", "or", "u", "um")
_ENDINGS = (
    *("bry", "čić", "dane", "del", "desh", "dley", "dović", "drick", "drez", "ga", "gaard", "gby", "kane", "kiš", "ko"),
    *("kwe", "lette", "lund", "mba", "mond", "more", "nell", "ñez", "quet", "rell", "sby", "ski", "son", "tané", "tey"),
    *("thorn", "vale", "vens", "voy", "wick", "zade"),
)
_PREFIXES = ("O'", "D'", "Mc", "St. ")
_SUFFIXES = ("Jr.", "Jr.", "Jr.", "Jr.", "III", "III", "II", "Sr.", "IV")

_POSITIONS = ("G", "F", "C", "G-F", "F-C", "F-G", "C-F", "")
_POSITION_OF_RANK = (0, 1, 2, 0, 1, 3, 1, 2, 0, 4, 0, 1, 0, 2, 1, 0, 5, 6)
# How far a position plays in the backcourt and how far under the basket.
_BACKCOURT = np.array([1.0, 0.4, 0.0, 0.75, 0.1, 0.6, 0.05, 0.5])
_FRONTCOURT = np.array([0.0, 0.4, 1.0, 0.2, 0.75, 0.25, 0.9, 0.3])

# Minutes of a team's players, from the one who plays most.
_ROTATION = np.array([35.4, 33.8, 32.2, 30.0, 27.2, 23.4, 19.8, 16.0, 11.8, 7.4, 4.6, 3.8, 3.4, 3.0, 2.8])
_VOLUME_OF_RANK = np.array([1.32, 1.18, 1.06, 1.0, 0.97, 0.95, 0.93] + [0.9] * (_RANKS + 1 - 7))
_DNP_REASONS = ("Inactive", "Did Not Play", "Did Not Dress", "Not With Team", "Player Suspended")

# The statistics that both raw tables have under the same name; the others are sums of these.
_COUNTS = (
    *("field_goals_made", "field_goals_attempted", "three_pointers_made", "three_pointers_attempted"),
    *("free_throws_made", "free_throws_attempted", "offensive_rebounds", "defensive_rebounds"),
    *("assists", "steals", "blocks", "turnovers", "personal_fouls"),
)
# What is off by one in a row that is wrong, or was wrong until it was corrected. Whatever it is, the row still adds up.
_SLIPS = (
    ("free_throws_made", "free_throws_attempted"),
    ("assists",),
    ("defensive_rebounds",),
    ("steals",),
    ("turnovers",),
)

_FOREIGN_CODES = {"BKN": "BRK", "PHX": "PHO", "CHA": "CHO"}


@dataclass(frozen=True)
class DemoLeague:
    """The raw tables by name, and how many of each fault of the real ones were put in."""

    tables: dict[str, pa.Table]
    hazards: dict[str, int]


def generate(first_season: int, last_season: int, *, seed: int = 0, scale: int = 1) -> DemoLeague:
    """Make the raw tables of the demo league for the seasons that start in `first_season` to `last_season`.

    The same arguments give the same tables on every machine, and a season's rows do not depend on which other seasons
    are made with it. `scale` is for benchmarks: with N, N times as many seasons are made, the additional ones before
    `first_season`, so that keys stay unique and every date keeps a real evening's number of games.

    Raises `ValueError`, with a sentence for the user, for seasons outside 1996 to 2100 or in the wrong order, a
    negative seed, and a scale that is below 1 or reaches back before 1900.
    """
    if not _FIRST_SEASON <= first_season <= last_season <= _LAST_SEASON:
        raise ValueError(
            f"Seasons must run from an earlier to a later year within {_FIRST_SEASON} to {_LAST_SEASON}, "
            f"not from {first_season} to {last_season}."
        )
    if seed < 0:
        raise ValueError(f"The seed must be 0 or more, not {seed}.")
    oldest = first_season - (last_season - first_season + 1) * (scale - 1)
    if scale < 1 or oldest < _OLDEST_SEASON:
        raise ValueError(
            f"The scale must be at least 1 and small enough for the oldest season to be {_OLDEST_SEASON} or later, "
            f"not {scale}."
        )
    people = _people(seed)
    seasons = [_season(season, seed, people) for season in range(oldest, last_season + 1)]
    return DemoLeague(
        tables={
            name: pa.concat_tables([season.tables[name] for season in seasons]).combine_chunks() for name in _SCHEMAS
        },
        hazards={name: sum(season.hazards[name] for season in seasons) for name in seasons[0].hazards},
    )


def _untidy(season: int) -> bool:
    return season <= _LAST_UNTIDY_SEASON


def _season(season: int, seed: int, people: _People) -> DemoLeague:
    dice = Dice(seed, season)
    games = play_season(season, dice)
    lines = _lines(games, _rosters(season, games, people, dice), people, dice)
    registry = _registry(lines)
    flaws = _flaws(season, games, lines, _aliased(lines, registry, people), dice)
    return DemoLeague(
        tables={
            BDL: _bdl_table(season, games, lines, people, flaws, dice),
            GAMEBOOK: _gamebook_table(season, games, lines, people, flaws),
            REGISTRY: _registry_table(season, games, registry, people),
        },
        hazards=_hazards(season, games, lines, people, flaws),
    )


# People


class _Source(IntEnum):
    NONE = 0
    GAMEBOOK = 1
    BDL = 2


@dataclass(frozen=True)
class _People:
    """Everyone who plays in any season. A person is a place in these arrays; no two have the same lookup name.

    The league has a fixed number of jobs, each of which is held for a career and then by the next person: so rosters
    change from season to season and a season needs no other to know who plays. `names` and `lookups` hold everyone's
    official name and then everyone's alias, which is how `alias_source` may spell him: with another suffix, or with a
    nickname for those who are `nicknamed`.
    """

    names: list[str]
    plain_names: list[str]
    lookups: list[str]
    alias_source: Ints
    nicknamed: Bools
    position: Ints
    volume: Floats
    tendency: dict[str, Floats]
    career_length: Ints
    career_offset: Ints

    def holding(self, jobs: Ints, season: int) -> Ints:
        """Who has these jobs in a season."""
        career = (season - _OLDEST_SEASON + self.career_offset[jobs]) // self.career_length[jobs]
        return jobs * _CAREERS + career

    def spelling(self, person: Ints, aliased: Bools, source: _Source) -> Ints:
        """The place in `names` of how a source spells these persons, of whom those `aliased` go by an alias."""
        renamed: Bools = aliased[person] & (self.alias_source[person] == source)
        return np.where(renamed, person + len(self.alias_source), person)


@lru_cache(maxsize=1)
def _people(seed: int) -> _People:
    dice = Dice(seed)
    count = _JOBS * _CAREERS
    rank = np.arange(count) // _CAREERS % _RANKS
    # Nicknames go to the end of the bench, where few games have to tell whom they mean.
    bench = np.flatnonzero(np.isin(np.arange(len(TEAMS) * _RANKS) % _RANKS, (13, 14, 15)))
    nicknamed = np.isin(np.arange(count) // _CAREERS, dice.sample(bench, _NICKNAMED_JOBS))
    names = _names(nicknamed, dice)
    spelled = [name for name, _, _ in names] + [alias for _, alias, _ in names]
    position = np.where(
        dice.uniform(count) < 0.25,
        dice.below(len(_POSITIONS), count),
        np.array(_POSITION_OF_RANK)[rank],
    )
    backcourt, frontcourt = _BACKCOURT[position], _FRONTCOURT[position]
    bent = {
        "threes": 0.25 + 0.5 * backcourt + 0.55 * (frontcourt < 0.7),
        "twos": 0.75 + 0.35 * frontcourt,
        "offensive_rebounds": 0.3 + 1.9 * frontcourt,
        "defensive_rebounds": 0.7 + frontcourt,
        "assists": 0.6 + 1.2 * backcourt,
        "steals": 0.7 + 0.5 * backcourt,
        "blocks": 0.3 + 2.0 * frontcourt,
    }
    length = _SHORTEST_CAREER + dice.below(_CAREER_SPREAD, _JOBS)
    return _People(
        names=spelled,
        plain_names=[_plain(name) for name in spelled],
        lookups=[_lookup(name) for name in spelled],
        alias_source=np.array([source for _, _, source in names], dtype=np.int64),
        nicknamed=nicknamed,
        position=position,
        volume=1 + 0.16 * dice.bell(count),
        tendency={name: middle * (1 + 0.2 * dice.bell(count)) for name, middle in bent.items()},
        career_length=length,
        career_offset=(dice.uniform(_JOBS) * length).astype(np.int64),
    )


def _lookup(name: str) -> str:
    """The name without case, accents, spaces and punctuation, the suffix kept."""
    return re.sub("[^a-z0-9]", "", unicodedata.normalize("NFKD", name).lower())


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def _names(nicknamed: Bools, dice: Dice) -> list[tuple[str, str, _Source]]:
    """Name, other spelling and the source that uses it, for each person."""
    taken: set[str] = set()
    names: list[tuple[str, str, _Source]] = []
    surnames = _surnames(dice)
    count = len(nicknamed)
    given = dice.below(len(_GIVEN), count).tolist()
    pairs = dice.below(len(_NICKNAMES), count).tolist()
    suffixes = dice.below(len(_SUFFIXES), count).tolist()
    chances = dice.uniform(2, count).tolist()
    for person, short in enumerate(nicknamed.tolist()):
        first, nickname = _NICKNAMES[pairs[person]] if short else (_GIVEN[given[person]],) * 2
        surname = next(
            surname for surname in surnames if not {_lookup(first + surname), _lookup(nickname + surname)} & taken
        )
        taken |= {_lookup(first + surname), _lookup(nickname + surname)}
        bare, suffixed = f"{first} {surname}", f"{first} {surname} {_SUFFIXES[suffixes[person]]}"
        if short:
            names.append((bare, f"{nickname} {surname}", _Source.BDL))
            continue
        has_suffix, chance = chances[0][person] < 0.06, chances[1][person]
        official, alias = (suffixed, bare) if has_suffix else (bare, suffixed)
        in_bdl, in_either = (0.35, 0.55) if has_suffix else (0.01, 0.015)
        source = _Source.BDL if chance < in_bdl else _Source.GAMEBOOK if chance < in_either else _Source.NONE
        names.append((official, alias, source))
    return names


def _surnames(dice: Dice) -> Iterator[str]:
    """Made-up surnames without end, one in a hundred of them double."""
    while True:
        batch = 1000
        parts = [
            [options[choice] for choice in dice.below(len(options), batch).tolist()]
            for options in (_ONSETS, _MIDDLES, _ENDINGS, _PREFIXES)
        ]
        previous = "Orvane"
        for onset, middle, ending, prefix, chance in zip(*parts, dice.uniform(batch).tolist(), strict=True):
            surname = onset + middle + ending
            if chance < 0.03:
                yield prefix + surname
            elif chance < 0.04:
                yield f"{previous}-{surname}"
            else:
                yield surname
            previous = surname


# Rosters


@dataclass(frozen=True)
class _Rosters:
    """Who is under contract where: `person` and `unfit` by day of the season, team and rank in the team.

    `leaving` holds day, team and person of those whom the team still lists on the day on which another has got them.
    """

    person: Ints
    unfit: Bools
    leaving: list[tuple[int, int, int]]


def _rosters(season: int, games: Games, people: _People, dice: Dice) -> _Rosters:
    opening = opening_day(season)
    day = (games.date - opening).astype(np.int64)
    span = int(day[-1]) + 1
    jobs = np.arange(len(TEAMS) * _RANKS).reshape(len(TEAMS), _RANKS)
    for rank in range(_RANKS):
        movers = dice.sample(np.arange(len(TEAMS)), 7)
        jobs[movers, rank] = jobs[np.roll(movers, 1), rank]
    person = np.repeat(people.holding(jobs, season)[None], span, axis=0)
    unfit = _injuries(span, dice)

    def swap(when: int, one: int, other: int, rank: int) -> None:
        person[when:, [one, other], rank] = person[when:, [other, one], rank]

    deadline = int((trade_deadline(season) - opening).astype(np.int64))
    for when in np.sort(28 + dice.below(deadline - 30, 30)).tolist():
        one, other = dice.sample(np.arange(len(TEAMS)), 2).tolist()
        swap(when, one, other, 2 + dice.below(9, 1).item())

    leaving: list[tuple[int, int, int]] = []
    for when in (deadline - 1, deadline):
        for number, (one, other) in enumerate(_traders(games, day == when, dice)):
            rank = 2 + dice.below(9, 1).item()
            leaving += [(when, team, int(person[when, team, rank])) for team in (one, other)]
            swap(when, one, other, rank)
            # Most of them have not arrived yet. The others may play for the new team on the evening of the trade.
            unfit[when, [one, other], rank] = [number == 0, True]

    newcomers = people.holding(len(TEAMS) * _RANKS + np.arange(_NEWCOMERS), season)
    whens, teams = np.sort(20 + dice.below(150, _NEWCOMERS)), dice.below(len(TEAMS), _NEWCOMERS)
    ranks = 11 + dice.below(_RANKS - 11, _NEWCOMERS)
    for when, team, rank, newcomer in zip(whens, teams, ranks, newcomers, strict=True):
        person[when:, team, rank] = newcomer
    return _Rosters(person, unfit, leaving)


def _injuries(span: int, dice: Dice) -> Bools:
    unfit = np.zeros((span, len(TEAMS), _RANKS), dtype=np.bool_)
    shape = (len(TEAMS), _RANKS, 4)
    starts = dice.below(span, *shape)
    # Mostly a few days, now and then weeks.
    lengths = 1 + (85 * dice.uniform(*shape) * dice.uniform(*shape) * dice.uniform(*shape)).astype(np.int64)
    for place, start in np.ndenumerate(starts):
        unfit[start : start + lengths[place], place[0], place[1]] = True
    return unfit


def _traders(games: Games, tonight: Bools, dice: Dice) -> list[tuple[int, int]]:
    """At most two pairs of teams that play tonight, but not against each other."""
    opponent = dict(zip(games.home[tonight].tolist(), games.away[tonight].tolist(), strict=True))
    opponent |= {away: home for home, away in opponent.items()}
    teams = [sorted(opponent)[place] for place in dice.order(len(opponent)).tolist()]
    pairs = zip(teams[::2], teams[1::2], strict=False)
    return [(one, other) for one, other in pairs if opponent[one] != other][:2]


# Box scores


class _Status(IntEnum):
    ACTIVE = 0
    DNP = 1
    INACTIVE = 2


@dataclass(frozen=True)
class _Lines:
    """The players on the games' lists, one element each, game after game, as they really were.

    `game` is a place in `Games`, `team` one in `TEAMS`, `reason` one in `_DNP_REASONS`; `seconds` were played. `stats`
    has `_COUNTS`. `leaving` are those whom another team lists on the same date.
    """

    game: Ints
    team: Ints
    person: Ints
    status: Ints
    reason: Ints
    seconds: Ints
    plus_minus: Ints
    stats: dict[str, Ints]
    leaving: Bools

    def __len__(self) -> int:
        return len(self.game)


def _lines(games: Games, rosters: _Rosters, people: _People, dice: Dice) -> _Lines:
    """Fill the lists of all games. Arrays in here have a row per team and game, the away team's first."""
    day = np.repeat((games.date - games.date[0]).astype(np.int64), 2)
    team = np.stack([games.away, games.home], axis=1).ravel()
    playoffs = np.repeat(games.stage == Stage.PLAYOFFS, 2)
    margin = np.stack([games.away_points - games.home_points, games.home_points - games.away_points], axis=1).ravel()
    overtimes = np.repeat(games.overtimes, 2)
    shape = (len(team), _RANKS + 1)

    person = np.zeros(shape, dtype=np.int64)
    person[:, :_RANKS] = rosters.person[day, team]
    unfit = np.ones(shape, dtype=np.bool_)
    unfit[:, :_RANKS] = rosters.unfit[day, team]
    listed = np.ones(shape, dtype=np.bool_)
    listed[:, 16] = dice.uniform(len(team)) < np.where(playoffs, 1.0, 0.6)
    listed[:, 17] = dice.uniform(len(team)) < np.where(playoffs, 0.0, 0.25)
    listed[:, _GUEST] = False
    for when, side, leaver in rosters.leaving:
        row = np.flatnonzero((day == when) & (team == side))
        person[row, _GUEST] = leaver
        listed[row, _GUEST] = True

    # A blowout brings the bench on. Playoff lists are even, so that a week of few games has no other share of NULLs.
    count = np.rint(9.85 + 0.06 * np.abs(margin) + 1.15 * dice.bell(len(team))).astype(np.int64)
    count = np.where(playoffs, 11 - (dice.uniform(len(team)) < 0.5) * (np.arange(len(team)) % 2), np.clip(count, 8, 15))
    merit = np.arange(_RANKS + 1) + 1.6 * dice.bell(*shape) + 100.0 * unfit + 1000.0 * ~listed
    merit[:, _GUEST] += 500.0
    turn = np.argsort(np.argsort(merit, axis=1, kind="stable"), axis=1, kind="stable")
    active = turn < count[:, None]
    seconds = _seconds(turn, active, overtimes, dice)
    status, reason = _absences(active, unfit, dice)
    # A few enter for the last instant: on the list as players, with no second played.
    benches = ~playoffs & (listed & (status == _Status.DNP)).any(axis=1)
    for row in dice.sample(np.flatnonzero(benches), 10).tolist():
        bench = np.flatnonzero(listed[row] & (status[row] == _Status.DNP))[0]
        status[row, bench] = _Status.ACTIVE

    points = np.stack([games.away_points, games.home_points], axis=1).ravel()
    stats = _stats(points, overtimes, seconds, person, people, dice)
    cells = np.nonzero(listed)
    return _Lines(
        game=cells[0] // 2,
        team=team[cells[0]],
        person=person[cells],
        status=status[cells],
        reason=reason[cells],
        seconds=seconds[cells],
        plus_minus=_plus_minus(margin, seconds, overtimes, dice)[cells],
        stats={name: values[cells] for name, values in stats.items()},
        leaving=cells[1] == _GUEST,
    )


def _seconds(turn: Ints, active: Bools, overtimes: Ints, dice: Dice) -> Ints:
    """Seconds played. A team's add up to five times the game's, and nobody plays more than the game or 58 minutes."""
    length = 60 * (48 + 5 * overtimes)[:, None]
    minutes = _ROTATION[np.minimum(turn, len(_ROTATION) - 1)] * (1 + 0.09 * dice.bell(*turn.shape))
    minutes = np.where(active, np.clip(minutes + 2.9 * dice.bell(*turn.shape), 0.2, 44.0), 0.0)
    wanted = minutes * length / 48
    total = np.cumsum(wanted, axis=1)[:, -1:]
    room = np.where(active, np.minimum(length, 58 * 60) - wanted, 0.0)
    missing = 5 * length - total
    # Too little is made up by those who could play more, too much is taken from everyone alike.
    share = np.where(missing > 0, room / np.cumsum(room, axis=1)[:, -1:], wanted / total)
    whole = np.floor(wanted + missing * share).astype(np.int64)
    # Rounding down leaves fewer seconds than there are players: one each for those who play most.
    rest = 5 * length - whole.sum(axis=1, keepdims=True)
    return np.asarray(whole + (active & (turn < rest)))


def _absences(active: Bools, unfit: Bools, dice: Dice) -> tuple[Ints, Ints]:
    """Status and reason of everyone. The unfit and the end of the bench are mostly not even in uniform."""
    rank = np.arange(_RANKS + 1)
    out = dice.uniform(*active.shape) < np.where(
        unfit, 0.93, np.where(rank >= 15, 0.85, np.where(rank >= 12, 0.35, 0.06))
    )
    out[:, _GUEST] = True
    why = dice.uniform(*active.shape)
    reason = 1 + (why < 0.062) + (why < 0.01) + (why < 0.0015)
    status = np.where(active, _Status.ACTIVE, np.where(out, _Status.INACTIVE, _Status.DNP))
    return status, np.where(out, 0, reason)


def _allot(counts: Ints, weights: Floats, dice: Dice) -> Ints:
    """Hand out each row's count one by one, with chances in proportion to the row's weights."""
    rows, columns = weights.shape
    edges = np.cumsum(weights, axis=1)
    edges = edges / edges[:, -1:] + np.arange(rows)[:, None]
    # Stay clear of 1, which would be rounded into the next row.
    draws = np.repeat(np.arange(rows), counts) + dice.uniform(int(counts.sum())) * (1 - 1e-9)
    cells = np.searchsorted(edges.ravel(), draws, side="right")
    return np.asarray(np.bincount(cells, minlength=rows * columns).reshape(rows, columns), dtype=np.int64)


def _stats(points: Ints, overtimes: Ints, seconds: Ints, person: Ints, people: _People, dice: Dice) -> dict[str, Ints]:
    """Each player's `_COUNTS`: the team's totals, that make up its points, shared out among those who played."""
    games = len(points)
    length = 1 + 5 * overtimes / 48

    def about(middle: float, spread: float, times: Ints | Floats) -> Ints:
        return np.maximum(np.rint(middle * times + spread * dice.bell(games)), 0).astype(np.int64)

    threes = np.clip(about(0.11, 3.4, points), 2, (0.18 * points).astype(np.int64))
    free_throws = np.clip(about(0.153, 4.8, points), 2, (0.3 * points).astype(np.int64))
    free_throws += (points - 3 * threes - free_throws) % 2
    twos = (points - 3 * threes - free_throws) // 2
    assists = np.minimum(about(0.605, 3.6, twos + threes), twos + threes - 2)

    def form(spread: float) -> Floats:
        return np.maximum(1 + spread * dice.bell(*seconds.shape), 0.1)

    tendency = {name: values[person] for name, values in people.tendency.items()}
    shooting = seconds * np.maximum(people.volume[person] * _VOLUME_OF_RANK, 0.2) * form(0.27)
    # On his greatest evening, too, a player leaves two shots of three to the others.
    shooting = np.minimum(shooting, np.cumsum(shooting, axis=1)[:, -1:] / 3)
    handling = seconds * _VOLUME_OF_RANK * form(0.2)
    working = seconds * form(0.25)
    inside, outside = shooting * tendency["twos"], shooting * tendency["threes"]
    threes_missed, twos_missed = about(22.3, 4.0, length), about(24.5, 4.2, length)
    free_missed = about(5.0, 2.1, length)
    turnovers = np.maximum(about(13.2, 3.6, length), 2)
    offensive = np.minimum(about(10.3, 3.5, length), (threes_missed + twos_missed) // 3)
    # Teams have the ball in turns, so both end about as many possessions; who ended fewer has missed more twos instead.
    shots = twos + threes + threes_missed + twos_missed + 0.44 * (free_throws + free_missed)
    possessions = shots - offensive + turnovers
    unequal = (_opponents(possessions) - possessions) / 2 + 1.2 * dice.bell(games)
    twos_missed = np.maximum(np.rint(twos_missed + unequal).astype(np.int64), 8)
    # What one team does is done to the other: a rebound is of its miss, a block of its shot, a steal of its turnover.
    missed = _opponents(threes_missed + twos_missed)
    defensive = missed - _opponents(offensive) - np.minimum(about(3.6, 2.0, length), missed // 8)
    steals = np.minimum(about(7.4, 2.7, length), _opponents(turnovers))
    blocks = np.minimum(about(4.7, 2.2, length), _opponents(twos_missed))

    threes_made = _allot(threes, outside, dice)
    goals_made = threes_made + _allot(twos, inside, dice)
    threes_missed_by = _allot(threes_missed, outside, dice)
    free_made = _allot(free_throws, inside * form(0.3), dice)
    return {
        "field_goals_made": goals_made,
        "field_goals_attempted": goals_made + threes_missed_by + _allot(twos_missed, inside, dice),
        "three_pointers_made": threes_made,
        "three_pointers_attempted": threes_made + threes_missed_by,
        "free_throws_made": free_made,
        "free_throws_attempted": free_made + _allot(free_missed, inside, dice),
        "offensive_rebounds": _allot(offensive, working * tendency["offensive_rebounds"], dice),
        "defensive_rebounds": _allot(defensive, working * tendency["defensive_rebounds"], dice),
        "assists": _allot(assists, handling * tendency["assists"], dice),
        "steals": _allot(steals, seconds * tendency["steals"], dice),
        "blocks": _allot(blocks, seconds * tendency["blocks"], dice),
        "turnovers": _allot(turnovers, handling * (0.5 + 0.5 * tendency["assists"]), dice),
        "personal_fouls": np.minimum(_allot(about(19.9, 3.9, length), seconds + 240.0 * (seconds > 0), dice), 6),
    }


def _opponents(values: Any) -> Any:
    """What the other team of the game has, of one element a team and game."""
    return values.reshape(-1, 2)[:, ::-1].ravel()


def _plus_minus(margin: Ints, seconds: Ints, overtimes: Ints, dice: Dice) -> Ints:
    """Plus-minus of everyone. A team's adds up to five times its margin, because five are on the floor."""
    share = seconds / (60.0 * (48 + 5 * overtimes))[:, None]
    swing = 12.5 * np.sqrt(share) * dice.bell(*seconds.shape)
    swing -= np.cumsum(swing, axis=1)[:, -1:] * share / 5
    rough = np.rint(margin[:, None] * share + swing).astype(np.int64)
    missing = 5 * margin - rough.sum(axis=1)
    by_time = np.argsort(np.argsort(-seconds, axis=1, kind="stable"), axis=1, kind="stable")
    return np.asarray(rough + np.sign(missing)[:, None] * (by_time < np.abs(missing)[:, None]))


# Faults


@dataclass(frozen=True)
class _Flaws:
    """What the sources get wrong in a season: games are places in `Games`, rows are places in `_Lines`.

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


def _flaws(season: int, games: Games, lines: _Lines, aliased: Bools, dice: Dice) -> _Flaws:
    untidy = _untidy(season)
    traded = np.isin(games.date, games.date[lines.game[lines.leaving]])
    regular = np.flatnonzero((games.stage == Stage.REGULAR) & ~traded)
    coded = [TEAMS.index(team) for team in _FOREIGN_CODES]
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
    played = plain & (lines.seconds > 600) & (_points(lines.stats) > 0)
    sizes = np.cumsum([10, 7, 7, 80, 12 if untidy else 54, 20 if untidy else 0])
    rows = np.split(dice.sample(np.flatnonzero(played), int(sizes[-1])), sizes[:-1])
    benched = dice.sample(np.flatnonzero(plain & in_bdl & (lines.status == _Status.DNP)), 6)
    return _Flaws(
        gamebook_only=alone[:2],
        bdl_only=alone[2:],
        moved=moving,
        moved_to=_free_dates(season, games, moving, dice),
        turned=turned,
        foreign=foreign,
        scoreless=dice.sample(others, 105),
        in_bdl=in_bdl,
        nameless=dice.sample(np.flatnonzero(plain & (lines.status == _Status.INACTIVE)), 5),
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


def _free_dates(season: int, games: Games, moved: Ints, dice: Dice) -> Dates:
    """Another date for each of these games, mostly an earlier one, on which neither of its teams plays."""
    dates = regular_dates(season)
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


def _aliased(lines: _Lines, registry: _Registry, people: _People) -> Bools:
    """Who goes by another name in one source: those whose registered name is found wherever they are listed."""
    listed = np.unique(lines.person * len(TEAMS) + lines.team)
    unregistered = np.setdiff1d(listed, registry.person * len(TEAMS) + registry.team) // len(TEAMS)
    aliased = people.alias_source != _Source.NONE
    aliased[unregistered] = False
    return np.asarray(aliased | people.nicknamed)


def _hazards(season: int, games: Games, lines: _Lines, people: _People, flaws: _Flaws) -> dict[str, int]:
    in_gamebook = ~np.isin(lines.game, flaws.bdl_only)
    in_bdl = flaws.in_bdl & ~np.isin(lines.game, flaws.gamebook_only)
    renamed = [
        np.unique(lines.person[listed & flaws.aliased[lines.person] & (people.alias_source[lines.person] == source)])
        for source, listed in ((_Source.GAMEBOOK, in_gamebook), (_Source.BDL, in_bdl))
    ]
    nicknamed = people.nicknamed[np.concatenate(renamed)]
    return {
        "games_in_gamebook_only": len(flaws.gamebook_only),
        "games_in_bdl_only": len(flaws.bdl_only),
        "bdl_games_on_another_date": len(flaws.moved),
        "bdl_game_ids_turned_round": len(flaws.turned),
        "bdl_games_with_foreign_codes": len(flaws.foreign),
        "bdl_games_without_score": len(flaws.scoreless),
        "bdl_play_in_games_in_postseason": int((games.stage == Stage.PLAY_IN).sum()) if _untidy(season) else 0,
        "bdl_rows_emptied": len(flaws.bdl_emptied),
        "bdl_rows_with_other_statistic": len(flaws.bdl_slipped),
        "bdl_rows_with_other_minutes": len(flaws.bdl_minutes_off),
        "bdl_exact_duplicates": len(flaws.bdl_twice),
        "gamebook_exact_duplicates": len(flaws.gamebook_twice),
        "gamebook_superseded_rows": len(flaws.superseded),
        "gamebook_rows_without_name": len(flaws.nameless),
        "gamebook_active_at_zero": int((in_gamebook & (lines.status == _Status.ACTIVE) & (lines.seconds == 0)).sum()),
        "players_listed_by_two_teams": int(lines.leaving.sum()),
        "players_with_another_suffix": int((~nicknamed).sum()),
        "players_with_nickname": int(nicknamed.sum()),
    }


# Tables


def _gamebook_table(season: int, games: Games, lines: _Lines, people: _People, flaws: _Flaws) -> pa.Table:
    kept = np.flatnonzero(~np.isin(lines.game, flaws.bdl_only))
    row = np.concatenate([kept, flaws.gamebook_twice, flaws.superseded])
    old = np.arange(len(row)) >= len(row) - len(flaws.superseded)
    # The correction comes three to six days after the first version.
    delay = np.where(np.isin(row, flaws.superseded) & ~old, 3 + row % 4, 0)
    game, status, seconds = lines.game[row], lines.status[row], lines.seconds[row]
    idle = status != _Status.ACTIVE
    named = ~np.isin(row, flaws.nameless)
    spelling = people.spelling(lines.person[row], flaws.aliased, _Source.GAMEBOOK)
    stats = _slipped(lines, row, old)
    hosts = [_FOREIGN_CODES.get(TEAMS[home], TEAMS[home]) for home in games.home]
    codes = [f"{day}0{host}" for day, host in zip(_compact(games.date), hosts, strict=True)]
    return pa.table(
        {
            "game_id": _text(_game_ids(games.date, TEAMS, games.away, games.home), game),
            "game_code": _text(codes, game),
            "game_date": games.date[game],
            "season_year": np.full(len(row), season),
            "home_team_abbr": _text(TEAMS, games.home[game]),
            "away_team_abbr": _text(TEAMS, games.away[game]),
            "player_name": _text(people.names, spelling, named),
            "player_name_original": _text(people.names, spelling, named),
            "player_lookup": _text(people.lookups, spelling, named),
            "team_abbr": _text(TEAMS, lines.team[row]),
            "player_status": _text([status.name.lower() for status in _Status], status),
            "dnp_reason": _text(_DNP_REASONS, lines.reason[row], idle),
            "minutes": _text([_clock(second, 2) for second in range(_LONGEST)], seconds, ~idle),
            "minutes_decimal": pa.array(np.round(seconds / 60, 2), mask=idle),
            "points": pa.array(_points(stats), mask=idle),
            "field_goal_percentage": _share(stats, "field_goals"),
            "three_point_percentage": _share(stats, "three_pointers"),
            "free_throw_percentage": _share(stats, "free_throws"),
            "total_rebounds": pa.array(_rebounds(stats), mask=idle),
            "plus_minus": pa.array(lines.plus_minus[row], mask=seconds == 0),
            "source_file_path": _text([f"gamebook/{code}" for code in codes], game),
            "processed_at": _next_morning(games.date[game] + delay, 10),
            **{name: pa.array(counts, mask=idle) for name, counts in stats.items()},
        },
        schema=_SCHEMAS[GAMEBOOK],
    )


def _bdl_table(season: int, games: Games, lines: _Lines, people: _People, flaws: _Flaws, dice: Dice) -> pa.Table:
    untidy = _untidy(season)
    kept = np.flatnonzero(flaws.in_bdl & ~np.isin(lines.game, flaws.gamebook_only))
    row = np.concatenate([kept, flaws.bdl_twice])
    game = lines.game[row]
    every_game = np.arange(len(games))
    date = games.date.copy()
    date[flaws.moved] = flaws.moved_to
    codes = (*TEAMS, *(_FOREIGN_CODES.get(team, team) for team in TEAMS))
    foreign = len(TEAMS) * np.isin(every_game, flaws.foreign)
    home, away = games.home + foreign, games.away + foreign
    turned = np.isin(every_game, flaws.turned)
    game_ids = _game_ids(date, codes, np.where(turned, home, away), np.where(turned, away, home))
    scoreless = np.isin(game, flaws.scoreless)
    emptied = np.isin(row, flaws.bdl_emptied)
    stats = _slipped(lines, row, np.isin(row, flaws.bdl_slipped))
    stats = {name: np.where(emptied, 0, counts) for name, counts in stats.items()}
    points = _points(stats)
    unknown = (points > 0) & untidy
    spelling = people.spelling(lines.person[row], flaws.aliased, _Source.BDL)
    # A postponed game keeps its first date, but its box score can't be loaded before it is played.
    loaded = _next_morning(np.maximum(games.date, date)[game], 8)
    return pa.table(
        {
            "game_id": _text(game_ids, game),
            "game_date": date[game],
            "season_year": np.full(len(row), season),
            "game_status": pa.repeat("Final", len(row)),
            "period": pa.array(4 + games.overtimes[game], mask=game % 100 > 0),
            "is_postseason": (games.stage >= (Stage.PLAY_IN if untidy else Stage.PLAYOFFS))[game],
            "home_team_abbr": _text(codes, home[game]),
            "away_team_abbr": _text(codes, away[game]),
            "home_team_score": pa.array(games.home_points[game], mask=scoreless),
            "away_team_score": pa.array(games.away_points[game], mask=scoreless),
            "team_abbr": _text(codes, lines.team[row] + foreign[game]),
            "player_full_name": _text(people.plain_names, spelling),
            "player_lookup": _text(people.lookups, spelling),
            "bdl_player_id": lines.person[row] + 1,
            "jersey_number": pa.nulls(len(row), pa.string()),
            "position": _text(_POSITIONS, people.position[lines.person[row]]),
            "minutes": _bdl_minutes(season, games, lines, flaws, dice)[row],
            "points": points,
            "rebounds": _rebounds(stats),
            "field_goal_pct": _share(stats, "field_goals", unknown),
            "three_point_pct": _share(stats, "three_pointers", unknown),
            "free_throw_pct": _share(stats, "free_throws", unknown),
            "source_file_path": _text([f"bdl/{season}{number:04d}" for number in every_game], game),
            "created_at": loaded,
            "processed_at": loaded,
            **stats,
        },
        schema=_SCHEMAS[BDL],
    )


def _bdl_minutes(season: int, games: Games, lines: _Lines, flaws: _Flaws, dice: Dice) -> Any:
    """How balldontlie writes the minutes of every row of `lines`: an array of strings."""
    careless = dice.uniform(len(lines))
    seconds = lines.seconds
    truncated = careless < (0.002 if _untidy(season) else 0.04)
    whole = np.where(truncated, seconds, seconds + 30) // 60
    whole[flaws.bdl_minutes_off] += np.where(flaws.bdl_minutes_off % 2 == 0, 3, -3)
    bare = np.array([str(minute) for minute in range(_LONGEST // 60)], dtype=object)[whole]
    padded = np.array([f"{minute:02d}" for minute in range(_LONGEST // 60)], dtype=object)[whole]
    if not _untidy(season):
        return np.where((careless > 0.988) & (seconds > 0), bare, padded)
    clock = np.array([_clock(second, 1) for second in range(_LONGEST)], dtype=object)[seconds]
    scored = _points(lines.stats) > 0
    day = games.date[lines.game]
    # Whoever did not score has his time to the second, but for two weeks in March two digits.
    fortnight = (day >= np.datetime64(f"{season + 1}-03-02")) & (day <= np.datetime64(f"{season + 1}-03-14"))
    minutes = np.where(scored, bare, np.where(fortnight, padded, clock))
    minutes = np.where((seconds == 0) & ~fortnight & (careless > 0.99), "0", minutes)
    minutes = np.where((seconds == 0) & (careless < 0.115), "", minutes)
    minutes[flaws.bdl_emptied] = ""
    return minutes


def _slipped(lines: _Lines, row: Ints, wrong: Bools) -> dict[str, Ints]:
    """The `_COUNTS` of these rows, with one slip in each that is `wrong`."""
    stats = {name: lines.stats[name][row] for name in _COUNTS}
    for number, slip in enumerate(_SLIPS):
        for name in slip:
            stats[name] += wrong & (row % len(_SLIPS) == number)
    return stats


def _points(stats: dict[str, Ints]) -> Ints:
    return 2 * stats["field_goals_made"] + stats["three_pointers_made"] + stats["free_throws_made"]


def _rebounds(stats: dict[str, Ints]) -> Ints:
    return stats["offensive_rebounds"] + stats["defensive_rebounds"]


def _share(stats: dict[str, Ints], kind: str, unknown: Bools | None = None) -> pa.Array:
    """What was made of what was attempted, a fraction. Without attempts NULL, or 0 where that is not `unknown`."""
    made, attempted = stats[f"{kind}_made"], stats[f"{kind}_attempted"]
    without = attempted == 0
    return pa.array(
        np.round(made / np.maximum(attempted, 1), 3), mask=without if unknown is None else without & unknown
    )


def _text(values: Sequence[str], places: Ints, present: Bools | None = None) -> pa.Array:
    """The values at these places, NULL where not `present`."""
    return pa.array(values, pa.string()).take(pa.array(places, mask=None if present is None else ~present))


def _clock(second: int, digits: int) -> str:
    return f"{second // 60:0{digits}d}:{second % 60:02d}"


def _compact(dates: Dates) -> list[str]:
    return [day.replace("-", "") for day in np.datetime_as_string(dates, unit="D").tolist()]


def _game_ids(dates: Dates, codes: Sequence[str], first: Ints, second: Ints) -> list[str]:
    return [
        f"{day}_{codes[one]}_{codes[other]}" for day, one, other in zip(_compact(dates), first, second, strict=True)
    ]


def _next_morning(dates: Dates, hour: int) -> Dates:
    return np.asarray((dates + 1).astype("datetime64[us]") + np.timedelta64(hour, "h"))


# Registry


@dataclass(frozen=True)
class _Registry:
    """Who was active for which team, with first and last game, both places in `Games`, and the number of games."""

    person: Ints
    team: Ints
    first: Ints
    last: Ints
    games: Ints


def _registry(lines: _Lines) -> _Registry:
    active = lines.status == _Status.ACTIVE
    key, game = (lines.person * len(TEAMS) + lines.team)[active], lines.game[active]
    found, first, count = np.unique(key, return_index=True, return_counts=True)
    _, last = np.unique(key[::-1], return_index=True)
    return _Registry(found // len(TEAMS), found % len(TEAMS), game[first], game[::-1][last], count)


def _registry_table(season: int, games: Games, registry: _Registry, people: _People) -> pa.Table:
    return pa.table(
        {
            "universal_player_id": _text([f"{lookup}_001" for lookup in people.lookups], registry.person),
            "player_name": _text(people.names, registry.person),
            "player_lookup": _text(people.lookups, registry.person),
            "team_abbr": _text(TEAMS, registry.team),
            "season": pa.repeat(f"{season}-{(season + 1) % 100:02d}", len(registry.team)),
            "first_game_date": games.date[registry.first],
            "last_game_date": games.date[registry.last],
            "games_played": registry.games,
            "source_priority": pa.repeat("nba_player_logs", len(registry.team)),
        },
        schema=_SCHEMAS[REGISTRY],
    )
