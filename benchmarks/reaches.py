"""What the benchmark is to show, and whether it does."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import Took
from benchmarks.scale import HISTORIES, Behind

ONE_JOB = ("sqlmesh", "sqlmesh_rules")
WEEKLY = ("sqlmesh_weekly", "sqlmesh_weekly_rules")
LONG = 30


@dataclass(frozen=True)
class Reach:
    """A figure and the most that it may be; None where this benchmark has not measured it."""

    name: str
    figure: float | None
    limit: float
    unit: str = ""

    def __str__(self) -> str:
        """In words."""
        if self.figure is None:
            return "not measured"
        return "reached" if self.figure <= self.limit else "not reached"


def seconds(took: Sequence[Took]) -> float:
    """The median from prompt to prompt."""
    return statistics.median(each.seconds for each in took)


def executing(took: Sequence[Took]) -> float:
    """The median of what the windows took."""
    return statistics.median(each.executing for each in took)


def peak(took: Iterable[Took]) -> float | None:
    """The most memory, in MiB, where it was measured."""
    return max((each.peak_mib for each in took if each.peak_mib), default=None)


def reaches(took: Mapping[str, list[Took]], behind: Mapping[int, Behind], rows: int) -> list[Reach]:
    """Each by the figures that there are: what each contender took for so many rows, and what commands took later."""

    def to_best(figure: Callable[[Sequence[Took]], float], mine: str, others: Sequence[str]) -> float | None:
        found = [figure(took[other]) for other in others if other in took]
        return figure(took[mine]) / min(found) if found and mine in took else None

    short, longest, long = (behind.get(seasons) for seasons in (HISTORIES[0], HISTORIES[-1], LONG))
    backfill = long.backfill if long else None
    per_row = None
    if long and backfill and "ours" in took:
        per_row = (backfill.seconds / long.rows) / (seconds(took["ours"]) / rows)
    return [
        Reach("the windows of three seasons / SQLMesh's best executing", to_best(executing, "ours", ONE_JOB), 1.0),
        Reach("prompt to verdict / SQLMesh's best prompt to prompt", to_best(seconds, "ours", ONE_JOB), 1.7),
        Reach("windows of 7 days / SQLMesh's in batches of 7 days", to_best(executing, "ours_weekly", WEEKLY), 0.4),
        Reach(
            f"one more season behind {HISTORIES[-1]} seasons / behind one",
            seconds(longest.took["season"]) / seconds(short.took["season"]) if longest and short else None,
            1.3,
        ),
        Reach("peak memory of a backfill of 30 seasons", peak([backfill]) if backfill else None, 1024, "MiB"),
        Reach("seconds per row of 30 seasons / of three", per_row, 1.0),
        Reach(
            "a run of one day / a bare dbt build of it",
            max((seconds(each.took["day"]) / seconds(each.took["dbt_day"]) for each in behind.values()), default=None),
            1.3,
        ),
    ]
