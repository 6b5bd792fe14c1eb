"""After a run: whether its range may be trained on, and the report."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from nba_backfill.commands.options import LOG_DIRECTORY, VERDICT, game_option, played_game, range_options, target_option
from nba_backfill.commands.project import enter_project, make_engine
from nba_backfill.display.tables import print_box_score, print_checks, print_seasons
from nba_backfill.errors import ArgumentError, BackfillError
from nba_backfill.loop.run import prepare, run_at_work
from nba_backfill.records.verdict import BLOCKED, Validation
from nba_backfill.warehouse.checks import STOP, ask_preflight, run_tests, summary_checks, worst
from nba_backfill.windows import Window, parse_window

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine


@click.command()
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
    project = enter_project()
    window = parse_window(start_date, end_date)
    played = played_game(game)
    engine = make_engine(project, target)
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


@click.command()
@click.argument("run_id", required=False)
@game_option
@target_option
def report(run_id: str | None, game: tuple[str, str, str] | None, target: str | None) -> None:
    """Write the report of a run anew, as HTML, Markdown and JSON.

    Of the last run, or of RUN_ID, with what its range holds now.
    """
    project = enter_project()
    played = played_game(game)
    engine = make_engine(project, target)
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

    path = make_report(engine, last, validation, ask_preflight(engine, window), played).write(
        LOG_DIRECTORY / f"player_game_summary_{last['run_id']}"
    )
    click.echo(f"{window}: {validation.verdict}. {validation.reason}")
    click.echo(f"report: {path}")


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
