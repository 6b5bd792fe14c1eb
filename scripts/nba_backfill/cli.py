"""The command line. Everything it can say about dbt, engine.py asks dbt."""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import click
import duckdb
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from nba_backfill import raw
from nba_backfill.backfill import BatchResult, backfill, plan
from nba_backfill.engine import Engine, embedded_database, find_project
from nba_backfill.errors import ArgumentError, BackfillError, InputError, ProjectError
from nba_backfill.windows import parse_window

EXIT_CODES = """\b
Exit codes:
  0  done, every test passed or only warned
  1  a window or a test failed; the summary holds what it held before that window
  2  wrong arguments
  3  raw data that can't be used; nothing of it was loaded
  4  no dbt project, no profile, or no warehouse to connect to
  130  stopped by Ctrl-C
"""
LOG_DIRECTORY = Path("logs/backfill")
DEMO_DATA = "demo-data"

target_option = click.option("--target", help="Target of the dbt profile. Default: the profile's own.")
log = logging.getLogger("nba_backfill")
log.addHandler(logging.NullHandler())
log.propagate = False


class Commands(click.Group):
    """Commands that end with the user's sentence and its exit code, never with a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BackfillError as error:
            log.error("%s", error)  # noqa: TRY400 - the user's mistake, not a fault whose traceback would help
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            log.warning("stopped by Ctrl-C")
            click.echo("Stopped. The summary holds every window that was done.", err=True)
            ctx.exit(130)


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nba-backfill")
def main() -> None:
    """Fill player_game_summary from the raw NBA box scores, window by window, with dbt."""


@main.command()
@click.option("--start-date", required=True, metavar="YYYY-MM-DD", help="First date to replace.")
@click.option("--end-date", required=True, metavar="YYYY-MM-DD", help="Last date to replace.")
@click.option("--batch-days", type=click.IntRange(min=1), default=7, show_default=True, help="Days in a window.")
@target_option
def run(start_date: str, end_date: str, batch_days: int, target: str | None) -> None:
    """Backfill a range of dates.

    Replaces the dates from start to end, one window after the other. Each window is built beside the summary, tested
    there, and published in one transaction. A window that fails stops the run; the same command does it again when the
    data is corrected. Windows without games are skipped. At the end the whole range is tested. Everything is also in
    logs/backfill.
    """
    window = parse_window(start_date, end_date)
    project = _enter_project()
    log_file = _log_to_file()
    console = Console(highlight=False, markup=False, soft_wrap=True)

    def say(line: str) -> None:
        log.info(line)
        console.print(line)

    started = time.perf_counter()
    say(f"backfill of {window}, {window.days:,} days, windows of {batch_days}")
    engine = Engine(project, target)
    engine.prepare()
    batches = plan(engine, window, batch_days)
    results: list[BatchResult] = []
    with _progress(console, len(batches)) as progress:
        for result in backfill(engine, batches):
            say(str(result))
            for warning in result.warnings:
                say(f"  warning: {warning}")
            results.append(result)
            progress.update(progress.task_ids[0], completed=len(results), days=result.batch.window.end)
    seconds = time.perf_counter() - started
    say(_summary(results, seconds))
    verdict = engine.validate(window)
    for warning in verdict.warnings:
        say(f"warning: {warning}")
    say(f"tested {window}: {verdict.passed} tests passed, {len(verdict.warnings)} warned, none failed")
    say(f"log: {log_file}")


@main.command("load-raw")
@click.argument("directory", type=click.Path(path_type=Path, resolve_path=True))
@target_option
def load_raw(directory: Path, target: str | None) -> None:
    """Load files into the embedded DuckDB.

    Reads the Parquet, CSV and JSON lines files in DIRECTORY that are named after a raw table, for example
    bdl_player_boxscores_2021.parquet. Loading a file again replaces what it loaded before. All files are checked
    first: if one is bad, nothing is loaded.
    """
    project = _enter_project()
    tables = raw.raw_tables(project)
    with _database(project, target) as con:
        _refuse_to_mix(con, tables, demo=False)
        for loaded in raw.load_directory(con, directory, tables):
            again = f", {loaded.replaced:,} of an earlier load replaced" if loaded.replaced else ""
            ignored = f", columns ignored: {', '.join(loaded.ignored_columns)}" if loaded.ignored_columns else ""
            click.echo(f"{loaded.path.name}: {loaded.rows:,} rows into {loaded.table}{again}{ignored}")


@main.command("demo-data")
@click.option("--seasons", default="2021-2023", show_default=True, help="First and last season, by their first years.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed, another league.")
@click.option("--scale", type=click.IntRange(min=1), default=1, show_default=True, help="So many times the seasons.")
@target_option
def demo_data(seasons: str, seed: int, scale: int, target: str | None) -> None:
    """Load an invented league.

    It has the shape and the faults of the real raw tables and goes into the embedded DuckDB. The same options give the
    same league. It replaces demo data that was loaded before.
    """
    from nba_backfill import demo  # numpy and the generator, which no other command needs

    first, last = _seasons(seasons)
    try:
        league = demo.generate(first, last, seed=seed, scale=scale)
    except ValueError as error:
        raise ArgumentError(str(error)) from error
    project = _enter_project()
    tables = raw.raw_tables(project)
    with _database(project, target) as con:
        _refuse_to_mix(con, tables, demo=True)
        for table in tables:
            raw.replace_rows(con, table, league.tables[table.name], DEMO_DATA)
    for table in tables:
        click.echo(f"{league.tables[table.name].num_rows:,} rows into {table.schema}.{table.name}")
    click.echo("with " + ", ".join(f"{count:,} {hazard}" for hazard, count in league.hazards.items()))


def _enter_project() -> Path:
    """The project's directory, which dbt and the profile's relative paths expect to be the current one."""
    project = find_project(Path.cwd())
    os.chdir(project)
    return project


def _seasons(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if "-" not in text:
        last = first
    if not (first.isdecimal() and last.isdecimal()):
        raise ArgumentError(
            f"--seasons {text!r} is not a range of years. Pass it as 2021-2023, or 2021 for one season."
        )
    return int(first), int(last)


@contextmanager
def _database(project: Path, target: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    path = embedded_database(project, target)
    try:
        connection = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise InputError(f"The DuckDB file {path} can't be opened for writing: {error}") from error
    with connection:
        yield connection


def _refuse_to_mix(con: duckdb.DuckDBPyConnection, tables: tuple[raw.RawTable, ...], *, demo: bool) -> None:
    """Invented and real rows of one date would be merged into one summary."""
    for table in tables:
        other = raw.loaded_files(con, table) - {DEMO_DATA} if demo else raw.loaded_files(con, table) & {DEMO_DATA}
        if other:
            raise InputError(
                f"{table.schema}.{table.name} holds rows from {', '.join(sorted(other))}: demo data and real data "
                "need a database each. Set NBA_DUCKDB_PATH to another file, or delete this one."
            )


def _log_to_file() -> Path:
    started = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    path = LOG_DIRECTORY / f"player_game_summary_{started}.log"
    try:
        LOG_DIRECTORY.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise ProjectError(
            f"The log {path} can't be written: {error.strerror}. Make {LOG_DIRECTORY} writable."
        ) from error
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    return path


class RateColumn(ProgressColumn):
    """Windows per minute, of late."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed * 60:,.0f} windows/min" if task.speed else "")


def _progress(console: Console, batches: int) -> Progress:
    """A bar on a terminal; nothing where the output is piped, so that only plain lines are."""
    progress = Progress(
        TextColumn("through {task.fields[days]}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    progress.add_task("windows", total=batches, days="")
    return progress


def _summary(results: list[BatchResult], seconds: float) -> str:
    done = [result for result in results if result.batch.has_work]
    rows, nulls = sum(result.rows for result in done), sum(result.null_minutes for result in done)
    share = f"{100 * nulls / rows:.1f} % without minutes" if rows else "no rows"
    return (
        f"done: {len(done)} windows, {len(results) - len(done)} skipped without games, {rows:,} rows, "
        f"{sum(result.games for result in done):,} games, {share}, {seconds:.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
