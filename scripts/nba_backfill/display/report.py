"""The report on a range of the summary, as HTML, Markdown and JSON: the verdict, its figures, and what to do."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timezone
from io import StringIO
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any

from nba_backfill.display.report_files import Report, Row
from nba_backfill.records.verdict import Validation
from nba_backfill.warehouse.checks import Check, Preflight
from nba_backfill.warehouse.players import Candidate, candidates
from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine

MARKS = {"excellent": "pass", "fine": "pass", "careful": "careful", "stop": "stop"}
NOT_MEASURED = "not measured"
# The second ones only where the summary has rows of the window.
ASKED = ("null_rates_by_season", "null_rates_by_month", "sample_days")
ASKED_OF_ROWS = ("source_disagreements", "registered_teammates", "unresolved_player_names")


def make_report(
    engine: Engine,
    run: Row | None,
    validation: Validation,
    preflight: Preflight,
    game: tuple[date, str, str] | None,
) -> Report:
    """Ask the warehouse for what else there is to say about the validation's window.

    `run` is a row of backfill_runs, or None where the range is to be reported on without one. `preflight` are the
    checks of its sources. `game` is the one to show the box score of, by its date and two teams; without one it is the
    range's first. Raises BackfillError.
    """
    window = validation.window
    of_run = {"kept_run": run["run_id"]} if run else {}
    asked = engine.rows_of([*ASKED, *(["run_windows"] if run else [])], window, **of_run)
    seasons, months = asked["null_rates_by_season"], asked["null_rates_by_month"]
    # Where the summary has no rows, there may be no summary yet.
    asked |= engine.rows_of(ASKED_OF_ROWS, window) if seasons else {name: [] for name in ASKED_OF_ROWS}
    return Report(
        {
            **{name: value for name, value in validation.to_json().items() if name != "checks"},
            "totals": _totals(seasons, months),
            "checks": {
                "preflight": [_check(check) for check in preflight.checks],
                "days": [_check(check) for check in _worst_day(asked["sample_days"])],
                "summary": [_check(check) for check in validation.checks],
            },
            "months": [_month(row) for row in months],
            "seasons": [_season(row) for row in seasons],
            "sources": [_source(row) for row in preflight.seasons],
            "run": _run(run) if run else None,
            "windows": _windows(asked.get("run_windows", [])),
            "disagreements": _disagreements(asked["source_disagreements"]),
            "unresolved": _unresolved(asked["registered_teammates"], asked["unresolved_player_names"]),
            "spot_check": _spot_check(engine, window, game) if seasons else None,
            "rollback": _rollback(run),
        }
    )


def _totals(seasons: Sequence[Row], months: Sequence[Row]) -> dict[str, Any]:
    rows, nulls = (sum(int(row[name]) for row in seasons) for name in ("row_count", "null_minutes"))
    rows_before, nulls_before = (
        sum(int(row[name] or 0) for row in months) for name in ("row_count_before", "null_minutes_before")
    )
    return {
        "dates": sum(int(row["date_count"]) for row in seasons),
        "games": sum(int(row["game_count"]) for row in seasons),
        "rows": rows,
        "null_minutes": nulls,
        "null_pct": round(100 * nulls / rows, 2) if rows else None,
        "rows_before": rows_before or None,
        "null_minutes_before": nulls_before if rows_before else None,
        "null_pct_before": round(100 * nulls_before / rows_before, 2) if rows_before else None,
    }


def _check(check: Check) -> dict[str, Any]:
    mark = NOT_MEASURED if check.figure is None else MARKS[check.verdict]
    return {**check.to_json(), "label": check.label, "value": check.value, "mark": mark}


def _worst_day(days: Sequence[Row]) -> list[Check]:
    """The day with the largest share of rows without minutes, as a check. None where there is no day."""
    shares = [row for row in days if row["game_date"] is not None and row["null_pct"] is not None]
    if not shares:
        return []
    worst = max(shares, key=lambda row: row["null_pct"])
    return [
        Check(
            name="daily_null_minutes_share",
            scope=str(worst["game_date"]),
            figure=float(worst["null_pct"]),
            unit="percent",
            verdict=worst["verdict"],
            warn_above=_float(worst["warn_above"]),
            example=f"{int(worst['null_count'])} of {int(worst['player_count'])}, the worst of {len(shares)} days",
            description="Rows of one day without minutes.",
            advice=worst["advice"],
        )
    ]


def _month(row: Row) -> dict[str, Any]:
    return {
        "month": f"{row['month_start']:%Y-%m}",
        **_ints(row, "date_count", "row_count", "null_minutes"),
        "null_pct": _float(row["null_pct"]),
        **_ints(row, "row_count_before", "null_minutes_before"),
        "null_pct_before": _float(row["null_pct_before"]),
        "processed_at": _moment(row["processed_at"]),
    }


def _season(row: Row) -> dict[str, Any]:
    return {
        **_ints(row, "season_year"),
        **_dates(row, "first_date", "last_date"),
        **_ints(row, "date_count", "game_count", "row_count", "null_minutes"),
        "null_pct": _float(row["null_pct"]),
    }


def _source(row: Row) -> dict[str, Any]:
    counts = ("row_count", "game_count", "date_count", "dates_without_rows", "unexplained_dates")
    faults = ("unreadable_minutes", "duplicate_rows", "unusable_rows", "unregistered_rows", "turned_round_games")
    return {
        "source_name": row["source_name"],
        **_ints(row, "season_year", *counts),
        **_dates(row, "first_date", "last_date"),
        **_ints(row, *faults, "missing_games", "source_lag"),
        "source_processed_at": _moment(row["source_processed_at"]),
    }


def _run(row: Row) -> dict[str, Any]:
    return {
        "run_id": row["run_id"],
        "status": row["status"],
        "started_at": _moment(row["started_at"]),
        "ended_at": _moment(row["ended_at"]),
        "host_name": row["host_name"],
        **_ints(row, "windows_done", "windows_failed", "rows_added", "rows_removed", "rows_changed"),
    }


def _windows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The windows in the order of time, each with the dates that were done by then."""
    windows = [
        {
            "outcome": row["outcome"],
            **_dates(row, "start_date", "end_date"),
            **_ints(row, "date_count", "row_count", "null_minutes"),
            "happened_at": _moment(row["happened_at"]),
            "details": row["details"],
        }
        for row in rows
    ]
    done = accumulate(window["date_count"] or 0 for window in windows)
    return [{**window, "dates_done": count} for window, count in zip(windows, done, strict=True)]


