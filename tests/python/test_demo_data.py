"""The demo league is sound where a real league is sound, and wrong exactly where it says that it is wrong."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from demo_league.calendar import Stage, play_season
from demo_league.dice import Dice
from demo_league.league import DemoLeague, generate
from demo_league.season_dates import dates_of_seed
from demo_league.tables import BDL, GAMEBOOK, REGISTRY

MODELS = Path(__file__).parents[2] / "models" / "staging"
SEASONS = Path(__file__).parents[2] / "seeds" / "seasons.csv"
FIRST, LAST = 2021, 2022

# How to read the raw tables: the newest version of each gamebook row, and BDL with the gamebook's codes and dates. The
# games in one source only, and the pairs among them that are one game, are found as anyone would have to find them.
VIEWS = """
    create macro code(team) as
        case team when 'BRK' then 'BKN' when 'PHO' then 'PHX' when 'CHO' then 'CHA' else team end;

    create macro seconds(clock) as split_part(clock, ':', 1)::int * 60 + split_part(clock, ':', 2)::int;

    create table gamebook as
        select distinct * from gamebook_raw
        qualify processed_at = max(processed_at) over (partition by game_id, team_abbr, player_lookup);

    create table active as
        select *, seconds(minutes) as seconds from gamebook where player_status = 'active';

    create table gamebook_games as
        select distinct game_id, game_date, season_year, home_team_abbr as home, away_team_abbr as away from gamebook;

    create table bdl_plain as
        select distinct * replace (
            code(home_team_abbr) as home_team_abbr,
            code(away_team_abbr) as away_team_abbr,
            code(team_abbr) as team_abbr,
            strftime(game_date, '%Y%m%d_') || code(away_team_abbr) || '_' || code(home_team_abbr) as game_id,
        )
        from bdl_raw;

    create table bdl_games as
        select distinct game_id, game_date, season_year, home_team_abbr as home, away_team_abbr as away from bdl_plain;

    create table gamebook_only as from gamebook_games anti join bdl_games using (game_id);

    create table bdl_only as from bdl_games anti join gamebook_games using (game_id);

    create table moved as
        select season_year, home, away, gamebook_only.game_id, gamebook_only.game_date,
            bdl_only.game_id as bdl_id, bdl_only.game_date as bdl_date,
        from bdl_only join gamebook_only using (season_year, home, away);

    create table played as
        select *, min(game_date) over (partition by season_year) as opening_day,
            game_date <= opening_day + 173 as is_regular,
        from (from gamebook_games union all from bdl_only where game_id not in (select bdl_id from moved));

    create table bdl as
        select bdl_plain.* replace (coalesce(moved.game_id, bdl_plain.game_id) as game_id)
        from bdl_plain left join moved on bdl_plain.game_id = moved.bdl_id;

    create table compared as
        select bdl, active from bdl join active using (game_id, team_abbr, player_lookup);
"""


@pytest.fixture(scope="module")
def league() -> DemoLeague:
    return generate(FIRST, LAST)


@pytest.fixture(scope="module")
def db(league: DemoLeague) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, table in (("gamebook_raw", GAMEBOOK), ("bdl_raw", BDL), ("registry", REGISTRY)):
        connection.register(name, league.tables[table])
    connection.execute(VIEWS)
    return connection


def one(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The only value that a query gives."""
    ((value,),) = db.sql(query).fetchall()
    return value


def count(db: duckdb.DuckDBPyConnection, relation: str) -> int:
    """How many rows a `from` clause has."""
    return int(one(db, f"select count(*) from {relation}"))


# The same for everyone


def test_same_arguments_give_the_same_tables(league: DemoLeague) -> None:
    again = generate(FIRST, LAST)
    assert again.hazards == league.hazards
    assert all(again.tables[name].equals(table) for name, table in league.tables.items())


def test_a_season_does_not_depend_on_the_others(league: DemoLeague) -> None:
    alone = [generate(season, season) for season in range(FIRST, LAST + 1)]
    for name, table in league.tables.items():
        assert pa.concat_tables([season.tables[name] for season in alone]).equals(table)


