"""The runs: where the last one is, which there were, and back behind one."""

import json
import os
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from nba_backfill.commands.options import (
    VERDICT,
    checkpoint_option,
    chosen_window,
    dbt_options,
    json_option,
    range_choices,
    run_argument,
)
from nba_backfill.commands.project import Dbt, enter_project, make_engine
from nba_backfill.display.screen import follow, show
from nba_backfill.display.status import Status, read_checkpoint, target_database
from nba_backfill.display.tables import print_table, whole
from nba_backfill.display.terminal import say
from nba_backfill.errors import ArgumentError
from nba_backfill.loop.lock import hold_lock, new_run_id
from nba_backfill.records.verdict import Validation
from nba_backfill.windows import Window

CHANGES = ("added", "removed", "changed")


@click.command()
@click.option("--watch", "is_watched", is_flag=True, help="A live screen until the run ends. Piped, it is shown once.")
@checkpoint_option
@json_option
@dbt_options
def status(is_watched: bool, checkpoint: Path, as_json: bool, dbt: Dbt) -> None:
    """Show where the backfill is.

    Dates done, rate, time left, failures, unresolved players, and rows and NULL share by month. While a run is at work
    on this machine only its checkpoint is read, so that nothing disturbs it.

    \b
    Example:
      nba-backfill status --watch
    """
    project = enter_project(dbt)
    database = target_database(project, dbt.target)
    console = Console(highlight=False, markup=False)
    found = read_checkpoint(checkpoint, database)
    if not (found and found.is_at_work):
        engine = make_engine(project, dbt)
        engine.connect()
        found = Status.of_warehouse(engine, found)
        engine.close()
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, default=str))
        return
    # Rich takes a pipe for a terminal where FORCE_COLOR is set.
    if is_watched and sys.stdout.isatty():
        found = follow(console, found, lambda: read_checkpoint(checkpoint, database))
    show(console, found)


@click.command()
@run_argument
@range_choices
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
@click.option("--yes", is_flag=True, help="Don't ask whether what later runs did to the same dates may go too.")
@json_option
@dbt_options
def rollback(run_id: str | None, dry_run: bool, yes: bool, as_json: bool, dbt: Dbt, **choices: Any) -> None:
    """Put back what the summary held before a run.

    The last run that was not rolled back yet, or RUN_ID; all of its range or a part. The summary, the excluded rows and
    the ledger go back in one transaction. What later runs did to the same dates goes too, once you have said so.

    \b
    Example:
      nba-backfill rollback --start-date 2022-01-10 --end-date 2022-01-16 --dry-run
    """
    project = enter_project(dbt)
    own_id = new_run_id()
    engine = make_engine(project, dbt, own_id)
    engine.connect()
    found = sorted(engine.rows("backfill_runs"), key=lambda row: str(row["started_at"]))
    kept = [row for row in found if row["kept_at"] is not None]
    kept = [row for row in kept if (row["run_id"] == run_id if run_id else row["status"] != "rolled back")]
    if not kept:
        of_run = f" of run {run_id}" if run_id else ""
        raise ArgumentError(f"There is nothing to put back{of_run}. `nba-backfill runs` lists what there is.")
    last = kept[-1]
    window = chosen_window(**choices) or Window(last["start_date"], last["end_date"])
    (changes,) = engine.rows("run_changes", window, kept_run=last["run_id"])
    if not dry_run:
        _confirm_later(last, window, found, yes)
        with hold_lock(engine, own_id):
            Validation(window, engine.warehouse, (), own_id, f"Run {last['run_id']} is rolled back.").write(VERDICT)
            (changes,) = engine.rows("run_changes", window, kept_run=last["run_id"])
            engine.operate(
                "roll_back", window, run_id=last["run_id"], host_name=socket.gethostname(), process_id=os.getpid()
            )
    if as_json:
        described = {"run_id": last["run_id"], "start_date": str(window.start), "end_date": str(window.end)}
        click.echo(json.dumps(described | changes | {"dry_run": dry_run}, indent=2, default=str))
        return
    say(
        f"{'this would roll' if dry_run else 'rolled'} back run {last['run_id']}, {window}: "
        f"{int(changes['rows_added']):,} rows that were added since it began go, {int(changes['rows_removed']):,} that "
        f"were removed come back, {int(changes['rows_changed']):,} that were changed hold what they held before it"
    )


def _confirm_later(last: Mapping[str, Any], window: Window, found: Iterable[Mapping[str, Any]], yes: bool) -> None:
    later = [
        str(row["run_id"])
        for row in found
        if row["started_at"] > last["started_at"]
        and row["windows_done"]
        and row["status"] != "rolled back"
        and row["start_date"] <= window.end
        and row["end_date"] >= window.start
    ]
    if not later or yes:
        return
    doubt = f"{', '.join(later)} changed the same dates later, and that goes too."
    if not sys.stdin.isatty():
        raise ArgumentError(f"{doubt} Pass --yes if that is what you want, or roll back those first.")
    click.confirm(f"{doubt} Go on?", abort=True)


@click.command()
@json_option
@dbt_options
def runs(as_json: bool, dbt: Dbt) -> None:
    """List the runs, what they changed, and whether they can be rolled back.

    \b
    Example:
      nba-backfill runs --json
    """
    project = enter_project(dbt)
    engine = make_engine(project, dbt)
    engine.connect()
    found = sorted(engine.rows("backfill_runs"), key=lambda row: str(row["started_at"]), reverse=True)
    if as_json:
        click.echo(json.dumps(found, indent=2, default=str))
        return
    if not found:
        say("no runs yet")
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
