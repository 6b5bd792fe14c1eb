"""The command line. Everything it can say about dbt, engine.py asks dbt."""

import csv
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import duckdb
from rich.console import Console

from nba_backfill import raw
from nba_backfill.checkpoint import Checkpoint
from nba_backfill.checks import (
    BLOCKED,
    GOOD,
    STOP,
    Preflight,
    Validation,
    ask_preflight,
    first_bad,
    of_source,
    run_tests,
    summary_checks,
    worst,
)
from nba_backfill.engine import Engine, embedded_database, find_project
from nba_backfill.errors import ArgumentError, BackfillError, InputError, ProjectError
from nba_backfill.plan import Plan, Scope, make_plan
from nba_backfill.players import add_alias, candidates, player_lookup
from nba_backfill.run import Options, Run, at_work, hold_lock, new_run_id, prepare, run_at_work
from nba_backfill.status import Status, follow, read_checkpoint, show, target_database
from nba_backfill.tables import (
    TIB,
    headline,
    percent,
    print_box_score,
    print_checks,
    print_plan,
    print_sample,
    print_seasons,
    print_sources,
    print_table,
    whole,
)
from nba_backfill.terminal import log, log_to
from nba_backfill.windows import FIRST_DATE, Window, parse_date, parse_window, today

if TYPE_CHECKING:
    from nba_backfill.bigquery import Bill

EXIT_CODES = """\b
Exit codes:
  0  done, every test passed or only warned
  1  a date was held back, or a window, a test or a check failed; the summary holds what it held of it before
  2  wrong arguments
  3  raw data that can't be used; nothing of it was loaded or written
  4  no dbt project, no profile, no warehouse to connect to, or another run is at work
  130  stopped by Ctrl-C or a signal; the same command goes on where it stopped
"""
LOG_DIRECTORY = Path("logs/backfill")
CHECKPOINT = LOG_DIRECTORY / "player_game_summary_checkpoint.json"
DEMO_DATA = "demo-data"
VERDICT = LOG_DIRECTORY / "player_game_summary_verdict.json"
# A sample is tried beside the range that a training job waits for.
SAMPLE_VERDICT = LOG_DIRECTORY / "player_game_summary_sample_verdict.json"
CHANGES = ("added", "removed", "changed")
LONG_YEARS = 4
# Of the statements that change rows of one table BigQuery runs two at a time, lets twenty wait, and refuses the rest.
MOST_WORKERS = 20
ALIASES = Path("seeds/player_aliases.csv")
RAW_TABLES = {"nbac_gamebook": "nbac_gamebook_player_stats", "bdl_boxscores": "bdl_player_boxscores"}
# What a window takes where no run tells. Seconds.
SECONDS_A_WINDOW = {"duckdb": 3.0, "bigquery": 120.0}
# Of a sample's rows so many have no minutes, at least. Percent.
USUAL_NULL_SHARE = 30

Command = TypeVar("Command", bound=Callable[..., Any])
target_option = click.option("--target", help="Target of the dbt profile. Default: the profile's own.")
checkpoint_option = click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    default=CHECKPOINT,
    show_default=True,
    help="The file that says where the run is.",
)
notify_option = click.option(
    "--notify",
    "urls",
    metavar="URL",
    multiple=True,
    envvar="NBA_NOTIFY",
    help="Whom to tell how it ended, as an Apprise URL: Slack, e-mail, a webhook … Can be repeated.",
)
game_option = click.option(
    "--game",
    nargs=3,
    metavar="DATE TEAM TEAM",
    help="The game to look at, such as 2021-10-19 GSW LAL.",
)


def range_options(command: Command) -> Command:
    """The range of a command that looks at one."""
    for option in reversed(
        (
            click.option("--start-date", metavar="YYYY-MM-DD", required=True, help="First date of the range."),
            click.option("--end-date", metavar="YYYY-MM-DD", required=True, help="Last date of the range."),
        )
    ):
        command = option(command)
    return command


