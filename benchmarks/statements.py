"""The SQL of the models, compiled by dbt, in which the window's dates can be put as each contender says them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.league import DATABASE, Window
from benchmarks.measure import BIN, run

# Dates of no game, which stand nowhere else in the SQL: the window is compiled with them.
FIRST, LAST = "1951-03-05", "1963-04-07"
FIRST_TURN, LAST_TURN = "1950-10-12", "1963-10-12"
MODELS = ("int_player_rows_window", "int_player_game_summary_window", "gate_findings")
# What a row is compared by is made when it is published.
PUBLISHED = "player_game_summary"
ROWS, SUMMARY = "bench.player_rows", "bench.player_game_summary"


@dataclass(frozen=True)
class Dates:
    """How a contender writes a window in SQL: its dates, the day its first season begins, and its last ends."""

    first: str
    last: str
    first_turn: str
    last_turn: str

    @classmethod
    def of(cls, window: Window) -> Dates:
        """As literals."""
        first, last = (day.year - ((day.month, day.day) < (10, 12)) for day in (window.start, window.end))
        days = (window.start, window.end, f"{first}-10-12", f"{last + 1}-10-12")
        return cls(*(f"date '{day}'" for day in days))


@dataclass(frozen=True)
class Statements:
    """What makes the players' rows of a window, the summary of it from these, and what breaks a rule in both."""

    rows: str
    summary: str
    errors: str

    @classmethod
    def compiled(cls, project: Path, database: Path) -> Statements:
        """By dbt, in a project whose staging views are made, so that none of it is copied by hand."""
        models = (*MODELS, PUBLISHED)
        variables = f"{{start_date: {FIRST}, end_date: {LAST}}}"
        run(
            [BIN / "dbt", "--quiet", "compile", "--select", *models, "--vars", variables, "--target-path", "compiled"],
            project,
            NBA_DUCKDB_PATH=str(database),
        )
        texts = []
        for model in models:
            (path,) = (project / "compiled/compiled").rglob(f"{model}.sql")
            text = path.read_text().replace(f'"{DATABASE.removesuffix(".duckdb")}".', "")
            for table, name in zip(MODELS, (ROWS, SUMMARY), strict=False):
                text = text.replace(f'"nba_analytics"."{table}"', name)
            # Here one table holds all windows, so that each row is of the window that is asked for.
            text = text.replace(f"date '{FIRST}' as built_from", "date '0001-01-01' as built_from")
            texts.append(text.replace(f"date '{LAST}' as built_through", "date '9999-12-31' as built_through"))
        rows, summary, findings, published = texts
        (row_hash,) = re.findall(r"^ *(.+ as row_hash),$", published, re.MULTILINE)
        return cls(
            f"select * from (\n{rows}\n) as built where is_a_row and game_date is not null",
            f"select *, {row_hash} from (\n{summary}\n) as built where is_a_row",
            f"select * from (\n{findings}\n) as findings where severity = 'error'",
        )

    def with_dates(self, dates: Dates) -> Statements:
        """The same, of this window."""

        def filled(text: str) -> str:
            for date, written in zip(
                (FIRST, LAST, FIRST_TURN, LAST_TURN),
                (dates.first, dates.last, dates.first_turn, dates.last_turn),
                strict=True,
            ):
                text = text.replace(f"date '{date}'", written)
            return text

        return Statements(filled(self.rows), filled(self.summary), filled(self.errors))

    def reading(self, rows: str, summary: str) -> Statements:
        """The same, from tables that are called otherwise."""

        def renamed(text: str) -> str:
            return text.replace(ROWS, rows).replace(SUMMARY, summary)

        return Statements(renamed(self.rows), renamed(self.summary), renamed(self.errors))
