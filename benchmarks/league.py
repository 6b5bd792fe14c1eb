"""The databases that are worked on: demo seasons, as the product loads them, and a long history made of one of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import yaml  # type: ignore[import-untyped]

from benchmarks.measure import BIN, run

PROJECT = Path(__file__).resolve().parents[1]
# Catalogues are named after their files, and views keep the name.
DATABASE = "nba.duckdb"
SUMMARY = "nba_analytics.player_game_summary"
WRITTEN = ("processed_at", "dbt_invocation_id")
RAW = ("nba_raw.bdl_player_boxscores", "nba_raw.nbac_gamebook_player_stats")
REGISTRY = "nba_reference.nba_players_registry"
# The season that comes on top of a history, the oldest one that is generated, and the first one that the product takes
# whole: nobody played before November 1946.
NEXT_SEASON, OLDEST_MADE, FIRST_SEASON = 2023, 2021, 1947


@dataclass(frozen=True)
class Window:
    """Dates, both inclusive."""

    start: date
    end: date

    def parts(self, days: int) -> list[Window]:
        """The windows of so many days that make it up."""
        starts = range(0, (self.end - self.start).days + 1, days)
        firsts = [self.start + timedelta(offset) for offset in starts]
        return [Window(first, min(first + timedelta(days - 1), self.end)) for first in firsts]

    def options(self) -> list[str]:
        """It as options of nba-backfill."""
        return ["--start-date", str(self.start), "--end-date", str(self.end)]


def season(first_year: int, last_year: int | None = None) -> Window:
    """A season, or the seasons from one through another, each by the year in which it starts."""
    return Window(date(first_year, 10, 12), date((last_year or first_year) + 1, 10, 11))


def copy_of_project(directory: Path) -> Path:
    """A copy of the dbt project, for runs that leave logs and verdicts of their own."""
    left_out = shutil.ignore_patterns(
        ".*", "benchmarks", "data", "docs", "logs", "python", "scripts", "target", "*.duckdb"
    )
    shutil.copytree(PROJECT, directory, ignore=left_out)
    shutil.copy(PROJECT / "profiles.example.yml", directory / "profiles.yml")
    return directory


def demo(project: Path, database: Path, seasons: str) -> Path:
    """A database with the raw rows of demo seasons."""
    run([BIN / "demo-league", "--seasons", seasons], project, NBA_DUCKDB_PATH=str(database))
    return database


def prepared(project: Path, raw: Path, database: Path) -> Path:
    """The same with seeds and staging views."""
    shutil.copy(raw, database)
    selection = ["--selector", "preparation", "--resource-type", "seed", "--resource-type", "model"]
    run([BIN / "dbt", "--quiet", "build", *selection], project, NBA_DUCKDB_PATH=str(database))
    return database


def with_history(made: Path, database: Path, seasons: int) -> Path:
    """Raw rows of so many seasons before NEXT_SEASON, and its own, from a database that has those since OLDEST_MADE.

    What is older is OLDEST_MADE in other years: it has no 29 February, so that each date has its like in any year.
    """
    shutil.copy(made, database)
    first = NEXT_SEASON - seasons
    years = f"from {{table}} as raw, range(1, {max(OLDEST_MADE - first, 0) + 1}) as earlier(years)"
    moved = {
        "game_id": "(left(game_id, 4)::int - years)::text || substr(game_id, 5)",
        "game_date": "(game_date - to_years(years::int))::date",
        "season_year": "season_year - years",
        "source_file_path": "source_file_path || '/' || years",
        "processed_at": "processed_at - to_years(years::int)",
    }
    of_registry = {
        "season": f"({OLDEST_MADE} - years)::text || '-' || right(({OLDEST_MADE + 1} - years)::text, 2)",
        "first_game_date": "(first_game_date - to_years(years::int))::date",
        "last_game_date": "(last_game_date - to_years(years::int))::date",
    }
    with duckdb.connect(str(database)) as con:
        con.execute("set enable_progress_bar = false")
        for table, columns, in_oldest, too_old in [
            *((table, moved, f"season_year = {OLDEST_MADE}", f"season_year < {first}") for table in RAW),
            (REGISTRY, of_registry, f"left(season, 4)::int = {OLDEST_MADE}", f"left(season, 4)::int < {first}"),
        ]:
            replaced = ", ".join(f"{expression} as {name}" for name, expression in columns.items())
            con.execute(
                f"insert into {table} select raw.* replace ({replaced}) {years.format(table=table)} where {in_oldest}"
            )
            con.execute(f"delete from {table} where {too_old}")
    return database


def add_schedules(project: Path) -> None:
    """Tell a copy of the project the schedule of the seasons before OLDEST_MADE, which is that one's in other years."""
    seasons = project / "seeds/seasons.csv"
    header, *known = seasons.read_text().splitlines()
    made = [line for line in known if int(line.split(",")[0]) >= OLDEST_MADE]
    parts = [line.split(",") for line in made if line.startswith(f"{OLDEST_MADE},")]
    with seasons.open("w") as file:
        file.write("\n".join([header, *made, ""]))
        for years in range(1, OLDEST_MADE - FIRST_SEASON + 1):
            for year, phase, part, first, last, *counts in parts:
                dates = (f"{int(date[:4]) - years}{date[4:]}" for date in (first, last))
                file.write(",".join([str(int(year) - years), phase, part, *dates, *counts]) + "\n")


def fingerprint(database: Path, table: str, windows: list[Window]) -> tuple[int, str]:
    """Rows of a table within the windows, and a hash over the summary's columns but those that say who wrote it."""
    dates = " or ".join(f"game_date between '{window.start}' and '{window.end}'" for window in windows)
    with duckdb.connect(str(database), read_only=True) as con:
        columns = ", ".join(summary_columns())
        rows, hashed = con.execute(
            f"select count(*), sum(hash({columns})::hugeint)::text from {table} where {dates}"
        ).fetchall()[0]
    return rows, hashed


def summary_columns() -> list[str]:
    """The columns of the summary but those that say who wrote it, as its contract names them."""
    declared = yaml.safe_load((PROJECT / "models/marts/player_game_summary.yml").read_text())
    (model,) = (model for model in declared["models"] if model["name"] == "player_game_summary")
    return [column["name"] for column in model["columns"] if column["name"] not in WRITTEN]
