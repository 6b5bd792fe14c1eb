"""The verdict file: whether a training job may start. Ready or blocked, and why."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from nba_backfill.records.files import write_whole
from nba_backfill.warehouse.checks import GOOD, NOT_MEASURED, Check, first_bad, worst
from nba_backfill.windows import Window

READY, BLOCKED = "ready", "blocked"


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
