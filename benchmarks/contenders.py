"""The same work, done in each way: the summary of a window, from the raw rows, under rules, and what it takes."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from benchmarks import dbt_peer, sqlmesh_peer
from benchmarks.league import DATABASE, SUMMARY, Window, fingerprint
from benchmarks.measure import BIN, Ended, Took, apart, run
from benchmarks.statements import MODELS, ROWS, Dates, Statements
from benchmarks.statements import SUMMARY as PEERS_SUMMARY

WEEK = 7
SAMPLE = 10
# How dbt's log begins what it says of an invocation, and what it says of how long it took.
BEGIN, ELAPSED = "Running with dbt=", re.compile(r"Finished running .*\(([\d.]+)s\)")
MOMENT = "%Y-%m-%d %H:%M:%S,%f"


@dataclass(frozen=True)
class Promises:
    """What a contender does beside the work."""

    gate: str
    held_back: str
    resume: str
    rollback: str


OURS = Promises("yes", "yes, by date", "yes, by date", "yes")
DBT = Promises("no, tests come after", "no", "no", "no")
MICROBATCH = Promises("no, tests come after", "no", "no, failed batches", "no")
SQLMESH = Promises("in a plan: all or nothing", "no", "no, missing intervals", "no, changes of models")
NOTHING = Promises("no", "no", "no", "no")


@dataclass(frozen=True)
class Work:
    """What is to be done: a window of the raw rows, which for the others have their seeds and staging views already."""

    window: Window
    raw: Path
    prepared: Path
    statements: Statements
    # A copy of the dbt project, SQLMesh's command, and where the projects of the others are made.
    project: Path
    sqlmesh: Path | None
    directory: Path

    @property
    def reference(self) -> Path:
        """The database with the first result, which all others are to be the same as."""
        return self.directory / "reference.duckdb"

    @property
    def weeks(self) -> list[Window]:
        """The window in windows of seven days."""
        return self.window.parts(WEEK)

    @property
    def sample(self) -> list[Window]:
        """Ten of them."""
        return self.weeks[3 :: max(len(self.weeks) // SAMPLE, 1)][:SAMPLE]

    def place(self, name: str) -> Path:
        """A directory of a contender's own, which stays from one time to the next, with the database as it was."""
        directory = self.directory / name
        directory.mkdir(exist_ok=True)
        shutil.copy(self.prepared, directory / DATABASE)
        return directory


@dataclass(frozen=True)
class Contender:
    """A way to do the work: it returns the directory of the database in which the result is, and what it took."""

    name: str
    promises: Promises
    work: Callable[[Work], tuple[Path, Took]]
    table: str = PEERS_SUMMARY
    is_sample: bool = False

    def __call__(self, work: Work) -> Took:
        """Do it. Raises RuntimeError where the result is another one than that of who came first."""
        directory, took = self.work(work)
        if not work.reference.exists():
            shutil.copy(directory / DATABASE, work.reference)
        windows = work.sample if self.is_sample else [work.window]
        found, expected = (
            apart(fingerprint, database, table, windows)
            for database, table in ((directory / DATABASE, self.table), (work.reference, SUMMARY))
        )
        if found != expected:
            raise RuntimeError(f"{self.name} ends in another table, by rows and their hash: {found} and not {expected}")
        return took


def ours(work: Work, *options: str) -> tuple[Path, Took]:
    """This project, as its users call it."""
    directory = work.project / "data"
    directory.mkdir(exist_ok=True)
    shutil.copy(work.raw, directory / DATABASE)
    logged = work.project / "logs/dbt.log"
    logged.unlink(missing_ok=True)
    ended = run([BIN / "nba-backfill", "run", *work.window.options(), *options], work.project)
    took = Took(ended.seconds, _executing(logged), ended.peak_mib, phases=_phases(ended))
    return directory, took


def _executing(logged: Path) -> float:
    """Seconds of the invocations that read the sources or built a window. Raises RuntimeError where one is missing."""
    seconds, seen = 0.0, set()
    for invocation in logged.read_text().split(BEGIN):
        found = {model for model in MODELS if re.search(rf"OK created .*\b{model}\b", invocation)}
        if found:
            seconds += float(ELAPSED.findall(invocation)[-1])
            seen |= found
    if seen != {*MODELS}:
        raise RuntimeError(f"{logged} says nothing of {', '.join({*MODELS} - seen)}.")
    return seconds


def _phases(ended: Ended) -> tuple[tuple[str, float], ...]:
    """Where the time of a run went, by what it said when."""
    moments = [
        ("start: imports, parse, lock, seeds and views", ended.moment("sources …")),
        ("read the sources, and plan", ended.moment("backfill of ")),
        ("preflight, and keep copies for a rollback, and windows", ended.moment("done: ")),
        ("test", ended.moment("tested ")),
        ("verdict", ended.moment("verdict: ")),
        ("report", ended.seconds),
    ]
    return tuple(
        (name, moment - before) for (name, moment), (_, before) in zip(moments, [("", 0.0), *moments], strict=False)
    )


def dbt_once(work: Work) -> tuple[Path, Took]:
    """A plain dbt project, in one build."""
    directory = work.place("dbt")
    dbt_peer.write(directory, work.statements, work.window)
    return directory, _dbt(directory, dbt_peer.build(work.window))


