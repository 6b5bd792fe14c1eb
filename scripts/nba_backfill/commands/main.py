"""The command line: which commands there are. Everything it can say about dbt, the engine asks dbt."""

import click

from nba_backfill.commands.exits import EXIT_CODES, Commands
from nba_backfill.commands.history import rollback, runs, status
from nba_backfill.commands.load import load_raw
from nba_backfill.commands.plan import plan, preflight
from nba_backfill.commands.players import players
from nba_backfill.commands.run import run, sample
from nba_backfill.commands.validate import report, validate


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nba-backfill")
def main() -> None:
    """Fill player_game_summary from the raw NBA box scores, window by window, with dbt."""


for command in (preflight, sample, plan, run, status, validate, report, runs, rollback, players, load_raw):
    main.add_command(command)