class Commands(click.Group):
    """Commands that end with the user's sentence and its exit code, never with a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BackfillError as error:
            log.error("%s", error)
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            log.error("stopped")
            click.echo(
                "Stopped. The summary holds every window that was done, and the same command does the rest.", err=True
            )
            ctx.exit(130)


class Dates(click.ParamType[frozenset[date]]):
    """Dates, separated by commas."""

    name = "dates"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> frozenset[date]:
        return frozenset(parse_date("--dates", text.strip()) for text in str(value).split(","))


def plan_options(command: Command) -> Command:
    """What `plan` and `run` have in common: which dates, and in which windows."""
    for option in reversed(
        (
            click.option("--start-date", metavar="YYYY-MM-DD", help="First date of the range."),
            click.option("--end-date", metavar="YYYY-MM-DD", help="Last date of the range."),
            click.option("--dates", type=Dates(), metavar="DATE,DATE,…", help="These dates instead of a range."),
            click.option("--no-resume", is_flag=True, help="All dates with games, also those that are complete."),
            click.option("--retry-failed", is_flag=True, help="Only the dates that failed or are held back."),
            click.option("--dates-of-unresolved", is_flag=True, help="Only the dates with players nobody knows."),
            click.option("--batch-days", type=click.IntRange(min=1), help="Days in a window.  [default: a season]"),
            click.option("--max-bytes", type=click.IntRange(min=1), help="Refuse to let BigQuery bill more than this."),
            click.option("--yes", is_flag=True, help="Don't ask about a range over four years, or into the future."),
            target_option,
        )
    ):
        command = option(command)
    return command


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nba-backfill")
def main() -> None:
    """Fill player_game_summary from the raw NBA box scores, window by window, with dbt."""


@main.command()
@plan_options
@click.option(
    "--estimate/--no-estimate",
    default=None,
    help="The bytes of each window and their price, by dry runs. Default: on BigQuery.",
)
@click.option(
    "--price-per-tib",
    type=click.FloatRange(min=0),
    default=6.25,
    show_default=True,
    envvar="NBA_BIGQUERY_PRICE_PER_TIB",
    help="Price of a TiB, in the currency of the contract.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every date.")
def plan(estimate: bool | None, price_per_tib: float, as_json: bool, max_bytes: int | None, **options: Any) -> None:
    """Say what a run would do, and why.

    Compares the sources, the summary and the ledger date by date. A run of the same options does exactly this. Makes
    the seeds and the staging views, which it reads, and writes nothing else. Beside a run at work not even those.
    """
    project = _enter_project()
    _, selection = _select(**options)
    engine = _engine(project, options["target"])
    prepare(engine)
    planned = selection(engine)
    if estimate is None:
        estimate = engine.is_bigquery
    bill = _bill(engine, planned) if estimate or max_bytes is not None else None
    if as_json:
        described = planned.to_json()
        if bill is not None:
            for batch, billed in zip(described["windows"], bill.windows.values(), strict=True):
                batch["bytes_billed"] = billed
            described["bytes_billed_for_sources"] = bill.sources
            described["bytes_billed"] = bill.total
            described["price"] = round(bill.total / TIB * price_per_tib, 4)
        click.echo(json.dumps(described, indent=2))
    else:
        print_plan(planned, bill, price_per_tib)
    _refuse_bytes(bill, max_bytes)


@main.command()
@plan_options
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes, on BigQuery.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first window that fails or holds a date back.")
@click.option("--force", is_flag=True, help="Go on where preflight says stop.")
@notify_option
@click.option("--dry-run", is_flag=True, help="Print the plan, and write nothing anywhere.")
@click.option("--detach", is_flag=True, help="Go on in the background, and print the log file.")
@checkpoint_option
def run(
    workers: int,
    fail_fast: bool,
    force: bool,
    urls: tuple[str, ...],
    dry_run: bool,
    detach: bool,
    checkpoint: Path,
    max_bytes: int | None,
    **options: Any,
) -> None:
    """Backfill a range of dates.

    Asks preflight first, and refuses to go on where that says stop. Does the dates of the range that are not complete:
    missing, partial, stale, outdated, failed or held back. Each window is built beside the summary and held to the
    rules of macros/rules.sql there. A date that breaks one is held back, so the summary keeps what it held of it; all
    others are published in one transaction. The same command tries again what was held back or failed. At the end the
    range is tested, and there is a verdict and a report. Everything is also in logs/backfill.
    """
    if urls:
        from nba_backfill.notify import check_urls  # a hundred services, which no other command needs

        check_urls(urls)
    project = _enter_project()
    window, selection = _select(**options)
    run_id = os.environ.get("NBA_RUN_ID") or new_run_id()
    log_file = LOG_DIRECTORY / f"player_game_summary_{run_id}.log"
    if detach:
        _detach(run_id, log_file)
        return
    if dry_run:
        print_plan(selection(_engine(project, options["target"], run_id, writes=False)))
        return
    with _telling(urls, f"run {run_id}") as end:
        console = _log(log_file)
        engine = _engine(project, options["target"], run_id)
        if workers > 1 and not engine.is_bigquery:
            log.info("DuckDB has one writer, so one worker does it all")
            workers = 1
        elif workers > MOST_WORKERS:
            log.info(
                "BigQuery lets %d writers of a table wait and refuses the next, so %d workers do it all",
                MOST_WORKERS,
                MOST_WORKERS,
            )
            workers = MOST_WORKERS
        with _say_who_writes(checkpoint):
            prepare(engine)
        if max_bytes is not None:
            _refuse_bytes(_bill(engine, selection(engine)), max_bytes)
        with at_work(engine, run_id, window):
            planned = selection(engine)
            log.info("%s", headline(planned))
            state = _state(checkpoint, run_id, engine, planned, log_file)
            end.state = state
            if planned.chosen:
                fit = _refuse_unfit(engine, planned.window, force)
                how = Options(project, options["target"], workers, fail_fast)
                end.run = Run(engine, run_id, planned, fit, how, state, console, VERDICT)
                end.run()
            else:
                state.status = "finished"
                state.write()
                log.info("nothing to do; nba-backfill validate says whether it may be trained on")
        log.info("log: %s", log_file)


@main.command()
@range_options
@target_option
def preflight(start_date: str, end_date: str, target: str | None) -> None:
    """Say whether the sources are fit for a backfill.

    Per source and season: rows, games, dates, minutes, duplicates, and what a run would take. The verdict on a source
    is fine, careful or stop; a run refuses to begin at stop.
    """
    project = _enter_project()
    window = parse_window(start_date, end_date)
    engine = _engine(project, target)
    prepare(engine)
    found = ask_preflight(engine, window)
    seasons, checks = found.seasons, found.checks
    click.echo(f"preflight of {window}, {window.days:,} days")
    print_sources(seasons, checks)
    empty = [
        engine.raw_tables[table]
        for source, table in RAW_TABLES.items()
        if not sum(int(row["row_count"]) for row in seasons if row["source_name"] == source)
    ]
    if empty and (len(empty) == len(RAW_TABLES) or worst(checks) == STOP):
        raise InputError(
            f"The raw table {' and '.join(empty)} has no row in {window}. `dbt show --select raw_seasons --limit 100` "
            "lists what there is."
        )
    _print_estimate(engine, make_plan(engine, window, Scope.RESUME, None))
    if worst(checks) == STOP:
        raise InputError(f"Stop, before anything is written. {first_bad(checks)}")


@main.command()
@click.option("--start-date", metavar="YYYY-MM-DD", default="2022-01-10", show_default=True, help="First date.")
@click.option("--end-date", metavar="YYYY-MM-DD", default="2022-01-16", show_default=True, help="Last date.")
@click.option("--force", is_flag=True, help="Go on where preflight says stop.")
@target_option
def sample(start_date: str, end_date: str, force: bool, target: str | None) -> None:
    """Backfill one week, and look at it.

    Always anew, whatever the summary holds of it. Then the share of rows without minutes of each day, the players with
    most minutes, and the first who did not play, for a person to look at.
    """
    project = _enter_project()
    window = parse_window(start_date, end_date)
    run_id = new_run_id()
    log_file = LOG_DIRECTORY / f"player_game_summary_{run_id}.log"
    console = _log(log_file)
    engine = _engine(project, target, run_id)
    with _say_who_writes(CHECKPOINT):
        prepare(engine)
    with at_work(engine, run_id, window):
        planned = make_plan(engine, window, Scope.ALL, None)
        if not planned.chosen:
            raise InputError(
                f"The sources have no game in {window}. `dbt show --select raw_seasons --limit 100` lists what there "
                "is; take a week of it with --start-date and --end-date."
            )
        fit = _refuse_unfit(engine, window, force)
        state = _state(CHECKPOINT, run_id, engine, planned, log_file)
        Run(engine, run_id, planned, fit, Options(project, target), state, console, SAMPLE_VERDICT)()
    days = engine.rows("sample_days", window)
    print_sample(days, engine.rows("most_minutes", window), engine.rows("did_not_play", window))
    (whole_sample,) = (day for day in days if day["game_date"] is None)
    high = [day for day in days if day["game_date"] and day["verdict"] not in GOOD]
    verdict, share = whole_sample["verdict"], float(whole_sample["null_pct"])
    said = {
        "excellent": "better than expected",
        "fine": "as expected" if share >= USUAL_NULL_SHARE else "fewer than usual, and better for it",
        "careful": "more than expected",
        "stop": "far too many",
    }[verdict]
    sentence = f"{share:.1f} % of the rows have no minutes: {said}."
    if verdict == STOP:
        raise BackfillError(f"{sentence} {whole_sample['advice']}")
    if high:
        dates = ", ".join(f"{day['game_date']} ({percent(day['null_pct'])})" for day in high)
        raise BackfillError(f"{sentence} But not on {dates}. {high[0]['advice']}")
    click.echo(sentence)


@main.command()
@click.option("--watch", "is_watched", is_flag=True, help="A live screen until the run ends. Piped, it is shown once.")
@checkpoint_option
@target_option
def status(is_watched: bool, checkpoint: Path, target: str | None) -> None:
    """Show where the backfill is.

    Dates done, rate, time left, failures, unresolved players, and rows and NULL share by month. While a run is at work
    on this machine only its checkpoint is read, so that nothing disturbs it.
    """
    project = _enter_project()
    database = target_database(project, target)
    console = Console(highlight=False, markup=False)
    found = read_checkpoint(checkpoint, database)
    if not (found and found.is_at_work):
        engine = _engine(project, target)
        engine.connect()
        found = Status.of_warehouse(engine, found)
        engine.close()
    # Rich takes a pipe for a terminal where FORCE_COLOR is set.
    if is_watched and sys.stdout.isatty():
        found = follow(console, found, lambda: read_checkpoint(checkpoint, database))
    show(console, found)


@main.command()
@range_options
@click.option("--expected-rows", type=click.IntRange(min=1), help="Rows that the range should have, ±2 %.")
@game_option
@target_option
def validate(
    start_date: str, end_date: str, expected_rows: int | None, game: tuple[str, str, str] | None, target: str | None
) -> None:
    """Say whether a range of the summary may be trained on.

    Writes the verdict, ready or blocked, with each check to logs/backfill/player_game_summary_verdict.json, for a
    training job to wait for. Exit code 0 only when all checks pass.
    """
    project = _enter_project()
    window = parse_window(start_date, end_date)
    played = _game(game)
    engine = _engine(project, target)
    Validation(window, engine.warehouse, (), obstacle="The validation has not come to its end.").write(VERDICT)
    prepare(engine)
    box_score: list[dict[str, Any]] = []
    no_game: ArgumentError | None = None
    try:
        if played:
            box_score = _box_score(engine, *played)
    except ArgumentError as error:
        no_game = error
    seasons = engine.rows("null_rates_by_season", window)
    checks = (*summary_checks(engine, window, expected_rows), run_tests(engine, window))
    nothing = None if seasons or worst(checks) == STOP else f"There is no game in {window}."
    validation = Validation(window, engine.warehouse, checks, obstacle=run_at_work(engine) or nothing)
    print_seasons(seasons)
    print_checks(checks)
    if box_score:
        print_box_score(box_score)
    validation.write(VERDICT)
    click.echo(f"{window}: {validation.verdict}. {validation.reason}")
    click.echo(f"verdict: {VERDICT}")
    if validation.verdict == BLOCKED:
        raise BackfillError(f"Blocked: don't train on it. {no_game or ''}".strip())
    if no_game:
        raise no_game


@main.command()
@click.argument("run_id", required=False)
@game_option
@target_option
def report(run_id: str | None, game: tuple[str, str, str] | None, target: str | None) -> None:
    """Write the report of a run anew, as HTML, Markdown and JSON.

    Of the last run, or of RUN_ID, with what its range holds now.
    """
    project = _enter_project()
    played = _game(game)
    engine = _engine(project, target)
    prepare(engine)
    found = [row for row in engine.rows("backfill_runs") if run_id in (None, row["run_id"])]
    if not found:
        of_run = f" {run_id}" if run_id else ""
        raise ArgumentError(f"There is no run{of_run}. `nba-backfill runs` lists what there is.")
    last = max(found, key=lambda row: row["started_at"])
    window = Window(last["start_date"], last["end_date"])
    if played:
        _box_score(engine, *played)
    checks = (*summary_checks(engine, window), run_tests(engine, window))
    validation = Validation(window, engine.warehouse, checks, last["run_id"], run_at_work(engine))
    from nba_backfill.report import make_report  # the plotting library, which no other command needs

    path = make_report(engine, last, validation, ask_preflight(engine, window), played).write(
        LOG_DIRECTORY / f"player_game_summary_{last['run_id']}"
    )
    click.echo(f"{window}: {validation.verdict}. {validation.reason}")
    click.echo(f"report: {path}")


@main.command()
@click.argument("run_id", required=False)
@click.option("--start-date", metavar="YYYY-MM-DD", help="First date to put back. Default: all that the run kept.")
@click.option("--end-date", metavar="YYYY-MM-DD", help="Last date to put back.")
@target_option
def rollback(run_id: str | None, start_date: str | None, end_date: str | None, target: str | None) -> None:
    """Put back what the summary held before a run.

    The last run that can be, or RUN_ID; all of its range or a part. The summary, the excluded rows and the ledger go
    back in one transaction.
    """
    project = _enter_project()
    own_id = new_run_id()
    engine = _engine(project, target, own_id)
    engine.connect()
    kept = [row for row in engine.rows("backfill_runs") if row["kept_at"] is not None]
    if run_id:
        kept = [row for row in kept if row["run_id"] == run_id]
    if not kept:
        of_run = f" of run {run_id}" if run_id else ""
        raise ArgumentError(f"There is nothing to put back{of_run}. `nba-backfill runs` lists what there is.")
    last = max(kept, key=lambda row: row["kept_at"])
    window = parse_window(start_date or str(last["start_date"]), end_date or str(last["end_date"]))
    with hold_lock(engine, own_id):
        Validation(window, engine.warehouse, (), own_id, f"Run {last['run_id']} is rolled back.").write(VERDICT)
        (changes,) = engine.rows("run_changes", window, kept_run=last["run_id"])
        engine.operate(
            "roll_back", window, run_id=last["run_id"], host_name=socket.gethostname(), process_id=os.getpid()
        )
    click.echo(
        f"rolled back run {last['run_id']}, {window}: {int(changes['rows_added']):,} rows that it had added are gone, "
        f"{int(changes['rows_removed']):,} that it had removed are back, {int(changes['rows_changed']):,} are as before"
    )


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@target_option
def runs(as_json: bool, target: str | None) -> None:
    """List the runs, what they changed, and whether they can be rolled back."""
    project = _enter_project()
    engine = _engine(project, target)
    engine.connect()
    found = sorted(engine.rows("backfill_runs"), key=lambda row: str(row["started_at"]), reverse=True)
    if as_json:
        click.echo(json.dumps(found, indent=2, default=str))
        return
    if not found:
        click.echo("no runs yet")
        return
    print_table(
        ["run", "range", "status", "windows", "failed", *CHANGES, "kept until"],
        [
            [
                row["run_id"],
                f"{row['start_date']}..{row['end_date']}",
                row["status"],
                whole(row["windows_done"]),
                whole(row["windows_failed"]),
                *(whole(row[f"rows_{change}"]) for change in CHANGES),
                f"{row['kept_until']:%Y-%m-%d}" if row["kept_at"] else "not kept",
            ]
            for row in found
        ],
    )


@main.group()
def players() -> None:
    """Names that the registry doesn't know."""


