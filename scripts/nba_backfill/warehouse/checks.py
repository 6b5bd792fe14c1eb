"""What the checks of the sources and of the summary say, and the verdict that follows: ready or blocked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nba_backfill.errors import FailedTestsError
from nba_backfill.windows import Window, last_days

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine

NOT_MEASURED, EXCELLENT, FINE, CAREFUL, STOP = "not measured", "excellent", "fine", "careful", "stop"
GOOD, BAD = (EXCELLENT, FINE), (CAREFUL, STOP)
SEVERITY = (NOT_MEASURED, *GOOD, *BAD)
# The tables of the sources, by the names that rows give them.
RAW_TABLES = {"nbac_gamebook": "nbac_gamebook_player_stats", "bdl_boxscores": "bdl_player_boxscores"}
# A window that ended before these days needs nothing that was played lately.
LATELY = 7
# What dbt says of a source that is not fresh, and of one that is.
FRESHNESS = {"pass": FINE, "warn": CAREFUL, "error": STOP}


@dataclass(frozen=True)
class Check:
    """A figure and what it is held to, as the seed quality_thresholds has it.

    The scope is a source and season, a season, or `all`. From `warn_above` on the verdict is careful, above
    `error_above` it is stop, below `excellent_below` excellent. A share of few may be higher by what chance gives.
    Without a figure it is not measured: neither passed nor failed.
    """

    name: str
    scope: str
    figure: float | None
    unit: str
    verdict: str
    excellent_below: float | None = None
    warn_above: float | None = None
    error_above: float | None = None
    example: str | None = None
    description: str | None = None
    advice: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether it passes: excellent or fine."""
        return self.verdict in GOOD

    @property
    def is_bad(self) -> bool:
        """Whether it fails: careful or stop."""
        return self.verdict in BAD

    @property
    def label(self) -> str:
        """Its name for people, with its scope."""
        name = self.name.replace("_", " ")
        return name if self.scope == "all" else f"{name}, {self.scope}"

    @property
    def value(self) -> str:
        """The figure with its unit."""
        if self.figure is None:
            return "not measured"
        unit = "%" if self.unit == "percent" else self.unit
        return f"{self.figure:,.2f} {unit}" if self.unit == "percent" else f"{self.figure:,.0f} {unit}"

    @property
    def threshold(self) -> str:
        """What the figure has to stay below, or may at most be."""
        unit = " %" if self.unit == "percent" else ""
        if self.warn_above is not None:
            return f"below {self.warn_above:g}{unit}"
        return "none" if self.error_above == 0 else f"at most {self.error_above:g}{unit}"

    def __str__(self) -> str:
        """The sentence that says what is wrong, where, and what to do."""
        example = f" ({self.example})" if self.example else ""
        said = f"{self.label}: {self.value}{example}, should be {self.threshold}."
        return " ".join(filter(None, (said, self.description, self.advice)))

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {**asdict(self), "threshold": self.threshold, "passed": self.is_good}


def worst(checks: Sequence[Check]) -> str:
    """The worst verdict of them, excellent of none."""
    return max((check.verdict for check in checks), key=SEVERITY.index, default=EXCELLENT)


def first_bad(checks: Sequence[Check]) -> Check | None:
    """The check to look at first: of those that don't pass, the first of the worst. None where all pass."""
    bad = worst(checks)
    return next(check for check in checks if check.verdict == bad) if bad in BAD else None


def of_source(checks: Sequence[Check]) -> list[tuple[str, str, list[Check]]]:
    """The sources that preflight has checked, each with its verdict and with the checks that are not fine."""
    sources: dict[str, list[Check]] = {}
    for check in checks:
        sources.setdefault(check.scope.split()[0], []).append(check)
    return [
        (source, worst(found) if worst(found) in BAD else FINE, [check for check in found if check.is_bad])
        for source, found in sources.items()
    ]


@dataclass(frozen=True)
class Preflight:
    """Whether the sources are fit for a backfill, and what each has of each season: rows of source_seasons."""

    checks: tuple[Check, ...]
    seasons: tuple[dict[str, Any], ...]


def ask_preflight(engine: Engine, window: Window) -> Preflight:
    """Are the sources fit for a backfill of the window? Asked of the warehouse."""
    rows = engine.rows("preflight_with_figures", window)
    seasons = {row["scope"]: row for row in rows}
    in_order = sorted(rows, key=lambda row: (row["scope"], row["check_number"]))
    fresh = _freshness(engine) if window.end >= last_days(LATELY).start else []
    return Preflight((*fresh, *_checks(in_order)), tuple(seasons.values()))


def _freshness(engine: Engine) -> list[Check]:
    sources = {table: source for source, table in RAW_TABLES.items()}

    def hours(result: Any, threshold: str) -> float:
        after = getattr(result.node.freshness, threshold)
        return float(timedelta(**{f"{after.period.value}s": after.count}) / timedelta(hours=1))

    return [
        Check(
            "source_freshness",
            sources[result.node.name],
            round(result.age / 3600),
            "hours",
            FRESHNESS[result.status],
            warn_above=hours(result, "warn_after"),
            error_above=hours(result, "error_after"),
            example=f"since {result.max_loaded_at:%Y-%m-%d %H:%M} UTC" if result.status != "pass" else None,
            description="How long the source has owed the games of a night.",
            advice="Its loader has stopped: start it again. `dbt source freshness` says when it has.",
        )
        for result in engine.freshness()
    ]


def summary_checks(engine: Engine, window: Window, expected_rows: int | None = None) -> list[Check]:
    """May the window of the summary be trained on? Asked of the warehouse, but for the data tests.

    With `expected_rows` the row count is held to that instead of what the runs found before they began.
    """
    return _checks(engine.rows("validation", window, baseline_rows=expected_rows))


def run_tests(engine: Engine, window: Window) -> Check:
    """Every data test of the summary on the window, as one check."""
    try:
        return check_of_tests(engine.validate(window).passed)
    except FailedTestsError as error:
        return check_of_tests(0, error.reasons)


def check_of_tests(passed: int, failures: Sequence[str] = (), scope: str = "all") -> Check:
    """How many data tests failed, and what they found."""
    return Check(
        "failed_tests",
        scope,
        len(failures),
        "tests",
        STOP if failures else FINE,
        error_above=0,
        example=None if failures else f"{passed} passed",
        description="Data tests of the summary that failed.",
        advice="\n".join(failures) or None,
    )


def _checks(rows: Sequence[dict[str, Any]]) -> list[Check]:
    def number(value: Any) -> float | None:
        return None if value is None else float(value)

    return [
        Check(
            name=row["check_name"],
            scope=row["scope"],
            figure=number(row["figure"]),
            unit=row["unit"],
            verdict=row["verdict"],
            excellent_below=number(row["excellent_below"]),
            warn_above=number(row["warn_above"]),
            error_above=number(row["error_above"]),
            example=row["example"],
            description=row["description"],
            advice=row["advice"],
        )
        for row in rows
    ]
