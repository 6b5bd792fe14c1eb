"""The command that backfills a range, and what else begins as it does."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nba_backfill.commands.options import (
    LOG_DIRECTORY,
    LOG_PREFIX,
    VERDICT,
    checkpoint_option,
    force_option,
    json_option,
    notify_option,
    plan_options,
    select,
)
from nba_backfill.commands.plan import make_bill, refuse_bytes
from nba_backfill.commands.project import Dbt, enter_project, make_engine, open_log
from nba_backfill.display.tables import headline, print_plan
from nba_backfill.display.terminal import log, say
from nba_backfill.errors import ArgumentError, BackfillError, InputError
from nba_backfill.loop.lock import new_run_id, prepare
from nba_backfill.loop.run import Options, Run, at_work
from nba_backfill.loop.stop import Stop
from nba_backfill.records.checkpoint import Checkpoint
from nba_backfill.records.verdict import BLOCKED, Validation
from nba_backfill.warehouse.checks import (
    STOP,
    Preflight,
    ask_preflight,
    first_bad,
    of_source,
    run_tests,
    summary_checks,
    worst,
)
from nba_backfill.warehouse.plan import NO_GAMES, Plan
from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine

# Of the statements that change rows of one table BigQuery runs two at a time, lets twenty wait, and refuses the rest.
MOST_WORKERS = 20


@click.command()
@plan_options
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes, on BigQuery.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first window that fails or holds a date back.")
@force_option
@notify_option
@click.option("--dry-run", is_flag=True, help="Print the plan, and write nothing anywhere.")
@click.option("--detach", is_flag=True, help="Go on in the background, and print the log file.")
@checkpoint_option
@json_option
def run(
    workers: int,
    fail_fast: bool,
    force: bool,
    urls: tuple[str, ...],
    dry_run: bool,
    detach: bool,
    checkpoint: Path,
    as_json: bool,
    max_bytes: int | None,
    dbt: Dbt,
    **options: Any,
) -> None:
    """Backfill a range of dates: without one the last seven days.

    Asks preflight first, and refuses to go on where that says stop. Does the dates of the range that are not complete:
    missing, partial, stale, outdated, failed or held back. Each window is built beside the summary and held to the
    rules of macros/rules.sql there. A date that breaks one is held back, so the summary keeps what it held of it; all
    others are published in one transaction. The same command tries again what was held back or failed. At the end the
    range is tested, and there is a verdict and a report. Everything is also in logs/backfill.

    \b
    Examples:
      nba-backfill run
      nba-backfill run --season 2021-22 --detach --notify slack://…
    """
    if urls:
        from nba_backfill.display.notify import check_urls  # a hundred services, which no other command needs

        check_urls(urls)
    here = Path.cwd()
    project = enter_project(dbt)
    window, selection = select(**options)
    run_id = _run_id()
    log_file = LOG_DIRECTORY / f"{LOG_PREFIX}{run_id}.log"
    if detach:
        _detach(run_id, log_file, here)
        return
    if dry_run:
        planned = _plan_on_a_copy(project, dbt, run_id, selection)
        click.echo(json.dumps(planned.to_json(), indent=2)) if as_json else print_plan(planned)
        return
    with Stop() as stop, _telling(urls, f"run {run_id}") as end:
        console = open_log(log_file, to_stderr=as_json)
        engine = make_engine(project, dbt, run_id)
        engine.check_sources()
        try:
            with at_work(engine, run_id, window) as lock:
                _refuse_used(engine, run_id)
                planned = selection(engine)
                if max_bytes is not None:
                    refuse_bytes(make_bill(engine, planned), max_bytes)
                log.info("%s", headline(planned))
                end.state = new_state(checkpoint, run_id, engine, planned, log_file)
                if planned.chosen:
                    fit = refuse_unfit(engine, planned.window, force)
                    how = Options(_workers(engine, workers), fail_fast)
                    end.run = Run(engine, run_id, lock, planned, fit, how, end.state, console, VERDICT)
                    end.run(stop)
                else:
                    _judge_again(engine, planned, end.state)
        finally:
            log.info("log: %s", log_file)
            if as_json and end.state:
                click.echo(json.dumps(end.state.to_json(), indent=2))


def _plan_on_a_copy(project: Path, dbt: Dbt, run_id: str, selection: Callable[[Engine], Plan]) -> Plan:
    """What a run would do, from seeds and views as the project's files have them now, though they are made nowhere."""
    from nba_backfill.warehouse.project import is_duckdb, scratch_copy

    if not is_duckdb(project, dbt.target):
        return selection(make_engine(project, dbt, run_id, writes=False))
    with scratch_copy(project, dbt.target):
        engine = make_engine(project, dbt, run_id, writes=False)
        prepare(engine)
        planned = selection(engine)
        engine.close()
        return planned


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
    except Exception as error:
        outcome, why = "failed", f"{type(error).__name__}: {error}"
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


