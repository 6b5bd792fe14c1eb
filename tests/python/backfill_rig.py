"""What the tests of the backfill's state share: run-operations, the plan, and the tables that a run replaces."""

from collections.abc import Mapping
from typing import Any

from conftest import WEEK, Outcome, Warehouse
from nba_backfill.warehouse.project import as_yaml

TABLES = ("player_game_summary", "excluded_box_score_rows", "backfill_ledger", "gate_findings")


def done(outcome: Outcome) -> None:
    assert outcome.code == 0, outcome.output


def run(warehouse: Warehouse, *arguments: str, window: tuple[str, str] = WEEK) -> None:
    done(warehouse.dbt("run", *arguments, window=window))


def run_accepting_losses(warehouse: Warehouse, window: tuple[str, str] = WEEK) -> None:
    """Run the window, though the sources have lost games that the summary holds."""
    variables = f"{{start_date: '{window[0]}', end_date: '{window[1]}', accept_lost_games: true}}"
    done(warehouse.dbt("run", "--vars", variables))


def operate(warehouse: Warehouse, macro: str, window: tuple[str, str] = WEEK, /, **arguments: object) -> Outcome:
    return warehouse.dbt("run-operation", macro, "--args", as_yaml(arguments), window=window)


def plan(warehouse: Warehouse, window: tuple[str, str] = WEEK) -> dict[str, str]:
    """How each date stands that has games."""
    rows = warehouse.rows("backfill_plan", window)
    return {row["game_date"]: row["status"] for row in rows if row["status"] != "no games"}


def incomplete(planned: Mapping[str, str]) -> dict[str, str]:
    return {day: status for day, status in planned.items() if status != "complete"}


def contents(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables that a run replaces, in an order of its own."""
    return {table: sorted(warehouse.query(f"select * from {table}"), key=str) for table in TABLES}


def game_days(warehouse: Warehouse) -> list[str]:
    return [str(day) for (day,) in warehouse.query("select distinct game_date from backfill_ledger order by 1")]
