"""What the tests share: a project of their own, databases to run it on, and the commands as a user would run them."""

import fcntl
import filecmp
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest
from playwright.sync_api import Browser, sync_playwright

import programs

REPOSITORY = Path(__file__).resolve().parents[2]
REAL_DATA = REPOSITORY.parent / "shared" / "data"
LOCAL_SERVER = REPOSITORY.parent / "shared" / "tools" / "bigquery_local" / "start"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OFFLINE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# A shell lets what it starts in the background ignore Ctrl-C, and the tests' processes would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
PROJECT_FILES = ("dbt_project.yml", "selectors.yml", "models", "macros", "tests", "seeds", "snapshots", "analyses")
WEEK = ("2021-12-20", "2021-12-26")
DATABASE = "nba.duckdb"
# Commands of dbt that need a parsed project, the options that tell how it is parsed or where it is written, and what is
# in the names of vars that are rendered into it.
BUILDING = {"build", "run", "test", "show", "seed", "run-operation"}
PARSING = {"--no-partial-parse", "--partial-parse", "--target", "--target-path"}
RENDERED = re.compile(r"allow_full_refresh|worker|_database|_schema")
# The next test goes to the worker that is free, so the longest go first.
LONGEST = (
    "test_bigquery",
    "test_bigquery_faults",
    "test_bigquery_backfill",
    "test_kills",
    "test_bigquery_sql",
    "test_corruptions",
    "test_backfill",
    "test_gate",
    "test_checks",
    "test_trust",
    "test_report",
    "test_real_games",
    "test_status",
    "test_project",
)
# What a test asks for that takes long to make or to use: databases, servers, and the real box scores.
SLOW = {"project", "endpoint", "api", "real_data"}


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a worker waits at times, for a server or for what it has started."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
    for item in items:
        assert isinstance(item, pytest.Function)
        scopes = {fixtures[-1].scope for fixtures in item._fixtureinfo.name2fixturedefs.values() if fixtures}
        if "module" in scopes:
            # What the tests of a module share is made once, so one worker does them all.
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        # Of those that need a database the dbt unit tests alone are among the quick ones, which a marker says.
        if not SLOW & set(item.fixturenames):
            item.add_marker(pytest.mark.quick)


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and all that it printed."""

    code: int
    output: str


class Warehouse:
    """A project directory and a DuckDB file, to run `dbt` and `nba-backfill` on as a user would."""

    # The parsed projects of this run of the tests.
    parses: ClassVar[Path]

    def __init__(self, project: Path, database: Path) -> None:
        self.project = project
        self.database = database

    def dbt(self, command: str, *arguments: str, window: tuple[str, str] | None = None) -> Outcome:
        """Run dbt. The window is passed as quoted strings.

        What is about parsing, or has vars that are rendered into what is parsed, parses by itself.
        """
        variables = ("--vars", f"{{start_date: '{window[0]}', end_date: '{window[1]}'}}") if window else ()
        call = (command, "--no-version-check", "--no-use-colors", *arguments, *variables)
        environment = self._environment()
        if command in BUILDING and not PARSING & set(arguments) and not RENDERED.search(_variables_in(call)):
            return self._run("dbt", call, environment, self._parsed_in(environment))
        with self._parsed_before(call):
            return self._run("dbt", call, environment, None)

    def cli(self, *arguments: str, directory: Path | None = None) -> Outcome:
        """Run nba-backfill, in the project's directory or in another one."""
        environment = self._environment()
        parsed_in = None if directory else self._parsed_in(environment)
        return self._run("nba-backfill", arguments, environment, parsed_in, directory)

    def demo_league(self, *arguments: str) -> Outcome:
        """Run demo-league, which parses nothing."""
        return self._run("demo-league", arguments, self._environment(), None)

    def rows(self, query: str, window: tuple[str, str]) -> list[dict[str, Any]]:
        """What a model's, an analysis's or a test's SQL returns for the window, as the command's engine asks for it.

        Dates and decimals are text.
        """
        environment = self._environment()
        outcome = self._run(programs.ROWS, (query, *window), environment, self._parsed_in(environment))
        assert outcome.code == 0, outcome.output
        found: list[dict[str, Any]] = json.loads(outcome.output)
        return found

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

    def take_parsed(self) -> None:
        """Have what dbt has parsed of such a project already, for programs that are started by the test itself."""
        parsed = self._parsed_in(self._environment()) / programs.PARSED
        if parsed.exists():
            (self.project / "target").mkdir(exist_ok=True)
            shutil.copy(parsed, self.project / "target")

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("NBA_", "DBT_"))}
        return {**inherited, "COLUMNS": "200", **self.environment()}

    def _run(
        self,
        program: str,
        arguments: tuple[str, ...],
        environment: Mapping[str, str],
        parsed_in: Path | None,
        directory: Path | None = None,
    ) -> Outcome:
        parsed = (str(parsed_in), str(self._files_in())) if parsed_in else (None, None)
        call = programs.Call(program, arguments, str(directory or self.project), environment, *parsed)
        return Outcome(*programs.run(call))

    def _files_in(self) -> Path:
        return (self.project / "dbt_project.yml").resolve().parent

    @contextmanager
    def _parsed_before(self, arguments: tuple[str, ...]) -> Iterator[None]:
        """With the parsed project of the last call that had the same vars, where there was one.

        dbt parses a project anew when the vars or the database are others than last time, which takes most of a call's
        time. Files that have changed since then it parses in any case.
        """
        if self.database.parent != self.project:
            yield
            return
        kept = self.parses / f"of-vars-{hashlib.sha256(_variables_in(arguments).encode()).hexdigest()[:16]}"
        parsed = self.project / "target" / programs.PARSED
        if kept.exists() and not (parsed.exists() and filecmp.cmp(kept, parsed, shallow=False)):
            parsed.parent.mkdir(exist_ok=True)
            shutil.copy(kept, parsed)
        yield
        if parsed.exists() and not kept.exists():
            unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
            shutil.copy(parsed, unfinished)
            unfinished.replace(kept)

    def _parsed_in(self, environment: Mapping[str, str]) -> Path:
        """The folder of the parsed project: one for all whose files and environment make it the same."""
        digest = hashlib.sha256(f"{self._files_in()}\0".encode())
        for name, value in sorted(environment.items()):
            if name == "NBA_DUCKDB_PATH":
                # Of the database's path only its name goes into the parsed project.
                digest.update(f"{name}={Path(value).stem}\0".encode())
            elif name.startswith(("NBA_", "DBT_")):
                digest.update(f"{name}={value}\0".encode())
        for file in project_files(self.project):
            state = file.stat()
            digest.update(f"{file.relative_to(self.project)}\0".encode())
            digest.update(digest_of(file.resolve(), state.st_mtime_ns, state.st_size))
        return self.parses / digest.hexdigest()[:16]


