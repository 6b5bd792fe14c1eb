"""After a run: whether its range may be trained on, and the report."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from nba_backfill.commands.options import (
    LOG_DIRECTORY,
    LOG_PREFIX,
    VERDICT,
    dbt_options,
    game_option,
    json_option,
    played_game,
    range_options,
    run_argument,
)
from nba_backfill.commands.project import Dbt, enter_project, make_engine
from nba_backfill.display.tables import print_box_score, print_checks, print_seasons
from nba_backfill.display.terminal import say
from nba_backfill.errors import ArgumentError, BackfillError
from nba_backfill.loop.lock import prepare, run_at_work
from nba_backfill.records.verdict import BLOCKED, Validation
from nba_backfill.warehouse.checks import STOP, ask_preflight, run_tests, summary_checks, worst
from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine


@click.command()
@range_options
@click.option("--expected-rows", type=click.IntRange(min=1), help="Rows that the range should have, ±2 %.")
@game_option
@json_option
@dbt_options
def validate(
    window: Window, expected_rows: int | None, game: tuple[str, str, str] | None, as_json: bool, dbt: Dbt
) -> None:
    """Say whether a range of the summary may be trained on.

    Writes the verdict, ready or blocked, with each check to logs/backfill/player_game_summary_verdict.json, for a
    training job to wait for. Exit code 0 only when all checks pass. Without a range it is about the last seven days.

    \b
    Example:
      nba-backfill validate --start-date 2021-10-19 --end-date 2024-04-14 && train
    """
    project = enter_project(dbt)
    played = played_game(game)
    engine = make_engine(project, dbt)
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
    validation.write(VERDICT)
    if as_json:
        found = {**validation.to_json(), "seasons": seasons, "box_score": box_score}
        click.echo(json.dumps(found, indent=2, default=str))
    else:
        print_seasons(seasons)
        print_checks(checks)
        if box_score:
            print_box_score(box_score)
        say(f"{window}: {validation.verdict}. {validation.reason}")
        say(f"verdict: {VERDICT}")
    if validation.verdict == BLOCKED:
        raise BackfillError(f"Blocked: don't train on it. {no_game or ''}".strip())
    if no_game:
        raise no_game


@click.command()
@run_argument
@game_option
@json_option
@dbt_options
def report(run_id: str | None, game: tuple[str, str, str] | None, as_json: bool, dbt: Dbt) -> None:
    """Write the report of a run anew, as HTML, Markdown and JSON.

    Of the last run, or of RUN_ID, with what its range holds now.

    \b
    Example:
      nba-backfill report --game 2021-10-19 GSW LAL
    """
    project = enter_project(dbt)
    played = played_game(game)
    engine = make_engine(project, dbt)
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
    from nba_backfill.display.report import make_report  # the plotting library, which no other command needs

    made = make_report(engine, last, validation, ask_preflight(engine, window), played)
    path = made.write(LOG_DIRECTORY / f"{LOG_PREFIX}{last['run_id']}")
    if as_json:
        click.echo(made.to_json())
        return
    say(f"{window}: {validation.verdict}. {validation.reason}")
    say(f"report: {path}")


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
