"""A user's mistake ends with one sentence that says what to do, an exit code, and nothing changed."""

import os
from pathlib import Path

import duckdb
import pytest

from conftest import WEEK, Outcome, Warehouse


def assert_refused(outcome: Outcome, code: int, sentence: str) -> None:
    assert outcome.code == code, outcome.output
    assert sentence in " ".join(outcome.output.split()), outcome.output
    assert "Traceback" not in outcome.output


WINDOWS = [
    pytest.param(
        "{start_date: '2022-13-01', end_date: '2022-12-31'}", "start_date '2022-13-01' is not a date", id="month 13"
    ),
    pytest.param(
        "{start_date: '2022-02-30', end_date: '2022-12-31'}", "start_date '2022-02-30' is not a date", id="30 February"
    ),
    pytest.param("{start_date: 20220110, end_date: 2022-12-31}", "start_date '20220110' is not a date", id="no dashes"),
    pytest.param("{start_date: 2022-01-10}", "end_date is missing", id="only the start"),
    pytest.param("{end_date: 2022-01-10}", "start_date is missing", id="only the end"),
    pytest.param(
        "{start_date: 2022-01-10, end_date: 2022-01-09}", "end_date 2022-01-09 is before start_date", id="turned round"
    ),
    pytest.param("{start_date: 2022-01-10, end_date: 2999-01-01}", "end_date 2999-01-01 is in the future", id="future"),
    pytest.param(
        '{start_date: "2022-01-10\' or 1=1 --", end_date: 2022-01-16}',
        "start_date '2022-01-10' or 1=1 --' is not a date",
        id="SQL",
    ),
]


@pytest.mark.parametrize(("variables", "sentence"), WINDOWS)
def test_dbt_refuses_a_window_that_is_none(demo: Warehouse, variables: str, sentence: str) -> None:
    before = demo.summary()
    # It does when it parses the project.
    assert_refused(demo.dbt("run", "--partial-parse", "--vars", variables), 2, sentence)
    assert demo.summary() == before


def test_yaml_that_is_no_date_stops_dbt_before_the_project_is_read(demo: Warehouse) -> None:
    """Unquoted, 2022-13-01 breaks dbt's own reading of --vars: not our sentence, but nothing runs."""
    before = demo.summary()
    outcome = demo.dbt("run", "--vars", "{start_date: 2022-13-01, end_date: 2022-12-31}")
    assert outcome.code != 0
    assert "month must be in 1..12" in outcome.output
    assert demo.summary() == before


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("2022-13-01", "2022-12-31", "--start-date '2022-13-01' is not a date. Pass it as YYYY-MM-DD"),
        ("2022-01-10", "2022-01-09", "--end-date 2022-01-09 is before --start-date 2022-01-10"),
        ("2022-01-10", "2999-01-01", "--end-date 2999-01-01 is in the future"),
        ("2022-01-10' or 1=1 --", "2022-01-16", "is not a date"),
    ],
)
def test_the_command_refuses_a_window_that_is_none(demo: Warehouse, start: str, end: str, sentence: str) -> None:
    before = demo.summary()
    assert_refused(demo.cli("run", "--start-date", start, "--end-date", end), 2, sentence)
    assert demo.summary() == before


def test_one_date_alone_is_refused(demo: Warehouse) -> None:
    assert_refused(demo.cli("run", "--start-date", "2022-01-10"), 2, "Pass both --start-date and --end-date")


BROKEN_TABLES = [
    pytest.param("drop table bdl_player_boxscores", 'bdl_player_boxscores" does not exist. Load it with', id="missing"),
    pytest.param(
        "delete from nbac_gamebook_player_stats", 'nbac_gamebook_player_stats" is empty. Load it with', id="empty"
    ),
    pytest.param(
        "alter table nbac_gamebook_player_stats drop column minutes",
        'nbac_gamebook_player_stats" has no column minutes. Load it anew',
        id="without a column",
    ),
    pytest.param(
        "alter table bdl_player_boxscores alter column assists type varchar",
        'bdl_player_boxscores" has assists as VARCHAR, not bigint. Load it anew with the types',
        id="counts as text",
    ),
    pytest.param(
        "alter table nbac_gamebook_player_stats alter column minutes type double using 34.5",
        'nbac_gamebook_player_stats" has minutes as DOUBLE, not string. Load it anew',
        id="text as numbers",
    ),
    pytest.param(
        "alter table nbac_gamebook_player_stats alter column game_date type varchar",
        'nbac_gamebook_player_stats" has game_date as VARCHAR, not date. Load it anew',
        id="dates as text",
    ),
]


