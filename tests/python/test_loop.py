"""The loop's own parts: its patience, its workers, and what it says of a window that failed."""

import logging
import multiprocessing
import os
from datetime import date, timedelta
from pathlib import Path

import click
import pytest
from rich.console import Console

from nba_backfill.commands.exits import Command
from nba_backfill.display.terminal import log_to, say_warnings
from nba_backfill.errors import BackfillError, TransientError
from nba_backfill.loop.windows import BatchResult
from nba_backfill.loop.workers import _receive, _send
from nba_backfill.warehouse.dbt import PATIENCE, Dbt
from nba_backfill.warehouse.plan import Day, Plan
from nba_backfill.windows import Window

FIRST = date(2022, 1, 1)


def day(number: int) -> Day:
    return Day(FIRST + timedelta(number), season_year=2021, status="stale", games=5, rows=150, failed_reason=None)


def plan_of(*numbers: int) -> Plan:
    days = tuple(map(day, range(max(numbers) + 1)))
    return Plan(Window(FIRST, days[-1].game_date), days, frozenset(days[number].game_date for number in numbers), None)


def test_an_outage_is_sat_out_once_and_each_wait_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """What is still to be done when the patience is at its end is tried once, and an answer gives it back."""
    dbt = object.__new__(Dbt)
    dbt.patience, dbt.passing_errors = 0.01, []
    tries = []

    def out_of_order() -> None:
        tries.append("")
        raise TransientError("rate limit")

    for _ in range(2):
        with caplog.at_level(logging.WARNING, "nba_backfill"), pytest.raises(TransientError, match="^rate limit$"):
            dbt._patiently(out_of_order)
        assert dbt.patience == 0
    assert len(tries) == 2
    assert dbt._patiently(lambda: "an answer") == "an answer"
    assert dbt.patience == PATIENCE

    def works_the_second_time() -> str:
        tries.append("")
        if len(tries) == 3:
            raise TransientError("rate limit")
        return "done"

    # The wait is random, five seconds at most.
    with caplog.at_level(logging.WARNING, "nba_backfill"):
        assert dbt._patiently(works_the_second_time) == "done"
    assert "trying again in a while: rate limit" in caplog.text
    assert dbt.passing_errors[-1] == "rate limit"


@pytest.mark.parametrize("is_busy", [True, False])
def test_a_worker_that_dies_is_an_error_in_a_sentence(is_busy: bool) -> None:
    context = multiprocessing.get_context("spawn")
    connection, theirs = context.Pipe()
    process = context.Process(target=os._exit, args=(9,), name="worker 1")
    process.start()
    theirs.close()
    process.join()
    (batch,) = plan_of(0).batches
    with pytest.raises(BackfillError, match="^worker 1 ended with exit code 9 .*; run the same command again.$"):
        _receive(connection, process) if is_busy else _send(connection, process, batch, with_undated_rows=True)


def test_what_the_table_holds_after_a_failure_is_not_said_too_well() -> None:
    """Once its rows are being published, all of the window may be there, and only the answer be lost."""
    (batch,) = plan_of(0, 1).batches
    assert "failed, and the table holds what it held before" in str(BatchResult(batch, error="no"))
    said = str(BatchResult(batch, error="no", was_publishing=True))
    assert "failed, and a table holds what it held before, or all of the window" in said


def test_scattered_dates_of_a_season_are_one_window() -> None:
    """As those of a player whose alias is new."""
    scattered = range(0, 150, 3)
    (batch,) = plan_of(*scattered).batches
    assert len(batch.days) == len(scattered)
    assert batch.dates == [FIRST + timedelta(number) for number in scattered]


def test_an_error_that_nobody_has_thought_of_is_in_the_log(tmp_path: Path) -> None:
    """Detached, the log is all there is."""
    file = tmp_path / "run.log"

    @click.command(cls=Command)
    def breaks() -> None:
        log_to(file, Console(quiet=True))
        raise ZeroDivisionError("of a kind")

    try:
        with pytest.raises(ZeroDivisionError):
            breaks.main([], standalone_mode=False)
    finally:
        say_warnings()
    said = file.read_text(encoding="utf-8")
    assert "ERROR an error that nobody has thought of\nTraceback" in said
    assert said.endswith("ZeroDivisionError: of a kind\n")
