"""BigQuery, by the real adapter and client over HTTP, gives the same tables as DuckDB, row by row and column by column.

The server is the one at NBA_BIGQUERY_API_ENDPOINT, or the local one beside the checkout. Without either nothing runs.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from bigquery_rig import PARTITIONED, RAW_TABLES, BigQuery, compare, rows
from conftest import Outcome, Warehouse

MONTH = ("2022-01-01", "2022-01-31")
# What half of the league plays at home: the local server's time grows faster than the rows.
HALF_OF_THE_GAMES = "home_team_abbr < 'L'"
FIRST_DAYS = ("2022-01-06", "2022-01-09")
SECOND_DAYS = ("2022-01-10", "2022-01-13")
REAL_WEEKS = ("2022-01-03", "2022-01-16")
NO_UNIT_TESTS = ("--exclude", "resource_type:unit_test")


@dataclass(frozen=True)
class Both:
    """The same raw rows on both engines, and the same done to them."""

    duckdb: Warehouse
    bigquery: BigQuery

    def dbt(self, command: str, *arguments: str, window: tuple[str, str], code: int = 0) -> list[Outcome]:
        outcomes = [warehouse.dbt(command, *arguments, window=window) for warehouse in (self.duckdb, self.bigquery)]
        assert [outcome.code for outcome in outcomes] == [code, code], outcomes[0].output + outcomes[1].output
        return outcomes

    def execute(self, statement: str) -> None:
        for warehouse in (self.duckdb, self.bigquery):
            warehouse.execute(statement)

    def compare(self) -> int:
        return compare(self.duckdb, self.bigquery)


def both_engines(
    project: Path, endpoint: str, source: Path, dates: tuple[str, str], directory: Path, games: str = "true"
) -> Both:
    """The raw rows of these dates and games, and the whole registry, on both engines."""
    database = directory / "nba.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute(f"attach '{source}' as source (read_only)")
        con.execute("create schema nba_raw; create schema nba_reference; create schema nba_analytics")
        for table in RAW_TABLES:
            wanted = (
                f"game_date between '{dates[0]}' and '{dates[1]}' and {games}" if table in RAW_TABLES[:2] else "true"
            )
            con.execute(f"create table {table} as select * from source.{table} where {wanted}")
    server = BigQuery(project, endpoint)
    server.load(database, directory)
    return Both(Warehouse(project, database), server)


@pytest.fixture(scope="module")
def loaded(project: Path, endpoint: str, demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A month of demo games."""
    return both_engines(project, endpoint, demo_file, MONTH, tmp_path_factory.mktemp("month"), HALF_OF_THE_GAMES)


@pytest.fixture(scope="module")
def built(loaded: Both) -> Both:
    """And a whole `dbt build` of it."""
    loaded.dbt("build", *NO_UNIT_TESTS, window=MONTH)
    return loaded


def test_a_month_is_the_same_on_both(built: Both) -> None:
    assert built.compare() > 3_000


@pytest.mark.parametrize("analysis", ["preflight", "validation", "sample_days", "null_rates_by_month"])
def test_the_analyses_say_the_same_on_both(built: Both, analysis: str) -> None:
    said = []
    for outcome in built.dbt("show", "--select", analysis, "--limit", "500", "--output", "json", "-q", window=MONTH):
        rows_shown = json.loads(outcome.output[outcome.output.index("{") :])["show"]
        said.append([{name: same_type(value) for name, value in row.items()} for row in rows_shown])
    ours, theirs = said
    assert ours
    # Each was built by an invocation of its own.
    for row in (*ours, *theirs):
        row.pop("processed_at", None)
    assert ours == theirs


def same_type(value: object) -> object:
    """Whole numbers come as such or with decimals, and dates with or without a time, by the engine."""
    try:
        return float(str(value))
    except ValueError:
        return str(value).removesuffix("T00:00:00")


def test_the_unit_tests_pass(built: Both) -> None:
    outcome = built.bigquery.dbt("test", "--resource-type", "unit_test", window=MONTH)
    assert outcome.code == 0, outcome.output
    assert re.search(r"PASS=[1-9]\d+ WARN=0 ERROR=0", outcome.output), outcome.output


def test_the_summary_is_partitioned_clustered_labelled_and_described(built: Both) -> None:
    table = built.bigquery.client.get_table("nba_analytics.player_game_summary")
    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("DAY", "game_date")
    assert table.require_partition_filter
    assert table.clustering_fields == ["player_lookup", "team_abbr"]
    assert table.labels["app"] == "nba_analytics"
    assert table.description
    assert not [column.name for column in table.schema if not column.description]


