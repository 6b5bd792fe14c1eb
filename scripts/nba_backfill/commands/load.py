"""Files into the embedded DuckDB."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nba_backfill.commands.options import dbt_options
from nba_backfill.commands.project import Dbt, enter_project
from nba_backfill.display.terminal import say
from nba_backfill.errors import ArgumentError

if TYPE_CHECKING:
    from nba_backfill.loading.tables import RawTable


@click.command("load-raw")
@click.argument("directory", type=click.Path(path_type=Path, resolve_path=True))
@click.option("--template", is_flag=True, help="Write a CSV file for each raw table there, with its columns, to fill.")
@click.option("--allow-empty", is_flag=True, help="Let a file that has no row any more take its earlier rows away.")
@dbt_options
def load_raw(directory: Path, template: bool, allow_empty: bool, dbt: Dbt) -> None:
    """Load files into the embedded DuckDB.

    Reads the Parquet, CSV and JSON lines files in DIRECTORY that are named after a raw table, for example
    bdl_player_boxscores_2021.parquet. A file needs all columns of its table, in any order; others are ignored. Loading
    a file again replaces what it loaded before. All files are checked first: if one is bad, nothing is loaded.

    \b
    Examples:
      nba-backfill load-raw --template exports
      nba-backfill load-raw exports
    """
    # DuckDB and Arrow, which other commands do without.
    from nba_backfill.loading.database import open_database, refuse_to_mix
    from nba_backfill.loading.load import load_directory
    from nba_backfill.loading.tables import raw_tables

    tables = raw_tables(enter_project(dbt))
    if template:
        _write_templates(directory, tables)
        return
    with open_database(Path.cwd(), dbt.target) as con:
        refuse_to_mix(con, tables, demo=False)
        for loaded in load_directory(con, directory, tables, may_empty=allow_empty):
            again = f", {loaded.replaced:,} of an earlier load replaced" if loaded.replaced else ""
            ignored = f", columns ignored: {', '.join(loaded.ignored_columns)}" if loaded.ignored_columns else ""
            say(f"{loaded.path.name}: {loaded.rows:,} rows into {loaded.table}{again}{ignored}")


def _write_templates(directory: Path, tables: tuple[RawTable, ...]) -> None:
    files = [directory / f"{table.name}.csv" for table in tables]
    if there := [file.name for file in files if file.exists()]:
        raise ArgumentError(f"{directory} has {', '.join(there)} already, and a template overwrites nothing.")
    directory.mkdir(parents=True, exist_ok=True)
    for file, table in zip(files, tables, strict=True):
        with file.open("w", encoding="utf-8", newline="") as content:
            csv.writer(content, lineterminator="\n").writerow(column.name for column in table.columns)
        click.echo(str(file))
