"""The command that backfills a week and shows it to a person."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from typing import Any

import click

from nba_backfill.commands.options import (
    CHECKPOINT,
    LOG_DIRECTORY,
    LOG_PREFIX,
    SAMPLE_VERDICT,
    chosen_window,
    dbt_options,
    force_option,
    json_option,
    range_choices,
)
from nba_backfill.commands.project import Dbt, enter_project, make_engine, open_log
from nba_backfill.commands.run import new_state, refuse_unfit
from nba_backfill.display.tables import percent, print_sample
from nba_backfill.display.terminal import log
from nba_backfill.errors import BackfillError, InputError
from nba_backfill.loop.lock import new_run_id
from nba_backfill.loop.run import Options, Run, at_work
from nba_backfill.loop.stop import Stop
from nba_backfill.warehouse.checks import (
    GOOD,
    STOP,
)
from nba_backfill.warehouse.plan import Scope, make_plan
from nba_backfill.windows import Window

# Of a sample's rows so many have no minutes, at least. Percent.
USUAL_NULL_SHARE = 30
SAMPLE_WEEK = Window(date(2022, 1, 10), date(2022, 1, 16))


@click.command()
@range_choices
@force_option
@json_option
@dbt_options
def sample(force: bool, as_json: bool, dbt: Dbt, **choices: Any) -> None:
    """Backfill one week, and look at it.

    By default that of 2022-01-10. Always anew, whatever the summary holds of it. Then the share of rows without minutes
    of each day, the players with most minutes, and the first who did not play, for a person to look at.

    \b
    Example:
      nba-backfill sample --start-date 2022-01-10 --end-date 2022-01-16
    """
    project = enter_project(dbt)
    window = chosen_window(**choices) or SAMPLE_WEEK
    run_id = new_run_id()
    log_file = LOG_DIRECTORY / f"{LOG_PREFIX}{run_id}.log"
    with Stop() as stop:
        console = open_log(log_file, to_stderr=as_json)
        engine = make_engine(project, dbt, run_id)
        engine.check_sources()
        with at_work(engine, run_id, window) as lock:
            planned = make_plan(engine, window, Scope.ALL, None)
            if not planned.chosen:
                raise InputError(
                    f"The sources have no game in {window}. `dbt show --select raw_seasons --limit 100` lists what "
                    "there is; take a week of it with --start-date and --end-date."
                )
            fit = refuse_unfit(engine, window, force)
            state = new_state(CHECKPOINT, run_id, engine, planned, log_file)
            Run(engine, run_id, lock, planned, fit, Options(), state, console, SAMPLE_VERDICT)(stop)
    days = engine.rows("sample_days", window)
    starters, absent = engine.rows("most_minutes", window), engine.rows("did_not_play", window)
    if as_json:
        found = {"days": days, "most_minutes": starters, "did_not_play": absent}
        click.echo(json.dumps(found, indent=2, default=str))
    else:
        print_sample(days, starters, absent)
    _say_of_sample(days)


def _say_of_sample(days: Collection[dict[str, Any]]) -> None:
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
    log.info("%s", sentence)