def _variables_in(arguments: tuple[str, ...]) -> str:
    return arguments[arguments.index("--vars") + 1] if "--vars" in arguments else ""


def project_files(project: Path) -> list[Path]:
    """The files that dbt parses, and the profile."""
    files = [project / "profiles.yml"]
    for name in PROJECT_FILES:
        path = project / name
        # A folder that is a link is walked through its end.
        files += sorted(path / file.relative_to(path.resolve()) for file in path.resolve().rglob("*") if file.is_file())
        if path.is_file():
            files.append(path)
    return [file for file in files if file.is_file()]


@cache
def digest_of(file: Path, _changed_at: int, _size: int) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


@pytest.fixture(scope="session", autouse=True)
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of this run of the tests, for all of its workers."""
    own = tmp_path_factory.getbasetemp()
    directory = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    Warehouse.parses = directory / "parsed"
    Warehouse.parses.mkdir(parents=True, exist_ok=True)
    return directory


def made_once(directory: Path, make: Callable[[Path], None]) -> Path:
    """A directory that the worker makes which comes first, and the others take."""
    with directory.with_name(f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            unfinished = directory.with_name(f"{directory.name}.unfinished")
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(directory)
    return directory


@pytest.fixture(scope="session")
def project(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worker's dbt project, so that no test touches the checkout's profile, data, target or logs.

    Its files are links to one copy for all workers, so that what one has parsed is right for the others.
    """
    directory = tmp_path_factory.mktemp("project")
    _link(made_once(shared / "project", _copy_project), directory)
    return directory


def _copy_project(directory: Path) -> None:
    for name in PROJECT_FILES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("python", "__pycache__"))
        else:
            shutil.copy(source, directory / name)
    shutil.copy(REPOSITORY / "profiles.example.yml", directory / "profiles.yml")


@pytest.fixture(scope="session")
def demo_file(project: Path, shared: Path) -> Path:
    """A database with one demo season and the summary of one week of it. To be copied, not written."""

    def make(directory: Path) -> None:
        warehouse = _own(project, directory / "project")
        for outcome in (
            warehouse.demo_league("--seasons", "2021"),
            warehouse.dbt("build", "--exclude", "resource_type:unit_test", window=WEEK),
        ):
            assert outcome.code == 0, outcome.output

    return made_once(shared / "demo", make) / "project" / DATABASE


@pytest.fixture
def demo(project: Path, demo_file: Path, tmp_path: Path) -> Warehouse:
    """A project and a database of the test's own, with one demo season and the summary of WEEK."""
    warehouse = _own(project, tmp_path / "project")
    shutil.copy(demo_file, warehouse.database)
    return warehouse


def _own(project: Path, directory: Path) -> Warehouse:
    """A directory for runs of the test's own, with the files of the project, and what dbt has parsed of them."""
    directory.mkdir()
    _link(project, directory)
    warehouse = Warehouse(directory, directory / DATABASE)
    warehouse.take_parsed()
    return warehouse


def _link(project: Path, directory: Path) -> None:
    for file in project.iterdir():
        if file.name not in ("logs", "target"):
            (directory / file.name).symlink_to(file.resolve())


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
    # It evaluates one statement at a time, so each of the processes that run tests has one of its own. The first makes
    # the environment for all of them.
    with Path(tempfile.gettempdir(), "bigquery_local.lock").open("a", encoding="utf-8") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        server = subprocess.Popen([LOCAL_SERVER, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            await_answer(server, port)
        except BaseException:
            server.kill()
            raise
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def await_answer(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + 600
    while not answers(port):
        assert server.poll() is None, "the BigQuery server ended"
        assert time.monotonic() < deadline, "the BigQuery server does not answer"
        time.sleep(0.5)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real box scores, where they are. They are no part of the project, so most users lack them."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"the real box scores are not there: {REAL_DATA}")
    return REAL_DATA


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that asks nobody for anything of its own accord."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(OFFLINE))
        yield opened
        opened.close()
