"""Files into the embedded DuckDB."""

from pathlib import Path

import click

from nba_backfill.commands.options import target_option
from nba_backfill.commands.project import enter_project


@click.command("load-raw")
@click.argument("directory", type=click.Path(path_type=Path, resolve_path=True))
@target_option
def load_raw(directory: Path, target: str | None) -> None:
    """Load files into the embedded DuckDB.

    Reads the Parquet, CSV and JSON lines files in DIRECTORY that are named after a raw table, for example
    bdl_player_boxscores_2021.parquet. Loading a file again replaces what it loaded before. All files are checked
    first: if one is bad, nothing is loaded.
    """
    from nba_backfill.loading import raw  # DuckDB and Arrow, which other commands do without
    from nba_backfill.loading.database import open_database, refuse_to_mix

    project = enter_project()
    tables = raw.raw_tables(project)
    with open_database(project, target) as con:
        refuse_to_mix(con, tables, demo=False)
        for loaded in raw.load_directory(con, directory, tables):
            again = f", {loaded.replaced:,} of an earlier load replaced" if loaded.replaced else ""
            ignored = f", columns ignored: {', '.join(loaded.ignored_columns)}" if loaded.ignored_columns else ""
            click.echo(f"{loaded.path.name}: {loaded.rows:,} rows into {loaded.table}{again}{ignored}")
