"""BigQuery, by the real adapter and client over HTTP, gives the same tables as DuckDB, row by row and column by column.

The server is the one at NBA_BIGQUERY_API_ENDPOINT, or the local one beside the checkout. Without either nothing runs.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bigquery_rig import RAW_TABLES, BigQuery
from conftest import Outcome, Warehouse

BUILT = ("player_game_summary", "excluded_box_score_rows", "unresolved_player_names")
WRITTEN_NOW = {"processed_at", "dbt_invocation_id"}
# Those that BigQuery reads only with a filter on game_date.
PARTITIONED = ("player_game_summary", "excluded_box_score_rows")
FIRST_WEEK = ("2022-01-03", "2022-01-09")
SECOND_WEEK = ("2022-01-10", "2022-01-16")


def rows(warehouse: Warehouse, table: str) -> set[tuple[Any, ...]]:
    """The table's rows, every column but when they were written. Fails when two are alike."""
    everything = f"select * from nba_analytics.{table}"
    if isinstance(warehouse, BigQuery):
        columns = [column.name for column in warehouse.client.get_table(f"nba_analytics.{table}").schema]
        if table in PARTITIONED:
            everything += " where game_date >= date '1946-11-01' or game_date is null"
        found = warehouse.run(everything)
    else:
        columns = [name for name, *_ in warehouse.query(f"describe nba_analytics.{table}")]
        found = warehouse.query(everything)
    compared = [n for n, column in enumerate(columns) if column not in WRITTEN_NOW]
    comparable = {tuple(comparable_value(row[n]) for n in compared) for row in found}
    assert len(comparable) == len(found)
    return comparable


def comparable_value(value: object) -> object:
    """Engines and clients differ in trailing zeros and in how they say UTC."""
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value


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
        """Compare every table row by row. Returns how many rows are alike."""
        alike = 0
        for table in BUILT:
            ours, theirs = rows(self.duckdb, table), rows(self.bigquery, table)
            assert ours == theirs, (
                f"{table}: {len(ours - theirs)} rows on DuckDB alone, {len(theirs - ours)} on BigQuery"
            )
            alike += len(ours)
        print(f"compared {alike} rows on both engines: 0 differ")
        return alike


def both_engines(project: Path, endpoint: str, source: Path, first: str, last: str, directory: Path) -> Both:
    """The raw rows of these dates, and the whole registry, on both engines."""
    database = directory / "nba.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute(f"attach '{source}' as source (read_only)")
        con.execute("create schema nba_raw; create schema nba_reference; create schema nba_analytics")
        for table in RAW_TABLES:
            dates = f"where game_date between '{first}' and '{last}'" if table in RAW_TABLES[:2] else ""
            con.execute(f"create table {table} as select * from source.{table} {dates}")
    server = BigQuery(project, endpoint)
    server.load(database, directory)
    return Both(Warehouse(project, database), server)


@pytest.fixture
def demo_games(project: Path, endpoint: str, demo_file: Path, tmp_path: Path) -> Both:
    return both_engines(project, endpoint, demo_file, FIRST_WEEK[0], SECOND_WEEK[1], tmp_path)


def test_the_same_is_done_to_the_same_games(demo_games: Both) -> None:
    """Windows out of order, a removed player, an emptied date, a moved game and a failed gate."""
    both = demo_games
    both.dbt("build", "--exclude", "resource_type:unit_test", window=SECOND_WEEK)
    both.dbt("run", window=FIRST_WEEK)
    assert both.compare() > 2_000

    ((player, day), *_) = both.duckdb.query(
        f"""
        select player_lookup, game_date from player_game_summary
        where game_date between '{FIRST_WEEK[0]}' and '{FIRST_WEEK[1]}' and not has_bdl_boxscores order by 2, 1
        """
    )
    both.execute(
        f"delete from nba_raw.nbac_gamebook_player_stats where game_date = date '{day}' and player_lookup = '{player}'"
    )
    for table in RAW_TABLES[:2]:
        both.execute(f"delete from {table} where game_date = date '2022-01-07'")
    ((game, home, away),) = both.duckdb.query(
        "select game_id, home_team_abbr, away_team_abbr from nbac_gamebook_player_stats where game_date = '2022-01-12' "
        "and game_id in (select game_id from bdl_player_boxscores) order by 1 limit 1"
    )
    both.execute(
        "update nba_raw.bdl_player_boxscores "
        f"set game_date = date '2022-01-07', game_id = '20220107_{away}_{home}' where game_date = date '2022-01-12' "
        f"and home_team_abbr = '{home}' and away_team_abbr = '{away}'"
    )
    both.dbt("run", window=FIRST_WEEK)
    both.dbt("run", window=SECOND_WEEK)
    both.compare()
    after = rows(both.duckdb, "player_game_summary")
    assert [row for row in after if row[1] == game]
    assert not [row for row in after if str(row[0]) == "2022-01-07"]

    both.execute(
        "update nba_raw.nbac_gamebook_player_stats set points = points + 1 "
        f"where game_date = date '{FIRST_WEEK[1]}' and player_status = 'active'"
    )
    outcomes = both.dbt("build", "--exclude", "resource_type:unit_test", window=FIRST_WEEK, code=1)
    for outcome in outcomes:
        assert "FAIL" in outcome.output
    both.compare()
    assert rows(both.bigquery, "player_game_summary") == after


def test_real_games_are_the_same_on_both(project: Path, endpoint: str, real_data: Path, tmp_path: Path) -> None:
    loaded = Warehouse(project, tmp_path / "real.duckdb")
    assert loaded.cli("load-raw", str(real_data / "raw")).code == 0
    directory = tmp_path / "both"
    directory.mkdir()
    both = both_engines(project, endpoint, loaded.database, FIRST_WEEK[0], SECOND_WEEK[1], directory)
    both.dbt("build", "--exclude", "resource_type:unit_test", window=(FIRST_WEEK[0], SECOND_WEEK[1]))
    assert both.compare() > 3_000