def test_another_seed_gives_another_league(league: DemoLeague) -> None:
    other = generate(FIRST, LAST, seed=1)
    for name, table in league.tables.items():
        assert not other.tables[name].equals(table)


def test_every_machine_makes_the_same_league(league: DemoLeague) -> None:
    """A digest of the default league. Whoever changes the league on purpose puts the new one here."""
    digest = hashlib.sha256()
    for table in league.tables.values():
        for column in table.columns:
            digest.update(repr(column.slice(0, 5_000).to_pylist()).encode())
    assert digest.hexdigest()[:16] == "77a765be2d4d6f17"


@pytest.mark.parametrize("seed", [1, 7])
def test_a_season_is_played_on_the_dates_of_the_real_one(seed: int) -> None:
    """Else the verdict on another league, or on other seasons, would be that games are missing or were not played."""
    real_dates = dates_of_seed(SEASONS)
    assert {2013, 2017, 2021, 2023} <= real_dates.keys()
    assert not {2011, 2019, 2020} & real_dates.keys(), "a season that was cut short"
    for season, dates in real_dates.items():
        games = play_season(dates, Dice(seed, season))
        regular, play_in, playoffs = (games.date[games.stage == stage] for stage in Stage)
        assert (len(regular), regular.min(), regular.max()) == (1230, dates.opening, dates.closing)
        assert len(play_in) == (6 if dates.has_play_in else 0)
        assert dates.closing < min([*play_in, dates.playoffs])
        assert playoffs.min() == dates.playoffs > max([*play_in, dates.closing])
        if dates.finals_end is not None and dates.playoff_games is not None:
            assert dates.finals_end in playoffs
            assert (playoffs <= dates.finals_end).sum() >= dates.playoff_games - 2
        evenings = [*zip(games.date, games.home, strict=True), *zip(games.date, games.away, strict=True)]
        assert len({*evenings}) == 2 * len(games)


def test_a_seed_of_seasons_without_dates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "seasons.csv").write_text("season_year,season_phase,game_count\n2021,regular,1230\n")
    with pytest.raises(ValueError, match=r"seasons\.csv does not tell when .* KeyError.*first_date"):
        dates_of_seed(tmp_path / "seasons.csv")


def test_scale_adds_older_seasons() -> None:
    scaled = generate(LAST, LAST, scale=2)
    plain = generate(LAST - 1, LAST)
    assert scaled.tables[GAMEBOOK].equals(plain.tables[GAMEBOOK])