def _disagreements(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [{"kind": row["kind"], **_ints(row, "row_count"), "example": row["example"]} for row in rows]


def _unresolved(registered_teammates: Sequence[Row], unresolved_names: Sequence[Row]) -> list[dict[str, Any]]:
    """The names of the window that the registry doesn't know: likely aliases first, then by their rows."""
    everywhere: dict[str, list[Row]] = {}
    for row in unresolved_names:
        everywhere.setdefault(row["player_lookup"], []).append(row)
    names = []
    for lookup, group in groupby(registered_teammates, key=lambda row: row["player_lookup"]):
        teammates = list(group)
        found = everywhere.get(lookup, [])
        stints = {(row["team_abbr"], row["season_year"]): int(row["row_count"]) for row in teammates}
        likely = candidates(lookup, teammates)
        names.append(
            {
                "player_lookup": lookup,
                "player_full_name": max((row["player_full_name"] or "" for row in found), default=""),
                "row_count": sum(stints.values()),
                "teams": sorted({team for team, _ in stints}),
                "first_seen": min((str(row["first_seen"]) for row in found), default=None),
                "last_seen": max((str(row["last_seen"]) for row in found), default=None),
                "sources": {
                    row["source_name"]: int(row["occurrences"])
                    for row in sorted(found, key=lambda row: str(row["source_name"]))
                },
                "example_game_id": min((row["example_game_id"] for row in found), default=None),
                "suggestions": [_suggestion(lookup, candidate) for candidate in likely],
                "seed_row": _csv([lookup, likely[0].player_lookup if likely else "…", ""]),
            }
        )
    return sorted(names, key=lambda name: (not name["suggestions"], -name["row_count"], name["player_lookup"]))


def _suggestion(alias: str, candidate: Candidate) -> dict[str, str]:
    return {
        "player_lookup": candidate.player_lookup,
        "evidence": candidate.evidence,
        "seed_row": _csv([alias, candidate.player_lookup, ""]),
        "command": shlex.join(["nba-backfill", "players", "alias", alias, candidate.player_lookup]),
    }


def _spot_check(engine: Engine, window: Window, game: tuple[date, str, str] | None) -> dict[str, Any] | None:
    """The box score of a game, to be held against the public one. None where the summary has no such game."""
    if game is None:
        first = engine.rows("team_points", window, limit=2)
        game = (first[0]["game_date"], *(row["team_abbr"] for row in first)) if len(first) == 2 else None
    if game is None:
        return None
    day, *teams = game
    asked = engine.rows_of(["spot_check", "team_points"], Window(day, day), teams=teams)
    players = asked["spot_check"]
    if not players:
        return None
    game_id = players[0]["game_id"]
    points = [row for row in asked["team_points"] if row["game_id"] == game_id]
    return {
        "game_date": str(day),
        "game_id": game_id,
        "public_page": players[0]["public_page"],
        "teams": [
            {
                "team_abbr": team["team_abbr"],
                "is_home": bool(team["is_home"]),
                **_ints(team, "points", "players", "row_count"),
                "minutes_played": _float(team["minutes_played"]),
                "box_score": [
                    _player(row)
                    for row in players
                    if (row["game_id"], row["team_abbr"]) == (game_id, team["team_abbr"])
                ],
            }
            for team in points
        ],
    }


def _player(row: Row) -> dict[str, Any]:
    texts = ("player_full_name", "player_status", "dnp_reason", "primary_source_used", "sources_disagree")
    shots = [f"{shot}_{part}" for shot in ("fg", "three_pt", "ft") for part in ("makes", "attempts")]
    return {
        **{name: row[name] for name in texts},
        "minutes_played": _float(row["minutes_played"]),
        **_ints(row, "points", "total_rebounds", "assists", *shots),
    }


def _rollback(run: Row | None) -> dict[str, Any]:
    """How to put back what the run replaced, or why that can't be."""
    command, until, why_not = None, None, None
    if run is None:
        why_not = "This report is about no run. `nba-backfill runs` lists those that can be rolled back."
    elif run["status"] == "rolled back":
        why_not = f"Run {run['run_id']} has been rolled back already."
    elif run["kept_at"] is None:
        why_not = f"What run {run['run_id']} replaced is no longer kept."
    else:
        command, until = shlex.join(["nba-backfill", "rollback", run["run_id"]]), _moment(run["kept_until"])
    return {"command": command, "until": until, "why_not": why_not}


def _csv(values: Sequence[str]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def _ints(row: Row, *names: str) -> dict[str, int | None]:
    return {name: None if row[name] is None else int(row[name]) for name in names}


def _dates(row: Row, *names: str) -> dict[str, str | None]:
    return {name: None if row[name] is None else str(row[name]) for name in names}


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _moment(value: datetime | None) -> str | None:
    """A time in UTC, as DuckDB gives it without its zone and BigQuery with it."""
    if value is None:
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).isoformat(timespec="milliseconds")
