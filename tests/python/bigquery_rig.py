"""A BigQuery project of a test's own: the raw tables of a DuckDB file on a server that speaks BigQuery's API."""

import uuid
from pathlib import Path
from typing import Any

import duckdb
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from conftest import Warehouse

RAW_TABLES = (
    "nba_raw.nbac_gamebook_player_stats",
    "nba_raw.bdl_player_boxscores",
    "nba_reference.nba_players_registry",
)
TYPES = {"VARCHAR": "string", "BIGINT": "int64", "DOUBLE": "float64", "BOOLEAN": "bool"}


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
                            schema=[bigquery.SchemaField(*column) for column in columns],
                        ),
                    ).result()

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.client.query(sql).result()]

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self.run(statement)
