"""The command line: which commands there are. Everything it can say about dbt, the engine asks dbt."""

import gc
import os

import click

from nba_backfill.commands.exits import EXIT_CODES, Commands
from nba_backfill.commands.history import rollback, runs, status
from nba_backfill.commands.load import load_raw
from nba_backfill.commands.plan import plan, preflight
from nba_backfill.commands.players import players
from nba_backfill.commands.run import run
from nba_backfill.commands.sample import sample
from nba_backfill.commands.unlock import unlock
from nba_backfill.commands.validate import report, validate

GROUPS = {
    "Before a run": (preflight, sample, plan),
    "Backfill": (run, status),
    "After it": (validate, report),
    "Undo": (runs, rollback, unlock),
    "Names and files": (players, load_raw),
}


@click.group(
    cls=Commands,
    groups={heading: tuple(str(command.name) for command in commands) for heading, commands in GROUPS.items()},
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="nba-backfill")
def main() -> None:
    """Fill player_game_summary from the raw NBA box scores, window by window, with dbt."""
    # What a run leaves names players and tables: logs, reports, dbt's artefacts, the DuckDB file.
    os.umask(0o077)
    # dbt's parsed project is objects by the ten thousand that stay: to look through them each time finds nothing.
    gc.set_threshold(50_000)


for command in (command for commands in GROUPS.values() for command in commands):
    main.add_command(command)