@players.command()
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@target_option
def unresolved(as_csv: bool, target: str | None) -> None:
    """List the names that stand for no registered player, and who may be meant."""
    project = _enter_project()
    engine = _engine(project, target)
    prepare(engine)
    asked = engine.rows_of(["unresolved_player_names", "registered_teammates"], Window(FIRST_DATE, today()))
    teammates = groupby(asked["registered_teammates"], key=itemgetter("player_lookup"))
    likely = {lookup: candidates(lookup, rows) for lookup, rows in teammates}
    found = sorted(asked["unresolved_player_names"], key=lambda row: (-int(row["occurrences"]), row["player_lookup"]))
    columns = ["player_lookup", "source_name", "occurrences", "first_seen", "last_seen", "teams", "example_game_id"]
    lines = [
        [
            *(str(row[column]) for column in columns),
            "; ".join(f"{who.player_lookup}: {who.evidence}" for who in likely.get(row["player_lookup"], [])),
        ]
        for row in found
    ]
    columns.append("likely")
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(lines)
    elif not found:
        click.echo("every player of the summary is registered")
    else:
        print_table(columns, lines)


@players.command()
@click.argument("alias")
@click.argument("canonical")
@click.option("--reason", default="", help="Why no rule finds it, for the seed.")
@target_option
def alias(alias: str, canonical: str, reason: str, target: str | None) -> None:
    """Say that ALIAS means the registered player CANONICAL.

    Adds the pair to seeds/player_aliases.csv, and says which dates that changes. They are stale from then on, so a run
    of their range does them.
    """
    project = _enter_project()
    engine = _engine(project, target)
    prepare(engine)
    registered = {row["player_lookup"] for row in engine.rows("stg_nba_reference__players_registry")}
    added = add_alias(project / ALIASES, alias, canonical, registered - {None}, reason)
    click.echo(f"{player_lookup(alias)} means {player_lookup(canonical)}" + ("" if added else ", as it did already"))
    dates = sorted(
        row["game_date"]
        for row in engine.rows("unresolved_dates", Window(FIRST_DATE, today()))
        if row["player_lookup"] == player_lookup(alias)
    )
    if dates:
        click.echo(
            f"{len(dates):,} dates to run again: nba-backfill run --start-date {dates[0]} --end-date {dates[-1]}"
        )
        click.echo(",".join(map(str, dates)))
    else:
        click.echo("no date of the summary has that name")


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