def new_state(checkpoint: Path, run_id: str, engine: Engine, planned: Plan, log_file: Path) -> Checkpoint:
    """The checkpoint of a run that begins, of what it is to do."""
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


def _workers(engine: Engine, wished: int) -> int:
    if wished > 1 and not engine.is_bigquery:
        log.info("DuckDB has one writer, so one worker does it all")
        return 1
    if wished > MOST_WORKERS:
        log.info(
            "BigQuery lets %d writers of a table wait and refuses the next, so %d workers do it all",
            MOST_WORKERS,
            MOST_WORKERS,
        )
    return min(wished, MOST_WORKERS)


def _run_id() -> str:
    given = os.environ.get("NBA_RUN_ID")
    # It names files and tables.
    if given and not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", given):
        raise ArgumentError(f"NBA_RUN_ID {given!r} is no id of a run. Say it in letters, digits, _ and -, at most 100.")
    return given or new_run_id()


def _refuse_used(engine: Engine, run_id: str) -> None:
    """Raises ArgumentError where NBA_RUN_ID names a run that has been: what that one kept for a rollback would go."""
    if os.environ.get("NBA_RUN_ID") and any(row["run_id"] == run_id for row in engine.rows("backfill_runs")):
        raise ArgumentError(f"There was a run {run_id} already. Leave NBA_RUN_ID out, or choose another id.")


def refuse_unfit(engine: Engine, window: Window, force: bool) -> Preflight:
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


def _judge_again(engine: Engine, planned: Plan, state: Checkpoint) -> None:
    """There is nothing to do. What was judged last may be another range, or be left by a run that was killed."""
    log.info("nothing to do")
    window = planned.window
    has_games = any(day.status != NO_GAMES for day in planned.days)
    checks = (*summary_checks(engine, window), run_tests(engine, window)) if has_games else ()
    nothing = None if has_games else f"There is no game in {window}."
    validation = Validation(window, engine.warehouse, checks, state.run_id, nothing)
    validation.write(VERDICT)
    state.status, state.verdict = "finished", validation.verdict
    state.write()
    log.info("verdict: %s. %s", validation.verdict, validation.reason)
    if has_games and validation.verdict == BLOCKED:
        raise BackfillError(f"There is nothing to do, and the range is blocked: don't train on it. {validation.reason}")


def _detach(run_id: str, log_file: Path, directory: Path) -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--detach"]
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603 - this command again
            [sys.executable, "-m", "nba_backfill", *arguments, "--yes"],
            env={**os.environ, "NBA_RUN_ID": run_id},
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # What even the log can't be told, such as why Python itself has ended.
            stderr=file,
            start_new_session=True,
        )
    say(f"run {run_id} goes on in the background as process {process.pid}")
    say(f"log: {log_file}")
    say(f"watch: tail -f {shlex.quote(str(log_file))}")
    say(f"stop: kill {process.pid}")
