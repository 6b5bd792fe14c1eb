"""What several commands take: a range or dates, a target, a game, where the files of a run lie."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nba_backfill.errors import ArgumentError
from nba_backfill.warehouse.plan import Plan, Scope, make_plan
from nba_backfill.windows import Window, parse_date, parse_window, today

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine


LOG_DIRECTORY = Path("logs/backfill")


CHECKPOINT = LOG_DIRECTORY / "player_game_summary_checkpoint.json"


VERDICT = LOG_DIRECTORY / "player_game_summary_verdict.json"


# A sample is tried beside the range that a training job waits for.
SAMPLE_VERDICT = LOG_DIRECTORY / "player_game_summary_sample_verdict.json"


LONG_YEARS = 4


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


def select(
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


def played_game(game: tuple[str, str, str] | None) -> tuple[date, str, str] | None:
    return (parse_date("--game", game[0]), game[1], game[2]) if game else None