def _engine(project: Path, target: str | None, run_id: str | None = None, *, writes: bool = True) -> Engine:
    """The engine of this command. Who calls `main` with an object has it made by that, from a project parsed before."""
    make: Callable[..., Engine] = click.get_current_context().obj or Engine
    return make(project, target, run_id, writes=writes)


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


def _select(
    start_date: str | None,
    end_date: str | None,
    dates: Collection[date] | None,
    no_resume: bool,
    retry_failed: bool,
    dates_of_unresolved: bool,
    batch_days: int | None,
    yes: bool,
    target: str | None,  # noqa: ARG001 - goes to the engine
) -> tuple[Window, Callable[[Engine], Plan]]:
    """Check the options that say what to do. Returns the range, and what makes the plan once an engine can be asked."""
    if bool(dates) == bool(start_date or end_date) or bool(start_date) != bool(end_date):
        raise ArgumentError("Pass --start-date and --end-date, or --dates.")
    if sum((no_resume, retry_failed, dates_of_unresolved, bool(dates))) > 1:
        raise ArgumentError("--no-resume, --retry-failed, --dates-of-unresolved and --dates exclude one another.")
    if dates:
        if future := sorted(str(day) for day in dates if day > today()):
            raise ArgumentError(f"--dates has {', '.join(future)}, in the future: today is {today()} in New York.")
        start_date, end_date = str(min(dates)), str(max(dates))
    window = _confirmed(parse_date("--start-date", str(start_date)), parse_date("--end-date", str(end_date)), yes)
    scope = Scope.ALL if no_resume else Scope.FAILED if retry_failed else Scope.RESUME

    def select(engine: Engine) -> Plan:
        chosen = dates
        if dates_of_unresolved:
            chosen = {row["game_date"] for row in engine.rows("unresolved_dates", window)}
        return make_plan(engine, window, scope, batch_days, chosen)

    return window, select


