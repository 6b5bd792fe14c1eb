"""The commands that write: a run, and a sample week."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nba_backfill.commands.options import (
    CHECKPOINT,
    LOG_DIRECTORY,
    SAMPLE_VERDICT,
    VERDICT,
    checkpoint_option,
    notify_option,
    plan_options,
    select,
    target_option,
)
from nba_backfill.commands.plan import make_bill, refuse_bytes
from nba_backfill.commands.project import enter_project, make_engine, open_log, say_who_writes
from nba_backfill.display.tables import headline, percent, print_plan, print_sample
from nba_backfill.display.terminal import log
from nba_backfill.errors import BackfillError, InputError
from nba_backfill.loop.run import Options, Run, at_work, new_run_id, prepare
from nba_backfill.records.checkpoint import Checkpoint
from nba_backfill.warehouse.checks import GOOD, STOP, Preflight, ask_preflight, first_bad, of_source, worst
from nba_backfill.warehouse.plan import Plan, Scope, make_plan
from nba_backfill.windows import Window, parse_window

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine


# Of the statements that change rows of one table BigQuery runs two at a time, lets twenty wait, and refuses the rest.
MOST_WORKERS = 20


# Of a sample's rows so many have no minutes, at least. Percent.
USUAL_NULL_SHARE = 30


@click.command()
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
        from nba_backfill.display.notify import check_urls  # a hundred services, which no other command needs

        check_urls(urls)
    project = enter_project()
    window, selection = select(**options)
    run_id = os.environ.get("NBA_RUN_ID") or new_run_id()
    log_file = LOG_DIRECTORY / f"player_game_summary_{run_id}.log"
    if detach:
        _detach(run_id, log_file)
        return
    if dry_run:
        print_plan(selection(make_engine(project, options["target"], run_id, writes=False)))
        return
    with _telling(urls, f"run {run_id}") as end:
        console = open_log(log_file)
        engine = make_engine(project, options["target"], run_id)
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
        with say_who_writes(checkpoint):
            prepare(engine)
        if max_bytes is not None:
            refuse_bytes(make_bill(engine, selection(engine)), max_bytes)
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


@click.command()
@click.option("--start-date", metavar="YYYY-MM-DD", default="2022-01-10", show_default=True, help="First date.")
@click.option("--end-date", metavar="YYYY-MM-DD", default="2022-01-16", show_default=True, help="Last date.")
@click.option("--force", is_flag=True, help="Go on where preflight says stop.")
@target_option
def sample(start_date: str, end_date: str, force: bool, target: str | None) -> None:
    """Backfill one week, and look at it.

    Always anew, whatever the summary holds of it. Then the share of rows without minutes of each day, the players with
    most minutes, and the first who did not play, for a person to look at.
    """
    project = enter_project()
    window = parse_window(start_date, end_date)
    run_id = new_run_id()
    log_file = LOG_DIRECTORY / f"player_game_summary_{run_id}.log"
    console = open_log(log_file)
    engine = make_engine(project, target, run_id)
    with say_who_writes(CHECKPOINT):
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
            from nba_backfill.display.notify import notify

            validation = end.run.validation if end.run else None
            lines = [why]
            if end.state:
                lines.append(f"{end.state.window}: {end.state.successful:,} of {end.state.dates:,} dates done.")
            if validation:
                lines.append(f"Verdict: {validation.verdict}. {validation.reason}")
            path = end.state.report if end.state else None
            notify(urls, f"player_game_summary: {what} {outcome}", "\n".join(filter(None, lines)), path)


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


def _detach(run_id: str, log_file: Path) -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--detach"]
    process = subprocess.Popen(  # noqa: S603 - this command again
        [sys.executable, "-m", "nba_backfill", *arguments, "--yes"],
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
