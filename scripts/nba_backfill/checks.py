"""What the checks of the sources and of the summary say, and the verdict that follows: ready or blocked."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from nba_backfill.engine import Engine
from nba_backfill.errors import FailedTestsError
from nba_backfill.files import write_whole
from nba_backfill.windows import Window

NOT_MEASURED, EXCELLENT, FINE, CAREFUL, STOP = "not measured", "excellent", "fine", "careful", "stop"
GOOD, BAD = (EXCELLENT, FINE), (CAREFUL, STOP)
SEVERITY = (NOT_MEASURED, *GOOD, *BAD)
READY, BLOCKED = "ready", "blocked"


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
    return Preflight(tuple(_checks(in_order)), tuple(seasons.values()))


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


@dataclass(frozen=True)
class Validation:
    """The verdict on a window of the summary of a warehouse: ready to be trained on, or blocked, and why.

    What keeps it from being judged at all, such as a run that failed, is its `obstacle`.
    """

    window: Window
    warehouse: str
    checks: tuple[Check, ...]
    run_id: str | None = None
    obstacle: str | None = None
    checked_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @property
    def verdict(self) -> str:
        """READY, only when some checks passed and none failed, or BLOCKED."""
        return READY if not self.obstacle and self.checks and worst(self.checks) in GOOD else BLOCKED

    @property
    def reason(self) -> str:
        """The sentence that says why it is blocked, or that all is well."""
        bad = first_bad(self.checks)
        unmeasured = [check.label for check in self.checks if check.verdict == NOT_MEASURED]
        passed = f"All {len(self.checks) - len(unmeasured)} checks passed"
        if unmeasured:
            passed += f", {len(unmeasured)} could not be made: {', '.join(unmeasured)}"
        return self.obstacle or (str(bad) if bad else f"{passed}.")

    def to_json(self) -> dict[str, Any]:
        """The verdict file's content."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "start_date": str(self.window.start),
            "end_date": str(self.window.end),
            "checked_at": self.checked_at.isoformat(timespec="seconds"),
            "run_id": self.run_id,
            "warehouse": self.warehouse,
            "checks": [check.to_json() for check in self.checks],
        }

    def write(self, path: Path) -> None:
        """Write the verdict file, in one step. Raises ProjectError."""
        write_whole(path, json.dumps(self.to_json(), indent=2) + "\n", "verdict")


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