def _confirmed(start: date, end: date, yes: bool) -> Window:
    """The window, or a part of it that has been: a slip of the hand in a year costs a night."""
    doubts = []
    if (end - start).days > LONG_YEARS * 366:
        doubts.append(f"{start}..{end} is over {LONG_YEARS} years.")
    if end > today():
        doubts.append(f"--end-date {end} is in the future, so this goes through today, {today()} in New York.")
    if doubts and not yes:
        if not sys.stdin.isatty():
            raise ArgumentError(f"{' '.join(doubts)} Pass --yes if that is what you want.")
        click.confirm(f"{' '.join(doubts)} Go on?", abort=True)
    return parse_window(str(start), str(min(end, today())))


@dataclass
class _End:
    """How far a command has come, for those who are told how it ended."""

    state: Checkpoint | None = None
    run: Run | None = None


@contextmanager
def _telling(urls: Collection[str], what: str) -> Iterator[_End]:
    """Tell how it ended: well, by an error, or because it was told to stop."""
    end = _End()
    outcome, why = "stopped", "It was told to stop. The same command does the rest."
    try:
        yield end
        outcome, why = "done", ""
    except BackfillError as error:
        outcome, why = "failed", str(error)
        raise
    finally:
        if urls:
            from nba_backfill.notify import notify

            validation = end.run.validation if end.run else None
            lines = [why]
            if end.state:
                lines.append(f"{end.state.window}: {end.state.successful:,} of {end.state.dates:,} dates done.")
            if validation:
                lines.append(f"Verdict: {validation.verdict}. {validation.reason}")
            path = end.state.report if end.state else None
            notify(urls, f"player_game_summary: {what} {outcome}", "\n".join(filter(None, lines)), path)


