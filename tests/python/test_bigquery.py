"""BigQuery, by the real adapter and client over HTTP, gives the same tables as DuckDB, row by row and column by column.

The server is the one at NBA_BIGQUERY_API_ENDPOINT, or the local one beside the checkout. Without either nothing runs.
"""

import os
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from sqlglot import exp

from conftest import REPOSITORY, Outcome, Warehouse

LOCAL_SERVER = REPOSITORY.parent / "shared" / "tools" / "bigquery_local" / "start"
RAW_TABLES = (
    "nba_raw.nbac_gamebook_player_stats",
    "nba_raw.bdl_player_boxscores",
    "nba_reference.nba_players_registry",
)
TYPES = {"VARCHAR": "string", "BIGINT": "int64", "DOUBLE": "float64", "BOOLEAN": "bool"}
BUILT = ("player_game_summary", "excluded_box_score_rows", "unresolved_player_names")
WRITTEN_NOW = {"processed_at", "dbt_invocation_id"}
# The tables that are partitioned by a date, and the views that pass it on.
PARTITIONED = {
    "nbac_gamebook_player_stats": "game_date",
    "bdl_player_boxscores": "game_date",
    "player_game_summary": "game_date",
    "excluded_box_score_rows": "game_date",
    "stg_nbac__gamebook_player_stats": "source_game_date",
    "stg_bdl__player_boxscores": "source_game_date",
}
FIRST_WEEK = ("2022-01-03", "2022-01-09")
SECOND_WEEK = ("2022-01-10", "2022-01-16")


class BigQuery(Warehouse):
    """A project of its own on the server, with the raw tables of a DuckDB file."""

    def __init__(self, project: Path, endpoint: str) -> None:
        super().__init__(project, Path("unused.duckdb"))
        self.project_id = f"test-{uuid.uuid4().hex[:8]}"
        self.endpoint = endpoint
        self.client = bigquery.Client(
            project=self.project_id,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": endpoint},
        )

    def environment(self) -> dict[str, str]:
        return {
            "NBA_TARGET": "bigquery",
            "NBA_BIGQUERY_METHOD": "oauth-secrets",
            "NBA_BIGQUERY_TOKEN": "not-a-real-token",
            "NBA_BIGQUERY_PROJECT": self.project_id,
            "NBA_BIGQUERY_API_ENDPOINT": self.endpoint,
        }

    def load(self, database: Path, directory: Path) -> None:
        """Make the raw tables, partitioned as in production, and load the rows of the DuckDB file into them."""
        for dataset in ("nba_raw", "nba_reference", "nba_analytics"):
            self.client.create_dataset(dataset)
        with duckdb.connect(str(database), read_only=True) as con:
            for table in RAW_TABLES:
                columns = [
                    (name, TYPES.get(kind, kind.lower()))
                    for name, kind, *_ in con.execute(f"describe {table}").fetchall()
                    if name != "loaded_from"
                ]
                partitioning = "partition by game_date options (require_partition_filter = true)"
                self.run(
                    f"create table {table} ({', '.join(' '.join(column) for column in columns)}) "
                    f"{partitioning if table in RAW_TABLES[:2] else ''}"
                )
                file = directory / f"{table}.csv"
                con.execute(f"copy (select {', '.join(name for name, _ in columns)} from {table}) to '{file}'")
                with file.open("rb") as rows:
                    self.client.load_table_from_file(
                        rows,
                        f"{self.project_id}.{table}",
                        job_config=bigquery.LoadJobConfig(
                            source_format="CSV",
                            skip_leading_rows=1,
                            schema=[bigquery.SchemaField(*column) for column in columns],  # type: ignore[no-untyped-call]
                        ),
                    ).result()

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.client.query(sql).result()]

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self.run(statement)


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


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server that speaks BigQuery's API and judges SQL as BigQuery does."""
    given = os.environ.get("NBA_BIGQUERY_API_ENDPOINT")
    if given:
        yield given
        return
    if not LOCAL_SERVER.is_file():
        pytest.skip(f"no BigQuery server: NBA_BIGQUERY_API_ENDPOINT is not set and there is no {LOCAL_SERVER}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([LOCAL_SERVER, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 600
        while not answers(port):
            assert server.poll() is None, "the BigQuery server ended"
            assert time.monotonic() < deadline, "the BigQuery server does not answer"
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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


def unfiltered(sql: str) -> list[str]:
    """The partitioned tables that a statement reads in a select without a literal filter on their dates."""
    found = []
    for select in sqlglot.parse_one(sql, dialect="bigquery").find_all(exp.Select):
        tables = [
            source.this
            for source in (select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or []))
            if source
        ]
        for table in tables:
            column = PARTITIONED.get(table.name) if isinstance(table, exp.Table) and table.db else None
            if column and not is_filtered(select, column):
                found.append(table.name)
    return found


def is_filtered(select: exp.Select, column: str) -> bool:
    where = select.args.get("where")
    bounds = where.find_all(exp.Between, exp.GTE) if where else []
    return any(
        bound.this.name == column
        and isinstance(bound.args.get("low") or bound.expression, (exp.Cast, exp.DateStrToDate))
        for bound in bounds
    )


def test_every_statement_reads_partitions_by_literal_dates(demo_games: Both, tmp_path: Path) -> None:
    demo_games.bigquery.dbt("run", window=FIRST_WEEK)
    compiled = demo_games.bigquery.dbt("compile", "--target-path", str(tmp_path / "target"), window=FIRST_WEEK)
    assert compiled.code == 0, compiled.output
    files = [file for file in (tmp_path / "target" / "compiled").rglob("*.sql") if "hooks" not in file.parts]
    assert len(files) > 60
    for file in files:
        assert not unfiltered(file.read_text(encoding="utf-8")), file.name


def test_the_check_for_literal_dates_bites() -> None:
    read = "select * from `project`.`nba_analytics`.`player_game_summary`"
    assert unfiltered(read) == ["player_game_summary"]
    assert unfiltered(f"{read} where game_date >= (select max(game_date) from dates)") == ["player_game_summary"]
    assert unfiltered(f"{read} where game_date between date '2022-01-01' and date '2022-01-07'") == []