def dbt_loop(work: Work) -> tuple[Path, Took]:
    """The same in a process for each week, of which ten are done, and count for all."""
    directory = work.place("dbt-loop")
    dbt_peer.write(directory, work.statements, work.window)
    each = [_dbt(directory, dbt_peer.build(window)) for window in work.sample]
    times = len(work.weeks) / len(each)
    return directory, Took(
        times * sum(took.seconds for took in each),
        times * sum(took.executing for took in each),
        max(took.peak_mib or 0 for took in each),
        f"{len(each)} windows of {len(work.weeks)} measured, and scaled",
    )


def dbt_microbatch(work: Work, batch_size: str) -> tuple[Path, Took]:
    """The same in dbt's own batches."""
    directory = work.place(f"dbt-{batch_size}")
    dbt_peer.write(directory, work.statements, work.window, batch_size)
    return directory, _dbt(directory, dbt_peer.build(work.window, batches=True))


def _dbt(directory: Path, command: list[str]) -> Took:
    ended = run([BIN / command[0], *command[1:]], directory)
    results = json.loads((directory / "target/run_results.json").read_text())
    return Took(ended.seconds, results["elapsed_time"], ended.peak_mib)


def sqlmesh(work: Work, batch: int | None, *, all_rules: bool) -> tuple[Path, Took]:
    """SQLMesh: a plan that is applied."""
    directory = work.place(f"sqlmesh-{batch or 'once'}-{'rules' if all_rules else 'audits'}")
    sqlmesh_peer.write(directory, work.statements, work.window, batch, all_rules=all_rules)
    shutil.rmtree(directory / "logs", ignore_errors=True)
    assert work.sqlmesh
    ended = run([work.sqlmesh, "plan", "--auto-apply", "--no-prompts"], directory)
    (logged,) = (directory / "logs").glob("*.log")
    stages = [line for line in logged.read_text().splitlines() if "Evaluating plan stage" in line]
    (began,) = (number for number, line in enumerate(stages) if "BackfillStage" in line)
    first, last = (datetime.strptime(stages[at][:23], MOMENT) for at in (began, began + 1))  # noqa: DTZ007
    return directory, Took(ended.seconds, (last - first).total_seconds(), ended.peak_mib)


def floor(work: Work, windows: list[Window], *, with_rules: bool) -> tuple[Path, Took]:
    """The SQL alone, in DuckDB."""
    directory = work.place("floor")
    took = apart(_statements, directory / DATABASE, work.statements, windows, with_rules)
    return directory, Took(took, took)


def _statements(database: Path, statements: Statements, windows: list[Window], with_rules: bool) -> float:
    started = time.perf_counter()
    with duckdb.connect(str(database)) as con:
        con.execute("set enable_progress_bar = false")
        con.execute("create schema bench")
        for window in windows:
            sql = statements.with_dates(Dates.of(window)).reading(ROWS, "bench.window_rows")
            con.execute(f"create or replace table {ROWS} as {sql.rows}")
            con.execute(f"create or replace table bench.window_rows as {sql.summary}")
            if with_rules and con.execute(sql.errors).fetchall():
                raise RuntimeError(f"Rows of {window.start}..{window.end} break a rule.")
            con.execute(f"create table if not exists {PEERS_SUMMARY} as from bench.window_rows limit 0")
            con.execute(f"insert into {PEERS_SUMMARY} from bench.window_rows")
    return time.perf_counter() - started


def contenders(*, with_all: bool) -> dict[str, Contender]:
    """Each by its key. Those that take minutes are left out, unless all are wanted."""
    found = {
        "ours": Contender("nba-backfill, a window a season", OURS, ours, SUMMARY),
        "ours_weekly": Contender(
            "nba-backfill, windows of 7 days", OURS, lambda work: ours(work, "--batch-days", str(WEEK)), SUMMARY
        ),
        "sqlmesh": Contender("SQLMesh, one job, 5 audits", SQLMESH, lambda work: sqlmesh(work, None, all_rules=False)),
        "sqlmesh_rules": Contender(
            "SQLMesh, one job, all rules", SQLMESH, lambda work: sqlmesh(work, None, all_rules=True)
        ),
        "sqlmesh_weekly": Contender(
            "SQLMesh, batches of 7 days, 5 audits", SQLMESH, lambda work: sqlmesh(work, WEEK, all_rules=False)
        ),
        "sqlmesh_weekly_rules": Contender(
            "SQLMesh, batches of 7 days, all rules", SQLMESH, lambda work: sqlmesh(work, WEEK, all_rules=True)
        ),
        "dbt": Contender("dbt build of all, rules as a test", DBT, dbt_once),
        "dbt_year": Contender("dbt microbatch, a year each", MICROBATCH, lambda work: dbt_microbatch(work, "year")),
        "dbt_month": Contender("dbt microbatch, a month each", MICROBATCH, lambda work: dbt_microbatch(work, "month")),
        "dbt_loop": Contender("dbt build for each 7 days, a loop", DBT, dbt_loop, is_sample=True),
        "floor": Contender("DuckDB alone, at once", NOTHING, lambda work: floor(work, [work.window], with_rules=False)),
        "floor_rules": Contender(
            "DuckDB alone, at once, all rules", NOTHING, lambda work: floor(work, [work.window], with_rules=True)
        ),
        "floor_weekly": Contender(
            "DuckDB alone, 7 days each, all rules", NOTHING, lambda work: floor(work, work.weeks, with_rules=True)
        ),
    }
    return found if with_all else {key: each for key, each in found.items() if key != "sqlmesh_weekly_rules"}