def test_the_documentation_is_generated(built: Both) -> None:
    outcome = built.bigquery.dbt("docs", "generate", window=MONTH)
    assert outcome.code == 0, outcome.output


def test_a_developer_builds_behind_a_prefix(built: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the same raw tables as production, and next to what is built there."""

    def last_changes() -> dict[str, object]:
        tables = built.bigquery.client.list_tables("nba_analytics")
        return {table.table_id: built.bigquery.client.get_table(table.reference).modified for table in tables}

    before = last_changes()
    monkeypatch.setattr(built.bigquery, "dataset", "alice")
    for command, model in (("seed", "player_aliases"), ("run", "stg_bdl__player_boxscores")):
        outcome = built.bigquery.dbt(command, "--select", model, window=FIRST_DAYS)
        assert outcome.code == 0, outcome.output
    tables = {table.table_id for table in built.bigquery.client.list_tables("alice_nba_analytics")}
    assert tables == {"player_aliases", "stg_bdl__player_boxscores"}
    view = built.bigquery.client.get_table("alice_nba_analytics.stg_bdl__player_boxscores")
    assert "`nba_raw`.`bdl_player_boxscores`" in view.view_query
    assert last_changes() == before


def test_the_same_is_done_to_the_same_games(built: Both) -> None:
    """Windows out of order, a removed player, an emptied date, a moved game and a failed gate.

    In the midst of the month, whose other raw rows go first, because the local server takes its time for each.
    """
    first, last = FIRST_DAYS[0], SECOND_DAYS[1]
    for table in RAW_TABLES[:2]:
        built.execute(f"delete from {table} where game_date < date '{first}' or game_date > date '{last}'")
    for table in PARTITIONED:
        built.execute(f"delete from nba_analytics.{table} where game_date between date '{first}' and date '{last}'")
    built.dbt("run", window=SECOND_DAYS)
    built.dbt("run", window=FIRST_DAYS)
    assert built.compare() > 2_500

    ((player, day), *_) = built.duckdb.query(
        f"""
        select player_lookup, game_date from player_game_summary
        where game_date between '{FIRST_DAYS[0]}' and '{FIRST_DAYS[1]}' and not has_bdl_boxscores order by 2, 1
        """
    )
    built.execute(
        f"delete from nba_raw.nbac_gamebook_player_stats where game_date = date '{day}' and player_lookup = '{player}'"
    )
    for table in RAW_TABLES[:2]:
        built.execute(f"delete from {table} where game_date = date '2022-01-07'")
    ((game, played_on, home, away),) = built.duckdb.query(
        "select game_id, game_date, home_team_abbr, away_team_abbr from nbac_gamebook_player_stats "
        f"where game_date between '{SECOND_DAYS[0]}' and '{SECOND_DAYS[1]}' "
        "and game_id in (select game_id from bdl_player_boxscores) order by 1 limit 1"
    )
    built.execute(
        "update nba_raw.bdl_player_boxscores "
        f"set game_date = date '2022-01-07', game_id = '20220107_{away}_{home}' where game_date = date '{played_on}' "
        f"and home_team_abbr = '{home}' and away_team_abbr = '{away}'"
    )
    built.dbt("run", window=FIRST_DAYS)
    built.dbt("run", window=SECOND_DAYS)
    built.compare()
    after = rows(built.duckdb, "player_game_summary")
    assert [row for row in after if row[1] == game]
    assert not [row for row in after if str(row[0]) == "2022-01-07"]

    built.execute(
        "update nba_raw.nbac_gamebook_player_stats set points = points + 1 "
        f"where game_date = date '{FIRST_DAYS[1]}' and player_status = 'active'"
    )
    outcomes = built.dbt("build", *NO_UNIT_TESTS, window=FIRST_DAYS, code=1)
    for outcome in outcomes:
        assert "FAIL" in outcome.output
    built.compare()
    assert rows(built.bigquery, "player_game_summary") == after


def test_real_games_are_the_same_on_both(project: Path, endpoint: str, real_data: Path, tmp_path: Path) -> None:
    real = Warehouse(project, tmp_path / "real.duckdb")
    assert real.cli("load-raw", str(real_data / "raw")).code == 0
    directory = tmp_path / "both"
    directory.mkdir()
    both = both_engines(project, endpoint, real.database, REAL_WEEKS, directory, HALF_OF_THE_GAMES)
    both.dbt("build", *NO_UNIT_TESTS, window=REAL_WEEKS)
    assert both.compare() > 1_000
