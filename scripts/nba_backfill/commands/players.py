"""Names that the registry doesn't know."""

import csv
import json
import sys
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import click

from nba_backfill.commands.options import dbt_options, json_option
from nba_backfill.commands.project import Dbt, enter_project, make_engine
from nba_backfill.display.tables import print_table
from nba_backfill.display.terminal import say
from nba_backfill.errors import ArgumentError
from nba_backfill.loop.lock import prepare
from nba_backfill.warehouse.players import add_alias, candidates, player_lookup
from nba_backfill.windows import FIRST_DATE, Window, today

ALIASES = Path("seeds/player_aliases.csv")


@click.group()
def players() -> None:
    """Names that the registry doesn't know."""


@players.command()
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@json_option
@dbt_options
def unresolved(as_csv: bool, as_json: bool, dbt: Dbt) -> None:
    """List the names that stand for no registered player, and who may be meant.

    \b
    Example:
      nba-backfill players unresolved --csv > unresolved.csv
    """
    project = enter_project(dbt)
    engine = make_engine(project, dbt)
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
    if as_json:
        click.echo(json.dumps([dict(zip(columns, line, strict=True)) for line in lines], indent=2))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(lines)
    elif not found:
        say("every player of the summary is registered")
    else:
        print_table(columns, lines)


@players.command()
@click.argument("alias")
@click.argument("canonical", required=False)
@click.option("--reason", default="", help="Why no rule finds it, for the seed.")
@dbt_options
def alias(alias: str, canonical: str | None, reason: str, dbt: Dbt) -> None:
    """Say that ALIAS means the registered player CANONICAL.

    Without CANONICAL it says who is likely meant, and on what evidence. Adds the pair to seeds/player_aliases.csv, and
    says which dates that changes. They are stale from then on, so a run of their range does them.

    \b
    Example:
      nba-backfill players alias nahshonhyland boneshyland --reason "his nickname"
    """
    project = enter_project(dbt)
    engine = make_engine(project, dbt)
    prepare(engine)
    everything = Window(FIRST_DATE, today())
    if canonical is None:
        teammates = engine.rows("registered_teammates", everything)
        likely = candidates(
            player_lookup(alias), [row for row in teammates if row["player_lookup"] == player_lookup(alias)]
        )
        found = "; ".join(f"{who.player_lookup}: {who.evidence}" for who in likely) or "nobody, on any evidence"
        raise ArgumentError(f"Say who is meant: nba-backfill players alias {alias} CANONICAL. Likely: {found}.")
    registered = {row["player_lookup"] for row in engine.rows("stg_nba_reference__players_registry")}
    added = add_alias(project / ALIASES, alias, canonical, registered - {None}, reason)
    say(f"{player_lookup(alias)} means {player_lookup(canonical)}" + ("" if added else ", as it did already"))
    unresolved = engine.rows("unresolved_dates", everything)
    dates = sorted(row["game_date"] for row in unresolved if row["player_lookup"] == player_lookup(alias))
    if not dates:
        say("no date of the summary has that name")
        return
    say(f"{len(dates):,} dates to run again, which are stale from now on:")
    say(f"nba-backfill run --start-date {dates[0]} --end-date {dates[-1]}")
