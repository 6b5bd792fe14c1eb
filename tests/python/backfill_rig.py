"""What the tests of the backfill's state share: run-operations, the plan, and the tables that a run replaces."""

import json
from collections.abc import Mapping
from typing import Any

from conftest import WEEK, Outcome, Warehouse

TABLES = ("player_game_summary", "excluded_box_score_rows", "backfill_ledger")


def done(outcome: Outcome) -> None:
    assert outcome.code == 0, outcome.output


def run(warehouse: Warehouse, *arguments: str, window: tuple[str, str] = WEEK) -> None:
    done(warehouse.dbt("run", *arguments, window=window))


def operate(warehouse: Warehouse, macro: str, window: tuple[str, str] = WEEK, /, **arguments: object) -> Outcome:
    # Not in ASCII: dbt reads it as YAML, which has no surrogate pairs.
    return warehouse.dbt("run-operation", macro, "--args", json.dumps(arguments, ensure_ascii=False), window=window)


def plan(warehouse: Warehouse, window: tuple[str, str] = WEEK) -> dict[str, str]:
    """How each date stands that has games."""
    run(warehouse, "--select", "backfill_plan", window=window)
    rows = warehouse.query("select game_date, status from backfill_plan where status != 'no games'")
    return {str(day): status for day, status in rows}


def incomplete(planned: Mapping[str, str]) -> dict[str, str]:
    return {day: status for day, status in planned.items() if status != "complete"}


def contents(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables that a run replaces, in an order of its own."""
    return {table: sorted(warehouse.query(f"select * from {table}"), key=str) for table in TABLES}


def game_days(warehouse: Warehouse) -> list[str]:
    return [str(day) for (day,) in warehouse.query("select distinct game_date from backfill_ledger order by 1")]
