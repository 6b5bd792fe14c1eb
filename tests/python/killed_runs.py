"""Kills `nba-backfill run` fifty times with signal 9, at random moments, and lets it come to its end.

Takes the arguments of `nba-backfill`, in a project's directory. Each attempt is a fork of one process that has parsed
the project, so that an attempt is about windows and not about parsing.
"""

import gc
import os
import random
import signal
import sys
import time
from functools import partial
from typing import Any

import duckdb

import programs
from nba_backfill.commands.main import main as command
from nba_backfill.warehouse.engine import Engine
from nba_backfill.warehouse.project import Parsed

KILLS = 50


def ledger(database: str) -> dict[str, str]:
    """The dates that are done, with the invocation of dbt that did them."""
    with duckdb.connect(database, read_only=True) as con:
        if not con.execute("select 1 from duckdb_tables() where table_name = 'backfill_ledger'").fetchall():
            return {}
        rows = con.execute("select game_date, dbt_invocation_id from nba_analytics.backfill_ledger").fetchall()
        return {str(day): invocation for day, invocation in rows}


def undo_some(database: str, chance: random.Random) -> None:
    """Take half of the dates away again, so that there is always something left to kill."""
    with duckdb.connect(database) as con:
        for day in ledger_days(con):
            if chance.random() < 0.5:
                con.execute("delete from nba_analytics.backfill_ledger where game_date = ?", [day])


def ledger_days(con: duckdb.DuckDBPyConnection) -> list[Any]:
    rows = con.execute("select game_date from nba_analytics.backfill_ledger where game_date >= '2022-01-01'").fetchall()
    return [day for (day,) in rows]


def main() -> None:
    database = os.environ["NBA_DUCKDB_PATH"]
    programs.load()
    parsed = Parsed.by_dbt()
    programs.warm_up(parsed.manifest)
    parsed_engine = partial(Engine, parsed=parsed)
    gc.collect()
    gc.freeze()
    chance = random.Random(5)

    def attempt() -> int:
        process = os.fork()
        if process:
            return process
        try:
            command(sys.argv[1:], obj=parsed_engine)
        except SystemExit as ended:
            sys.stdout.flush()
            # Not by Python's own end, which waits for threads that DuckDB had before the fork.
            os._exit(int(ended.code or 0))
        os._exit(1)

    kills = finished = 0
    longest = 4.0
    done: dict[str, str] = {}
    while kills < KILLS:
        started = time.monotonic()
        process = attempt()
        moment = chance.uniform(0, longest)
        while time.monotonic() - started < moment and os.waitpid(process, os.WNOHANG) == (0, 0):
            time.sleep(0.005)
        try:
            os.kill(process, signal.SIGKILL)
            _, status = os.waitpid(process, 0)
            kills += os.WIFSIGNALED(status)
        except (ProcessLookupError, ChildProcessError):
            # It came to its end before the moment.
            finished += 1
            undo_some(database, chance)
            done = ledger(database)
            continue
        now = ledger(database)
        again = {day for day in done if now.get(day) != done[day]}
        assert not again, f"done again though they were done: {again}"
        # A run that gets nowhere though it is killed late needs more time on this machine.
        if moment > 0.8 * longest and len(now) == len(done):
            longest *= 1.15
        done = now
    _, status = os.waitpid(attempt(), 0)
    assert os.waitstatus_to_exitcode(status) == 0
    print(f"kills: {kills}, ends: {finished}, dates done: {len(done)}")


if __name__ == "__main__":
    main()
