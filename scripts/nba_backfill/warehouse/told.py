"""What the project's macros tell of a window, as JSON in a line of dbt's log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dbt_common.events.base_types import EventMsg

# How the on-run-end hook begins what it tells of a window, and the macro begin_run what the summary held.
FINDINGS, HELD = "findings of the window: ", "held by the summary: "


@dataclass(frozen=True)
class Finding:
    """How often a rule was broken in a window, on how many of its dates, and for example where."""

    rule: str
    severity: str
    count: int
    dates: int
    example: str


@dataclass(frozen=True)
class Built:
    """What the summary holds after a window was built: rows of daily_null_rates.

    And the dates that were held back, with why, and what else the gate has found.
    """

    days: tuple[dict[str, Any], ...]
    held_back: dict[date, str]
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Built:
        """From what the on-run-end hook tells."""
        return cls(
            tuple(map(with_moments, told["days"])),
            {date.fromisoformat(row["game_date"]): row["reason"] for row in told["held_back"]},
            tuple(
                Finding(row["rule"], row["severity"], row["findings"], row["dates"], row["example"])
                for row in told["findings"]
            ),
        )


def told_by(event: EventMsg, beginning: str) -> Any:
    """What follows the beginning, where a macro says something that begins so. Else None."""
    if event.info.name == "JinjaLogDebug" and event.data.msg.startswith(beginning):
        return json.loads(event.data.msg.removeprefix(beginning))
    return None


def with_moments(row: Mapping[str, Any]) -> dict[str, Any]:
    """The told row, its date and its time no longer as text."""
    return {
        **row,
        "game_date": date.fromisoformat(row["game_date"]),
        "processed_at": datetime.fromisoformat(row["processed_at"]),
    }