@pytest.mark.parametrize(
    ("first", "last", "options", "message"),
    [
        (2023, 2021, {}, "not from 2023 to 2021"),
        (1995, 2021, {}, "1996 to 2100"),
        (2021, 2101, {}, "1996 to 2100"),
        (2021, 2021, {"scale": 0}, "scale must be at least 1"),
        (2021, 2023, {"scale": 99}, "1900 or later"),
        (2021, 2021, {"seed": -1}, "seed must be 0 or more"),
    ],
)
def test_bad_arguments_are_refused(first: int, last: int, options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate(first, last, **options)


# Shape


@pytest.mark.parametrize(("table", "folder"), [(BDL, "bdl"), (GAMEBOOK, "nbac"), (REGISTRY, "nba_reference")])
def test_columns_are_those_of_the_sources(league: DemoLeague, table: str, folder: str) -> None:
    (source,) = yaml.safe_load((MODELS / folder / f"_{folder}__sources.yml").read_text())["sources"]
    (declared,) = [found for found in source["tables"] if found["name"] == table]
    types = {
        "string": "string",
        "int64": "bigint",
        "double": "double",
        "bool": "boolean",
        "date32[day]": "date",
        "timestamp[us]": "timestamp",
    }
    made = [(field.name, types[str(field.type)]) for field in league.tables[table].schema]
    assert made == [(column["name"], column["data_type"]) for column in declared["columns"]]


def test_season_has_the_size_of_a_real_one(db: duckdb.DuckDBPyConnection) -> None:
    assert all(
        43_000 <= rows <= 45_500 for (rows,) in db.sql("select count(*) from gamebook group by season_year").fetchall()
    )
    assert 32_500 <= one(db, f"select count(*) from bdl where season_year = {FIRST}") <= 35_000
    assert 43_000 <= one(db, f"select count(*) from bdl where season_year = {LAST}") <= 45_500


# Calendar


def test_every_team_plays_41_games_at_home_and_41_away(db: duckdb.DuckDBPyConnection) -> None:
    for side in ("home", "away"):
        games = db.sql(f"select {side}, season_year, count(*) from played where is_regular group by all").fetchall()
        assert len(games) == 60
        assert {number for _, _, number in games} == {41}


def test_no_team_plays_twice_on_a_date(db: duckdb.DuckDBPyConnection) -> None:
    evenings = "(select unnest([home, away]) as team, game_date from played)"
    assert count(db, f"(select 1 from {evenings} group by team, game_date having count(*) > 1)") == 0


def test_hardly_a_team_plays_three_days_in_a_row(db: duckdb.DuckDBPyConnection) -> None:
    evenings = "(select unnest([home, away]) as team, game_date from played where is_regular)"
    third = "lag(game_date, 2) over (partition by team order by game_date) = game_date - 2"
    assert count(db, f"(select 1 from {evenings} qualify {third})") <= 20


@pytest.mark.parametrize("season", [FIRST, LAST])
def test_season_has_a_real_calendar(db: duckdb.DuckDBPyConnection, season: int) -> None:
    regular = f"""(
        select game_date, count(*) as games, game_date - lag(game_date) over (order by game_date) as pause
        from played where is_regular and season_year = {season} group by game_date
    )"""
    ((first, last, days, most, pause),) = db.sql(
        f"select min(game_date), max(game_date), count(*), max(games), max(pause) from {regular}"
    ).fetchall()
    assert (first.month, first.weekday()) == (10, 1)
    assert (last.month, last.weekday()) == (4, 6)
    assert 160 <= days <= 166
    assert most <= 15
    assert pause == 7, "the All-Star break is six days without games"
    end = one(db, f"select max(game_date) from played where season_year = {season}")
    assert (6, 8) <= (end.month, end.day) <= (6, 24)


def test_opponents_meet_two_to_four_times(db: duckdb.DuckDBPyConnection) -> None:
    pairs = """(
        select count(*) as games, count(*) filter (home < away) as at_one from played where is_regular
        group by season_year, least(home, away), greatest(home, away)
    )"""
    meetings = db.sql(f"select games, count(*) from {pairs} group by 1 order by 1").fetchall()
    # Per season: 225 pairs across the conferences, 60 and 150 within them.
    assert meetings == [(2, 450), (3, 120), (4, 300)]
    assert count(db, f"{pairs} where greatest(at_one, games - at_one) > 2") == 0


def test_play_in_and_playoffs_are_played_out(db: duckdb.DuckDBPyConnection) -> None:
    rounds = db.sql("""
        with later as (select season_year, least(home, away) as one, greatest(home, away) as other, count(*) as games
                       from played where not is_regular group by all)
        select season_year, count(*) filter (games = 1), count(*) filter (games between 4 and 7),
            count(*) filter (games not in (1, 4, 5, 6, 7))
        from later group by 1
    """).fetchall()
    # Two teams that meet in the play-in don't meet in the playoffs' first round, but may later.
    assert all(play_in in (5, 6) and series == 15 and others <= 1 for _, play_in, series, others in rounds)


# Box scores


def test_status_decides_what_is_known(db: duckdb.DuckDBPyConnection) -> None:
    known = """(
        select player_status, dnp_reason, minutes is not null as played,
            len(list_filter([minutes_decimal, points, field_goals_made, assists, total_rebounds, personal_fouls],
                lambda statistic: statistic is not null)) as statistics,
        from gamebook_raw
    )"""
    assert db.sql(
        f"select distinct player_status, dnp_reason is null, played, statistics from {known} order by 1"
    ).fetchall() == [
        ("active", True, True, 6),
        ("dnp", False, False, 0),
        ("inactive", False, False, 0),
    ]


def test_share_of_null_minutes_is_the_real_one(db: duckdb.DuckDBPyConnection) -> None:
    share = "1 - count(minutes) / count(*)"
    by_season = db.sql(f"select {share} from gamebook group by season_year").fetchall()
    by_week = db.sql(f"select {share} from gamebook group by date_trunc('week', game_date)").fetchall()
    assert all(0.36 <= found <= 0.38 for (found,) in by_season)
    assert all(0.33 <= found <= 0.415 for (found,) in by_week)


def test_team_minutes_and_plus_minus_add_up(db: duckdb.DuckDBPyConnection) -> None:
    teams = """(
        select game_id, team_abbr, sum(seconds) as seconds, max(seconds) as longest, sum(points) as points,
            sum(plus_minus) as plus_minus,
        from active group by all
    )"""
    assert count(db, f"{teams} where seconds < 14400 or (seconds - 14400) % 1500 <> 0") == 0
    assert count(db, f"{teams} where longest > 2880 + (seconds - 14400) / 5 or longest >= 3600") == 0
    assert 0.04 <= one(db, f"select avg((seconds > 14400)::int) from {teams}") <= 0.09
    against = f"{teams} as one join {teams} as other on one.game_id = other.game_id and one.team_abbr < other.team_abbr"
    assert count(db, f"{against} where one.points = other.points") == 0
    assert count(db, f"{against} where one.seconds <> other.seconds") == 0
    assert count(db, f"{against} where one.plus_minus <> 5 * (one.points - other.points)") == 0
    assert count(db, f"{against} where one.plus_minus <> -other.plus_minus") == 0


def test_team_points_are_the_final_score(db: duckdb.DuckDBPyConnection) -> None:
    points = """(
        select game_id, sum(points) filter (team_abbr = home_team_abbr) as home,
            sum(points) filter (team_abbr = away_team_abbr) as away,
        from active group by all
    )"""
    scores = "(select distinct game_id, home_team_score, away_team_score from bdl where home_team_score is not null)"
    checked = f"{points} join {scores} using (game_id)"
    assert count(db, checked) > 2_300
    assert count(db, f"{checked} where home <> home_team_score or away <> away_team_score") == 0


@pytest.mark.parametrize("table", ["gamebook_raw where player_status = 'active'", "bdl_raw where true"])
def test_every_row_adds_up(db: duckdb.DuckDBPyConnection, table: str) -> None:
    rebounds = "total_rebounds" if table.startswith("gamebook") else "rebounds"
    identities = f"""
        points = 2 * (field_goals_made - three_pointers_made) + 3 * three_pointers_made + free_throws_made
        and field_goals_made between three_pointers_made and field_goals_attempted
        and three_pointers_attempted between three_pointers_made and field_goals_attempted
        and free_throws_made between 0 and free_throws_attempted
        and {rebounds} = offensive_rebounds + defensive_rebounds
        and points between 0 and 75 and personal_fouls between 0 and 6
        and least(assists, steals, blocks, turnovers, offensive_rebounds, defensive_rebounds) >= 0
    """
    assert count(db, f"{table} and not ({identities})") == 0


def test_distributions_are_like_real_ones(db: duckdb.DuckDBPyConnection) -> None:
    (points, spread, rebounds, assists, best) = db.sql("""
        with teams as (
            select sum(points) as points, sum(total_rebounds) as rebounds, sum(assists) as assists, max(points) as best
            from active group by game_id, team_abbr
        )
        select avg(points), stddev(points), avg(rebounds), avg(assists), max(best) from teams
    """).fetchall()[0]
    assert 110 <= points <= 115
    assert 11 <= spread <= 14
    assert 42 <= rebounds <= 46
    assert 23 <= assists <= 27
    assert 45 <= best <= 75


# Names


def test_lookups_are_made_of_the_names(db: duckdb.DuckDBPyConnection) -> None:
    spelled = db.sql("""
        select player_name, player_lookup from gamebook_raw where player_name is not null
        union select player_full_name, player_lookup from bdl_raw
        union select player_name, player_lookup from registry
    """).fetchall()
    for name, lookup in spelled:
        assert lookup == re.sub("[^a-z0-9]", "", unicodedata.normalize("NFKD", name).lower())
    letters = {letter for name, _ in spelled for letter in name}
    assert letters >= set("áčšé'-.")
    assert {"Jr.", "II", "III"} <= {name.split()[-1] for name, _ in spelled}


def test_a_lookup_is_one_person(db: duckdb.DuckDBPyConnection) -> None:
    assert count(db, "(select 1 from bdl_raw group by player_lookup having count(distinct bdl_player_id) > 1)") == 0
    assert (
        count(db, "(select 1 from registry group by player_lookup having count(distinct universal_player_id) > 1)") == 0
    )


def test_registry_has_everyone_who_played_once(db: duckdb.DuckDBPyConnection) -> None:
    assert count(db, "(select 1 from registry group by player_lookup, team_abbr, season having count(*) > 1)") == 0
    assert count(db, "registry where universal_player_id <> player_lookup || '_001'") == 0
    logs = """(
        select player_lookup, team_abbr, min(game_date) as first, max(game_date) as last, count(*) as games,
            season_year || '-' || season_year % 100 + 1 as season,
        from active group by player_lookup, team_abbr, season_year
    )"""
    assert count(db, f"registry anti join {logs} using (player_lookup, team_abbr, season)") <= 40, "aliases aside"
    close = "games_played between games and games + 4 and first_game_date <= first and last_game_date >= last"
    found = f"registry join {logs} using (player_lookup, team_abbr, season)"
    assert count(db, f"{found} where not ({close})") == 0
    assert 500 <= one(db, "select count(*) / 2 from registry") <= 750


# Faults, counted from the tables


def test_keys_are_unique_without_the_duplicates(db: duckdb.DuckDBPyConnection) -> None:
    key = "game_date, player_lookup, team_abbr"
    assert (
        count(db, f"(select 1 from gamebook where player_lookup is not null group by {key} having count(*) > 1)") == 0
    )
    assert count(db, f"(select 1 from bdl_plain group by {key} having count(*) > 1)") == 0


def test_exact_duplicates(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    for table in ("bdl", "gamebook"):
        twice = f"(select 1 from (select hash({table}_raw) as row from {table}_raw) group by row having count(*) = 2)"
        assert count(db, twice) == league.hazards[f"{table}_exact_duplicates"] == 20


def test_superseded_rows(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    pairs = """gamebook_raw as old join gamebook_raw as new
        on old.game_id = new.game_id and old.team_abbr = new.team_abbr and old.player_lookup = new.player_lookup
        and old.processed_at < new.processed_at"""
    assert count(db, pairs) == league.hazards["gamebook_superseded_rows"] == 20
    slips = "|".join(
        f"(old.{name} <> new.{name})::int"
        for name in ("free_throws_made", "assists", "defensive_rebounds", "steals", "turnovers")
    ).replace("|", " + ")
    assert one(db, f"select list(distinct {slips}) from {pairs}") == [1]
    assert count(db, f"{pairs} where old.minutes <> new.minutes") == 0
    assert count(db, "gamebook_raw where processed_at < game_date + 1 + interval 10 hour") == 0


def test_rows_without_a_name(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    assert count(db, "gamebook_raw where player_lookup is null") == league.hazards["gamebook_rows_without_name"] == 10
    empty = "player_status = 'inactive' and player_name is null and player_name_original is null"
    assert count(db, f"gamebook_raw where player_lookup is null and not ({empty})") == 0


def test_active_players_without_a_second(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    assert count(db, "active where minutes = '00:00'") == league.hazards["gamebook_active_at_zero"]
    assert count(db, "active where (minutes = '00:00') <> (plus_minus is null)") == 0
    assert 15 <= league.hazards["gamebook_active_at_zero"] <= 20


def test_players_listed_by_two_teams(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    twice = """(
        select list(player_status) as statuses from gamebook where player_lookup is not null
        group by game_date, player_lookup having count(distinct team_abbr) = 2
    )"""
    assert count(db, twice) == league.hazards["players_listed_by_two_teams"] >= 10
    assert count(db, f"{twice} where not list_contains(statuses, 'inactive')") == 0
    assert count(db, f"{twice} where list_contains(statuses, 'active')") > 0


def test_games_in_one_source_only(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    assert count(db, "gamebook_only where game_id not in (select game_id from moved)") == 4
    assert count(db, "bdl_only where game_id not in (select bdl_id from moved)") == 3
    assert (league.hazards["games_in_gamebook_only"], league.hazards["games_in_bdl_only"]) == (4, 3)


def test_games_on_another_date(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    assert count(db, "moved") == league.hazards["bdl_games_on_another_date"] == 22
    assert 0 < count(db, "moved where bdl_date < game_date") < 22
    # There is one way only to put the two halves together, and both teams are free on the other date.
    assert count(db, "(select 1 from moved group by season_year, home, away having count(*) > 1)") == 0
    teams = "select bdl_date as date, unnest([home, away]) as team from moved"
    evenings = "select game_date as date, unnest([home, away]) as team from played"
    assert count(db, f"({teams}) join ({evenings}) using (date, team)") == 0
    assert count(db, f"(select 1 from ({teams}) group by date, team having count(*) > 1)") == 0


def test_game_ids_turned_round_or_foreign(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    table = """(
        select *, home_team_abbr as home, away_team_abbr as away, strftime(game_date, '%Y%m%d_') as day,
            list_has_any([home_team_abbr, away_team_abbr], ['BRK', 'PHO', 'CHO']) as foreign_codes,
        from {}
    )"""
    bdl, gamebook = table.format("bdl_raw"), table.format("gamebook_raw")
    turned = f"select count(distinct game_id) from {bdl} where game_id = day || home || '_' || away"
    assert one(db, turned) == league.hazards["bdl_game_ids_turned_round"] == 26
    foreign = f"select count(distinct game_id) from {bdl} where foreign_codes"
    assert one(db, foreign) == league.hazards["bdl_games_with_foreign_codes"] == 14
    either_way = "[day || away || '_' || home, day || home || '_' || away]"
    assert count(db, f"{bdl} where team_abbr not in (home, away) or not list_contains({either_way}, game_id)") == 0
    assert count(db, f"{gamebook} where foreign_codes or game_id <> day || away || '_' || home") == 0


def test_games_without_score(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    without = "select count(distinct game_id) from bdl where home_team_score is null and away_team_score is null"
    assert one(db, without) == league.hazards["bdl_games_without_score"]
    assert 150 <= one(db, without) <= 250


def test_play_in_counts_to_the_postseason_in_the_first_season(
    db: duckdb.DuckDBPyConnection, league: DemoLeague
) -> None:
    # The play-in ends five days after the regular season.
    play_in = """(
        select distinct game_id, season_year, is_postseason from bdl join played using (game_id, season_year)
        where not is_regular and played.game_date <= opening_day + 178
    )"""
    by_season = f"select season_year, count(*), count(*) filter (is_postseason) from {play_in} group by 1 order by 1"
    assert db.sql(by_season).fetchall() == [(FIRST, 6, 6), (LAST, 6, 0)]
    assert league.hazards["bdl_play_in_games_in_postseason"] == 6


def test_emptied_and_slipped_rows(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    emptied = "bdl.minutes = '' and active.seconds > 600"
    assert count(db, f"compared where {emptied} and bdl.points = 0") == league.hazards["bdl_rows_emptied"] == 20
    other = " or ".join(
        f"bdl.{name} <> active.{name}"
        for name in ("points", "assists", "defensive_rebounds", "offensive_rebounds", "steals", "blocks", "turnovers")
    )
    assert count(db, f"compared where not ({emptied}) and ({other})") == league.hazards["bdl_rows_with_other_statistic"]


def test_minutes_that_differ_by_over_a_minute(db: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    written = "if(contains(bdl.minutes, ':'), seconds(bdl.minutes), try_cast(bdl.minutes as int) * 60)"
    far = f"compared where bdl.minutes <> '' and abs({written} - active.seconds) > 60"
    assert count(db, far) == league.hazards["bdl_rows_with_other_minutes"] == 66


def test_minutes_are_spelled_as_in_the_real_seasons(db: duckdb.DuckDBPyConnection) -> None:
    spelling = "regexp_replace(minutes, '[1-9]', '0', 'g')"
    spellings = {
        season: set(one(db, f"select list(distinct {spelling}) from bdl_raw where season_year = {season}"))
        for season in (FIRST, LAST)
    }
    assert spellings[FIRST] == {"", "0", "00", "0:00", "00:00"}
    assert spellings[LAST] == {"0", "00"}
    assert 500 <= count(db, f"bdl_raw where minutes = '' and season_year = {FIRST}") <= 900
    assert count(db, "bdl_raw where minutes is null") == 0


def test_inactive_players_in_bdl(db: duckdb.DuckDBPyConnection) -> None:
    inactive = """(
        select season_year, exists(
            from bdl where (bdl.game_id, bdl.team_abbr, bdl.player_lookup) = (g.game_id, g.team_abbr, g.player_lookup)
        ) as in_bdl
        from gamebook as g where player_status = 'inactive' and player_lookup is not null
    )"""
    shares = dict(db.sql(f"select season_year, avg(in_bdl::int) from {inactive} group by 1").fetchall())
    assert shares[FIRST] < 0.05
    assert shares[LAST] > 0.9


@pytest.fixture(scope="module")
def spelled(db: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection with a table of all names that the sources use and the registry doesn't have anywhere."""
    db.execute("""
        create macro base(lookup) as regexp_replace(lookup, '(jr|sr|ii|iii|iv)$', '');

        create table unregistered as
            select source, season_year, player_lookup, list(distinct team_abbr) as teams,
                base(player_lookup) as base, base in (select base(player_lookup) from registry) as has_base,
            from (
                select 'gamebook' as source, season_year, player_lookup, team_abbr from gamebook
                union all select 'bdl', season_year, player_lookup, team_abbr from bdl
            )
            where player_lookup not in (select player_lookup from registry)
            group by all;
    """)
    return db


def test_other_suffixes_are_resolved_by_the_registry(spelled: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    assert count(spelled, "unregistered where has_base") == league.hazards["players_with_another_suffix"] >= 30
    sources = "select count(distinct source) from unregistered where has_base"
    assert one(spelled, sources) == 2
    # Exactly one registered player has that name for the team and season, whichever team lists him.
    candidates = """(
        select u.player_lookup, u.team_abbr, count(registry.player_lookup) as candidates
        from (select *, unnest(teams) as team_abbr from unregistered where has_base) as u
        left join registry
            on base(registry.player_lookup) = u.base and registry.team_abbr = u.team_abbr
            and registry.season[:4]::int = u.season_year
        group by u.source, u.season_year, u.player_lookup, u.team_abbr
    )"""
    assert count(spelled, f"{candidates} where candidates <> 1") == 0


def test_nicknames_stay_unresolved(spelled: duckdb.DuckDBPyConnection, league: DemoLeague) -> None:
    # Who never plays isn't registered either, but both sources spell him alike.
    strangers = """(
        from unregistered where source = 'bdl' and not has_base
        and base not in (select base(player_lookup) from gamebook where player_lookup is not null)
    )"""
    assert count(spelled, strangers) == league.hazards["players_with_nickname"] > 0
    played = f"bdl semi join {strangers} using (season_year, player_lookup) where points > 0"
    assert count(spelled, played) > 0
