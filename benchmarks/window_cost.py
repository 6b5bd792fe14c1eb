"""What a window costs, as ratios measured in one run on the same work.

    .venv/bin/python benchmarks/window_cost.py

1. The same window while the tables hold one demo season and while they hold three: about 1, because a window costs its
   season, whatever the tables have grown to.
2. A window by a dbt process of its own against one of many in nba-backfill's process: what parsing once saves.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nba_backfill.warehouse.engine import Engine
from nba_backfill.windows import Window, parse_window

BIN = Path(sys.executable).parent
WINDOW = parse_window("2022-01-10", "2022-01-16")
REPEATS = 7


def fill(seasons: str) -> None:
    """A database with the raw rows and the summary of these seasons."""
    first, last = seasons.split("-")
    subprocess.run([BIN / "demo-league", "--seasons", seasons], check=True, capture_output=True)
    dates = ["--start-date", f"{first}-10-01", "--end-date", f"{int(last) + 1}-06-30", "--batch-days", "2000"]
    subprocess.run([BIN / "nba-backfill", "run", *dates], check=True, capture_output=True)


def seconds_in_process(window: Window) -> float:
    """The median time of a window that is not the first of its process."""
    engine = Engine(Path.cwd(), None)
    engine.prepare()
    engine.read_sources(window)
    engine.build_window(window)
    return statistics.median(timed(lambda: engine.build_window(window)) for _ in range(REPEATS))


def seconds_of_dbt(window: Window) -> float:
    """The median time of `dbt run` on the same models, and on what they read, in a process of its own."""
    variables = f"{{start_date: {window.start}, end_date: {window.end}}}"
    command = [BIN / "dbt", "run", "--no-version-check", "--select", "+backfill_ledger", "--vars", variables]
    return statistics.median(timed(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(3))


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    os.chdir(Path(__file__).resolve().parents[1])
    with tempfile.TemporaryDirectory() as directory:
        os.environ["NBA_DUCKDB_PATH"] = f"{directory}/one.duckdb"
        fill("2021-2021")
        # First, because this process keeps the file that it has once opened.
        own_process = seconds_of_dbt(WINDOW)
        one_season = seconds_in_process(WINDOW)
        os.environ["NBA_DUCKDB_PATH"] = f"{directory}/three.duckdb"
        fill("2021-2023")
        three_seasons = seconds_in_process(WINDOW)
    print(f"three seasons in the tables / one season: {three_seasons / one_season:.2f}")
    print(f"a dbt process for the window / one of many windows in one process: {own_process / one_season:.2f}")


if __name__ == "__main__":
    main()
