"""The same commands behind longer and longer histories: one more season, a day, `plan`, `status`, a whole backfill."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from benchmarks.league import (
    DATABASE,
    FIRST_SEASON,
    NEXT_SEASON,
    Window,
    add_schedules,
    copy_of_project,
    season,
    with_history,
)
from benchmarks.measure import BIN, Ended, Took, apart, measure, run

# The product takes no date before the first game of 1946, so the last of them stands for a hundred seasons: each is of
# today's size, and the first ones that were played had a quarter of the games.
HISTORIES = (1, 10, 30, NEXT_SEASON - FIRST_SEASON)
# More than so many seasons are backfilled in portions, of which none is measured.
PORTION = 30
# Each time another one, as every day has another date: dbt parses all of its project when its vars have changed.
DAYS = tuple(Window(day, day) for day in (date(2023, 11, 6), date(2023, 11, 8), date(2023, 11, 10)))


@dataclass(frozen=True)
class Behind:
    """What commands took behind a history of so many seasons, by their keys, and its backfill where it was one run."""

    seasons: int
    rows: int
    backfill: Took | None
    took: dict[str, list[Took]]


COMMANDS = {
    "season": "run of one more season",
    "day": "run of one day",
    "dbt_day": "dbt build of that day",
    "plan": "plan of all seasons",
    "status": "status",
}


def histories(
    made: Path, directory: Path, counts: Iterable[int], times: int, say: Callable[[str], None]
) -> list[Behind]:
    """Measure behind each of them, made of raw rows since OLDEST_MADE. Raises RuntimeError where one isn't ready."""
    project = copy_of_project(directory / "project-of-histories")
    add_schedules(project)
    found = []
    for seasons in counts:
        say(f"a history of {seasons} seasons")
        found.append(_behind(project, directory / f"history-{seasons}", made, seasons, times, say))
        shutil.rmtree(directory / f"history-{seasons}")
    return found


def _behind(project: Path, place: Path, made: Path, seasons: int, times: int, say: Callable[[str], None]) -> Behind:
    place.mkdir()
    history = apart(with_history, made, place / "history.duckdb", seasons)
    database = project / "data" / DATABASE
    database.parent.mkdir(exist_ok=True)
    # Views keep the name of the file's catalogue, so the file that is worked on has always the same.
    shutil.move(history, database)
    first, last = NEXT_SEASON - seasons, NEXT_SEASON - 1
    portions = [(year, min(year + PORTION - 1, last)) for year in range(first, last + 1, PORTION)]
    backfills = [_nba(project, "run", "--yes", *season(*years).options()) for years in portions]
    for backfill in backfills:
        if not any("verdict: ready" in line for _, line in backfill.lines):
            raise RuntimeError("The history is not ready:\n" + "\n".join(line for _, line in backfill.lines[-20:]))
    rows = sum(_rows(line) for backfill in backfills for _, line in backfill.lines if line.startswith("done: "))
    shutil.move(database, history)
    one_more, everything = season(NEXT_SEASON).options(), season(first, NEXT_SEASON).options()
    commands: dict[str, Callable[[int], Ended]] = {
        "season": lambda _: _nba(project, "run", *one_more),
        "day": lambda time: _nba(project, "run", *DAYS[time].options()),
        "dbt_day": lambda time: _dbt_build(project, DAYS[time]),
        "plan": lambda _: _nba(project, "plan", "--yes", *everything),
        "status": lambda _: _nba(project, "status"),
    }

    def afresh(command: Callable[[int], Ended], time: int) -> Took:
        shutil.copy(history, database)
        ended = command(time)
        return Took(ended.seconds, ended.seconds, ended.peak_mib)

    works = {key: partial(afresh, command) for key, command in commands.items()}
    took = measure(works, times, lambda key, took: say(f"  {COMMANDS[key]}: {took.seconds:.1f} s"))
    (whole,) = backfills if len(backfills) == 1 else (None,)
    return Behind(seasons, rows, Took(whole.seconds, whole.seconds, whole.peak_mib) if whole else None, took)


def _nba(project: Path, *arguments: str) -> Ended:
    return run([BIN / "nba-backfill", *arguments], project)


def _dbt_build(project: Path, window: Window) -> Ended:
    variables = f"{{start_date: '{window.start}', end_date: '{window.end}'}}"
    build = ["build", "--no-version-check", "--exclude-resource-type", "unit_test", "--vars", variables]
    return run([BIN / "dbt", *build], project)


def _rows(done: str) -> int:
    counted = re.search(r"([\d,]+) rows", done)
    return int(counted[1].replace(",", "")) if counted else 0
