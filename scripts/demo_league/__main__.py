"""`demo-league`: the invented league, into the embedded DuckDB."""

import click

from demo_league import league as league_of
from demo_league.season_dates import dates_of_seed
from nba_backfill.commands.exits import EXIT_CODES, Command
from nba_backfill.commands.options import dbt_options
from nba_backfill.commands.project import Dbt, enter_project
from nba_backfill.errors import ArgumentError, ProjectError
from nba_backfill.loading.database import DEMO_DATA, open_database, refuse_to_mix
from nba_backfill.loading.load import replace_rows
from nba_backfill.loading.tables import raw_tables


@click.command("demo-league", cls=Command, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seasons", default="2021-2023", show_default=True, help="First and last season, by their first years.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed, another league.")
@click.option("--scale", type=click.IntRange(min=1), default=1, show_default=True, help="So many times the seasons.")
@dbt_options
def main(seasons: str, seed: int, scale: int, dbt: Dbt) -> None:
    """Load an invented league.

    It has the shape and the faults of the real raw tables and goes into the embedded DuckDB. The same options give the
    same league. It replaces demo data that was loaded before. A season has 1,230 games and is played on the dates of
    the real one, as the seed `seasons` has them; where the real one was cut short, its dates are those of a usual year,
    and the verdict says that they are not the real ones.
    """
    first, last = _seasons(seasons)
    project = enter_project(dbt)
    try:
        real_dates = dates_of_seed(project / "seeds" / "seasons.csv")
    except ValueError as error:
        raise ProjectError(str(error)) from error
    try:
        league = league_of.generate(first, last, seed=seed, scale=scale, real_dates=real_dates)
    except ValueError as error:
        raise ArgumentError(str(error)) from error
    tables = raw_tables(project)
    with open_database(project, dbt.target) as con:
        refuse_to_mix(con, tables, demo=True)
        for table in tables:
            replace_rows(con, table, league.tables[table.name], DEMO_DATA)
    for table in tables:
        click.echo(f"{league.tables[table.name].num_rows:,} rows into {table.schema}.{table.name}")
    click.echo("with " + ", ".join(f"{count:,} {hazard}" for hazard, count in league.hazards.items()))


def _seasons(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if "-" not in text:
        last = first
    if not (first.isdecimal() and last.isdecimal()):
        raise ArgumentError(
            f"--seasons {text!r} is not a range of years. Pass it as 2021-2023, or 2021 for one season."
        )
    return int(first), int(last)


if __name__ == "__main__":
    main()