def _log(log_file: Path) -> Console:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    log_to(log_file, console)
    return console


def _state(checkpoint: Path, run_id: str, engine: Engine, planned: Plan, log_file: Path) -> Checkpoint:
    return Checkpoint(
        checkpoint,
        run_id,
        engine.warehouse,
        planned.window,
        planned.batch_days,
        socket.gethostname(),
        os.getpid(),
        str(log_file),
        dates=len(planned.chosen),
        skipped=len(planned.days) - len(planned.chosen),
    )


def _refuse_unfit(engine: Engine, window: Window, force: bool) -> Preflight:
    """Preflight, in a line for each source. Raises InputError where it says stop, unless it is forced."""
    found = ask_preflight(engine, window)
    for source, verdict, bad in of_source(found.checks):
        log.info("preflight: %s is %s", source, verdict)
        for check in bad:
            log.info("  %s: %s", check.verdict, check)
    if worst(found.checks) == STOP and not force:
        raise InputError(
            f"Preflight says stop, and nothing was written. {first_bad(found.checks)} `nba-backfill preflight "
            f"--start-date {window.start} --end-date {window.end}` tells more; --force goes on all the same."
        )
    return found


def _print_estimate(engine: Engine, planned: Plan) -> None:
    """What a run would take: windows, time by the last run or a guess, and on BigQuery bytes."""
    windows = len(planned.batches)
    line = f"a run would do {len(planned.chosen):,} dates in {windows:,} windows"
    measured = [row for row in engine.rows("backfill_runs") if row["ended_at"] and row["windows_done"]]
    seconds = SECONDS_A_WINDOW["bigquery" if engine.is_bigquery else "duckdb"]
    basis = "a guess, for there was no run yet"
    if measured:
        longest = max(measured, key=lambda row: int(row["windows_done"]))
        seconds = (longest["ended_at"] - longest["started_at"]).total_seconds() / int(longest["windows_done"])
        basis = f"as in run {longest['run_id']}"
    if windows:
        line += f", in about {_duration(windows * seconds)} at {seconds:.1f} s a window, {basis}"
    click.echo(line)
    if engine.is_bigquery and windows:
        click.echo(f"{_bill(engine, planned).total:,} bytes billed in all, by dry runs")
    elif not engine.is_bigquery:
        click.echo("DuckDB bills no bytes")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * 3600 else f"{seconds / 3600:.1f} h"


