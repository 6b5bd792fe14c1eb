"""Names that the registry doesn't know."""

import csv
import sys
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import click

from nba_backfill.commands.options import target_option
from nba_backfill.commands.project import enter_project, make_engine
from nba_backfill.display.tables import print_table
from nba_backfill.loop.run import prepare
from nba_backfill.warehouse.players import add_alias, candidates, player_lookup
from nba_backfill.windows import FIRST_DATE, Window, today

ALIASES = Path("seeds/player_aliases.csv")


@click.group()
def players() -> None:
    """Names that the registry doesn't know."""


@players.command()
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@target_option
def unresolved(as_csv: bool, target: str | None) -> None:
    """List the names that stand for no registered player, and who may be meant."""
    project = enter_project()
    engine = make_engine(project, target)
    prepare(engine)
    asked = engine.rows_of(["unresolved_player_names", "registered_teammates"], Window(FIRST_DATE, today()))
    teammates = groupby(asked["registered_teammates"], key=itemgetter("player_lookup"))
    likely = {lookup: candidates(lookup, rows) for lookup, rows in teammates}
    found = sorted(asked["unresolved_player_names"], key=lambda row: (-int(row["occurrences"]), row["player_lookup"]))
    columns = ["player_lookup", "source_name", "occurrences", "first_seen", "last_seen", "teams", "example_game_id"]
    lines = [
        [
            *(str(row[column]) for column in columns),
            "; ".join(f"{who.player_lookup}: {who.evidence}" for who in likely.get(row["player_lookup"], [])),
        ]
        for row in found
    ]
    columns.append("likely")
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(lines)
    elif not found:
        click.echo("every player of the summary is registered")
    else:
        print_table(columns, lines)


@players.command()
@click.argument("alias")
@click.argument("canonical")
@click.option("--reason", default="", help="Why no rule finds it, for the seed.")
@target_option
def alias(alias: str, canonical: str, reason: str, target: str | None) -> None:
    """Say that ALIAS means the registered player CANONICAL.

    Adds the pair to seeds/player_aliases.csv, and says which dates that changes. They are stale from then on, so a run
    of their range does them.
    """
    project = enter_project()
    engine = make_engine(project, target)
    prepare(engine)
    registered = {row["player_lookup"] for row in engine.rows("stg_nba_reference__players_registry")}
    added = add_alias(project / ALIASES, alias, canonical, registered - {None}, reason)
    click.echo(f"{player_lookup(alias)} means {player_lookup(canonical)}" + ("" if added else ", as it did already"))
    dates = sorted(
        row["game_date"]
        for row in engine.rows("unresolved_dates", Window(FIRST_DATE, today()))
        if row["player_lookup"] == player_lookup(alias)
    )
    if dates:
        click.echo(
            f"{len(dates):,} dates to run again: nba-backfill run --start-date {dates[0]} --end-date {dates[-1]}"
        )
        click.echo(",".join(map(str, dates)))
    else:
        click.echo("no date of the summary has that name")
