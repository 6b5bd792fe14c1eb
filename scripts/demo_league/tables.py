"""The raw tables, as the two sources and the registry write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from demo_league.box_scores import LONGEST, Lines, Status, points_of, rebounds_of
from demo_league.calendar import TEAMS, Games, Stage
from demo_league.dice import Bools, Dates, Dice, Ints
from demo_league.flaws import FOREIGN_CODES, Flaws, _slipped, is_untidy
from demo_league.people import POSITIONS, People, Source

BDL: Final = "bdl_player_boxscores"
GAMEBOOK: Final = "nbac_gamebook_player_stats"
REGISTRY: Final = "nba_players_registry"
TYPES: Final = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
COLUMNS: Final = {
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
SCHEMAS: Final = {
    table: pa.schema([(name, TYPES[kind]) for name, kind in map(str.split, columns.split(","))])
    for table, columns in COLUMNS.items()
}
DNP_REASONS = ("Inactive", "Did Not Play", "Did Not Dress", "Not With Team", "Player Suspended")


def aliased_rows(lines: Lines, registry: Registry, people: People) -> Bools:
    """Who goes by another name in one source: those whose registered name is found wherever they are listed."""
    listed = np.unique(lines.person * len(TEAMS) + lines.team)
    unregistered = np.setdiff1d(listed, registry.person * len(TEAMS) + registry.team) // len(TEAMS)
    aliased = people.alias_source != Source.NONE
    aliased[unregistered] = False
    return np.asarray(aliased | people.nicknamed)


def gamebook_table(season: int, games: Games, lines: Lines, people: People, flaws: Flaws) -> pa.Table:
    kept = np.flatnonzero(~np.isin(lines.game, flaws.bdl_only))
    row = np.concatenate([kept, flaws.gamebook_twice, flaws.superseded])
    old = np.arange(len(row)) >= len(row) - len(flaws.superseded)
    # The correction comes three to six days after the first version.
    delay = np.where(np.isin(row, flaws.superseded) & ~old, 3 + row % 4, 0)
    game, status, seconds = lines.game[row], lines.status[row], lines.seconds[row]
    idle = status != Status.ACTIVE
    named = ~np.isin(row, flaws.nameless)
    spelling = people.spelling(lines.person[row], flaws.aliased, Source.GAMEBOOK)
    stats = _slipped(lines, row, old)
    hosts = [FOREIGN_CODES.get(TEAMS[home], TEAMS[home]) for home in games.home]
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
            "player_status": _text([status.name.lower() for status in Status], status),
            "dnp_reason": _text(DNP_REASONS, lines.reason[row], idle),
            "minutes": _text([_clock(second, 2) for second in range(LONGEST)], seconds, ~idle),
            "minutes_decimal": pa.array(np.round(seconds / 60, 2), mask=idle),
            "points": pa.array(points_of(stats), mask=idle),
            "field_goal_percentage": _share(stats, "field_goals"),
            "three_point_percentage": _share(stats, "three_pointers"),
            "free_throw_percentage": _share(stats, "free_throws"),
            "total_rebounds": pa.array(rebounds_of(stats), mask=idle),
            "plus_minus": pa.array(lines.plus_minus[row], mask=seconds == 0),
            "source_file_path": _text([f"gamebook/{code}" for code in codes], game),
            "processed_at": _next_morning(games.date[game] + delay, 10),
            **{name: pa.array(counts, mask=idle) for name, counts in stats.items()},
        },
        schema=SCHEMAS[GAMEBOOK],
    )


def bdl_table(season: int, games: Games, lines: Lines, people: People, flaws: Flaws, dice: Dice) -> pa.Table:
    untidy = is_untidy(season)
    kept = np.flatnonzero(flaws.in_bdl & ~np.isin(lines.game, flaws.gamebook_only))
    row = np.concatenate([kept, flaws.bdl_twice])
    game = lines.game[row]
    every_game = np.arange(len(games))
    date = games.date.copy()
    date[flaws.moved] = flaws.moved_to
    codes = (*TEAMS, *(FOREIGN_CODES.get(team, team) for team in TEAMS))
    foreign = len(TEAMS) * np.isin(every_game, flaws.foreign)
    home, away = games.home + foreign, games.away + foreign
    turned = np.isin(every_game, flaws.turned)
    game_ids = _game_ids(date, codes, np.where(turned, home, away), np.where(turned, away, home))
    scoreless = np.isin(game, flaws.scoreless)
    emptied = np.isin(row, flaws.bdl_emptied)
    stats = _slipped(lines, row, np.isin(row, flaws.bdl_slipped))
    stats = {name: np.where(emptied, 0, counts) for name, counts in stats.items()}
    points = points_of(stats)
    unknown = (points > 0) & untidy
    spelling = people.spelling(lines.person[row], flaws.aliased, Source.BDL)
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
            "position": _text(POSITIONS, people.position[lines.person[row]]),
            "minutes": _bdl_minutes(season, games, lines, flaws, dice)[row],
            "points": points,
            "rebounds": rebounds_of(stats),
            "field_goal_pct": _share(stats, "field_goals", unknown),
            "three_point_pct": _share(stats, "three_pointers", unknown),
            "free_throw_pct": _share(stats, "free_throws", unknown),
            "source_file_path": _text([f"bdl/{season}{number:04d}" for number in every_game], game),
            "created_at": loaded,
            "processed_at": loaded,
            **stats,
        },
        schema=SCHEMAS[BDL],
    )


def _bdl_minutes(season: int, games: Games, lines: Lines, flaws: Flaws, dice: Dice) -> Any:
    """How balldontlie writes the minutes of every row of `lines`: an array of strings."""
    careless = dice.uniform(len(lines))
    seconds = lines.seconds
    truncated = careless < (0.002 if is_untidy(season) else 0.04)
    whole = np.where(truncated, seconds, seconds + 30) // 60
    whole[flaws.bdl_minutes_off] += np.where(flaws.bdl_minutes_off % 2 == 0, 3, -3)
    bare = np.array([str(minute) for minute in range(LONGEST // 60)], dtype=object)[whole]
    padded = np.array([f"{minute:02d}" for minute in range(LONGEST // 60)], dtype=object)[whole]
    if not is_untidy(season):
        return np.where((careless > 0.988) & (seconds > 0), bare, padded)
    clock = np.array([_clock(second, 1) for second in range(LONGEST)], dtype=object)[seconds]
    scored = points_of(lines.stats) > 0
    day = games.date[lines.game]
    # Whoever did not score has his time to the second, but for two weeks in March two digits.
    fortnight = (day >= np.datetime64(f"{season + 1}-03-02")) & (day <= np.datetime64(f"{season + 1}-03-14"))
    minutes = np.where(scored, bare, np.where(fortnight, padded, clock))
    minutes = np.where((seconds == 0) & ~fortnight & (careless > 0.99), "0", minutes)
    minutes = np.where((seconds == 0) & (careless < 0.115), "", minutes)
    minutes[flaws.bdl_emptied] = ""
    return minutes


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


@dataclass(frozen=True)
class Registry:
    """Who was active for which team, with first and last game, both places in `Games`, and the number of games."""

    person: Ints
    team: Ints
    first: Ints
    last: Ints
    games: Ints


def make_registry(lines: Lines) -> Registry:
    active = lines.status == Status.ACTIVE
    key, game = (lines.person * len(TEAMS) + lines.team)[active], lines.game[active]
    found, first, count = np.unique(key, return_index=True, return_counts=True)
    _, last = np.unique(key[::-1], return_index=True)
    return Registry(found // len(TEAMS), found % len(TEAMS), game[first], game[::-1][last], count)


def registry_table(season: int, games: Games, registry: Registry, people: People) -> pa.Table:
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
        schema=SCHEMAS[REGISTRY],
    )