def test_a_column_that_no_model_reads_may_be_of_any_type(demo: Warehouse) -> None:
    demo.execute(
        "alter table bdl_player_boxscores alter column bdl_player_id type varchar",
        "alter table bdl_player_boxscores alter column jersey_number type integer using 7",
    )
    assert demo.cli("run", "--start-date", WEEK[0], "--end-date", WEEK[1]).code == 0


@pytest.mark.parametrize(("statement", "sentence"), BROKEN_TABLES)
@pytest.mark.parametrize("program", ["dbt", "nba-backfill"])
def test_a_raw_table_that_cannot_be_read_is_named(demo: Warehouse, program: str, statement: str, sentence: str) -> None:
    before = demo.summary()
    demo.execute(statement)
    if program == "dbt":
        assert_refused(demo.dbt("run", window=WEEK), 2, sentence)
    else:
        assert_refused(demo.cli("run", "--start-date", WEEK[0], "--end-date", WEEK[1]), 3, sentence)
    assert demo.summary() == before


def test_without_a_profile_the_command_says_how_to_get_one(demo: Warehouse, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in demo.project.iterdir():
        if file.name != "profiles.yml":
            (bare / file.name).symlink_to(file)
    homeless = Warehouse(bare, demo.database)
    arguments = ("run", "--start-date", WEEK[0], "--end-date", WEEK[1])
    assert_refused(homeless.cli(*arguments), 4, "There is no profiles.yml")
    assert_refused(homeless.demo_league(), 4, "run `make setup`")


def test_a_target_that_is_not_in_the_profile_is_named(demo: Warehouse) -> None:
    outcome = demo.cli("run", "--start-date", WEEK[0], "--end-date", WEEK[1], "--target", "snowflake")
    assert_refused(outcome, 4, "does not have a target named 'snowflake'")
    assert_refused(demo.demo_league("--target", "bigquery"), 4, "Pass --target duckdb")


def test_demo_data_and_other_data_are_not_mixed(demo: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "raw" / "nba_players_registry.csv"
    file.parent.mkdir()
    file.write_text(
        "universal_player_id,player_name,player_lookup,team_abbr,season,first_game_date,last_game_date,games_played,"
        "source_priority\nx_001,X,x,BOS,2021-22,2021-10-20,2021-10-20,1,nba_player_logs\n"
    )
    assert_refused(demo.cli("load-raw", str(file.parent)), 3, "demo data and real data need a database each")


@pytest.mark.parametrize("seasons", ["2023-2021", "twenty", "2021-", "1900"])
def test_seasons_that_are_none_are_refused(empty: Warehouse, seasons: str) -> None:
    outcome = empty.demo_league("--seasons", seasons)
    assert outcome.code == 2, outcome.output
    assert "Traceback" not in outcome.output
    assert not empty.database.exists()


def test_a_relative_directory_is_the_users(empty: Warehouse, tmp_path: Path) -> None:
    outcome = empty.cli("load-raw", "nothing-here", directory=tmp_path)
    assert_refused(outcome, 2, f"{tmp_path / 'nothing-here'} is not a directory")


def test_a_database_that_another_process_writes_is_named(demo: Warehouse) -> None:
    arguments = ("run", "--start-date", WEEK[0], "--end-date", WEEK[1])
    with duckdb.connect(str(demo.database)):
        assert_refused(
            demo.cli(*arguments), 4, f"DuckDB has one writer, and another has the file: process {os.getpid()}"
        )
        assert_refused(demo.demo_league(), 4, "DuckDB has one writer, and another has the file")
        # In the same sentence, and with the same exit code, whatever the command.
        for looking in (("runs",), ("rollback",), ("validate", *arguments[1:]), ("players", "unresolved")):
            assert_refused(demo.cli(*looking), 4, "DuckDB has one writer, and another has the file")


def test_a_log_that_cannot_be_written_stops_the_run(demo: Warehouse, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in demo.project.iterdir():
        if file.name != "logs":
            (bare / file.name).symlink_to(file)
    (bare / "logs").touch()
    outcome = Warehouse(bare, demo.database).cli("run", "--start-date", WEEK[0], "--end-date", WEEK[1])
    assert_refused(outcome, 4, "can't be written")
