"""The work as a SQLMesh project: two models by time range, the rules as an audit, in an environment of its own."""

import hashlib
import sys
from pathlib import Path

from benchmarks.league import DATABASE, Window
from benchmarks.measure import run
from benchmarks.statements import Dates, Statements

LOCK = Path(__file__).with_name("sqlmesh.lock")
CONFIG = f"""\
disable_anonymized_analytics: true
gateways:
  duckdb:
    connection: {{type: duckdb, database: {DATABASE}}}
default_gateway: duckdb
model_defaults: {{dialect: duckdb}}
"""
MODEL = """\
MODEL (
  name {name},
  kind INCREMENTAL_BY_TIME_RANGE (time_column game_date{batch_size}),
  start '{start}',
  end '{end}',
  cron '@daily'{audits}
);
"""
FIVE_AUDITS = """,
  audits (
    not_null(columns := (game_date, game_id, player_lookup, team_abbr)),
    unique_combination_of_columns(columns := (game_date, player_lookup, team_abbr)),
    accepted_values(column := player_status, is_in := ('active', 'inactive', 'dnp')),
    accepted_range(column := minutes_played, min_v := 0, max_v := 80),
    accepted_range(column := points, min_v := 0, max_v := 100)
  )"""
FIRST, LAST = "cast(@start_ds as date)", "cast(@end_ds as date)"


def _turn(day: str, seasons: int) -> str:
    month_and_day = f"extract(month from {day}) * 100 + extract(day from {day})"
    return (
        f"make_date(extract(year from {day}) - case when {month_and_day} < 1012 then 1 else 0 end + {seasons}, 10, 12)"
    )


DATES = Dates(first=FIRST, last=LAST, first_turn=_turn(FIRST, 0), last_turn=_turn(LAST, 1))


def version() -> str:
    """The release in the lock."""
    (pinned,) = (line for line in LOCK.read_text().splitlines() if line.startswith("sqlmesh=="))
    return pinned.split()[0].removeprefix("sqlmesh==")


def environment(directory: Path) -> Path:
    """SQLMesh from its lock, installed where it isn't yet. Returns its command."""
    home = directory / f"sqlmesh-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]}"
    done = home / ".installed"
    if not done.exists():
        run([sys.executable, "-m", "venv", "--clear", home], directory)
        locked: list[str | Path] = ["--require-hashes", "--no-deps", "--requirement", LOCK]
        run([home / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *locked], directory)
        done.touch()
    return home / "bin/sqlmesh"


def write(directory: Path, statements: Statements, window: Window, batch: int | None, *, all_rules: bool) -> None:
    """Write the project: in batches of so many days, or in one; audited by all rules, or five audits of SQLMesh's."""
    sql = statements.with_dates(DATES)

    def model(name: str, text: str, audits: str = "") -> str:
        size = f", batch_size {batch}" if batch else ""
        head = MODEL.format(name=name, batch_size=size, start=window.start, end=window.end, audits=audits)
        return f"{head}\n{text}\n"

    audits = ",\n  audits (rules)" if all_rules else FIVE_AUDITS
    for name, text in {
        "config.yaml": CONFIG,
        "models/player_rows.sql": model("bench.player_rows", sql.rows),
        "models/player_game_summary.sql": model("bench.player_game_summary", sql.summary, audits),
        "audits/rules.sql": f"AUDIT (name rules);\n\n{sql.errors}\n",
    }.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
