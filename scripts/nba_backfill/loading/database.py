"""The embedded DuckDB, as files and the demo league get into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from nba_backfill.errors import InputError, ProjectError
from nba_backfill.loading.load import loaded_files
from nba_backfill.loading.tables import RawTable
from nba_backfill.warehouse.project import embedded_database

DEMO_DATA = "demo-data"


@contextmanager
def open_database(project: Path, target: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    path = embedded_database(project, target)
    try:
        connection = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise ProjectError(f"The DuckDB file {path} can't be opened for writing: {error}") from error
    with connection:
        yield connection


def refuse_to_mix(con: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], *, demo: bool) -> None:
    """Invented and real rows of one date would be merged into one summary."""
    for table in tables:
        other = loaded_files(con, table) - {DEMO_DATA} if demo else loaded_files(con, table) & {DEMO_DATA}
        if other:
            raise InputError(
                f"{table.schema}.{table.name} holds rows from {', '.join(sorted(other))}: demo data and real data "
                "need a database each. Set NBA_DUCKDB_PATH to another file, or delete this one."
            )
