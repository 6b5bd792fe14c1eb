"""Before a run: what it would do, and whether the sources are fit for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from nba_backfill.commands.options import dbt_options, json_option, plan_options, range_options, select
from nba_backfill.commands.project import Dbt, enter_project, make_engine
from nba_backfill.display.tables import TIB, print_plan, print_sources
from nba_backfill.display.terminal import say
from nba_backfill.errors import ArgumentError, BackfillError, InputError
from nba_backfill.loop.lock import prepare
from nba_backfill.warehouse.checks import RAW_TABLES, STOP, ask_preflight, first_bad, worst
from nba_backfill.warehouse.plan import Plan, Scope, make_plan
from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.bigquery.client import Bill
    from nba_backfill.warehouse.engine import Engine


# What a window takes where no run tells. Seconds.
SECONDS_A_WINDOW = {"duckdb": 3.0, "bigquery": 120.0}


@click.command()
@plan_options
@click.option(
    "--estimate/--no-estimate",
    default=None,
    help="The bytes of each window and their price, by dry runs. Default: on BigQuery.",
)
@click.option(
    "--price-per-tib",
    type=click.FloatRange(min=0),
    default=6.25,
    show_default=True,
    envvar="NBA_BIGQUERY_PRICE_PER_TIB",
    help="Price of a TiB, in the currency of the contract.",
)
@json_option
def plan(
    estimate: bool | None, price_per_tib: float, as_json: bool, max_bytes: int | None, dbt: Dbt, **options: Any
) -> None:
    """Say what a run would do, and why: without a range, of the last seven days.

    Compares the sources, the summary and the ledger date by date. A run of the same options does exactly this. Makes
    the seeds and the staging views, which it reads, and writes nothing else. Beside a run at work not even those.

    \b
    Example:
      nba-backfill plan --start-date 2021-10-01 --end-date yesterday
    """
    project = enter_project(dbt)
    _, selection = select(**options)
    engine = make_engine(project, dbt)
    prepare(engine)
    planned = selection(engine)
    if estimate is None:
        estimate = engine.is_bigquery
    bill = make_bill(engine, planned) if estimate or max_bytes is not None else None
    if as_json:
        described = planned.to_json()
        if bill is not None:
            for batch, billed in zip(described["windows"], bill.windows.values(), strict=True):
                batch["bytes_billed"] = billed
            described["bytes_billed_for_sources"] = bill.sources
            described["bytes_billed"] = bill.total
            described["price"] = round(bill.total / TIB * price_per_tib, 4)
        click.echo(json.dumps(described, indent=2))
    else:
        print_plan(planned, bill, price_per_tib)
    refuse_bytes(bill, max_bytes)


@click.command()
@range_options
@json_option
@dbt_options
def preflight(window: Window, as_json: bool, dbt: Dbt) -> None:
    """Say whether the sources are fit for a backfill.

    Per source and season: rows, games, dates, minutes, duplicates, and what a run would take. The verdict on a source
    is fine, careful or stop; a run refuses to begin at stop. Without a range it is about the last seven days.

    \b
    Example:
      nba-backfill preflight --season 2021-22
    """
    project = enter_project(dbt)
    engine = make_engine(project, dbt)
    prepare(engine)
    found = ask_preflight(engine, window)
    seasons, checks = found.seasons, found.checks
    empty = [
        engine.raw_tables[table]
        for source, table in RAW_TABLES.items()
        if not sum(int(row["row_count"]) for row in seasons if row["source_name"] == source)
    ]
    if empty and (len(empty) == len(RAW_TABLES) or worst(checks) == STOP):
        raise InputError(
            f"There is no row of {window} in the raw table {' or in '.join(empty)}. "
            "`dbt show --select raw_seasons --limit 100` lists what there is."
        )
    estimate = _estimate(engine, make_plan(engine, window, Scope.RESUME, None))
    if as_json:
        described = {"start_date": str(window.start), "end_date": str(window.end), "verdict": worst(checks)}
        lists = {"checks": [check.to_json() for check in checks], "seasons": seasons}
        click.echo(json.dumps(described | lists | {"estimate": estimate}, indent=2, default=str))
    else:
        say(f"preflight of {window}, {window.days:,} days")
        print_sources(seasons, checks)
        say("\n".join(estimate))
    if worst(checks) == STOP:
        raise InputError(f"Stop, before anything is written. {first_bad(checks)}")


def _estimate(engine: Engine, planned: Plan) -> list[str]:
    """What a run would take: windows, time by the last run or a guess, and on BigQuery bytes."""
    windows = len(planned.batches)
    line = f"a run would do {len(planned.chosen):,} dates in {windows:,} windows"
    measured = [row for row in engine.rows("backfill_runs") if row["ended_at"] and row["windows_done"]]
    seconds = SECONDS_A_WINDOW["bigquery" if engine.is_bigquery else "duckdb"]
    basis = "a guess, for there was no run yet"
    if measured:
        longest = max(measured, key=lambda row: int(row["windows_done"]))
        seconds = (longest["ended_at"] - longest["started_at"]).total_seconds() / int(longest["windows_done"])
        basis = f"as in run {longest['run_id']}"
    if windows:
        line += f", in about {_duration(windows * seconds)} at {seconds:.1f} s a window, {basis}"
    if not engine.is_bigquery:
        return [line, "DuckDB bills no bytes"]
    return [line, f"{make_bill(engine, planned).total:,} bytes billed in all, by dry runs"] if windows else [line]


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * 3600 else f"{seconds / 3600:.1f} h"


def make_bill(engine: Engine, plan: Plan) -> Bill:
    if not engine.is_bigquery:
        raise ArgumentError(
            "Only BigQuery bills bytes, and the target is DuckDB. Leave --estimate and --max-bytes out."
        )
    from nba_backfill.bigquery.client import Bill  # Google's client, which DuckDB does without

    windows = {batch.window: engine.estimate(batch.window, batch.dates).billed for batch in plan.batches}
    return Bill(engine.estimate_sources(plan.window).billed if windows else 0, windows)


def refuse_bytes(bill: Bill | None, max_bytes: int | None) -> None:
    if bill is not None and max_bytes is not None and bill.total > max_bytes:
        raise BackfillError(
            f"BigQuery would bill {bill.total:,} bytes, over --max-bytes {max_bytes:,}. Nothing was written. "
            "Take fewer dates or longer windows, or raise the ceiling."
        )
