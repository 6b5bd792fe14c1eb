"""What several commands take: dates, the dbt project and its target, how much is said, and where a run's files lie."""

from __future__ import annotations

import csv
import logging
import os
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import yaml  # type: ignore[import-untyped]

from nba_backfill.commands.project import Dbt
from nba_backfill.display.terminal import log
from nba_backfill.errors import ArgumentError
from nba_backfill.warehouse.plan import Plan, Scope, make_plan
from nba_backfill.windows import Window, last_days, parse_date, parse_window, season_window, today

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine

LOG_DIRECTORY = Path("logs/backfill")
CHECKPOINT = LOG_DIRECTORY / "player_game_summary_checkpoint.json"
VERDICT = LOG_DIRECTORY / "player_game_summary_verdict.json"
# A sample is tried beside the range that a training job waits for.
SAMPLE_VERDICT = LOG_DIRECTORY / "player_game_summary_sample_verdict.json"
LOG_PREFIX = "player_game_summary_"
TEAMS = Path("seeds/team_aliases.csv")
LONG_YEARS = 4
DAYS_BY_DEFAULT = 7

Command = TypeVar("Command", bound=Callable[..., Any])


def complete_runs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The runs that have left a log here, the last one first."""
    logs = sorted(LOG_DIRECTORY.glob(f"{LOG_PREFIX}{incomplete}*.log"), reverse=True)
    return [path.stem.removeprefix(LOG_PREFIX) for path in logs]


def complete_teams(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The codes that the summary calls teams by."""
    with suppress(OSError, KeyError), TEAMS.open(encoding="utf-8", newline="") as file:
        codes = {row["team_abbr"] for row in csv.DictReader(file)}
        return sorted(code for code in codes if code.startswith(incomplete.upper()))
    return []


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def with_options(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return with_options


class Variables(click.ParamType[dict[str, Any]]):
    """dbt's vars, as YAML."""

    name = "yaml"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        try:
            parsed = yaml.safe_load(value) if isinstance(value, str) else value
        except yaml.YAMLError as error:
            self.fail(f"it is no YAML: {' '.join(str(error).split())}", param, ctx)
        if not isinstance(parsed, dict):
            self.fail("it is no YAML dictionary. Pass it as '{name: value}'.", param, ctx)
        if taken := {"start_date", "end_date", "dates"} & parsed.keys():
            self.fail(f"{' and '.join(sorted(taken))} are said by --start-date, --end-date and --dates.", param, ctx)
        return parsed


def dbt_options(command: Command) -> Command:
    """What dbt's own commands take too, and how much is said. The command gets a Dbt."""

    @wraps(command)
    def with_dbt(
        *args: Any,
        target: str | None,
        project_dir: Path | None,
        profiles_dir: Path | None,
        variables: dict[str, Any] | None,
        threads: int | None,
        verbose: bool,
        quiet: bool,
        no_color: bool,
        **values: Any,
    ) -> Any:
        if verbose and quiet:
            raise ArgumentError("--verbose and --quiet exclude one another.")
        log.setLevel(logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO)
        # Workers and a run in the background find these where dbt looks for them too.
        if no_color:
            os.environ["NO_COLOR"] = "1"
        if profiles_dir:
            os.environ["DBT_PROFILES_DIR"] = str(profiles_dir.resolve())
        return command(*args, dbt=Dbt(target, project_dir, variables or {}, threads), **values)

    directory = click.Path(path_type=Path, file_okay=False, exists=True)
    add = _options(
        click.option("--target", "-t", envvar="DBT_TARGET", help="Target of the dbt profile. Default: its own."),
        click.option(
            "--project-dir", type=directory, envvar="DBT_PROJECT_DIR", help="Default: the nearest one upward from here."
        ),
        click.option("--profiles-dir", type=directory, help="Default: DBT_PROFILES_DIR, the project, ~/.dbt."),
        click.option("--vars", "variables", type=Variables(), help="dbt's vars, such as '{raw_schema: nba_raw}'."),
        click.option("--threads", type=click.IntRange(min=1), help="dbt's threads. Default: the profile's."),
        click.option("--verbose", "-v", is_flag=True, help="What dbt says, too."),
        click.option("--quiet", "-q", is_flag=True, help="Nothing but results, warnings and errors."),
        click.option("--no-color", is_flag=True, help="No colours, as with NO_COLOR."),
    )
    return add(with_dbt)  # type: ignore[return-value]


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
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")
force_option = click.option("--force", is_flag=True, help="Go on where preflight says stop.")


game_option = click.option(
    "--game",
    nargs=3,
    metavar="DATE TEAM TEAM",
    shell_complete=complete_teams,
    help="The game to look at, such as 2021-10-19 GSW LAL.",
)
run_argument = click.argument("run_id", required=False, shell_complete=complete_runs)
range_choices = _options(
    click.option("--start-date", metavar="DATE", help="First date: YYYY-MM-DD, yesterday or today."),
    click.option("--end-date", metavar="DATE", help="Last date."),
    click.option("--last", type=click.IntRange(min=1), metavar="DAYS", help="So many days through yesterday."),
    click.option("--season", metavar="YYYY-YY", help="A season, such as 2021-22."),
)


def range_options(command: Command) -> Command:
    """The range of a command that looks at one, which gets a Window: of seven days through yesterday by default."""

    @wraps(command)
    def with_window(*args: Any, **values: Any) -> Any:
        chosen = {name: values.pop(name) for name in ("start_date", "end_date", "last", "season")}
        return command(*args, window=chosen_window(**chosen) or last_days(DAYS_BY_DEFAULT), **values)

    return range_choices(with_window)  # type: ignore[return-value]


def chosen_window(
    start_date: str | None, end_date: str | None, last: int | None, season: str | None, *, yes: bool | None = None
) -> Window | None:
    """The range that the options say, None where they say none.

    Whether a range that is very long or goes into the future is meant, is asked where there is a --yes that wasn't
    given; into the future is refused where there is none. Raises ArgumentError.
    """
    if sum((bool(start_date or end_date), last is not None, season is not None)) > 1:
        raise ArgumentError("--start-date and --end-date, --last, and --season exclude one another.")
    if bool(start_date) != bool(end_date):
        raise ArgumentError("Pass both --start-date and --end-date, or --last, or --season.")
    if last is not None:
        return last_days(last)
    if season is not None:
        return season_window(season)
    if not start_date or not end_date:
        return None
    if yes is None:
        return parse_window(start_date, end_date)
    return _confirmed(parse_date("--start-date", start_date), parse_date("--end-date", end_date), yes)


class Dates(click.ParamType[frozenset[date]]):
    """Dates, separated by commas."""

    name = "dates"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> frozenset[date]:
        return frozenset(parse_date("--dates", text.strip()) for text in str(value).split(","))


# What `plan` and `run` have in common: which dates, and in which windows.
plan_options = _options(
    range_choices,
    click.option("--dates", type=Dates(), metavar="DATE,DATE,…", help="These dates instead of a range."),
    click.option("--no-resume", is_flag=True, help="All dates with games, also those that are complete."),
    click.option("--retry-failed", is_flag=True, help="Only the dates that failed or are held back."),
    click.option("--dates-of-unresolved", is_flag=True, help="Only the dates with players nobody knows."),
    click.option("--batch-days", type=click.IntRange(min=1), help="Days in a window.  [default: a season]"),
    click.option("--max-bytes", type=click.IntRange(min=1), help="Refuse to let BigQuery bill more than this."),
    click.option("--yes", is_flag=True, help="Don't ask about a range over four years, or into the future."),
    dbt_options,
)


def select(
    dates: Collection[date] | None,
    no_resume: bool,
    retry_failed: bool,
    dates_of_unresolved: bool,
    batch_days: int | None,
    yes: bool,
    **choices: Any,
) -> tuple[Window, Callable[[Engine], Plan]]:
    """Check the options that say what to do. Returns the range, and what makes the plan once an engine can be asked."""
    window = chosen_window(**choices, yes=yes)
    if dates and window:
        raise ArgumentError("--dates excludes a range: pass the one or the other.")
    if sum((no_resume, retry_failed, dates_of_unresolved, bool(dates))) > 1:
        raise ArgumentError("--no-resume, --retry-failed, --dates-of-unresolved and --dates exclude one another.")
    if dates:
        if future := sorted(str(day) for day in dates if day > today()):
            raise ArgumentError(f"--dates has {', '.join(future)}, in the future: today is {today()} in New York.")
        window = _confirmed(min(dates), max(dates), yes)
    asked = window or last_days(DAYS_BY_DEFAULT)
    scope = Scope.ALL if no_resume else Scope.FAILED if retry_failed else Scope.RESUME

    def make(engine: Engine) -> Plan:
        chosen = dates
        if dates_of_unresolved:
            chosen = {row["game_date"] for row in engine.rows("unresolved_dates", asked)}
        return make_plan(engine, asked, scope, batch_days, chosen)

    return asked, make


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
    """The date and the two teams of --game. Raises ArgumentError."""
    return (parse_date("--game", game[0]), game[1], game[2]) if game else None
