"""What the tests share: a project of their own, databases to run it on, and the commands as a user would run them."""

import atexit
import filecmp
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

import programs

REPOSITORY = Path(__file__).resolve().parents[2]
REAL_DATA = REPOSITORY.parent / "shared" / "data"
LOCAL_SERVER = REPOSITORY.parent / "shared" / "tools" / "bigquery_local" / "start"
PARSES = Path(tempfile.mkdtemp(prefix="parses-"))
atexit.register(shutil.rmtree, PARSES, ignore_errors=True)
# A shell lets what it starts in the background ignore Ctrl-C, and the tests' processes would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
PROJECT_FILES = ("dbt_project.yml", "selectors.yml", "models", "macros", "tests", "seeds", "analyses")
WEEK = ("2021-12-20", "2021-12-26")
# A worker takes one file after the other, so the longest go first.
LONGEST = (
    "test_backfill",
    "test_bigquery_faults",
    "test_bigquery_backfill",
    "test_bigquery",
    "test_broken_data",
    "test_real_games",
    "test_trust",
    "test_project",
    "test_status",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and all that it printed."""

    code: int
    output: str


class Warehouse:
    """A project directory and a DuckDB file, to run `dbt` and `nba-backfill` on as a user would."""

    def __init__(self, project: Path, database: Path) -> None:
        self.project = project
        self.database = database

    def dbt(self, command: str, *arguments: str, window: tuple[str, str] | None = None) -> Outcome:
        """Run dbt. The window is passed as quoted strings."""
        variables = ["--vars", f"{{start_date: '{window[0]}', end_date: '{window[1]}'}}"] if window else []
        return self._run("dbt", command, "--no-version-check", "--no-use-colors", *arguments, *variables)

    def cli(self, *arguments: str, directory: Path | None = None) -> Outcome:
        """Run nba-backfill, in the project's directory or in another one."""
        return self._run("nba-backfill", *arguments, directory=directory)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as con:
            con.execute("set search_path = 'nba_analytics,nba_raw,nba_reference'")
            return con.execute(sql).fetchall()

    def execute(self, *statements: str) -> None:
        with duckdb.connect(str(self.database)) as con:
            con.execute("set search_path = 'nba_analytics,nba_raw,nba_reference'")
            for statement in statements:
                con.execute(statement)

    def summary(self) -> set[tuple[Any, ...]]:
        """Every row of the summary by its key and hash. Empty where there is no summary yet."""
        if not self.query("select 1 from duckdb_tables() where table_name = 'player_game_summary'"):
            return set()
        return set(self.query("select game_date, player_lookup, team_abbr, row_hash from player_game_summary"))

    def environment(self) -> dict[str, str]:
        """What tells dbt which warehouse this is."""
        in_project = self.database.parent == self.project
        return {"NBA_DUCKDB_PATH": self.database.name if in_project else str(self.database)}

    def _run(self, program: str, *arguments: str, directory: Path | None = None) -> Outcome:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("NBA_", "DBT_"))}
        environment = {**inherited, "COLUMNS": "200", **self.environment()}
        with self._parsed_before(program, arguments):
            return Outcome(*programs.run(program, arguments, directory or self.project, environment))

    @contextmanager
    def _parsed_before(self, program: str, arguments: tuple[str, ...]) -> Iterator[None]:
        """With the parsed project of the last call that had the same vars, where there was one.

        dbt parses a project anew when the vars or the database are others than last time, which takes most of a call's
        time. Files that have changed since then it parses in any case.
        """
        if self.database.parent != self.project:
            yield
            return
        variables = arguments[arguments.index("--vars") + 1] if "--vars" in arguments else ""
        kept = PARSES / f"{program}-{hashlib.md5(variables.encode()).hexdigest()}"
        parsed = self.project / "target" / "partial_parse.msgpack"
        if kept.exists() and not (parsed.exists() and filecmp.cmp(kept, parsed, shallow=False)):
            parsed.parent.mkdir(exist_ok=True)
            shutil.copy(kept, parsed)
        yield
        if parsed.exists() and not kept.exists():
            shutil.copy(parsed, kept)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project, so that no test touches the checkout's profile, data, target or logs."""
    directory = tmp_path_factory.mktemp("project")
    for name in PROJECT_FILES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("python", "__pycache__"))
        else:
            shutil.copy(source, directory / name)
    shutil.copy(REPOSITORY / "profiles.example.yml", directory / "profiles.yml")
    return directory


@pytest.fixture(scope="session")
def demo_file(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one demo season and the summary of one week of it. To be copied, not written."""
    warehouse = Warehouse(project, tmp_path_factory.mktemp("demo") / "nba.duckdb")
    assert warehouse.cli("demo-data", "--seasons", "2021").code == 0
    built = warehouse.dbt("build", "--exclude", "resource_type:unit_test", window=WEEK)
    assert built.code == 0, built.output
    return warehouse.database


@pytest.fixture
def demo(project: Path, demo_file: Path, tmp_path: Path) -> Warehouse:
    """A project and a database of the test's own, with one demo season and the summary of WEEK."""
    return _own(project, demo_file, tmp_path / "project")


def _own(project: Path, demo_file: Path, directory: Path) -> Warehouse:
    directory.mkdir()
    for file in project.iterdir():
        if file.name not in ("logs", "target"):
            (directory / file.name).symlink_to(file)
    return Warehouse(directory, Path(shutil.copy(demo_file, directory / "nba.duckdb")))


@pytest.fixture
def empty(project: Path, tmp_path: Path) -> Warehouse:
    """A database that does not exist yet."""
    return Warehouse(project, tmp_path / "nba.duckdb")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server that speaks BigQuery's API and judges SQL as BigQuery does."""
    given = os.environ.get("NBA_BIGQUERY_API_ENDPOINT")
    if given:
        yield given
        return
    if not LOCAL_SERVER.is_file():
        pytest.skip(f"no BigQuery server: NBA_BIGQUERY_API_ENDPOINT is not set and there is no {LOCAL_SERVER}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([LOCAL_SERVER, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 600
        while not answers(port):
            assert server.poll() is None, "the BigQuery server ended"
            assert time.monotonic() < deadline, "the BigQuery server does not answer"
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real box scores, where they are. They are no part of the project, so most users lack them."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"the real box scores are not there: {REAL_DATA}")
    return REAL_DATA
