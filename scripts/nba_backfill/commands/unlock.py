"""The lock of a run that is dead."""

import sys

import click

from nba_backfill.commands.options import dbt_options
from nba_backfill.commands.project import Dbt, enter_project, make_engine
from nba_backfill.display.terminal import say
from nba_backfill.errors import ArgumentError
from nba_backfill.loop.lock import lock_holder, sight_of


@click.command()
@click.option("--yes", is_flag=True, help="Don't ask.")
@dbt_options
def unlock(yes: bool, dbt: Dbt) -> None:
    """Take the lock from a run that is dead.

    Shows which run holds it, and asks. A run that is alive all the same stops at its next window. Nobody needs this
    where a dead run's machine can be looked at, or after half an hour: then the next run takes the lock by itself.

    \b
    Example:
      nba-backfill unlock
    """
    project = enter_project(dbt)
    engine = make_engine(project, dbt)
    engine.connect()
    holder = lock_holder(engine)
    if holder is None:
        say("nobody holds the lock")
        return
    say(
        f"run {holder['run_id']} of {holder['holder']}, process {holder['process_id']} on {holder['host_name']}, since "
        f"{holder['held_since']:%Y-%m-%d %H:%M:%S} UTC, alive at {holder['alive_at']:%Y-%m-%d %H:%M:%S} UTC; "
        f"{sight_of(holder)}"
    )
    if not yes:
        if not sys.stdin.isatty():
            raise ArgumentError("Nobody can be asked here. Pass --yes if it is dead.")
        click.confirm("Take the lock from it?", abort=True)
    engine.operate("release_lock", token=holder["token"], run_id=holder["run_id"])
    say("the lock is free")