def _game(game: tuple[str, str, str] | None) -> tuple[date, str, str] | None:
    return (parse_date("--game", game[0]), game[1], game[2]) if game else None


def _box_score(engine: Engine, day: date, team: str, opponent: str) -> list[dict[str, Any]]:
    """The box score of a game. Raises ArgumentError, which says when the two did play."""
    rows = engine.rows("spot_check", Window(day, day), teams=[team, opponent])
    if not rows:
        meetings = engine.rows("team_meetings", Window(day, day), teams=[team, opponent])
        known = ", ".join(f"{row['game_date']} ({row['game_id']})" for row in meetings)
        raise ArgumentError(
            f"{team} and {opponent} did not play each other on {day}, as far as the summary knows. "
            + (
                f"That season they met on {known}."
                if known
                else "Nor does it know of another game of theirs that season."
            )
        )
    return rows


def _detach(run_id: str, log_file: Path) -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--detach"]
    process = subprocess.Popen(  # noqa: S603 - this command again
        [sys.executable, "-m", "nba_backfill.cli", *arguments, "--yes"],
        env={**os.environ, "NBA_RUN_ID": run_id},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    click.echo(f"run {run_id} goes on in the background as process {process.pid}")
    click.echo(f"log: {log_file}")
    click.echo(f"watch: tail -f {shlex.quote(str(log_file))}")
    click.echo(f"stop: kill {process.pid}")


@contextmanager
def _say_who_writes(checkpoint: Path) -> Iterator[None]:
    """Say which process has the DuckDB file, and which run that is, if its checkpoint tells."""
    try:
        yield
    except ProjectError as error:
        holder = re.search(r"Conflicting lock is held .*\(PID (\d+)\)", str(error))
        if not holder:
            raise
        process = f"process {holder[1]}"
        with suppress(OSError, ValueError, KeyError, TypeError):
            other = json.loads(checkpoint.read_text(encoding="utf-8"))
            if other["process_id"] == int(holder[1]):
                process = f"run {other['run_id']}, process {holder[1]}, since {other['started_at']}"
        raise ProjectError(
            f"DuckDB has one writer, and another has the file: {process}. Wait for it, or end it."
        ) from error


def _bill(engine: Engine, plan: Plan) -> "Bill":
    if not engine.is_bigquery:
        raise ArgumentError(
            "Only BigQuery bills bytes, and the target is DuckDB. Leave --estimate and --max-bytes out."
        )
    from nba_backfill.bigquery import Bill  # Google's client, which DuckDB does without

    windows = {batch.window: engine.estimate(batch.window, batch.dates).billed for batch in plan.batches}
    return Bill(engine.estimate_sources(plan.window).billed if windows else 0, windows)


def _refuse_bytes(bill: "Bill | None", max_bytes: int | None) -> None:
    if bill is not None and max_bytes is not None and bill.total > max_bytes:
        raise BackfillError(
            f"BigQuery would bill {bill.total:,} bytes, over --max-bytes {max_bytes:,}. Nothing was written. "
            "Take fewer dates or longer windows, or raise the ceiling."
        )


if __name__ == "__main__":
    sys.exit(main())
