"""A BigQuery project of a test's own: the raw tables of a DuckDB file on a server that speaks BigQuery's API.

The server may be Google's. Then NBA_BIGQUERY_TEST_PROJECT names an empty project that the tests may fill, one after the
other. They log in by application default credentials, and delete the datasets that they have made.
"""

import atexit
import os
import uuid
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import google.auth
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from conftest import REPOSITORY, Warehouse

RAW_TABLES = (
    "nba_raw.nbac_gamebook_player_stats",
    "nba_raw.bdl_player_boxscores",
    "nba_reference.nba_players_registry",
)
ALIASES = REPOSITORY / "seeds" / "player_aliases.csv"
TYPES = {"VARCHAR": "string", "BIGINT": "int64", "DOUBLE": "float64", "BOOLEAN": "bool"}
ALL_PARTITIONS = "(game_date >= date '1946-11-01' or game_date is null)"
REAL_PROJECT = os.environ.get("NBA_BIGQUERY_TEST_PROJECT")
DATASETS = ("nba_raw", "nba_reference", "nba_analytics")
# Those that the project under test makes itself.
MADE_DATASETS = ("nba_analytics_kept", "alice_nba_analytics")


# Who wrote a row, and when.
WRITTEN_NOW = {"processed_at", "dbt_invocation_id", "run_id"}
# Those that BigQuery reads only with a filter on game_date.
PARTITIONED = ("player_game_summary", "excluded_box_score_rows", "backfill_ledger", "gate_findings")
BUILT = (*PARTITIONED, "games", "unresolved_player_names")


def raw_rows_of(source: Path, games: Iterable[str], database: Path) -> None:
    """Fill the raw tables of a new DuckDB file with the rows of some games, and with the registry's of their players.

    A season's registry has several times the rows of a few games, and the local server takes its time for each. The
    players are those whom the games name, be it by an alias, or with or without a suffix.
    """
    gamebook, balldontlie, registry = RAW_TABLES
    with duckdb.connect(str(database)) as con:
        con.execute(f"attach '{source}' as source (read_only)")
        con.execute("create schema nba_raw; create schema nba_reference; create schema nba_analytics")
        for table in (gamebook, balldontlie):
            con.execute(
                f"create table {table} as select * from source.{table} "
                f"where game_id in ({', '.join(repr(game) for game in games)})"
            )
        con.execute(
            f"""
            create table {registry} as
            with named as (
                select player_lookup from {gamebook} union select player_lookup from {balldontlie}
            )
            select registered.* from source.{registry} as registered
            where exists (
                select 1 from named
                where starts_with(registered.player_lookup, named.player_lookup)
                or starts_with(named.player_lookup, registered.player_lookup)
            )
            or player_lookup in (
                select player_lookup from read_csv('{ALIASES}') where player_alias in (from named)
            )
            """
        )


class BigQuery(Warehouse):
    """A project of its own on the server, with the raw tables of a DuckDB file."""

    # Whose datasets are in the real project.
    loaded: ClassVar["BigQuery | None"] = None

    def __init__(self, project: Path, endpoint: str) -> None:
        super().__init__(project, Path("unused.duckdb"))
        self.project_id = REAL_PROJECT or f"test-{uuid.uuid4().hex[:8]}"
        self.endpoint = endpoint
        self.dataset = "nba_analytics"
        self.client = bigquery.Client(
            project=self.project_id,
            credentials=google.auth.default()[0] if REAL_PROJECT else AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": endpoint},
        )

    def environment(self) -> dict[str, str]:
        login = {"NBA_BIGQUERY_METHOD": "oauth-secrets", "NBA_BIGQUERY_TOKEN": "not-a-real-token"}
        return {
            "NBA_TARGET": "bigquery",
            "NBA_BIGQUERY_PROJECT": self.project_id,
            "NBA_BIGQUERY_DATASET": self.dataset,
            "NBA_BIGQUERY_API_ENDPOINT": self.endpoint,
            **({"NBA_BIGQUERY_METHOD": "oauth"} if REAL_PROJECT else login),
        }

    def load(self, database: Path, directory: Path) -> None:
        """Make the raw tables, partitioned as in production, and load the rows of the DuckDB file into them."""
        self._make_datasets()
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
                            schema=[bigquery.SchemaField(*column) for column in columns],
                        ),
                    ).result()
                self._restore_empty_texts(con, table, [name for name, kind in columns if kind == "string"])

    def _restore_empty_texts(self, con: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> None:
        """A CSV file that is read without regard to quotes has no empty texts, only NULL."""
        for column in columns:
            counted = con.execute(f"select count_if({column} = ''), count_if({column} is null) from {table}").fetchone()
            assert counted
            empty, missing = counted
            assert not (empty and missing), f"{table}.{column}: what is empty and what is NULL can't be told apart"
            if empty:
                filtered = ALL_PARTITIONS if table in RAW_TABLES[:2] else "true"
                self.run(f"update {table} set {column} = '' where {column} is null and {filtered}")

    def _make_datasets(self) -> None:
        """Make the datasets. In a real project in the place of those that an earlier test has made."""
        if REAL_PROJECT:
            if BigQuery.loaded:
                BigQuery.loaded.drop()
            else:
                self._require_empty_project()
                atexit.register(self.drop)
            BigQuery.loaded = self
        for dataset in DATASETS:
            self.client.create_dataset(dataset)

    def _require_empty_project(self) -> None:
        there = {dataset.dataset_id for dataset in self.client.list_datasets()} & {*DATASETS, *MADE_DATASETS}
        if there:
            pytest.exit(
                f"The project {self.project_id} already has {', '.join(sorted(there))}. The tests make and delete "
                "these datasets, so NBA_BIGQUERY_TEST_PROJECT must name a project without them.",
                returncode=1,
            )

    def drop(self) -> None:
        """Delete the datasets that the tests have made."""
        for dataset in (*DATASETS, *MADE_DATASETS):
            self.client.delete_dataset(dataset, delete_contents=True, not_found_ok=True)

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.client.query(sql).result()]

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self.run(statement)


def rows(warehouse: Warehouse, table: str) -> set[tuple[Any, ...]]:
    """The table's rows, every column but who wrote them and when. Fails when two are alike."""
    everything = f"select * from nba_analytics.{table}"
    if isinstance(warehouse, BigQuery):
        columns = [column.name for column in warehouse.client.get_table(f"nba_analytics.{table}").schema]
        found = warehouse.run(f"{everything} where {ALL_PARTITIONS if table in PARTITIONED else 'true'}")
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


def compare(embedded: Warehouse, server: BigQuery) -> int:
    """Compare every table of both engines row by row. Returns how many rows are alike."""
    alike = 0
    for table in BUILT:
        ours, theirs = rows(embedded, table), rows(server, table)
        assert ours == theirs, f"{table}: {len(ours - theirs)} rows on DuckDB alone, {len(theirs - ours)} on BigQuery"
        alike += len(ours)
    print(f"compared {alike} rows on both engines: 0 differ")
    return alike
