"""Data broken in every way that somebody has broken it: the check that names the cause is the first to say so."""

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest

from conftest import Warehouse
from nba_backfill.warehouse.checks import (
    CAREFUL,
    FINE,
    GOOD,
    NOT_MEASURED,
    STOP,
    Check,
    _freshness,
    ask_preflight,
    first_bad,
    run_tests,
    summary_checks,
)
from nba_backfill.warehouse.engine import Engine
from nba_backfill.windows import Window, today

SEASON = ("2021-10-19", "2022-06-30")
WINDOW = Window(date.fromisoformat(SEASON[0]), date.fromisoformat(SEASON[1]))


@pytest.fixture(scope="module")
def season_file(project: Path, demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo season and its summary. To be copied, not written."""
    database = Path(shutil.copy(demo_file, tmp_path_factory.mktemp("season") / "nba.duckdb"))
    warehouse = Warehouse(project, database)
    built = warehouse.dbt("run", window=SEASON)
    assert built.code == 0, built.output
    return database


@pytest.fixture(scope="module")
def engine(project: Path, season_file: Path) -> Iterator[Engine]:
    """One parse for all breaks: the file that it reads is the one that the environment names when it reads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.setenv("NBA_DUCKDB_PATH", str(season_file))
        yield Engine(project, None)


@pytest.fixture
def broken(season_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of the test's own, which the engine now reads."""
    database = Path(shutil.copy(season_file, tmp_path / "nba.duckdb"))
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(database))
    return database


def execute(database: Path, *statements: str) -> None:
    with duckdb.connect(str(database)) as con:
        con.execute("set search_path = 'nba_analytics,nba_raw,nba_reference'")
        for statement in statements:
            con.execute(statement)


def first_of(checks: list[Check]) -> Check:
    bad = first_bad(checks)
    assert bad, [check.label for check in checks]
    return bad


GAMEBOOK, BDL = "nbac_gamebook 2021", "bdl_boxscores 2021"
SOURCES = ("nbac_gamebook_player_stats", "bdl_player_boxscores")
FROM_FEBRUARY = "where game_date >= '2022-02-01'"
RAW_BREAKS = {
    "the gamebook's minutes are lost": (
        "unreadable_source_minutes",
        GAMEBOOK,
        STOP,
        "lost its minutes",
        ["update nbac_gamebook_player_stats set minutes = null"],
    ),
    "balldontlie spells minutes in a new way": (
        "unreadable_source_minutes",
        BDL,
        STOP,
        "spells them in a new way",
        ["update bdl_player_boxscores set minutes = 'PT' || minutes || 'M' where minutes != ''"],
    ),
    "balldontlie's minutes are blank of those who played": (
        "unreadable_source_minutes",
        BDL,
        STOP,
        "lost its minutes",
        ["update bdl_player_boxscores set minutes = ''"],
    ),
    "half a season was never loaded": (
        "missing_source_rows",
        BDL,
        STOP,
        "was never loaded",
        [f"delete from {table} {FROM_FEBRUARY}" for table in SOURCES],
    ),
    "a table was loaded twice": (
        "duplicate_source_rows",
        GAMEBOOK,
        STOP,
        "loaded more than once",
        ["insert into nbac_gamebook_player_stats select * from nbac_gamebook_player_stats"],
    ),
    "a source's game ids are turned round": (
        "turned_round_games",
        BDL,
        CAREFUL,
        "Home and away are turned round",
        [
            "update bdl_player_boxscores set game_id = strftime(game_date, '%Y%m%d') || '_' || home_team_abbr || '_' "
            "|| away_team_abbr"
        ],
    ),
    "a month has balldontlie only": (
        "missing_games",
        GAMEBOOK,
        STOP,
        "lacks whole games",
        ["delete from nbac_gamebook_player_stats where game_date between '2022-01-01' and '2022-01-31'"],
    ),
    "the gamebook's loader has stopped": (
        "source_lag",
        GAMEBOOK,
        STOP,
        "loader has stopped",
        ["delete from nbac_gamebook_player_stats where game_date > '2022-05-20'"],
    ),
    "a fortnight is in neither source": (
        "dates_without_source_rows",
        BDL,
        STOP,
        "Days were never loaded",
        [f"delete from {table} where game_date between '2022-03-05' and '2022-03-18'" for table in SOURCES],
    ),
    "a source has team codes that nobody knows": (
        "unusable_source_rows",
        GAMEBOOK,
        STOP,
        "team_aliases.csv",
        ["update nbac_gamebook_player_stats set team_abbr = 'X' || team_abbr where team_abbr in ('LAL', 'GSW', 'BOS')"],
    ),
    "the registry lacks the season": (
        "unregistered_players",
        BDL,
        STOP,
        "registry lacks a season",
        ["update nba_players_registry set player_lookup = 'x' || player_lookup"],
    ),
}


def test_preflight_finds_the_season_fine(engine: Engine) -> None:
    checks = ask_preflight(engine, WINDOW).checks
    assert {check.scope for check in checks} == {GAMEBOOK, BDL}
    assert {check.verdict for check in checks} <= {FINE, NOT_MEASURED}, first_bad(checks)


def test_a_naive_count_over_the_whole_gamebook_would_have_stopped(engine: Engine) -> None:
    gamebook, _ = engine.rows("preflight_figures", WINDOW)
    (threshold,) = {
        check.error_above for check in ask_preflight(engine, WINDOW).checks if check.name == "unreadable_source_minutes"
    }
    assert gamebook["source_name"] == "nbac_gamebook"
    assert gamebook["unreadable_minutes_pct"] == 0 < threshold < gamebook["null_minutes_pct_of_all"]


@pytest.mark.parametrize("how", RAW_BREAKS)
def test_preflight_names_the_cause(engine: Engine, broken: Path, how: str) -> None:
    name, scope, verdict, cause, statements = RAW_BREAKS[how]
    execute(broken, *statements)

    bad = first_of(ask_preflight(engine, WINDOW).checks)

    assert (bad.name, bad.scope, bad.verdict) == (name, scope, verdict), str(bad)
    assert cause in str(bad)


def test_a_game_of_last_evening_is_not_yet_missing(engine: Engine, broken: Path) -> None:
    """Its gamebook arrives on the next morning."""
    yesterday = datetime.now(timezone.utc).date() - timedelta(days=1)
    execute(
        broken,
        f"create temp table moved as select * replace (date '{yesterday}' as game_date, '' as game_id) from "
        "bdl_player_boxscores where game_date = '2022-01-12'",
        "insert into bdl_player_boxscores select * from moved",
    )
    checks = ask_preflight(engine, Window(yesterday, yesterday)).checks
    assert any(check.scope.startswith("nbac_gamebook") for check in checks)
    assert {check.scope for check in checks if check.name == "source_freshness"} == {"nbac_gamebook", "bdl_boxscores"}
    assert not any(check.is_bad for check in checks if check.name in ("missing_games", "source_lag")), checks


# The last games of the gamebook and of balldontlie, days ago; a part of the season, its first and last date in days
# from today, on how many dates it is played; what that says of the two.
GOING_ON, ENDED, PLAYOFFS = (-30, 30, 60), (-60, -10, 50), (-30, 30, None)
FRESHNESS = {
    "nobody owes anything": ((1, 1), GOING_ON, (FINE, FINE)),
    "the other source has more": ((3, 6), ENDED, (FINE, CAREFUL)),
    "the schedule has more": ((4, 4), GOING_ON, (CAREFUL, CAREFUL)),
    "for over a week": ((10, 10), GOING_ON, (STOP, STOP)),
    "there is no game": ((10, 10), ENDED, (FINE, FINE)),
    "the playoffs pause": ((6, 6), PLAYOFFS, (FINE, FINE)),
    "the playoffs pause no longer": ((12, 12), PLAYOFFS, (CAREFUL, CAREFUL)),
    "the season begins": ((150, 150), (-5, 30, 60), (CAREFUL, CAREFUL)),
}


@pytest.mark.parametrize("how", FRESHNESS)
def test_a_source_is_fresh_while_it_owes_no_game(engine: Engine, broken: Path, how: str) -> None:
    days, (first, last, dates), verdicts = FRESHNESS[how]
    execute(broken, *last_games(*days), *season(first, last, dates))
    assert freshness(engine) == verdicts


def test_rows_of_games_that_were_loaded_before_they_were_played_say_nothing(engine: Engine, broken: Path) -> None:
    before = "update nbac_gamebook_player_stats set processed_at = game_date - interval 4 day"
    execute(broken, *last_games(1, 1), *season(*GOING_ON), before)
    assert freshness(engine) == (STOP, FINE)


def test_a_season_that_the_schedule_does_not_know_is_played_in_winter(engine: Engine, broken: Path) -> None:
    execute(broken, *last_games(150, 150))
    in_winter = not date(today().year, 4, 1) <= today() < date(today().year, 11, 11)
    assert freshness(engine) == ((STOP, STOP) if in_winter else (FINE, FINE))


def last_games(*days_ago: int) -> list[str]:
    return [
        f"update {table} set game_date = date '{today()}' - {days}, processed_at = date '{today()}' - {days - 1}"
        for table, days in zip(SOURCES, days_ago, strict=True)
    ]


def season(first: int, last: int, dates: int | None) -> list[str]:
    return [
        "delete from seasons",
        f"insert into seasons select {today().year}, 'regular', 'all', date '{today()}' + ({first}), "
        f"date '{today()}' + ({last}), 500, {'null' if dates is None else dates}",
    ]


def freshness(engine: Engine) -> tuple[str, ...]:
    found = {check.scope: check for check in _freshness(engine)}
    for check in found.values():
        assert check.verdict == FINE or "Its loader has stopped" in str(check)
    return found["nbac_gamebook"].verdict, found["bdl_boxscores"].verdict


WHOLE = "all"
SUMMARY_BREAKS = {
    "all minutes are lost, as in the old bug": (
        "lost_minutes",
        WHOLE,
        "between source and summary",
        ["update player_game_summary set minutes_played = null"],
    ),
    "nearly everybody is said not to have played": (
        "null_minutes_share",
        WHOLE,
        "minutes were lost on the way",
        [
            "update player_game_summary set minutes_played = null, is_active = false, player_status = 'inactive' "
            "where hash(player_lookup) % 10 != 0"
        ],
    ),
    "the table stands twice": (
        "duplicate_keys",
        WHOLE,
        "has written into the summary",
        ["insert into player_game_summary select * from player_game_summary"],
    ),
    "half a season is missing": (
        "dates_without_rows",
        WHOLE,
        "nba-backfill run",
        [f"delete from player_game_summary {FROM_FEBRUARY}"],
    ),
    "half a season is in no source either": (
        "dates_without_rows",
        WHOLE,
        "load the dates",
        [f"delete from {table} {FROM_FEBRUARY}" for table in ("player_game_summary", *SOURCES)],
    ),
    "players were dropped": (
        "source_key_differences",
        WHOLE,
        "rows were deleted",
        ["delete from player_game_summary where player_lookup like '%jr'"],
    ),
    "the table before had more rows": (
        "row_count_deviation",
        WHOLE,
        "players or games were lost",
        [
            "insert into backfill_baselines select 'a run', game_date, rows_written * 1.03, 0, now() "
            "from backfill_ledger",
            "update backfill_ledger set run_id = 'a run'",
        ],
    ),
    "minutes are in another unit": (
        "long_minutes",
        WHOLE,
        "wrong unit",
        ["update player_game_summary set minutes_played = minutes_played * 4"],
    ),
    "a team has lost its starters' points": (
        "implausible_team_points",
        WHOLE,
        "stand in it twice",
        [
            "update player_game_summary set points = 0 where points > 10 and team_abbr = 'LAL' "
            "and game_date between '2022-01-01' and '2022-01-07'"
        ],
    ),
    "a month has balldontlie only": (
        "games_in_one_source",
        WHOLE,
        "nothing checks the other one",
        [
            "update player_game_summary set has_nbac_gamebook = false, primary_source_used = 'bdl_boxscores' "
            "where game_date between '2022-01-01' and '2022-01-31'"
        ],
    ),
    "players have lost their ids": (
        "unregistered_players",
        WHOLE,
        "registry lacks a season",
        ["update player_game_summary set universal_player_id = null"],
    ),
    "a box score no longer adds up": (
        "broken_rules",
        WHOLE,
        "Rebounds are the offensive and the defensive ones",
        [
            "update player_game_summary set total_rebounds = total_rebounds + 1 where rowid = "
            "(select min(rowid) from player_game_summary where is_active)"
        ],
    ),
}


def test_validation_finds_the_season_ready(engine: Engine) -> None:
    checks = [*summary_checks(engine, WINDOW), run_tests(engine, WINDOW)]
    assert len(checks) == 39
    assert not any(check.is_bad for check in checks), first_bad(checks)
    # Nothing was there before.
    assert [check.name for check in checks if not check.is_good] == ["row_count_deviation"]


@pytest.mark.parametrize("how", SUMMARY_BREAKS)
def test_validation_names_the_cause(engine: Engine, broken: Path, how: str) -> None:
    name, scope, cause, statements = SUMMARY_BREAKS[how]
    execute(broken, *statements)
    bad = first_of(summary_checks(engine, WINDOW))

    assert (bad.name, bad.scope) == (name, scope), str(bad)
    assert bad.verdict not in GOOD
    assert cause in str(bad)


def test_rows_that_are_expected_are_held_to_two_percent(engine: Engine, broken: Path) -> None:
    def deviation(expected: int) -> Check:
        (found,) = (check for check in summary_checks(engine, WINDOW, expected) if check.name == "row_count_deviation")
        return found

    with duckdb.connect(str(broken), read_only=True) as con:
        ((rows,),) = con.execute("select count(*) from nba_analytics.player_game_summary").fetchall()
    assert deviation(round(rows / 1.019)).verdict == FINE
    assert deviation(round(rows / 1.021)).verdict == CAREFUL
    assert deviation(round(rows * 1.021)).verdict == CAREFUL


def test_one_bad_season_is_seen_among_good_ones(engine: Engine, broken: Path) -> None:
    execute(
        broken,
        "insert into player_game_summary select * replace (season_year - 1 as season_year, "
        "game_date - 365 as game_date, null as minutes_played, false as is_active) "
        "from player_game_summary where game_date < '2021-11-01'",
    )
    shares = {
        check.scope: check
        for check in summary_checks(engine, Window(date(2020, 10, 12), WINDOW.end))
        if check.name == "null_minutes_share"
    }
    assert shares[WHOLE].is_good
    assert shares["2021"].is_good
    assert shares["2020"].verdict == STOP
